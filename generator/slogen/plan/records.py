"""Recording rules: two 5m rates an SLO from raw series, everything else from those, for all SLOs at once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from slogen.core import Duration
from slogen.model import Platform, Service, Slo
from slogen.plan.rules import Block, Labels, RecordingRule
from slogen.plan.scope import Scope
from slogen.plan.sli import rates, reach
from slogen.plan.texts import dashboard_uid
from slogen.plan.tiers import PART
from slogen.promql import burn, names
from slogen.promql.template import Expr

FAST = (Duration.of("30m"), Duration.of("1h"), Duration.of("6h"))
SLOW = (Duration.of("2h"), Duration.of("1d"), Duration.of("3d"))
HALF_PART = Duration.of("2m30s")


def identity(service: Service, slo: Slo) -> Labels:
    """Return the labels that every rule of an SLO carries."""
    return (("service", service.name), ("slo", slo.name))


def promise(slo: Slo) -> str:
    """Return an SLO in words: `99.99 % over 30d: Requests answered without a server error`."""
    told = " ".join(slo.description.split())
    return f"{slo.objective.target.percent} % over {slo.objective.window}" + (f": {told}" if told else "")


def sli_block(service: Service, slo: Slo, platform: Platform) -> Block:
    """Return what is recorded for one SLO from raw series, and its constants."""
    labels = identity(service, slo)
    errors, total = rates(service, slo, platform)
    back = reach(slo.sli)
    info = (
        ("objective", slo.objective.target.percent),
        ("window", str(slo.objective.window)),
        ("team", service.team),
        *(("tier", value) for name, value in service.labels if name == "tier"),
        *((("dashboard", dashboard_uid(service.name, slo.name)),) if platform.grafana else ()),
    )
    return Block(
        comment=f"{slo.name}: {promise(slo)}",
        rules=(
            RecordingRule(record=names.ERRORS_RATE, expr=errors.text, labels=labels, lookback=back),
            RecordingRule(record=names.TOTAL_RATE, expr=total.text, labels=labels, lookback=back),
            RecordingRule(record=names.OBJECTIVE, expr=f"vector({slo.objective.target})", labels=labels),
            RecordingRule(record=names.BUDGET, expr=f"vector({slo.objective.budget})", labels=labels),
            RecordingRule(record=names.INFO, expr="vector(1)", labels=(*labels, *info)),
        ),
    )


def fast_blocks(service: Service, platform: Platform) -> tuple[Block, ...]:
    """Return the windows up to 6h, for all SLOs of the service at once."""
    scope = Scope(service, platform, service.slos)
    ratios = [RecordingRule(record=names.ratio_rate(PART), expr=burn.RATIO_NOW.fill(of=scope.of).text)]
    for window in FAST:
        tail = window - PART
        ratios.append(
            RecordingRule(
                record=names.ratio_rate(window),
                expr=burn.RATIO_HEAD_AND_TAIL.fill(
                    of=scope.of,
                    rest=Decimal(tail.ms) / PART.ms,
                    tail=platform.scaled(tail),
                    half=platform.scaled(HALF_PART),
                ).text,
                lookback=tail + HALF_PART,
            )
        )
    current = burn.CURRENT_BURN.fill(of=scope.of, over=scope.over)
    return (
        Block(
            comment="share of bad events, all SLOs of the service: the last 5m exactly, older ones from recorded rates",
            rules=tuple(ratios),
        ),
        Block(
            comment="how many times faster than allowed the budget is being spent, and its period in days",
            rules=(
                RecordingRule(record=names.CURRENT_BURN, expr=current.text),
                RecordingRule(record=names.PERIOD_DAYS, expr=_days(service, platform)),
            ),
        ),
    )


def slow_blocks(service: Service, platform: Platform) -> tuple[Block, ...]:
    """Return the windows of days, from one sample in 5m, for all SLOs of the service at once."""
    scope, part = Scope(service, platform, service.slos), platform.scaled(PART)
    averages = (
        RecordingRule(record=names.ERRORS_AVG, expr=burn.ERRORS_AVG.fill(of=scope.of, part=part).text, lookback=PART),
        RecordingRule(record=names.TOTAL_AVG, expr=burn.TOTAL_AVG.fill(of=scope.of, part=part).text, lookback=PART),
    )
    periods = by_period(service, platform)
    ratios = tuple(
        RecordingRule(
            record=names.ratio_rate(window),
            expr=burn.RATIO_SLOW.fill(
                of=(scope if window in SLOW else periods[window]).of, window=platform.scaled(window)
            ).text,
            lookback=window,
        )
        for window in sorted({*SLOW, *periods})
    )
    spent = _each(periods, lambda period, some: burn.PERIOD_BURN.fill(of=some.of, over=some.over, period=period))
    left = _each(
        periods,
        lambda period, some: burn.BUDGET_REMAINING.fill(
            of=some.of, period=platform.scaled(period), parts=period.ms // PART.ms
        ),
    )
    return (
        Block(comment="one sample in 5m of the recorded rates: what the long windows read", rules=averages),
        Block(comment="share of bad events over days: the sum of errors by the sum of events", rules=ratios),
        Block(
            comment="the period's budget: how many times over it is being spent, and what is left (1 is all of it)",
            rules=(
                RecordingRule(record=names.PERIOD_BURN, expr=spent),
                RecordingRule(record=names.BUDGET_REMAINING, expr=left, lookback=max(periods)),
            ),
        ),
    )


def by_period(service: Service, platform: Platform) -> dict[Duration, Scope]:
    """Return the SLOs of a service by the length of their period, shortest first."""
    lengths = sorted({slo.objective.window for slo in service.slos})
    return {
        period: Scope(service, platform, tuple(slo for slo in service.slos if slo.objective.window == period))
        for period in lengths
    }


def _days(service: Service, platform: Platform) -> str:
    day = Duration.of("1d").ms
    return _each(
        by_period(service, platform), lambda period, some: burn.PERIOD_DAYS.fill(of=some.of, days=period.ms // day)
    )


def _each(periods: dict[Duration, Scope], write: Callable[[Duration, Scope], Expr]) -> str:
    return "\nor\n".join(write(period, scope).text for period, scope in periods.items())
