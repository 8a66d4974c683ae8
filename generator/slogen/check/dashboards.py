"""Whether every dashboard has an address of its own, and something to show: SLO501, SLO502."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from slogen.check.expressions import of_sli
from slogen.core import Report, Span
from slogen.model import Catalog, Latency, Platform, Service, Slo, Spans
from slogen.plan.rules import RecordingRule, ServicePlan
from slogen.plan.sli import counted
from slogen.plan.texts import SHARED_DASHBOARDS, dashboard_uid
from slogen.promql import names
from slogen.promql.asked import SERVER_METRICS, metrics
from slogen.promql.query import Query, Selector


def shared_uids(catalog: Catalog, report: Report) -> None:
    """Report services and SLOs whose dashboards would have one uid: service a-b, and SLO b of service a."""
    if catalog.platform.grafana is None:
        return
    first: dict[str, str] = {dashboard_uid(name): f"the page of the {name}" for name in SHARED_DASHBOARDS}
    for uid, what, span in _pages(catalog):
        if uid in first:
            report.error(
                span, "SLO501", f"the dashboard of {what} would have the uid of {first[uid]}", "rename one of them"
            )
        first.setdefault(uid, what)


def dashboard_uids(catalog: Catalog) -> frozenset[str]:
    """Return the uids of all dashboards of a build; none without Grafana."""
    if catalog.platform.grafana is None:
        return frozenset()
    return frozenset([*map(dashboard_uid, SHARED_DASHBOARDS), *(uid for uid, _, _ in _pages(catalog))])


def _pages(catalog: Catalog) -> Iterator[tuple[str, str, Span]]:
    for service in catalog.services:
        yield dashboard_uid(service.name), f"service {service.name}", service.span
        for slo in service.slos:
            yield dashboard_uid(service.name, slo.name), f"{service.name} {slo.name}", slo.span


# Recorded where something pages; queries go on without it.
_AT_TIMES = frozenset({names.INCIDENT_START})


def unmade(
    asks: Iterable[tuple[str, Iterable[str]]], made: AbstractSet[str], platform: Platform, span: Span, report: Report
) -> None:
    """Report metrics that generated dashboards ask for, and neither rules nor SLIs nor servers make.

    Where there are no SLOs, pages about them are empty, and nothing is reported.
    """
    if names.OBJECTIVE not in made:
        return
    deploys = platform.grafana.deploys if platform.grafana else None
    known = made | SERVER_METRICS | _AT_TIMES | (metrics(deploys) if deploys else frozenset())
    for path, queries in asks:
        asked = frozenset[str]().union(*map(metrics, queries))
        for metric in sorted(asked - known):
            report.error(
                span,
                "SLO502",
                f"{path} asks for {metric}, which no rule records and no SLI is made of",
                "this is a bug of slogen: report the input",
            )


def recorded(plan: ServicePlan) -> frozenset[str]:
    """Return the names of what the rules of a service record."""
    rules = (rule for group in plan.groups for rule in group.rules)
    return frozenset(rule.record for rule in rules if isinstance(rule, RecordingRule))


def declared(service: Service) -> frozenset[str]:
    """Return the names of the metrics that SLIs and cause alerts are made of, all parts of a histogram."""
    found = frozenset(name for slo in service.slos for name in _of_slo(slo))
    return found.union(*(metrics(alert.expr.text) for alert in service.alerts))


def _of_slo(slo: Slo) -> Iterator[str]:
    sli = counted(slo.sli) if isinstance(slo.sli, Spans) else slo.sli
    if isinstance(sli, Latency):
        yield from (sli.histogram.name + part for part in ("", "_bucket", "_count"))
    for expression in of_sli(sli):
        yield from _names(expression)


def _names(expression: Query | Selector) -> frozenset[str]:
    named = isinstance(expression, Selector) and expression.name
    return frozenset({named}) if named else metrics(expression.text)
