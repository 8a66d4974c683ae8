"""SLIs to PromQL: bad events per second and all events per second over 5m. The only place that reads raw series."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from slogen.core import Duration, plain
from slogen.model import Boolean, Events, Freshness, Latency, Platform, QuerySli, Sli, Slo, Threshold
from slogen.plan.tiers import PART
from slogen.promql.query import Query
from slogen.promql.template import By, Expr, Promql

_RATE = Promql("sum$by(rate($series))")
_ZERO_FILLED = Promql("sum$by(rate($series))\nor\n0 * sum$by(rate($total))")
_NOT_GOOD = Promql("sum$by(rate($total))\n-\n(sum$by(rate($good)) or 0 * sum$by(rate($total)))")

# Subtracted series by series: pods that a deploy took the bucket from are no data, and not failures.
_SLOWER = Promql("sum$by(\n  rate($count)\n  - sum without (le) (rate($bucket))\n)")
_SLOWER_SPARSE = Promql("sum$by(\n  rate($count)\n  - (max without (le) (rate($bucket)) or 0 * rate($count))\n)")
_SLOWER_NATIVE = Promql(
    "histogram_count(sum$by(rate($series))) * (1 - histogram_fraction(-Inf, $bound, sum$by(rate($series)))) >= 0\n"
    "or\n0 * histogram_count(sum$by(rate($series)))"
)
_COUNT_NATIVE = Promql("histogram_count(sum$by(rate($series)))")

# One sample is one event. Comparisons drop NaN, which would be neither good nor bad.
_FAILED = Promql("avg$by(1 - avg_over_time($samples) >= 0) / $every")
_BAD_SAMPLES = Promql("avg$by(avg_over_time($samples)) / $every")
_SAMPLES = Promql("group$by(present_over_time($samples)) / $every")
_SUBQUERY = Promql("($query)[$part:$every]")
_BAD_VALUE = Promql("($query) >= -Inf $comparison bool $bound")
_A_VALUE = Promql("($query) >= -Inf")
_TOO_OLD = Promql("time() - (($query) > 0) > bool $age")
_A_TIME = Promql("($query) > 0")

_FINITE = Promql("sum$by(-Inf < ($query) < +Inf)")


def rates(slo: Slo, platform: Platform) -> tuple[Expr, Expr]:
    """Return the expressions for bad events and for all events, both per second over 5m, by the SLO's labels."""
    part, every = platform.scaled(PART), platform.scaled(platform.prometheus.scrape_interval)
    by = By(slo.by)
    sli = slo.sli
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
            return (
                _FAILED.fill(by=by, samples=samples, every=every.seconds),
                _SAMPLES.fill(by=by, samples=samples, every=every.seconds),
            )
        case Threshold():
            query = Expr(sli.metric.text)
            bad = _BAD_VALUE.fill(query=query, comparison=Expr(sli.comparison), bound=sli.bound)
            return _sampled(bad, _A_VALUE.fill(query=query), by, part, every)
        case Freshness():
            query = Expr(sli.timestamp.text)
            bad = _TOO_OLD.fill(query=query, age=platform.scaled(sli.max_age).seconds)
            return _sampled(bad, _A_TIME.fill(query=query), by, part, every)
        case QuerySli():
            return (
                _FINITE.fill(by=by, query=sli.errors.with_window(part)),
                _FINITE.fill(by=by, query=sli.total.with_window(part)),
            )
    assert_never(sli)


def _subquery(query: Query, part: Duration, every: Duration) -> Expr:
    return _SUBQUERY.fill(query=Expr(query.text), part=part, every=every)


def _sampled(bad: Expr, present: Expr, by: By, part: Duration, every: Duration) -> tuple[Expr, Expr]:
    window = {"part": part, "every": every}
    return (
        _BAD_SAMPLES.fill(by=by, samples=_SUBQUERY.fill(query=bad, **window), every=every.seconds),
        _SAMPLES.fill(by=by, samples=_SUBQUERY.fill(query=present, **window), every=every.seconds),
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
    slower = _SLOWER_SPARSE if sli.sparse else _SLOWER
    return slower.fill(by=by, count=count, bucket=bucket), _RATE.fill(by=by, series=count)


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
        case Events() | Latency():
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
        case Boolean():
            return "of checks fail"
        case Threshold():
            return f"of samples are {sli.comparison} {plain(sli.bound)}"
        case Freshness():
            return f"of samples are older than {sli.max_age}"
    assert_never(sli)
