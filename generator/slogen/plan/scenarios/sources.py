"""Raw series for the kinds of SLI: so many good and bad events a scrape, as counters or as gauges.

A kind whose series cannot be made from its selectors (an expression, PromQL of the user) has no source; its rates are
proven by the `tests` that the SLO declares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from slogen.core import plain
from slogen.model import Boolean, Events, Latency, Platform, Slo, Threshold
from slogen.plan.sli import le_spellings
from slogen.promql.query import Selector
from slogen.promql.sample import Labels, beside, matches, sample, sample_outside, series

EACH = 10  # events of a scrape, or gauges of a target: shares are tenths


@dataclass(frozen=True, slots=True)
class Phase:
    """For `scrapes` scrapes `bad` of ten events are bad; with `events` 0 there are none, with `gone` no scrapes."""

    scrapes: int
    bad: int = 0
    events: int = EACH
    gone: bool = False
    restart: bool = False  # the counters begin at zero again


Phases = Sequence[Phase]
Written = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Writes phases as series; `counts` tells whether they are counters, which can be idle and can restart."""

    write: Callable[[Phases], Written]
    counts: bool
    foreign: tuple[str, ...] = ()  # series that no selector of the SLI may match, each by one matcher only
    late: Callable[[Phases], Written] | None = None  # without any series of bad events


def source(slo: Slo, platform: Platform) -> Source | None:
    """Return what feeds the SLI of `slo`, or None."""
    by = dict.fromkeys(slo.by, "a")
    sli = slo.sli
    match sli:
        case Events():
            return _events(sli, by)
        case Latency() if not sli.native:
            return _latency(sli, by)
        case Boolean() if sli.metric.selector:
            return _gauges(sli.metric.selector, Decimal(1), Decimal(0), by)
        case Threshold() if sli.metric.selector:
            good, bad = _beside(sli.comparison, sli.bound)
            return _gauges(sli.metric.selector, good, bad, by)
    return None


def _events(sli: Events, by: Labels) -> Source | None:
    inner = sli.bad or sli.good
    assert inner is not None
    both, outside = sample(sli.total, inner), sample_outside(sli.total, inner)
    if both is not None and outside is not None:
        good, bad = (outside, both) if sli.bad else (both, outside)
        parts = ((series(good, **by), _good), (series(bad, **by), _bad))
    else:
        total, some = sample(sli.total), sample(inner)
        if total is None or some is None:
            return None
        parts = ((series(total, **by), _all), (series(some, **by), _bad if sli.bad else _good))
    return Source(
        write=lambda phases: [(name, counter(phases, count)) for name, count in parts],
        counts=True,
        foreign=_foreign(by, sli.total, inner),
        late=(lambda phases: [(parts[0][0], counter(phases, parts[0][1]))]) if sli.bad else None,
    )


def _foreign(by: Labels, *selectors: Selector) -> tuple[str, ...]:
    """Return series beside each selector that match none of the others either."""
    found = [labels for selector in selectors for labels in beside(selector)]
    return tuple(
        dict.fromkeys(series(labels, **by) for labels in found if not any(matches(one, labels) for one in selectors))
    )


def _latency(sli: Latency, by: Labels) -> Source | None:
    count = sample(sli.histogram.histogram_part("_count"))
    if count is None:
        return None
    bucket = {**count, "__name__": sli.histogram.name + "_bucket"}
    bounds = {bound: _all for bound in (*sli.buckets, sli.threshold * 2) if bound > sli.threshold}
    bounds |= {bound: _none for bound in (*sli.buckets, sli.threshold / 2) if bound < sli.threshold}
    if sli.sparse:
        bounds = {bound: count for bound, count in bounds.items() if bound in sli.buckets and count is _all}
    parts = [(series(count, **by), _all)]
    parts += [
        (series({**bucket, "le": le_spellings(bound)[0]}, **by), kind)
        for bound, kind in sorted({**bounds, sli.threshold: _good}.items())
    ]
    return Source(
        write=lambda phases: [(name, counter(phases, kind)) for name, kind in parts],
        counts=True,
        foreign=tuple(
            text
            for labels in beside(sli.histogram.histogram_part("_count"))
            for text in (
                series(labels, **by),
                series(
                    {**labels, "__name__": sli.histogram.name + "_bucket", "le": le_spellings(sli.threshold)[0]}, **by
                ),
            )
        ),
    )


def _gauges(selector: Selector, good: Decimal, bad: Decimal, by: Labels) -> Source | None:
    labels = sample(selector)
    if labels is None:
        return None
    several = "instance" not in labels  # else one gauge stands for all ten
    names = [series(labels, **by, instance=str(number)) for number in range(EACH if several else 1)]

    def write(phases: Phases) -> Written:
        return [(name, _gauge(phases, number, good, bad)) for number, name in enumerate(names)]

    return Source(write=write, counts=False, foreign=tuple(series(other, **by) for other in beside(selector)))


def _beside(comparison: str, bound: Decimal) -> tuple[Decimal, Decimal]:
    """Return a good and a bad value as near to the bound as whole numbers get."""
    match comparison:
        case ">":
            return bound, bound + 1
        case ">=":
            return bound - 1, bound
        case "<":
            return bound, bound - 1
        case "<=":
            return bound + 1, bound
        case "==":
            return bound + 1, bound
    return bound, bound + 1


def _good(phase: Phase) -> int:
    return phase.events * (EACH - phase.bad) // EACH


def _bad(phase: Phase) -> int:
    return phase.events * phase.bad // EACH


def _all(phase: Phase) -> int:
    return phase.events


def _none(phase: Phase) -> int:
    return 0


def counter(phases: Phases, count: Callable[[Phase], int]) -> str:
    """Return a counter that grows by `count(phase)` a scrape, in promtool's notation."""
    written, value = [], 1000
    for place, phase in enumerate(phases):
        if phase.gone:
            written += ["stale"] if place else []
            written += [f"_x{phase.scrapes - 1}"] if phase.scrapes > 1 else []
            continue
        step = count(phase)
        first = step if phase.restart else value + step
        written.append(f"{first}+{step}x{phase.scrapes - 1}" if phase.scrapes > 1 else str(first))
        value = first + step * (phase.scrapes - 1)
    return " ".join(written)


def _gauge(phases: Phases, number: int, good: Decimal, bad: Decimal) -> str:
    written = []
    for phase in phases:
        if phase.gone:
            written.append("stale" + (f" _x{phase.scrapes - 1}" if phase.scrapes > 1 else ""))
        else:
            written.append(f"{plain(bad if number < phase.bad else good)}x{phase.scrapes - 1}")
    return " ".join(written)
