"""Dashboards for Grafana: the wall, a page for each SLO and service, the report, the servers' health."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.artifact import Artifact, Emitter
from slogen.emit.grafana.health import health_page
from slogen.emit.grafana.jsonmodel import page_text
from slogen.emit.grafana.kit import Page
from slogen.emit.grafana.oncall import oncall_page
from slogen.emit.grafana.provisioning import kustomization, operator, provisioning
from slogen.emit.grafana.report import report_page
from slogen.emit.grafana.service import service_page
from slogen.emit.grafana.wall import wall_page
from slogen.model import Catalog, Platform
from slogen.plan.rules import ServicePlan
from slogen.plan.texts import HEALTH, REPORT, WALL, dashboard_uid

SHARED = "SLOs"  # the folder of pages that are about all services


def _service(plan: ServicePlan, platform: Platform) -> Iterator[Artifact]:
    yield from (_artifact(page, plan.service.name, platform) for page in _service_pages(plan, platform))


def _platform(catalog: Catalog) -> Iterator[Artifact]:
    platform = catalog.platform
    if platform.grafana is None:
        return
    yield from (_artifact(page, SHARED, platform) for page in _shared_pages(catalog))
    yield from provisioning(platform)
    if platform.kubernetes is not None:
        yield kustomization(platform, _files(catalog))
        if platform.grafana.operator:
            yield operator(platform, _files(catalog))


def _service_pages(plan: ServicePlan, platform: Platform) -> Iterator[Page]:
    if platform.grafana is not None:
        yield service_page(plan.service, platform)
        yield from (oncall_page(plan.service, slo, platform) for slo in plan.service.slos)


def _shared_pages(catalog: Catalog) -> tuple[Page, ...]:
    platform = catalog.platform
    if platform.grafana is None:
        return ()
    outages = any(slo.recovery for service in catalog.services for slo in service.slos)
    return wall_page(platform), report_page(platform, outages=outages), health_page(platform)


def _files(catalog: Catalog) -> Iterator[str]:
    """Yield the paths of all dashboards, below dashboards/."""
    yield from (f"grafana/{SHARED}/{uid}.json" for uid in (WALL, REPORT, HEALTH))
    for service in catalog.services:
        for slo in (None, *(slo.name for slo in service.slos)):
            yield f"grafana/{service.name}/{dashboard_uid(service.name, slo)}.json"


def _artifact(page: Page, folder: str, platform: Platform) -> Artifact:
    assert platform.grafana is not None
    panels = sum(len(getattr(one, "panels", (one,))) for one in page.panels)
    text = page_text(page, platform.grafana.datasource_uid)
    return Artifact(path=_path(page, folder), text=text, rules=panels, asks=page.asks)


def _path(page: Page, folder: str) -> str:
    return f"dashboards/grafana/{folder}/{page.uid}.json"


EMITTER = Emitter(
    name="grafana",
    folder="dashboards",
    service=_service,
    platform=_platform,
    counts="panels",
)
