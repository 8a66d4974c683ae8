"""The page of a service: its SLOs beside each other, the causes that fire, what it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.grafana.common import (
    FIRED,
    STATES,
    alert_marks,
    choices,
    chosen,
    deploy_marks,
    matchers,
    traces_link,
)  # fmt: skip
from slogen.emit.grafana.kit import PAGE, Link, Look, Page, Panel, Query, Said, Step, literal
from slogen.emit.grafana.panels import graph, stat, states, table, text
from slogen.emit.grafana.tables import slo_table
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
        marks=(*alert_marks(matchers(service, None, platform).text), *deploy_marks(service, platform)),
        links=(Link("All SLOs", f"/d/{WALL}"), *runbook, *([traces] if traces else [])),
    )


def _panels(service: Service, platform: Platform) -> Iterator[Panel]:
    matching = matchers(service, None, platform)
    of = Expr(f"{{{matching}}}")
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
        yield graph(
            "How fast do its SLOs burn?",
            "Times faster than allowed in the last hour, of each SLO.",
            (0, height, 12, 9),
            [Query(expr=panels.BURNS.fill(of=of, window=Expr("1h")).text, legend="{{slo}}", instant=False)],
            Look(
                unit="none", decimals=1, low=0.0, steps=(Step(None, "transparent"), Step(1.0, PAGE)),
                custom={"thresholdsStyle": {"mode": "dashed"}, "axisSoftMax": 2},
            ),
        )  # fmt: skip
        yield graph(
            "How many events are there?",
            "Events of each SLO, a second.",
            (12, height, 12, 9),
            [Query(expr=f"sum by (slo) (slo:sli_total:rate5m{of})", legend="{{slo}}", instant=False)],
            Look(unit="short", low=0.0),
        )
        below = height + 9
    yield states(
        "Which alerts fired?",
        "Pages and tickets of this service, a lane for each alert.",
        (0, below, 12, 9),
        [
            Query(
                expr=panels.FIRED.fill(
                    labels=Expr("alertname, slo"), matchers=matching, interval=Expr("$__interval")
                ).text,
                legend="{{alertname}} {{slo}}",
                instant=False,
            )
        ],
        FIRED,
        time_from="7d",
    )
    columns = ["alertname", "severity", "Value #A"]
    yield table(
        "Which causes fire now?",
        "Alerts that name a cause. None is no proof that all is well.",
        (12, below, 6, 9),
        [Query(expr=panels.CAUSES.fill(matchers=matching).text, table=True)],
        Look(missing="none", custom={"align": "left"}),
        [("byName", "firing", Look(said=(Said("1", "yes", PAGE),), custom={"width": 80}))],
        columns=columns,
        names={"Value #A": "firing"},
    )
    yield from _needed(service, platform, (18, below, 6, 9))


def _needed(service: Service, platform: Platform, place: tuple[int, int, int, int]) -> Iterator[Panel]:
    if not service.depends_on:
        yield text(
            "What does it depend on?",
            "Services that this one needs, as declared.",
            place,
            "Nothing that has SLOs here.\n",
        )
        return
    among = "|".join(one.service for one in service.depends_on)
    matching = Expr(",".join(filter(None, (f'service=~"{among}"', chosen(platform)))))
    yield stat(
        "What does it depend on?",
        "The state of each SLO of the services that this one needs: look there first.",
        place,
        [
            Query(
                expr=panels.STATES.fill(of=Expr(f"{{{matching}}}"), matchers=matching).text,
                legend="{{service}} {{slo}}",
            )
        ],
        STATES,
    )
