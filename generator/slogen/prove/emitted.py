"""Every alert that the rules of a catalog raise, as Alertmanager sees it: with all of its labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slogen.model import AlertClass, Catalog, Platform, Service
from slogen.plan.rules import AlertRule, Evaluator, RuleGroup, ServicePlan
from slogen.plan.watch import platform_groups
from slogen.promql import names
from slogen.promql.labels import named_labels
from slogen.promql.query import parsed, selectors
from slogen.promql.sample import matches


def emitted_alerts(catalog: Catalog, plans: Iterable[ServicePlan]) -> tuple[dict[str, str], ...]:
    """Return the label sets of the alerts, each once; `plans` are those of the catalog's services.

    A label whose value the data gives has a sample value; those of a cause alert that its expression does not name
    are left out. The cluster is the platform's first.
    """
    platform = catalog.platform
    found = [*_raised(platform_groups(platform), None, platform)]
    for plan in plans:
        found += _raised(plan.groups, plan.service, platform)
    return tuple({tuple(labels.items()): labels for labels in found}.values())


def _raised(groups: Iterable[RuleGroup], service: Service | None, platform: Platform) -> Iterator[dict[str, str]]:
    """Yield the alerts of groups, each rung after all pages: it has the labels of the one that it belongs to."""
    bases: list[dict[str, str]] = []
    rungs: list[AlertRule] = []
    for group in groups:
        for rule in group.rules:
            if not isinstance(rule, AlertRule):
                continue
            if "escalation" in dict(rule.labels):
                rungs.append(rule)
                continue
            for given in _given(rule, service):
                labels = {"alertname": rule.alert, **given, **dict(rule.labels)}
                bases.append(labels | _external(platform, group, labels))
    yield from bases
    for rung in rungs:
        (clock,) = selectors(rung.expr)
        for base in bases:
            pages = base["severity"] == AlertClass.CRITICAL  # of these alone the clock keeps the time
            if pages and matches(clock, {"__name__": names.INCIDENT_START, **base}):
                yield base | dict(rung.labels)


def _given(rule: AlertRule, service: Service | None) -> Iterator[dict[str, str]]:
    """Yield the labels that the data gives, in each of the sets that the rule may be about."""
    if rule.alert == names.DEPENDENCY_ALERT:
        yield {}
        return
    own = dict(rule.labels)
    slo = next((slo for slo in (service.slos if service else ()) if slo.name == own.get("slo")), None)
    by = slo.by if slo else sorted(named_labels(parsed(rule.expr)))
    yield {label: f"some-{label}" for label in by}
    if slo and slo.by and rule.alert == names.NO_DATA_ALERT:
        yield {}  # none of the values is measured


def _external(platform: Platform, group: RuleGroup, labels: dict[str, str]) -> dict[str, str]:
    """Return the label that Prometheus adds on its way out; the ruler sends what the series have."""
    lost = group.evaluator is Evaluator.THANOS and not {"slo", "cluster"} & labels.keys()
    return {"cluster": platform.clusters[0]} if platform.clusters and not lost else {}
