"""What several pages share: selectors, colours, the words of a state, variables, links."""

from __future__ import annotations

import json
from urllib.parse import quote

from slogen.emit.grafana.kit import (
    FINE,
    IDLE,
    PAGE,
    PLAIN,
    TICKET,
    UNKNOWN,
    Choice,
    Link,
    Look,
    Marks,
    Said,
    Step,
    Under,
)  # fmt: skip
from slogen.model import Platform, Service, Slo
from slogen.promql.template import Expr

WALL = "slogen-wall"
HEALTH = "slogen-health"
REPORT = "slogen-report"
STATES = Look(
    said=(
        Said("4", "PAGE", PAGE),
        Said("3", "NO DATA", UNKNOWN),
        Said("2", "TICKET", TICKET),
        Said("1", "NO TRAFFIC", IDLE),
        Said("0", "OK", FINE),
        Said(None, "NO DATA", UNKNOWN),
    ),
    steps=(Step(None, UNKNOWN),),
    missing="NO DATA",
)
# As in grafana.com: seconds as the two largest units.
GONE_IN = Look(
    unit="dtdurations",
    decimals=0,
    steps=(Step(None, PAGE), Step(86_400, TICKET), Step(7 * 86_400, PLAIN)),
    said=(Under(-0.5, "not in sight", FINE), Said(None, "NO DATA", UNKNOWN)),
    missing="NO DATA",
)
LEFT = Look(
    unit="percentunit",
    decimals=1,
    steps=(Step(None, PAGE), Step(0.0, TICKET), Step(0.25, FINE)),
    said=(Said(None, "NO DATA", UNKNOWN),),
    missing="NO DATA",
)


def matchers(service: Service, slo: Slo, platform: Platform) -> Expr:
    """Return what tells the series of an SLO, of the cluster that is chosen where there are several."""
    chosen = ',cluster=~"$cluster"' if platform.clusters else ""
    return Expr(f'service="{service.name}",slo="{slo.name}"{chosen}')


def choices(platform: Platform) -> tuple[Choice, ...]:
    """Return the variables of a page: the cluster, where there are several."""
    if not platform.clusters:
        return ()
    return (Choice(name="cluster", label="Cluster", values=platform.clusters),)


def alert_marks(selector: str) -> Marks:
    """Return the times of alerts as regions."""
    return Marks(
        name="Alerts",
        expr="max by (alertname, severity, slo) "
        f'(ALERTS{{{selector},alertstate="firing",escalation="",severity=~"critical|warning"}})',
        color=PAGE,
        title="{{alertname}} {{slo}} ({{severity}})",
        tags=("severity",),
    )


def deploy_marks(service: Service, platform: Platform) -> tuple[Marks, ...]:
    """Return the moments of deploys, where the platform says how they are seen."""
    if platform.grafana is None or platform.grafana.deploys is None:
        return ()
    expr = platform.grafana.deploys.replace("$service", service.name)
    return (Marks(name="Deploys", expr=expr, color=IDLE, title="deploy"),)


def silence_link(platform: Platform, service: Service, slo: Slo) -> Link | None:
    """Return the form of Alertmanager that silences the pages of an SLO."""
    settings = platform.alertmanager
    if settings is None or settings.external_url is None:
        return None
    wanted = f'{{service="{service.name}",slo="{slo.name}"}}'
    return Link("Silence", f"{settings.external_url}/#/silences/new?filter={quote(wanted, safe='')}")


def traces_link(platform: Platform, service: Service) -> Link | None:
    """Return the search for failed traces of a service."""
    if platform.jaeger_url is None:
        return None
    tags = quote(json.dumps({"error": "true"}, separators=(",", ":")), safe="")
    return Link("Traces", f"{platform.jaeger_url}/search?service={service.name}&tags={tags}&lookback=1h")


def explore_link(expr: str) -> Link:
    """Return Explore with a query and the time range of the page."""
    pane = {
        "slogen": {
            "datasource": "${datasource}",
            "queries": [{"refId": "A", "expr": expr}],
            "range": {"from": "${__from}", "to": "${__to}"},
        }
    }
    # The variables must stay as they are: Grafana fills them in before the browser sees the address.
    panes = quote(json.dumps(pane, separators=(",", ":"), sort_keys=True), safe="${}")
    return Link("Explore", f"/explore?schemaVersion=1&panes={panes}")
