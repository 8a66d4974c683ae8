"""On recorded ratios: each threshold from both sides, each guard at one event too few and at just enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from slogen.core import Duration
from slogen.core.number import decimal_of
from slogen.model import AlertClass, Slo
from slogen.plan.scenarios.scenario import Expect, Scenario, Subject, minutes, steps
from slogen.plan.tiers import Tier
from slogen.promql import names

# Percent of the budget that is spent within the long window: the workbook's table, written down a second time.
SPENT = {"1h": 2, "6h": 5, "1d": 10, "3d": 10}
PLENTY = 1000  # bad events a second, enough for any guard
FIVE = Duration.of("5m")


def level(slo: Slo, tier: Tier) -> Decimal:
    """Return the error ratio that a tier's alert must take to fire, from what the objective promises."""
    spends = Fraction(SPENT[str(tier.long)], 100) * (slo.objective.window / tier.long)
    return decimal_of(max(Fraction(1), spends) * Fraction(slo.objective.budget.value))


def level_scenarios(
    subject: Subject, tiers: tuple[Tier, ...], severity: AlertClass, every: Duration
) -> Iterator[Scenario]:
    """Yield scenarios of the burn alerts of one class, with a sample every evaluation."""
    for tier in (tier for tier in tiers if tier.severity is severity):
        yield _both_windows(subject, tier, every)
        yield _guarded(subject, tier, every)


def _name(tier: Tier) -> str:
    return f"{'page' if tier.severity is AlertClass.CRITICAL else 'ticket'} over {tier.short} and {tier.long}"


def _errors(tier: Tier) -> str:
    return names.ERRORS_RATE if tier.severity is AlertClass.CRITICAL else names.ERRORS_AVG


def only_burn(subject: Subject, at: Duration, *severities: AlertClass, by: dict[str, str] | None = None) -> Expect:
    """Return that of the SLO's burn alerts exactly those of these classes fire, whatever its other alerts do."""
    alerts = (subject.alert(names.BURN_ALERT, severity, by) for severity in severities)
    return subject.firing_of(at, names.BURN_ALERT, *alerts)


def only_page(subject: Subject, at: Duration, fires: bool = False, by: dict[str, str] | None = None) -> Expect:
    """Return whether the SLO pages, whatever its tickets do."""
    alerts = [subject.alert(names.BURN_ALERT, AlertClass.CRITICAL, by)] if fires else []
    found = subject.firing_of(at, names.BURN_ALERT, *alerts)
    return replace(found, expr=found.expr.replace("{", '{severity="critical",', 1))


def _both_windows(subject: Subject, tier: Tier, every: Duration) -> Scenario:
    at = level(subject.slo, tier)
    under, over = at * Decimal("0.95"), min(at * Decimal("1.05"), (at + 1) / 2)
    short, long = (subject.recorded(names.ratio_rate(window)) for window in (tier.short, tier.long))
    page = tier.severity is AlertClass.CRITICAL
    after = int(minutes(8) / every) if page else 0
    series = [
        (short, steps((1, under), (1, 1), (1, over), (after, 0))),
        (long, steps((1, 1), (1, under), (1, over), (after, 0))),
        (subject.recorded(_errors(tier)), steps((3 + after, PLENTY))),
    ]
    expects = [
        only_burn(subject, Duration(0)),
        only_burn(subject, every),
        only_burn(subject, every * 2, tier.severity),
    ]
    if page:
        expects += [
            only_burn(subject, every * 2 + minutes(4), tier.severity),
            only_burn(subject, every * 4 + minutes(5)),
        ]
    told = ", and for 5m after" if page else ""
    return subject.scenario(f"{_name(tier)}: only when both are above {at}{told}", every, series, expects)


def _guarded(subject: Subject, tier: Tier, every: Duration) -> Scenario:
    least = tier.least
    few, one, enough = (Fraction(count, 300) for count in (least - 1, 1, least))
    page = tier.severity is AlertClass.CRITICAL
    # The page counts the events of the last 5m from one rate, the ticket adds up every 5m.
    lasting = int(minutes(4) / every) if page else 1
    errors = steps((lasting, few), (2, enough)) if page else steps((1, few), (2, one))
    ones = steps((lasting + 2, 1))
    return subject.scenario(
        f"{_name(tier)}: {least - 1} bad event{'s' * (least != 2)} are too few, {least} are enough".replace(
            "1 bad event are", "1 bad event is"
        ),
        every,
        [
            (subject.recorded(_errors(tier)), errors),
            (subject.recorded(names.ratio_rate(tier.short)), ones),
            (subject.recorded(names.ratio_rate(tier.long)), ones),
        ],
        [
            only_burn(subject, every * (lasting - 1)),
            only_burn(subject, every * (lasting + 1), tier.severity),
        ],
    )


def remembered(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    """Yield how long the guard of a page remembers bad events; a sample every 5m stands for one evaluation."""
    evaluation = subject.platform.prometheus.evaluation_interval
    for tier in tiers:
        if tier.severity is not AlertClass.CRITICAL:
            continue
        burst = Fraction(tier.least * 1000, evaluation.ms)
        last = tier.long.ms // FIVE.ms
        for place, counts in ((2, True), (last - 1, True), (last + 3, False)):
            ones = steps((place, None), (1, 1))
            told = "still count" if counts else "are forgotten"
            yield subject.scenario(
                f"{_name(tier)}: bad events of {FIVE * (place - 1)} ago {told}",
                FIVE,
                [
                    (subject.recorded(names.ERRORS_RATE), steps((1, 0), (1, burst), (place, 0))),
                    (subject.recorded(names.ratio_rate(tier.short)), ones),
                    (subject.recorded(names.ratio_rate(tier.long)), ones),
                ],
                [only_page(subject, FIVE * place, fires=counts)],
            )


def exhausted(subject: Subject, every: Duration) -> Scenario:
    """Return that the budget is told to be gone when nothing is left, and not before."""
    alert = subject.alert(names.EXHAUSTED_ALERT, AlertClass.INFO)
    return subject.scenario(
        "its budget is told to be gone when nothing is left",
        every,
        [(subject.recorded(names.BUDGET_REMAINING), steps((1, Decimal("0.001")), (1, 0)))],
        [
            subject.firing_of(Duration(0), names.EXHAUSTED_ALERT),
            subject.firing_of(every, names.EXHAUSTED_ALERT, alert),
        ],
    )
