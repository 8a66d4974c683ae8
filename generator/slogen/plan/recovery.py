"""The recovery time objective: since when an outage lasts, for how long, and the alert when that is too long."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from slogen.core import Duration, plain
from slogen.core.number import decimal_of
from slogen.model import AlertClass, Platform, Service, Slo
from slogen.plan import texts
from slogen.plan.alerts import HOUR, KEEP, labels_of
from slogen.plan.rules import AlertRule, Block, RecordingRule
from slogen.plan.scope import Scope
from slogen.plan.tiers import PART, Tier
from slogen.promql import burn, names

LEAST = 2  # bad events in 5m, where no page asks for more: a single one is no outage


def recovery(service: Service, slo: Slo, pages: Sequence[Tier], platform: Platform) -> Block:
    """Return the outage clock of an SLO, and the alert on an outage that lasts longer than promised.

    It does not climb the ladder: the outage's page does.
    """
    assert slo.recovery is not None
    scope, within = Scope(service, platform, (slo,)), slo.recovery
    # Its series have these labels already: to those who look for duplicates they tell its rules from another SLO's.
    labels = (("service", service.name), ("slo", slo.name))
    started = burn.OUTAGE_START.fill(
        of=scope.of,
        hour=platform.scaled(HOUR),
        part=platform.scaled(PART),
        seconds=platform.scaled(PART).seconds,
        least=max((tier.least for tier in pages), default=LEAST) - Decimal("0.5"),
    )
    alert = AlertRule(
        alert=names.RECOVERY_ALERT,
        expr=burn.OVERDUE.fill(of=scope.of, within=platform.scaled(within).seconds).text,
        keep_firing_for=platform.scaled(KEEP),
        labels=labels_of(service, slo, AlertClass.CRITICAL),
        annotations=(
            ("summary", f"{service.name} {slo.name} should have recovered within {within}{texts.where(slo)}"),
            (
                "description",
                f"More than half of its events have been bad for {{{{ $value | humanizeDuration }}}}. A total outage "
                f"of {within} is {spent(slo)} % of the {slo.objective.window} budget.",
            ),
            *texts.links(service, platform, names.RECOVERY_ALERT, texts.dashboard_uid(service.name, slo.name)),
        ),
    )
    return Block(
        comment=f"{slo.name}, recovery: an outage is over within {within}; it lasts while more than half of the "
        f"events are bad, and a pause of less than {PART} does not end it",
        rules=(
            RecordingRule(record=names.OUTAGE_START, expr=started.text, labels=labels, lookback=HOUR),
            RecordingRule(record=names.OUTAGE, expr=burn.OUTAGE.fill(of=scope.of).text, labels=labels),
            alert,
        ),
    )


def spent(slo: Slo) -> str:
    """Return how many percent of the budget an outage spends that lasts just as long as promised, e.g. `116`."""
    assert slo.recovery is not None
    return plain(round(decimal_of(share_spent(slo.recovery, slo) * 100), 1))


def share_spent(outage: Duration, slo: Slo) -> Fraction:
    """Return the share of the period's budget that a total outage spends."""
    return (outage / slo.objective.window) / Fraction(slo.objective.budget.value)
