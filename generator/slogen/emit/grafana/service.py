"""The page of a service: its SLOs beside each other, the causes that fire, what it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.grafana.common import (
    DASHED,
    FIRED,
    WEEKLY,
    alert_marks,
    choices,
    chosen,
    deploy_marks,
    matchers,
    selector,
    traces_link,
)
from slogen.emit.grafana.kit import TICKET, WIDTH, Link, Look, Page, Panel, Query, Step, literal
from slogen.emit.grafana.panels import graph, states
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
        below = height
    if service.depends_on:
        yield _needed(service, platform, below)
        below += 8
    if service.slos:
        yield from _graphs(selector(matching), below)
        below += 9
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
        (12, below, 12, 9),
        matching,
    )
    below += 9
    logged = logs_of(service, platform, below)
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


def _needed(service: Service, platform: Platform, below: int) -> Panel:
    among = "|".join(one.service for one in service.depends_on)
    return slo_table(
        "What does it depend on?",
        "The SLOs of the services that this one needs, the worst above: look there first.",
        (0, below, WIDTH, 8),
        chosen(platform, f'service=~"{among}"'),
        clusters=bool(platform.clusters),
    )
