"""The table of SLOs that the wall and the page of a service show: a query for each column."""

from __future__ import annotations

from slogen.emit.grafana.common import GONE_IN, LEFT, STATES
from slogen.emit.grafana.kit import FINE, PAGE, PLAIN, TICKET, UNKNOWN, Link, Look, Panel, Query, Said, Step
from slogen.emit.grafana.panels import Place, table
from slogen.promql import panels
from slogen.promql.template import Expr

COLORED = {"cellOptions": {"type": "color-text"}}
_BURN = Look(
    unit="none",
    decimals=1,
    steps=(Step(None, FINE), Step(1.0, TICKET), Step(6.0, PAGE)),
    said=(Said(None, "-", PLAIN),),
    custom={**COLORED, "width": 80, "align": "right"},
)


def slo_table(title: str, description: str, place: Place, matching: Expr, *, clusters: bool) -> Panel:
    """Return the table of the SLOs that some matchers select; the worst stand above."""
    of = Expr(f"{{{matching}}}" if matching.text else "")
    columns = [
        ("state", panels.STATES.fill(of=of, matchers=matching), _with(STATES, "state", 120, "color-background")),
        ("objective", panels.OBJECTIVES.fill(of=of), Look(unit="percentunit", custom={"width": 100, "align": "right"})),
        ("budget left", panels.LEFTS.fill(of=of), _left()),
        ("burn 5m", panels.BURNS.fill(of=of, window=Expr("5m")), _BURN),
        ("burn 1h", panels.BURNS.fill(of=of, window=Expr("1h")), _BURN),
        ("burn 6h", panels.BURNS.fill(of=of, window=Expr("6h")), _BURN),
        ("budget gone in", panels.GONE_INS.fill(of=of), _with(GONE_IN, "budget gone in", 150, "color-text")),
        (
            "since",
            panels.SINCES.fill(matchers=matching),
            Look(unit="dateTimeFromNow", said=(Said(None, "-", PLAIN),), custom={"width": 150}),
        ),
    ]
    # Long names have a uid that ends in a hash: the page of a row is asked for, not spelled.
    pages = Expr(f"max by (service, slo, dashboard) (slogen_slo_info{of})")
    fields = [f"Value #{chr(ord('A') + number)}" for number in range(len(columns))]
    page = Link(
        "Open the page of this SLO",
        "/d/${__data.fields.dashboard}?${__url_time_range}&${cluster:queryparam}"
        if clusters
        else "/d/${__data.fields.dashboard}?${__url_time_range}",
    )
    return table(
        title,
        description,
        place,
        [Query(expr=expr.text, table=True) for expr in (*(expr for _, expr, _ in columns), pages)],
        Look(custom={"align": "left"}),
        [
            ("byName", "slo", Look(links=(page,))),
            *(("byName", name, look) for name, _, look in columns),
            ("byName", "dashboard", Look(custom={"hidden": True})),
            ("byName", f"Value #{chr(ord('A') + len(columns))}", Look(custom={"hidden": True})),
        ],
        columns=[fields[0], "service", "slo", *fields[1:]],
        names={field: name for field, (name, _, _) in zip(fields, columns, strict=True)},
        sort=("state",),
    )


def _with(look: Look, name: str, width: int, cell: str) -> Look:
    return Look(
        unit=look.unit,
        decimals=look.decimals,
        steps=look.steps,
        said=look.said,
        custom={"cellOptions": {"type": cell}, "width": width, "align": "center"},
    )


def _left() -> Look:
    return Look(
        unit="percentunit",
        decimals=1,
        low=0.0,
        high=1.0,
        steps=LEFT.steps,
        said=(Said(None, "NO DATA", UNKNOWN),),
        custom={"cellOptions": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}, "width": 180},
    )
