"""What several pages share: selectors, colours, the words of a state, variables, links."""

from __future__ import annotations

import json
import re
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
    LogQuery,
    Look,
    Marks,
    Said,
    Step,
    Under,
)
from slogen.model import Platform, Service, Slo
from slogen.promql import panels
from slogen.promql.template import Expr

NO_DATA = "NO DATA"
# A matcher that has the name of the service in it: there may be several services on a page.
_NAMES_SERVICE = re.compile(
    r"(?P<label>\w+)\s*(?P<sign>[=!])[=~]?\s*"
    r"""(?P<value>"[^"]*\$service\b[^"]*"|'[^']*\$service\b[^']*'|`[^`]*\$service\b[^`]*`)"""
)
MISSING = Said(None, NO_DATA, UNKNOWN)
# Cells of tables.
COLOURED = {"cellOptions": {"type": "color-text"}}
GAUGE = {"cellOptions": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}}
DASHED = {"thresholdsStyle": {"mode": "dashed"}}  # the steps of a graph


def state_look(*said: Said) -> Look:
    """Return the look of a number that stands for a state; of any other, and of none, nothing is known."""
    return Look(said=(*said, MISSING), steps=(Step(None, UNKNOWN),), missing=NO_DATA)


STATES = state_look(
    Said("4", "PAGE", PAGE),
    Said("3", NO_DATA, UNKNOWN),
    Said("2", "TICKET", TICKET),
    Said("1", "NO TRAFFIC", IDLE),
    Said("0", "OK", FINE),
)
GONE_IN = Look(
    unit="dtdurations",
    decimals=1,
    steps=(Step(None, PAGE), Step(86_400, TICKET), Step(7 * 86_400, PLAIN)),
    said=(Under(-0.5, "not in sight", FINE), Said("0", "GONE", PAGE), MISSING),
    missing=NO_DATA,
)
LEFT = Look(
    unit="percentunit",
    decimals=1,
    steps=(Step(None, PAGE), Step(0.0, TICKET), Step(0.25, FINE)),
    said=(MISSING,),
    missing=NO_DATA,
)

WEEKLY = Expr("1h")  # what is shorter could not be seen in a week

# Firing alerts over time: 2 is a page, 1 a ticket.
FIRED = Look(
    said=(Said("2", "page", PAGE), Said("1", "ticket", TICKET)),
    steps=(Step(None, PLAIN),),
    missing="nothing fired",
)


def number(*steps: Step) -> Look:
    """Return the look of a number of things; one that is missing is not 0."""
    return Look(unit="none", decimals=0, steps=steps, said=(MISSING,), missing=NO_DATA)


def chosen(platform: Platform, *others: str) -> Expr:
    """Return the matchers of the cluster that is chosen, where there are several, and others before it.

    Asked of a Prometheus itself, series have no such label.
    """
    return Expr(",".join((*others, *(('cluster=~"$cluster|"',) if platform.clusters else ()))))


def matchers(service: Service, slo: Slo | None, platform: Platform) -> Expr:
    """Return what tells the series of an SLO, or of all of a service, of the cluster that is chosen."""
    return chosen(platform, f'service="{service.name}"', *((f'slo="{slo.name}"',) if slo else ()))


def selector(matching: Expr) -> Expr:
    """Return matchers in braces; nothing for none."""
    return Expr(f"{{{matching}}}" if matching.text else "")


def choices(platform: Platform) -> tuple[Choice, ...]:
    """Return the variables of a page: the cluster, where there are several."""
    if not platform.clusters:
        return ()
    return (Choice(name="cluster", label="Cluster", values=platform.clusters),)


def alert_marks(matching: Expr, *, labels: str = "alertname, slo") -> tuple[Marks, ...]:
    """Return the times of pages and of tickets as regions, one for each value of the labels."""
    return tuple(
        Marks(
            name=name,
            expr=panels.FIRING.fill(labels=Expr(labels), matchers=matching, severity=Expr(severity)),
            colour=colour,
            title=" ".join(f"{{{{{label}}}}}" for label in labels.split(", ")),
        )
        for name, severity, colour in (("Pages", "critical", PAGE), ("Tickets", "warning", TICKET))
    )


def deploy_marks(service: Service, platform: Platform) -> tuple[Marks, ...]:
    """Return the moments of deploys, where the platform says how they are seen."""
    if platform.grafana is None or platform.grafana.deploys is None:
        return ()
    expr = Expr(_of_service(platform.grafana.deploys, service))
    return (Marks(name="Deploys", expr=expr, colour=IDLE, title="deploy"),)


def all_deploys(platform: Platform) -> tuple[Marks, ...]:
    """Return the moments of deploys of the services that are chosen; what names a service there is a choice here."""
    if platform.grafana is None or platform.grafana.deploys is None:
        return ()
    expr = _NAMES_SERVICE.sub(
        lambda found: f"{found['label']}{found['sign']}~{found['value']}", platform.grafana.deploys
    )
    label = _NAMES_SERVICE.search(platform.grafana.deploys)
    told = f"deploy of {{{{{label['label']}}}}}" if label else "deploy"
    return (Marks(name="Deploys", expr=Expr(expr), colour=IDLE, title=told),)


def logs_query(platform: Platform, service: Service) -> LogQuery | None:
    """Return what finds the logs of a service, where the platform says where they are."""
    settings = platform.grafana.logs if platform.grafana else None
    if settings is None:
        return None
    return LogQuery(_of_service(settings.query, service), settings.uid)


def _of_service(asked: str, service: Service) -> str:
    """Return a query of the platform for a service; `$service_x` is another word."""
    return re.sub(r"\$service\b", service.name, asked)


def silence_link(platform: Platform, service: Service, slo: Slo) -> Link | None:
    """Return the form of Alertmanager that silences the pages of an SLO, in the cluster that is chosen."""
    settings = platform.alertmanager
    if settings is None or settings.external_url is None:
        return None
    wanted = quote(f'{{service="{service.name}",slo="{slo.name}"', safe="")
    where = quote(',cluster=~"', safe="") + "${cluster}" + quote('"', safe="") if platform.clusters else ""
    return Link("Silence", f"{settings.external_url}/#/silences/new?filter={wanted}{where}%7D")


def traces_link(platform: Platform, service: Service) -> Link | None:
    """Return the search for failed traces of a service."""
    if platform.jaeger_url is None:
        return None
    tags = quote(json.dumps({"error": "true"}, separators=(",", ":")), safe="")
    return Link(
        "Traces",
        f"{platform.jaeger_url}/search?service={service.name}&tags={tags}&start=${{__from}}000&end=${{__to}}000",
    )


def explore_link(expr: Expr) -> Link:
    """Return Explore with a query and the time range of the page."""
    pane = {
        "slogen": {
            "datasource": "${datasource}",
            "queries": [{"refId": "A", "expr": expr.text}],
            "range": {"from": "${__from}", "to": "${__to}"},
        }
    }
    # The variables must stay as they are: Grafana fills them in before the browser sees the address.
    panes = quote(json.dumps(pane, separators=(",", ":"), sort_keys=True), safe="${}")
    return Link("Explore", f"/explore?schemaVersion=1&panes={panes}")
