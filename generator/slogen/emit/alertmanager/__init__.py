"""Alertmanager: its configuration, the templates of what it says, and who is told what as tables for people."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.alertmanager.config import config_text
from slogen.emit.alertmanager.people import routes_text
from slogen.emit.alertmanager.templates import TEMPLATE, templates_text
from slogen.emit.artifact import Artifact, Emitter
from slogen.model import Catalog
from slogen.plan.routing import Route, plan_routing

FOLDER = "alertmanager"


def _emit(catalog: Catalog) -> Iterator[Artifact]:
    if catalog.platform.alertmanager is None:
        return
    plan = plan_routing(catalog)
    yield Artifact(
        path=f"{FOLDER}/alertmanager.yaml", text=config_text(plan, catalog.platform), rules=_count(plan.root)
    )
    yield Artifact(path=f"{FOLDER}/{TEMPLATE}", text=templates_text(catalog.platform, catalog.services), rules=0)
    yield Artifact(path=f"{FOLDER}/ROUTES.md", text=routes_text(plan, catalog), rules=0)


def _count(route: Route) -> int:
    return 1 + sum(_count(inner) for inner in route.routes)


EMITTER = Emitter(name="alertmanager", folder=FOLDER, platform=_emit, counts="routes")
