"""The page of a service: its SLOs beside each other, the causes that fire, what it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.grafana.common import (
    DASHED,
    FIRED,
    STATES,
    WEEKLY,
    alert_marks,
    choices,
    chosen,
    deploy_marks,
    matchers,
    selector,
    traces_link,
)
from slogen.emit.grafana.kit import TICKET, Link, Look, Page, Panel, Place, Query, Step, literal
from slogen.emit.grafana.listings import text
from slogen.emit.grafana.panels import graph, stat, states
from slogen.emit.grafana.tables import alert_table, logs_of, slo_table
from slogen.model import Platform, Service
from slogen.plan.texts import WALL, dashboard_uid
from slogen.promql import panels
from slogen.promql.template import Expr


def service_page(service: Service, platform: Platform) -> Page:
    """Return the page of a service."""
    runbook = [Link("Runbook", service.runbook)] if service.runbook else []
    traces = traces_link(platform, service)
    return Page(
        uid=dashboard_uid(service.name),
        title=f"Service {service.name}",
        description=literal(service.description) or f"SLOs and causes of {service.name}.",
        tags=("slogen", "service", service.name, service.team),
        panels=tuple(_panels(service, platform)),
        choices=choices(platform),
        marks=(*alert_marks(matchers(service, None, platform), labels="alertname"), *deploy_marks(service, platform)),
        links=(Link("All SLOs", f"/d/{WALL}"), *runbook, *([traces] if traces else [])),
    )


def _panels(service: Service, platform: Platform) -> Iterator[Panel]:
    matching = matchers(service, None, platform)
    below = 0
    if service.slos:
        height = 3 + len(service.slos)
        yield slo_table(
            "Its SLOs",
            f"A row for each SLO of {service.name}.",
            (0, 0, 24, height),
            matching,
            clusters=bool(platform.clusters),
        )
        yield from _graphs(selector(matching), height)
        below = height + 9
    fired = panels.FIRED.fill(labels=Expr("alertname, slo"), matchers=matching, interval=WEEKLY)
    yield states(
        "Which alerts fired?",
        "Pages and tickets of this service, a lane for each alert; what was shorter than an hour is drawn as one.",
        (0, below, 12, 9),
        [Query(fired, "{{alertname}} {{slo}}")],
        FIRED,
        time_from="7d",
    )
    yield alert_table(
        "What fires now?",
        "All alerts of this service, causes too, and since when.",
        (12, below, 8, 9),
        matching,
    )
    yield _needed(service, platform, (20, below, 4, 9))
    logged = logs_of(service, platform, below + 9)
    if logged is not None:
        yield logged


def _graphs(of: Expr, below: int) -> Iterator[Panel]:
    yield graph(
        "How fast do its SLOs burn?",
        "Times faster than allowed in the last hour, of each SLO.",
        (0, below, 12, 9),
        [Query(panels.BURNS.fill(of=of, window=Expr("1h")), "{{slo}}")],
        Look(
            unit="none",
            low=0.0,
            steps=(Step(None, "transparent"), Step(1.0, TICKET)),
            custom={**DASHED, "axisSoftMax": 2},
        ),
    )
    yield graph(
        "How many events are there?",
        "Events of each SLO, a second.",
        (12, below, 12, 9),
        [Query(panels.EVENTS_EACH.fill(of=of), "{{slo}}")],
        Look(unit="short", low=0.0),
    )


def _needed(service: Service, platform: Platform, place: Place) -> Panel:
    title = "What does it depend on?"
    if not service.depends_on:
        return text(title, "Services that this one needs, as declared.", place, "Nothing that has SLOs here.\n")
    among = "|".join(one.service for one in service.depends_on)
    matching = chosen(platform, f'service=~"{among}"')
    return stat(
        title,
        "The state of each SLO of the services that this one needs: look there first.",
        place,
        [Query(panels.STATES.fill(of=selector(matching), matchers=matching), "{{service}} {{slo}}")],
        STATES,
    )
