"""Who burns the budget: the labels that tell it, and the burn of each of their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from slogen.core import Duration
from slogen.emit.grafana.common import MISSING, NO_DATA, chosen
from slogen.emit.grafana.kit import IDLE, NOWHERE, Look, Panel, Query
from slogen.emit.grafana.oncall.watched import Watched
from slogen.emit.grafana.panels import bars
from slogen.model import Boolean, Events, Freshness, Latency, Sli, Spans, Threshold
from slogen.plan.sli import le_spellings, rates
from slogen.promql import panels
from slogen.promql.query import Query as Expression
from slogen.promql.query import parsed
from slogen.promql.template import Expr

_HOUR = Duration.of("1h")  # samples are few, and bad ones may be as far apart as tickets are slow


def dimensions(on: Watched) -> Iterator[tuple[str, Expr, str]]:
    """Yield the labels that tell who fails, what gives the burn of each value, and what it is of."""
    for label in on.slo.by:
        told = "in the last five minutes, the fastest above"
        yield label, panels.BURN_BY.fill(of=on.of, label=Expr(label)), told
    told = "in the last minutes, from its own metrics; together that of the SLO"
    for label in _labels(on):
        bad, every = _raw(on, Expr(label))
        yield label, panels.SHARES.fill(of=on.of, bad=bad, all=every, label=Expr(label)), told
    sampled = _of_this_cluster(on)
    if sampled is not None and "instance" not in on.slo.by:
        errors, total = rates(on.service, replace(on.slo, sli=sampled, by=("instance",)), on.platform, _HOUR)
        each = panels.BURN_EACH.fill(errors=errors, total=total, of=on.of)
        yield "instance", each, "in the last hour, the fastest above; the SLO is the mean of all series"


def shares(on: Watched, label: str, expr: Expr, told: str) -> Panel:
    """Return the burn of each value of a label."""
    named = f"${{__field.labels.{label}}}"  # also when there is but one
    look = Look(name=named, unit="none", decimals=2, low=0, steps=on.burn_steps(IDLE), said=(MISSING,), missing=NO_DATA)
    return bars(
        f"Which {label} burns the budget?",
        f"Burn that each value of `{label}` contributes {told}.",
        NOWHERE,
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
        case Latency() as sli:
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
    if sli.native:
        rate = on.rate(sli.histogram)
        bad = panels.SLOWER_NATIVE_EACH.fill(rate=rate, bound=sli.threshold, label=label)
        return bad, panels.NATIVE_COUNT.fill(rate=rate)
    every = on.rate(sli.histogram.histogram_part("_count"))
    within = on.rate(sli.histogram.histogram_part("_bucket", _within(sli)))
    if sli.sparse:
        good = panels.HIGHEST_BUCKET.fill(bucket=within)
        return panels.NOT_GOOD_EACH.fill(good=good, all=every, label=label), every
    return panels.NOT_IN_BUCKET_EACH.fill(bucket=within, all=every, label=label), every


def _within(sli: Latency) -> Expr:
    """Return the matcher of the bucket that holds the good events; of a sparse histogram, of those that may."""
    bounds = [bound for bound in sli.buckets if bound <= sli.threshold] if sli.sparse else []
    spelled = [one for bound in bounds or [sli.threshold] for one in le_spellings(bound)]
    escaped = [one.replace(".", "\\\\.").replace("+", "\\\\+") for one in spelled]
    return Expr(f'le=~"{"|".join(escaped)}"')


def _of_this_cluster(on: Watched) -> Sli | None:
    """Return an SLI whose samples have who they are of, those of the cluster that is chosen; None for any other."""
    match on.slo.sli:
        case Boolean() | Threshold() as sli if _tells_who(sli.metric):
            return replace(sli, metric=_chosen(on, sli.metric))
        case Freshness() as sli if _tells_who(sli.timestamp):
            return replace(sli, timestamp=_chosen(on, sli.timestamp))
    return None


def _tells_who(query: Expression) -> bool:
    """Return whether series are plain, and their instance what they are about: kube-state-metrics tells of others."""
    return query.selector is not None and not query.selector.name.startswith("kube_")


def _chosen(on: Watched, query: Expression) -> Expression:
    assert query.selector is not None
    selector = query.selector.having(chosen(on.platform).text)
    return replace(query, text=selector.text, selector=selector)
