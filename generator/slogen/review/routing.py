"""Who is told of each alert on both sides, gathered by what changes about it."""

from __future__ import annotations

from collections.abc import Iterable

from slogen.model import AlertClass
from slogen.plan.routing import Inhibition, RoutingPlan
from slogen.plan.rules import AlertRule, RuleGroup
from slogen.promql.names import NO_SEVERITY, PLATFORM_SERVICE
from slogen.review.changes import Fact, RoutingChange
from slogen.review.side import Side

_CLASSES = {
    AlertClass.CRITICAL.value: "pages",
    AlertClass.WARNING.value: "tickets",
    AlertClass.INFO.value: "notes",
    NO_SEVERITY: "markers",
}

# The class of an alert, and what it is about: "pages after 1h", "web/up SLOErrorBudgetBurn".
_Alert = tuple[str, str]


def routing_changes(before: Side, after: Side, renamed: dict[str, str]) -> tuple[RoutingChange, ...]:
    """Return who will be told of which alerts, and who no longer; `renamed` gives new names by old.

    Its names are `service/` and `service/slo`.
    """
    old = {(of, _renamed(alert, renamed)): told for (of, alert), told in _all(before).items()}
    new = _all(after)
    alike: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for key in dict.fromkeys([*old, *new]):
        one, other = old.get(key, ()), new.get(key, ())
        told = tuple(name for name in other if name not in one)
        no_longer = tuple(name for name in one if name not in other)
        if told or no_longer:
            alike.setdefault((key[0], told, no_longer), []).append(key[1])
    return tuple(
        RoutingChange(of=of, alerts=tuple(alerts), told=told, no_longer=no_longer)
        for (of, told, no_longer), alerts in alike.items()
    )


def _renamed(alert: str, renamed: dict[str, str]) -> str:
    whose, _, name = alert.partition(" ")
    return f"{renamed.get(whose, whose)} {name}"


def _all(side: Side) -> dict[_Alert, tuple[str, ...]]:
    if side.routing is None:
        return {}
    told: dict[_Alert, tuple[str, ...]] = _told(PLATFORM_SERVICE, side.groups, side)
    for name, plan in side.plans.items():
        told |= _told(name, plan.groups, side)
    return told


def _told(service: str, groups: Iterable[RuleGroup], side: Side) -> dict[_Alert, tuple[str, ...]]:
    told: dict[_Alert, tuple[str, ...]] = {}
    for rule in (rule for group in groups for rule in group.rules):
        if not isinstance(rule, AlertRule):
            continue
        # A rung has the labels of the page that it is about.
        labels = {"severity": AlertClass.CRITICAL.value, **dict(rule.labels), "alertname": rule.alert}
        rung = f" after {labels['escalation']}" if "escalation" in labels else ""
        slo = f"/{labels['slo']}" if "slo" in labels else "/"
        of = _CLASSES.get(labels["severity"], labels["severity"]) + rung
        names = dict.fromkeys([*told.get((of, f"{service}{slo} {rule.alert}"), ()), *side.told(labels)])
        told[of, f"{service}{slo} {rule.alert}"] = tuple(names)
    return told


def muting_changes(before: RoutingPlan | None, after: RoutingPlan | None) -> tuple[Fact, ...]:
    """Return which alerts are muted by which others on one side only."""
    old, new = ({one.comment: _muted(one) for one in side.inhibitions} if side else {} for side in (before, after))
    return tuple(
        Fact(about=comment, before=old.get(comment), after=new.get(comment))
        for comment in dict.fromkeys([*old, *new])
        if old.get(comment) != new.get(comment)
    )


def _muted(inhibition: Inhibition) -> str:
    source, target = (", ".join(map(str, side)) for side in (inhibition.source, inhibition.target))
    return f"{source} mutes {target}" + (f" of equal {', '.join(inhibition.equal)}" if inhibition.equal else "")
