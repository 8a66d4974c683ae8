"""Who burns the budget: the labels that tell it, and the burn of each of their values."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.grafana.common import NO_DATA
from slogen.emit.grafana.kit import IDLE, Look, Panel, Place, Query
from slogen.emit.grafana.oncall.watched import Watched
from slogen.emit.grafana.panels import bars
from slogen.model import Events, Latency, Spans
from slogen.plan.sli import le_spellings
from slogen.promql import panels
from slogen.promql.query import parsed
from slogen.promql.template import Expr


def dimensions(on: Watched) -> Iterator[tuple[str, Expr, str]]:
    """Yield the labels that tell who fails, what gives the burn of each value, and what it is of."""
    for label in on.slo.by:
        told = "in the last five minutes, the fastest above"
        yield label, panels.BURN_BY.fill(of=on.of, label=Expr(label)), told
    told = "in the last minutes, from its own metrics; together that of the SLO"
    for label in _labels(on):
        bad, every = _raw(on, Expr(label))
        yield label, panels.SHARES.fill(of=on.of, bad=bad, all=every, label=Expr(label)), told


def shares(on: Watched, place: Place, label: str, expr: Expr, told: str) -> Panel:
    """Return the burn of each value of a label."""
    named = f"${{__field.labels.{label}}}"  # also when there is but one
    look = Look(name=named, unit="none", decimals=2, low=0, steps=on.burn_steps(IDLE), missing=NO_DATA)
    return bars(
        f"Which {label} burns the budget?",
        f"Burn that each value of `{label}` contributes {told}.",
        place,
        [Query(expr, f"{{{{{label}}}}}")],
        look,
    )


def _labels(on: Watched) -> Iterator[str]:
    """Yield the labels of the SLI's own counters that part its events: who counts them, and what parts bad ones."""
    match on.counters:
        case Events() as sli:
            spans = isinstance(on.slo.sli, Spans)
            if not spans:
                yield "instance"  # of spans, that of the collector
            elif not sli.total.has_matcher("span_name"):
                yield "span_name"
            of, exact = (sli.bad, False) if sli.bad is not None else (sli.good, True)
            assert of is not None
            yield from (
                matcher.name
                for matcher in parsed(of.text).matchers.matchers
                if not sli.total.has_matcher(matcher.name) and (exact or str(matcher.op) != "MatchOp.Equal")
            )
        case Latency() as sli if not sli.native and not sli.sparse:
            if not isinstance(on.slo.sli, Spans):
                yield "instance"
            elif not sli.histogram.has_matcher("span_name"):
                yield "span_name"


def _raw(on: Watched, label: Expr) -> tuple[Expr, Expr]:
    """Return bad events of each value of a label and all events, from the counters that tell them."""
    sli = on.counters
    if isinstance(sli, Events):
        every = on.rate(sli.total)
        if sli.bad is not None:
            return panels.BAD_EACH.fill(bad=on.rate(sli.bad), all=every, label=label), every
        assert sli.good is not None
        return panels.NOT_GOOD_EACH.fill(good=on.rate(sli.good), all=every, label=label), every
    assert isinstance(sli, Latency)
    every = on.rate(sli.histogram.histogram_part("_count"))
    spellings = [one.replace(".", "\\\\.").replace("+", "\\\\+") for one in le_spellings(sli.threshold)]
    within = sli.histogram.histogram_part("_bucket", Expr(f'le=~"{"|".join(spellings)}"'))
    return panels.NOT_IN_BUCKET_EACH.fill(bucket=on.rate(within), all=every, label=label), every
