"""Alerts: burn, no data, budget gone, causes. Explicit per SLO, thresholds as exact decimals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from slogen.core import Duration, plain
from slogen.model import Alert, AlertClass, Platform, Service, Slo
from slogen.plan import texts
from slogen.plan.records import identity
from slogen.plan.rules import AlertRule, Block, Labels
from slogen.plan.scope import Scope
from slogen.plan.sli import noun
from slogen.plan.tiers import PART, Tier
from slogen.promql import burn, names
from slogen.promql.template import Expr

HOUR = Duration.of("1h")  # how long a page outlives its data
MEMORY = Duration.of("6h")  # how long a `by` value is missed
KEEP = Duration.of("5m")
NO_DATA_FOR = Duration.of("10m")


def labels_of(service: Service, slo: Slo, severity: AlertClass) -> Labels:
    """Return the labels of an SLO's alert."""
    return (*identity(service, slo), ("severity", severity.value), ("team", service.team), *service.labels)


def page(service: Service, slo: Slo, tiers: Sequence[Tier], platform: Platform) -> Block:
    """Return the alert that wakes somebody: fast burn, or an incident whose data vanished."""
    scope = Scope(service, platform, (slo,))
    vanished = burn.VANISHED.fill(
        of=scope.of,
        hour=platform.scaled(HOUR),
        threshold=min(tier.threshold for tier in tiers),
        labels=scope.labels,
        matchers=scope.matchers,
    )
    branches = [_branch(tier, scope, _guard_fast) for tier in tiers]
    rule = _burn_alert(
        service,
        slo,
        AlertClass.CRITICAL,
        tiers,
        platform,
        expr=_any([*branches, vanished]),
        lookback=max(HOUR, _guards_reach(tiers)),
    )
    return Block(
        comment=f"{slo.name}, page: {_spends(tiers, slo)}, and still going on, or it was when its data vanished"
        + _guard_words(tiers),
        rules=(rule,),
    )


def ticket(service: Service, slo: Slo, tiers: Sequence[Tier], platform: Platform) -> Block:
    """Return the alert for the next working day: slow burn."""
    scope = Scope(service, platform, (slo,))
    rule = _burn_alert(
        service,
        slo,
        AlertClass.WARNING,
        tiers,
        platform,
        expr=_any([_branch(tier, scope, _guard_slow) for tier in tiers]),
        lookback=_guards_reach(tiers),
    )
    return Block(
        comment=f"{slo.name}, ticket: {_spends(tiers, slo)}, and still going on" + _guard_words(tiers), rules=(rule,)
    )


def _burn_alert(
    service: Service,
    slo: Slo,
    severity: AlertClass,
    tiers: Sequence[Tier],
    platform: Platform,
    *,
    expr: str,
    lookback: Duration,
) -> AlertRule:
    period, fastest = slo.objective.window, tiers[0]
    speed = ""
    if severity is AlertClass.CRITICAL:  # what a page reads lies beside it
        said = ' The budget now burns {{ . | first | value | printf "%.1f" }} times too fast.'
        speed = texts.asked(names.CURRENT_BURN, service, slo, platform, said)
    return AlertRule(
        alert=names.BURN_ALERT,
        expr=expr,
        keep_firing_for=_kept(severity, platform),
        labels=labels_of(service, slo, severity),
        annotations=(
            ("summary", f"{service.name} {slo.name} burns its error budget{texts.where(slo)}"),
            (
                "description",
                f"{{{{ $value | humanizePercentage }}}} {noun(slo.sli)}; the objective allows "
                f"{slo.objective.budget.percent} %.{speed} At {plain(fastest.factor)} times too fast, the {period} "
                f"budget lasts {texts.lasts(period, fastest.factor)}.",
            ),
            *_budget_left(service, slo, severity, platform),
            *texts.links(service, platform, names.BURN_ALERT, texts.dashboard_uid(service.name, slo.name)),
        ),
        lookback=lookback,
    )


def _budget_left(service: Service, slo: Slo, severity: AlertClass, platform: Platform) -> Labels:
    """Return the budget left as an annotation, where the server that evaluates the alert has it."""
    longest = max(other.objective.window for other in service.slos)
    if severity is AlertClass.CRITICAL and longest > platform.prometheus.retention:
        return ()
    said = "{{ . | first | value | humanizePercentage }}"
    return (("budget_left", texts.asked(names.BUDGET_REMAINING, service, slo, platform, said)),)


def _guards_reach(tiers: Sequence[Tier]) -> Duration:
    return max(tier.long for tier in tiers)


def _branch(tier: Tier, scope: Scope, guard: Callable[[Tier, Scope, Decimal], Expr]) -> Expr:
    base = burn.BURN.fill(of=scope.of, short=tier.short, long=tier.long, threshold=tier.threshold)
    return Expr(f"{base}\n{guard(tier, scope, tier.least - Decimal('0.5'))}")


def _guard_fast(tier: Tier, scope: Scope, least: Decimal) -> Expr:
    platform = scope.platform
    return burn.GUARD_FAST.fill(
        of=scope.of,
        seconds=platform.scaled(PART).seconds,
        part=platform.scaled(PART),
        least=least,
        every=platform.scaled(platform.prometheus.evaluation_interval).seconds,
        tail=platform.scaled(tier.long - PART),
    )


def _guard_slow(tier: Tier, scope: Scope, least: Decimal) -> Expr:
    platform = scope.platform
    return burn.GUARD_SLOW.fill(
        of=scope.of, window=platform.scaled(tier.long), seconds=platform.scaled(PART).seconds, least=least
    )


def _any(branches: Sequence[Expr]) -> str:
    if len(branches) == 1:
        return branches[0].text
    return "\nor\n".join(f"(\n{branch.indented()}\n)" for branch in branches)


def _spends(tiers: Sequence[Tier], slo: Slo) -> str:
    told = []
    for place, tier in enumerate(tiers):
        budget = f" of the {slo.objective.window} budget" if place == 0 else ""
        factor = round(tier.factor, 2)
        speed = plain(factor) + (" time" if factor == 1 else " times") + (" too fast" if place == 0 else "")
        told.append(f"{plain(round(Decimal(float(tier.share * 100)), 1))} %{budget} in {tier.long} ({speed})")
    return " or ".join(told)


def _kept(severity: AlertClass, platform: Platform) -> Duration | None:
    """Return how long an alert outlives its condition: pages only, or a lost scrape ends and repeats every rung."""
    return platform.scaled(KEEP) if severity is AlertClass.CRITICAL else None


def _guard_words(tiers: Sequence[Tier]) -> str:
    counts = sorted({tier.least for tier in tiers})
    return f"; never on fewer than {' or '.join(map(str, counts))} bad events"


def no_data(service: Service, slo: Slo, platform: Platform) -> Block:
    """Return the alert on an SLO, or one of its `by` values, that nothing measures."""
    assert slo.no_data is not None
    scope = Scope(service, platform, (slo,))
    if slo.by:
        expr = burn.NO_DATA_BY.fill(of=scope.of, by=Expr(", ".join(slo.by)), memory=platform.scaled(MEMORY))
    else:
        expr = burn.NO_DATA.fill(of=scope.of)
    rule = AlertRule(
        alert=names.NO_DATA_ALERT,
        expr=expr.text,
        for_=platform.scaled(NO_DATA_FOR),
        keep_firing_for=_kept(slo.no_data, platform),
        labels=labels_of(service, slo, slo.no_data),
        annotations=(
            ("summary", f"{service.name} {slo.name} cannot be measured{texts.where_known(slo)}"),
            (
                "description",
                f"No events of this SLO for {NO_DATA_FOR}. Either nothing scrapes the service or its metrics were "
                "renamed; until then its budget is unknown, not whole.",
            ),
            *texts.links(service, platform, names.NO_DATA_ALERT, texts.dashboard_uid(service.name, slo.name)),
        ),
        lookback=MEMORY if slo.by else Duration(0),
    )
    whose = "its events, or those of one of its " + ", ".join(slo.by) + " values," if slo.by else "its events"
    return Block(comment=f"{slo.name}, no data: {whose} are not there", rules=(rule,))


def exhausted(service: Service, slo: Slo, platform: Platform) -> Block:
    """Return the note that the period's budget is gone."""
    scope = Scope(service, platform, (slo,))
    rule = AlertRule(
        alert=names.EXHAUSTED_ALERT,
        expr=burn.EXHAUSTED.fill(of=scope.of).text,
        labels=labels_of(service, slo, AlertClass.INFO),
        annotations=(
            ("summary", f"{service.name} {slo.name} has no error budget left{texts.where(slo)}"),
            (
                "description",
                f"Budget left: {{{{ $value | humanizePercentage }}}} of what {slo.objective.target.percent} % over "
                f"{slo.objective.window} allows.",
            ),
            *texts.links(service, platform, names.EXHAUSTED_ALERT, texts.dashboard_uid(service.name, slo.name)),
        ),
    )
    return Block(comment=f"{slo.name}, budget: nothing is left of the {slo.objective.window}", rules=(rule,))


def cause(service: Service, alert: Alert, platform: Platform) -> Block:
    """Return a cause alert as its owner wrote it, with the labels and links of the service."""
    team = alert.team or service.team
    labels = {"service": service.name, "severity": alert.severity.value, "team": team}
    annotations = [("summary", alert.summary)]
    if alert.description:
        annotations.append(("description", alert.description))
    return Block(
        comment=f"cause, {alert.severity}: {alert.name}",
        rules=(
            AlertRule(
                alert=alert.name,
                expr=alert.expr.text,
                for_=platform.scaled(alert.for_) if alert.for_ else None,
                keep_firing_for=_kept(alert.severity, platform),
                labels=tuple((labels | dict(service.labels) | dict(alert.labels)).items()),
                annotations=(*annotations, *texts.cause_links(service, platform, alert)),
                lookback=alert.expr.lookback,
            ),
        ),
    )
