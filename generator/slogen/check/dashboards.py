"""Whether every dashboard has an address of its own: SLO501."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.core import Report, Span
from slogen.model import Catalog
from slogen.plan.texts import SHARED_DASHBOARDS, dashboard_uid


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


def _pages(catalog: Catalog) -> Iterator[tuple[str, str, Span]]:
    for service in catalog.services:
        yield dashboard_uid(service.name), f"service {service.name}", service.span
        for slo in service.slos:
            yield dashboard_uid(service.name, slo.name), f"{service.name} {slo.name}", slo.span
