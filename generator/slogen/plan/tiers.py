"""Burn tiers: which windows, how much faster than allowed, and how many events it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from slogen.core import Duration, Report
from slogen.core.number import decimal_of
from slogen.model import SAMPLED, AlertClass, Platform, Slo

PART = Duration.of("5m")  # the window that raw series are read over
_FALSE_ALARMS = 0.1  # at most this many a period, from chance alone, in a service inside its budget
_HANDFUL = 30  # a threshold that takes this many bad events is beyond chance: docs/decisions/0007-guard.md


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Burn over both windows above `factor` times what is allowed raises an alert of class `severity`.

    `share` of the period's budget is spent by then; `threshold` is the error ratio of that burn. `least` is how many
    bad events the long window must hold.
    """

    severity: AlertClass
    short: Duration
    long: Duration
    factor: Decimal
    share: Fraction
    threshold: Decimal
    least: int


# Class, short window, long window, share of the budget. Source: Google SRE Workbook, "Alerting on SLOs".
TABLE = (
    (AlertClass.CRITICAL, Duration.of("5m"), Duration.of("1h"), Fraction(2, 100)),
    (AlertClass.CRITICAL, Duration.of("30m"), Duration.of("6h"), Fraction(5, 100)),
    (AlertClass.WARNING, Duration.of("2h"), Duration.of("1d"), Fraction(10, 100)),
    (AlertClass.WARNING, Duration.of("6h"), Duration.of("3d"), Fraction(10, 100)),
)


def burn_factor(share: Fraction, over: Duration, period: Duration) -> Fraction:
    """Return how many times faster than allowed the budget is spent.

    Spending 2 % of a 30d budget in 1h is 14.4. Unitless, never below 1: slower burn stays inside the budget.
    Source: Google SRE Workbook, "Alerting on SLOs".
    """
    return max(Fraction(1), share * (period / over))


def tiers(slo: Slo, platform: Platform, report: Report) -> tuple[Tier, ...]:
    """Return the tiers that can fire, fastest first; of tiers with equal factors the quickest stays.

    Reports tiers that can never fire (SLO201), and an SLO left without any that pages (SLO202).
    """
    objective = slo.objective
    wanted: list[tuple[Fraction, AlertClass, Duration, Duration]] = []
    for severity, short, long, share in TABLE:
        on = slo.alerting.critical if severity is AlertClass.CRITICAL else slo.alerting.warning
        factor = burn_factor(share, long, objective.window)
        if on and all(factor != decided for decided, *_ in wanted):
            wanted.append((factor, severity, short, long))
    reachable = tuple(
        _tier(slo, platform, severity, short, long, factor)
        for factor, severity, short, long in wanted
        if factor * Fraction(objective.budget.value) < 1
    )
    if slo.alerting.critical and not any(tier.severity is AlertClass.CRITICAL for tier in reachable):
        report.error(
            slo.objective_span,
            "SLO202",
            f"objective {objective.target.percent} over {objective.window} can never page: "
            "even a total outage burns too slowly",
            "raise the objective, shorten the window or set alerting: {critical: false}",
        )
        return reachable
    for factor, severity, short, long in wanted:
        if factor * Fraction(objective.budget.value) >= 1:
            report.warning(
                slo.objective_span,
                "SLO201",
                f"the {severity} alert over {short} and {long} can never fire: it needs an error ratio above "
                f"{decimal_of(factor * Fraction(objective.budget.value) * 100):.4g} %",
                "raise the objective or shorten the window; the alert is left out",
            )
    return reachable


def _tier(
    slo: Slo, platform: Platform, severity: AlertClass, short: Duration, long: Duration, factor: Fraction
) -> Tier:
    threshold = decimal_of(factor * Fraction(slo.objective.budget.value))
    return Tier(
        severity=severity,
        short=short,
        long=long,
        factor=decimal_of(factor),
        share=factor * (long / slo.objective.window),
        threshold=threshold,
        least=least_events(slo, platform, long, threshold),
    )


def least_events(slo: Slo, platform: Platform, long: Duration, threshold: Decimal) -> int:
    """Return how many bad events the window `long` must hold before its tier fires.

    Two, so that a single one never does, also on a service so young that its windows are not full; three where a lone
    event may read as two, in a 5m window of fewer than five scrapes. More where the traffic is known and chance alone,
    in a service that burns exactly its budget, reaches the threshold with fewer: the least k that it reaches in less
    than one window in ten periods (Poisson).
    """
    fewest = 2 if PART / platform.prometheus.scrape_interval >= 5 else 3
    if slo.traffic is None or isinstance(slo.sli, SAMPLED):
        return fewest
    events = slo.traffic * long.seconds
    if events * threshold >= _HANDFUL:
        return fewest
    k = _beyond_chance(float(events * slo.objective.budget.value), slo.objective.window / long)
    return fewest if events * threshold >= k else max(fewest, k)


def _beyond_chance(expected: float, windows: Fraction) -> int:
    k, term, below = 0, math.exp(-expected), 0.0
    while float(windows) * max(0.0, 1 - below) >= _FALSE_ALARMS:
        below += term
        k += 1
        term *= expected / k
    return k
