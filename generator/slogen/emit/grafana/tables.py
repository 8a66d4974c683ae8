"""Listings that several pages show: of SLOs, of alerts, of logs."""

from __future__ import annotations

from dataclasses import replace

from slogen.emit.grafana.common import COLOURED, GAUGE, GONE_IN, LEFT, STATES, logs_query, selector
from slogen.emit.grafana.kit import FINE, PLAIN, TICKET, WIDTH, Between, Link, Look, Panel, Place, Said, Step, Under
from slogen.emit.grafana.listings import Column, logs, table
from slogen.model import Platform, Service
from slogen.promql import panels
from slogen.promql.template import By, Expr

_DASH = (Said(None, "-", PLAIN),)
_BURN = Look(
    unit="none",
    decimals=1,
    steps=(Step(None, FINE), Step(1.0, TICKET)),
    said=_DASH,
    custom={**COLOURED, "width": 80, "align": "right"},
)

_TREND = Look(
    said=(
        Under(-0.5, "\u25bc falling", FINE),
        Between(-0.5, 0.5, "steady", PLAIN),
        Between(0.5, None, "\u25b2 rising", TICKET),
        *_DASH,
    ),
    custom={**COLOURED, "width": 90},
)


def slo_table(
    title: str, description: str, place: Place, matching: Expr, *, clusters: bool, paged: bool = False
) -> Panel:
    """Return the table of the SLOs that some matchers select; the worst stand above."""
    of = selector(matching)
    state = panels.STATES.fill(of=of, matchers=matching)
    left = {**GAUGE, "width": 180}
    since = panels.SINCE.fill(by=By(("service", "slo")), matchers=matching)
    page = "/d/${__data.fields.dashboard}?${__url_time_range}" + ("&${cluster:queryparam}" if clusters else "")
    return table(
        title,
        description,
        place,
        [
            Column("state", state, _cell(STATES, "color-background", 120)),
            "service",
            "slo",
            Column(
                "objective",
                panels.OBJECTIVES.fill(of=of),
                Look(unit="percentunit", decimals=3, custom={"width": 100, "align": "right"}),
            ),
            Column(
                "budget left", panels.LEFTS.fill(of=of), replace(LEFT, low=0.0, high=1.0, missing=None, custom=left)
            ),
            *(
                Column(f"burn {window}", panels.BURNS.fill(of=of, window=Expr(window)), _BURN)
                for window in ("5m", "1h", "6h")
            ),
            Column("trend", panels.TREND.fill(of=of), _TREND),
            Column("budget gone in", panels.GONE_INS.fill(of=of), _cell(GONE_IN, "color-text", 170)),
            Column("since", since, Look(unit="dateTimeFromNow", said=_DASH, custom={"width": 130})),
        ],
        Look(custom={"align": "left"}),
        [("byName", "slo", Look(links=(Link("Open the page of this SLO", page),)))],
        # Long names have a uid that ends in a hash: the page of a row is asked for, not spelled.
        hidden=Column("dashboard", panels.PAGES.fill(of=of)),
        sort="state",
        paged=paged,
    )


def _cell(look: Look, kind: str, width: int) -> Look:
    return replace(look, missing=None, custom={"cellOptions": {"type": kind}, "width": width, "align": "center"})


def logs_of(service: Service, platform: Platform, below: int) -> Panel | None:
    """Return the logs of a service, over the whole width; None where nobody says where they are."""
    query = logs_query(platform, service)
    if query is None:
        return None
    return logs(
        f"Logs of {service.name}",
        "Its lines in the chosen time, the newest above; a click on one shows its labels.",
        (0, below, WIDTH, 10),
        query,
    )


def alert_table(title: str, description: str, place: Place, matching: Expr) -> Panel:
    """Return the table of all alerts that fire, the newest above."""
    since = Look(unit="dateTimeFromNow", custom={"width": 130})
    return table(
        title,
        description,
        place,
        ["alertname", "slo", "severity", Column("since", panels.SERVICE_ALERTS.fill(matchers=matching), since)],
        Look(missing="none", custom={"align": "left"}),
        [("byName", "severity", Look(custom={"width": 80}))],
        sort="since",
    )
