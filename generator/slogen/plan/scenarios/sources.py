"""Raw series for the kinds of SLI: so many good and bad events a scrape, as counters or as gauges.

A kind whose series cannot be made from its selectors (an expression, PromQL of the user) has no source; its rates are
proven by the `tests` that the SLO declares. Native histograms have none either: promtool 2.42 cannot feed them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from slogen.core import Duration, plain
from slogen.model import Boolean, Events, Freshness, Latency, Platform, Slo, Spans, Threshold
from slogen.plan.sli import counted, le_spellings
from slogen.promql.query import Selector
from slogen.promql.sample import Labels, beside, sample, samples_outside, series

# Before a time stamp can be so old, promtool has to be told of so many scrapes without one that it takes its time.
OLDEST = Duration.of("100d")
_ZERO = Duration(0)
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
Write = Callable[[Phases], Written]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Writes phases as series; `counts` tells whether they are counters, which can be idle and can restart.

    `beside` writes series that must not be counted: each lacks one thing that those of the SLI have. `unborn` writes
    those of the SLI without the counter that tells good from bad, in phases of which `unborn_bad` of ten are bad.
    With `blind` only that counter is gone when a phase is; without it there is nothing to count. Nothing is bad before
    a time stamp can be too old: `earliest` after the start. `ways` are other events that are good, or bad, each kept
    apart by another matcher.
    """

    write: Write
    counts: bool
    beside: Write
    unborn: Write | None = None
    unborn_bad: int = 0
    blind: Write | None = None
    earliest: Duration = _ZERO
    ways: Sequence[tuple[str, Write]] = ()


def source(slo: Slo, platform: Platform) -> Source | None:
    """Return what feeds the SLI of `slo`, or None."""
    by = dict.fromkeys(slo.by, "a")
    sli = counted(slo.sli) if isinstance(slo.sli, Spans) else slo.sli
    match sli:
        case Events():
            return _events(sli, by)
        case Latency() if not sli.native:
            return _latency(sli, by)
        case Boolean() if sli.metric.selector:
            return _gauges(sli.metric.selector, by, _constant(Decimal(1), Decimal(0)))
        case Threshold() if sli.metric.selector:
            return _gauges(sli.metric.selector, by, _constant(*_either_side(sli.comparison, sli.bound)))
        case Freshness() if sli.timestamp.selector and sli.max_age <= OLDEST:
            good, bad = (Duration(sli.max_age.ms * part // 20) for part in (19, 21))
            value = _clock(good, bad, platform.prometheus.scrape_interval)
            return _gauges(sli.timestamp.selector, by, value, earliest=bad)
    return None


def _events(sli: Events, by: Labels) -> Source | None:
    inner = sli.bad or sli.good
    assert inner is not None
    both, outside = sample(sli.total, inner), samples_outside(sli.total, inner)
    ways: list[tuple[str, Write]] = []
    if both is not None and outside:
        pairs = [(other, both) if sli.bad else (both, other) for other in outside.values()]
        fed, counts = pairs[0], (_good, _bad)
        known = 0 if sli.bad else 1
        for (name, *_), pair in list(zip(outside, pairs, strict=True))[1:]:
            told = f'{name}="{(pair[0] if sli.bad else pair[1]).get(name, "")}"'
            named = [(series(labels, **by), count) for labels, count in zip(pair, counts, strict=True)]
            ways.append((f"{'good' if sli.bad else 'bad'} ones have {told}", _counters(named)))
    else:
        total, some = sample(sli.total), sample(inner)
        if total is None or some is None:
            return None
        fed, counts = (total, some), (_all, _bad if sli.bad else _good)
        known = 0
    parts = [(series(labels, **by), count) for labels, count in zip(fed, counts, strict=True)]
    return Source(
        write=_counters(parts),
        counts=True,
        beside=_counters(
            [
                (series(other, **by), growth)
                for labels, growth in zip(fed, (_thousand, _some), strict=True)
                for other in beside(labels, sli.total, inner).values()
            ]
        ),
        unborn=_counters(parts[known : known + 1]),
        unborn_bad=0 if sli.bad else EACH,
        ways=tuple(ways),
    )


def _counters(parts: Sequence[tuple[str, Callable[[Phase], int]]]) -> Write:
    return lambda phases: [(name, counter(phases, count)) for name, count in dict(parts).items()]


def _latency(sli: Latency, by: Labels) -> Source | None:
    selector = sli.histogram.histogram_part("_count")
    count = sample(selector)
    if count is None:
        return None

    def bucket(labels: Labels, bound: Decimal) -> str:
        return series({**labels, "__name__": sli.histogram.name + "_bucket", "le": le_spellings(bound)[0]}, **by)

    bounds = {bound: _all for bound in (*sli.buckets, sli.threshold * 2) if bound > sli.threshold}
    bounds |= {bound: _none for bound in (*sli.buckets, sli.threshold / 2) if bound < sli.threshold}
    if sli.sparse:
        bounds = {bound: count for bound, count in bounds.items() if bound in sli.buckets and count is _all}
    parts = [(series(count, **by), _all)]
    parts += [(bucket(count, bound), kind) for bound, kind in sorted({**bounds, sli.threshold: _good}.items())]
    others = [
        part
        for labels in beside(count, selector).values()
        for part in ((series(labels, **by), _thousand), (bucket(labels, sli.threshold), _some))
    ]
    if sli.sparse:
        return Source(
            write=_counters(parts),
            counts=True,
            beside=_counters(others),
            unborn=_counters(parts[:1]),
            unborn_bad=EACH,
        )
    # A pod whose histogram has no such bound tells nothing.
    pod = {**count, _free(selector, by): "no-such-bound"}
    others += [(series(pod, **by), _thousand), (bucket(pod, max(bounds)), _thousand)]
    threshold = bucket(count, sli.threshold)

    def blind(phases: Phases) -> Written:
        on = [replace(phase, gone=False) for phase in phases]
        return [(name, counter(phases if name == threshold else on, kind)) for name, kind in parts]

    return Source(write=_counters(parts), counts=True, beside=_counters(others), blind=blind)


def _free(selector: Selector, by: Labels) -> str:
    """Return a label that tells targets apart and of which a selector says nothing."""
    return next(name for name in ("instance", "pod", "replica") if not selector.has_matcher(name) and name not in by)


Value = Callable[[Phases, int], str]


def _gauges(selector: Selector, by: Labels, value: Value, earliest: Duration = _ZERO) -> Source | None:
    """Return ten gauges that a selector matches; one that stands for all ten when it says which instance."""
    labels = sample(selector)
    if labels is None:
        return None
    several = "instance" not in labels and "instance" not in by
    names = [series(labels, **by, **({"instance": str(number)} if several else {})) for number in range(EACH)]
    names = list(dict.fromkeys(names))
    others = [series(other, **by) for other in beside(labels, selector).values()]
    return Source(
        write=lambda phases: [(name, value(phases, number)) for number, name in enumerate(names)],
        counts=False,
        beside=lambda phases: [(name, value(phases, EACH)) for name in others],
        earliest=earliest,
    )


def _either_side(comparison: str, bound: Decimal) -> tuple[Decimal, Decimal]:
    """Return a good and a bad value near the bound: a twentieth of it away, and no more than 1."""
    step = min(abs(bound) / 20, Decimal(1)) or Decimal(1)
    match comparison:
        case ">":
            return bound, bound + step
        case ">=":
            return bound - step, bound
        case "<":
            return bound, bound - step
        case "<=":
            return bound + step, bound
        case "==":
            return bound + step, bound
    return bound, bound + step


def _good(phase: Phase) -> int:
    return phase.events * (EACH - phase.bad) // EACH


def _bad(phase: Phase) -> int:
    return phase.events * phase.bad // EACH


def _all(phase: Phase) -> int:
    return phase.events


def _none(phase: Phase) -> int:
    return 0


def _thousand(phase: Phase) -> int:
    return 1000


def _some(phase: Phase) -> int:
    return 400


def counter(phases: Phases, count: Callable[[Phase], int]) -> str:
    """Return a counter that grows by `count(phase)` a scrape, in promtool's notation."""
    written, value = [], 1000
    for place, phase in enumerate(phases):
        if phase.gone:
            written.append(_gone(place, phase.scrapes))
            continue
        step = count(phase)
        first = step if phase.restart else value + step
        written.append(f"{first}+{step}x{phase.scrapes - 1}" if phase.scrapes > 1 else str(first))
        value = first + step * (phase.scrapes - 1)
    return " ".join(written)


def _constant(good: Decimal, bad: Decimal) -> Value:
    """Return gauges that have one of two values."""

    def value(phases: Phases, number: int) -> str:
        written = [
            _gone(place, phase.scrapes)
            if phase.gone
            else f"{plain(bad if number < phase.bad else good)}x{phase.scrapes - 1}"
            for place, phase in enumerate(phases)
        ]
        return " ".join(written)

    return value


def _clock(good: Duration, bad: Duration, every: Duration) -> Value:
    """Return time stamps that stay one of two lengths behind promtool's clock, which begins at 0."""

    def value(phases: Phases, number: int) -> str:
        written, now = [], Duration(0)
        for place, phase in enumerate(phases):
            if phase.gone:
                written.append(_gone(place, phase.scrapes))
            else:
                first = now.seconds - (bad if number < phase.bad else good).seconds
                written.append(f"{plain(first)}+{plain(every.seconds)}x{phase.scrapes - 1}")
            now = now + every * phase.scrapes
        return " ".join(written)

    return value


def _gone(place: int, scrapes: int) -> str:
    """Return that there are no scrapes; what was there before ends at once."""
    if place == 0:
        return f"_x{scrapes}"
    return "stale" + (f" _x{scrapes - 1}" if scrapes > 1 else "")
