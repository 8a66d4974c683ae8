"""Promises that contradict each other, or that nothing can measure: SLO212, SLO213."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from slogen.core import Report, plain
from slogen.core.number import decimal_of
from slogen.model import SAMPLED, Platform, Service, Slo
from slogen.plan.recovery import share_spent

_NINES = Decimal("0.000001")  # a budget that few services have the events for


def check_objectives(service: Service, platform: Platform, report: Report) -> None:
    """Tell what is worth knowing about the objectives of a service."""
    for slo in service.slos:
        outage_beyond_budget(slo, report)
        too_few_events(slo, platform, report)


def outage_beyond_budget(slo: Slo, report: Report) -> None:
    """Tell when a single outage may last as long as promised and break the objective."""
    if slo.recovery is None:
        return
    share, objective = share_spent(slo.recovery, slo), slo.objective
    if share > 1:
        lasts = objective.window.ms * Fraction(objective.budget.value) / 60_000
        report.info(
            slo.recovery_span,
            "SLO212",
            f"an outage of {slo.recovery} is {_short(share * 100)} % of the budget: "
            f"{objective.target.percent} % over {objective.window} allows {_short(lasts)} minutes",
            "one outage that ends in time breaks the objective: shorten recovery, or lower the objective",
        )


def too_few_events(slo: Slo, platform: Platform, report: Report) -> None:
    """Tell when one bad event breaks the objective, for a period has too few events; and from how many on it does not.

    Beyond six nines it is told whatever the traffic: hardly anything has so many events.
    """
    objective, traffic = slo.objective, slo.traffic
    budget, least = objective.budget.value, round(1 / Fraction(objective.budget.value))
    if isinstance(slo.sli, SAMPLED):
        traffic = 1 / platform.prometheus.scrape_interval.seconds
    events = None if traffic is None else round(Fraction(traffic) * Fraction(objective.window.seconds))
    if budget < _NINES or (events is not None and events < least):
        held = "" if events is None else f", and {objective.window} hold {events:,}"
        report.info(
            slo.objective_span,
            "SLO213",
            f"{objective.target.percent} % allows one bad event in {least:,}{held}",
            f"with fewer in {objective.window} the first bad one breaks the objective: lower it, or count more",
        )


def _short(value: Fraction) -> str:
    return plain(round(decimal_of(value), 2 if value < 10 else 1))
