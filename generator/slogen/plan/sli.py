"""SLIs to PromQL: bad events per second and all events per second over 5m. The only place that reads raw series."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from slogen.core import Duration, plain
from slogen.core.number import decimal_of
from slogen.model import Boolean, Events, Freshness, Latency, Platform, QuerySli, Service, Sli, Slo, Spans, Threshold
from slogen.plan.scope import Scope
from slogen.plan.tiers import PART
from slogen.promql.query import Query, Selector, needs_series
from slogen.promql.sample import braces
from slogen.promql.template import By, Expr, Promql

_RATE = Promql("sum$by(rate($series))")
_ZERO_FILLED = Promql("sum$by(rate($series))\nor\n0 * sum$by(rate($total))")
_NOT_GOOD = Promql("sum$by(rate($total))\n-\n(sum$by(rate($good)) or 0 * sum$by(rate($total)))")

# Subtracted series by series: pods that a deploy took the bucket from are no data, neither slow nor fast.
_SLOWER = Promql("sum$by(\n  rate($count)\n  - sum without (le) (rate($bucket))\n)")
_MEASURED = Promql("sum$by(\n  rate($count)\n  and sum without (le) (rate($bucket))\n)")
_SLOWER_SPARSE = Promql("sum$by(\n  rate($count)\n  - (max without (le) (rate($bucket)) or 0 * rate($count))\n)")
_SLOWER_NATIVE = Promql(
    "histogram_count(sum$by(rate($series))) * (1 - histogram_fraction(-Inf, $bound, sum$by(rate($series)))) >= 0\n"
    "or\n0 * histogram_count(sum$by(rate($series)))"
)
_COUNT_NATIVE = Promql("histogram_count(sum$by(rate($series)))")

# One sample is one event, also of a target that has only just been found. Comparisons drop NaN, which would be
# neither good nor bad; no window counts more samples than it is long, wherever its edges lie.
_FAILED = Promql("avg$by((1 - avg_over_time($samples) >= 0) * clamp_max(count_over_time($samples), $most)) / $seconds")
_BAD_SAMPLES = Promql("avg$by(avg_over_time($samples) * clamp_max(count_over_time($samples), $most)) / $seconds")
_SAMPLES = Promql("avg$by(clamp_max(count_over_time($samples), $most)) / $seconds")
_SUBQUERY = Promql("($query)[$part:$every]")
_BAD_VALUE = Promql("($query) >= -Inf $comparison bool $bound")
_A_VALUE = Promql("($query) >= -Inf")
_TOO_OLD = Promql("time() - (($query) > 0) > bool $age")
_A_TIME = Promql("($query) > 0")

_FINITE = Promql("sum$by(-Inf < ($query) < +Inf)")
# Errors that come of nothing, as `or vector(0)`, tell nothing where there is no total.
_OF_EVENTS = Promql("sum$by(-Inf < ($query) < +Inf)\nand on ($labels)\nsum$by(-Inf < ($total) < +Inf)")
# What cannot be told good from bad is not counted at all.
_KNOWN = Promql("sum$by(-Inf < ($query) < +Inf)\nand on ($labels)\nslo:sli_errors:rate5m{$matchers}")

# What the span metrics of Jaeger and of the OpenTelemetry Collector are called in Prometheus, in seconds.
_SPAN_CALLS = "traces_span_metrics_calls_total"
_SPAN_DURATION = "traces_span_metrics_duration_seconds"


def counted(sli: Spans) -> Events | Latency:
    """Return the counters, or with a threshold the histogram, that hold the spans of an SLI."""
    labels = {"service_name": sli.service, "span_kind": f"SPAN_KIND_{sli.kind.upper()}"}
    if sli.operation is not None:
        labels["span_name"] = sli.operation
    if sli.threshold is not None:
        return Latency(
            histogram=Selector(_SPAN_DURATION + braces(labels)),
            threshold=sli.threshold,
            spelled=sli.spelled,
            seconds=sli.threshold,
        )
    failed = {**labels, "status_code": "STATUS_CODE_ERROR"}
    return Events(total=Selector(_SPAN_CALLS + braces(labels)), bad=Selector(_SPAN_CALLS + braces(failed)))


def rates(service: Service, slo: Slo, platform: Platform, over: Duration = PART) -> tuple[Expr, Expr]:
    """Return the expressions for bad events and for all events, both per second over 5m, by the SLO's labels.

    Rules have no other time than 5m: what they record is what longer windows are made of.
    """
    part, every = platform.scaled(over), platform.scaled(platform.prometheus.scrape_interval)
    by = By(slo.by)
    sli = counted(slo.sli) if isinstance(slo.sli, Spans) else slo.sli
    match sli:
        case Events():
            total = sli.total.over(part)
            if sli.bad is not None:
                errors = _ZERO_FILLED.fill(by=by, series=sli.bad.over(part), total=total)
            else:
                assert sli.good is not None
                errors = _NOT_GOOD.fill(by=by, good=sli.good.over(part), total=total)
            return errors, _RATE.fill(by=by, series=total)
        case Latency():
            return _latency(sli, by, part)
        case Boolean():
            samples = sli.metric.selector.over(part) if sli.metric.selector else _subquery(sli.metric, part, every)
            return _sampled(_FAILED, samples, samples, by, part, every)
        case Threshold():
            query = Expr(sli.metric.text)
            bad = _BAD_VALUE.fill(query=query, comparison=Expr(sli.comparison), bound=sli.bound)
            return _asked(bad, _A_VALUE.fill(query=query), by, part, every)
        case Freshness():
            query = Expr(sli.timestamp.text)
            bad = _TOO_OLD.fill(query=query, age=platform.scaled(sli.max_age).seconds)
            return _asked(bad, _A_TIME.fill(query=query), by, part, every)
        case QuerySli():
            errors, total, labels = sli.errors.with_window(part), sli.total.with_window(part), Expr(", ".join(slo.by))
            return (
                _FINITE.fill(by=by, query=errors)
                if needs_series(errors.text)
                else _OF_EVENTS.fill(by=by, query=errors, labels=labels, total=total),
                _KNOWN.fill(
                    by=by,
                    query=total,
                    labels=labels,
                    matchers=Scope(service, platform, (slo,)).matchers,
                ),
            )
    assert_never(sli)


def _subquery(query: Query, part: Duration, every: Duration) -> Expr:
    return _SUBQUERY.fill(query=Expr(query.text), part=part, every=every)


def _asked(bad: Expr, present: Expr, by: By, part: Duration, every: Duration) -> tuple[Expr, Expr]:
    bad, present = (_SUBQUERY.fill(query=query, part=part, every=every) for query in (bad, present))
    return _sampled(_BAD_SAMPLES, bad, present, by, part, every)


def _sampled(errors: Promql, bad: Expr, present: Expr, by: By, part: Duration, every: Duration) -> tuple[Expr, Expr]:
    most, seconds = decimal_of(part / every), part.seconds
    return (
        errors.fill(by=by, samples=bad, most=most, seconds=seconds),
        _SAMPLES.fill(by=by, samples=present, most=most, seconds=seconds),
    )


def _latency(sli: Latency, by: By, part: Duration) -> tuple[Expr, Expr]:
    if sli.native:
        series = sli.histogram.over(part)
        return (
            _SLOWER_NATIVE.fill(by=by, series=series, bound=sli.threshold),
            _COUNT_NATIVE.fill(by=by, series=series),
        )
    count = sli.histogram.histogram_part("_count").over(part)
    # In a sparse histogram the highest bound that is there, up to the threshold, holds the count.
    bounds = tuple(b for b in sli.buckets if b <= sli.threshold) if sli.sparse and sli.buckets else (sli.threshold,)
    bucket = sli.histogram.histogram_part("_bucket", _le_matcher(bounds)).over(part)
    if sli.sparse:
        return _SLOWER_SPARSE.fill(by=by, count=count, bucket=bucket), _RATE.fill(by=by, series=count)
    return _SLOWER.fill(by=by, count=count, bucket=bucket), _MEASURED.fill(by=by, count=count, bucket=bucket)


def _le_matcher(bounds: tuple[Decimal, ...]) -> Expr:
    spellings = [spelling for bound in bounds for spelling in le_spellings(bound)]
    if len(spellings) == 1:
        return Expr(f'le="{spellings[0]}"')
    escaped = "|".join(spelling.replace(".", r"\\.").replace("+", r"\\+") for spelling in spellings)
    return Expr(f'le=~"{escaped}"')


def le_spellings(bound: Decimal) -> tuple[str, ...]:
    """Return how `bound` may be spelled in `le`: Prometheus 3 and client_python write `5.0` where 2.x has `5`.

    Go switches to exponents below 0.0001 and from 21 digits on, Python's client from seven digits on.
    """
    bound = bound.normalize()
    digits, exponent = "".join(map(str, bound.as_tuple().digits)), bound.adjusted()
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    short = f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"
    if exponent < -4:
        return (short,)
    written = plain(bound)
    if bound != bound.to_integral_value():
        return (written,)
    return (written, f"{written}.0") if exponent < 6 else (written, f"{written}.0", short)


def reach(sli: Sli) -> Duration:
    """Return how far back the two rates of an SLI read, ranges of the user's own expressions included."""
    match sli:
        case Events() | Latency() | Spans():
            return PART
        case Boolean() | Threshold():
            return PART + sli.metric.lookback
        case Freshness():
            return PART + sli.timestamp.lookback
        case QuerySli():
            return max(sli.errors.lookback, sli.total.lookback)
    assert_never(sli)


def noun(sli: Sli) -> str:
    """Return what a bad event is, after a percentage: `1.2 % of events fail`."""
    match sli:
        case Events() | QuerySli():
            return "of events fail"
        case Latency():
            return f"of events take longer than {sli.spelled}"
        case Spans():
            return f"of spans take longer than {sli.spelled}" if sli.spelled else "of spans fail"
        case Boolean():
            return "of checks fail"
        case Threshold():
            return f"of samples are {sli.comparison} {plain(sli.bound)}"
        case Freshness():
            return f"of samples are older than {sli.max_age}"
    assert_never(sli)
