"""How bad: the burn of each window, and the conditions of the alerts."""

from __future__ import annotations

from collections.abc import Callable

from slogen.emit.grafana.common import COLOURED, DASHED, explore_link
from slogen.emit.grafana.kit import PAGE, PLAIN, TICKET, UNKNOWN, Look, Panel, Query, Said, Step
from slogen.emit.grafana.listings import Column, table, text
from slogen.emit.grafana.oncall.watched import FAST, Watched
from slogen.emit.grafana.panels import graph
from slogen.model import AlertClass
from slogen.plan.tiers import Tier
from slogen.promql import panels
from slogen.promql.template import Expr

# The lines of these windows: thin and thick ones of a colour page together.
_LINES = {
    "1h": Look(colour="dark-red", custom={"lineWidth": 3}),
    "6h": Look(colour="dark-orange", custom={"lineWidth": 3}),
    "5m": Look(colour="light-red"),
    "30m": Look(colour="light-orange"),
}


def burn_graph(on: Watched) -> Panel:
    """Return the burn of the fast windows over time."""
    dashed = [
        Step(float(tier.factor), PAGE if tier.severity is AlertClass.CRITICAL else TICKET)
        for tier in reversed(on.tiers)
    ]
    return graph(
        "Burn by window",
        f"Times faster than allowed. {_pages_when(on)}"
        + (" Dashed lines are the thresholds of the alerts." if on.tiers else ""),
        (0, 4, 15, 11),
        [Query(on.burn(window), window) for window in FAST],
        Look(
            unit="none",
            low=0,
            steps=(Step(None, "transparent"), *dashed),
            custom={**DASHED, "axisSoftMax": 2},
        ),
        [("byName", window, look) for window, look in _LINES.items()],
        links=[explore_link(on.burn("5m"))],
    )


def _pages_when(on: Watched) -> str:
    """Return when a page fires, told by the lines of the graph: red are 5m and 1h, orange 30m and 6h."""
    red, orange = (any(str(tier.long) == long for tier in on.paging) for long in ("1h", "6h"))
    if red and orange:
        both = "both red lines are above the highest dashed line, or both orange ones above the one of 6h"
    elif red or orange:
        both = f"both {'red' if red else 'orange'} lines are above the highest dashed line"
    else:
        return "No burn of this SLO pages."
    return f"A page fires when {both}."


def conditions(on: Watched) -> Panel:
    """Return a row for each condition of the alerts, and whether it holds."""
    title, place = "Which windows burn?", (15, 4, 9, 6)
    if not on.tiers:
        return text(title, "The conditions of the alerts.", place, "No alert watches the burn of this SLO.\n")
    firing = Look(
        said=(Said("2", "yes", PAGE), Said("1", "yes", TICKET), Said("0", "no", PLAIN), Said(None, "unknown", UNKNOWN)),
        custom={**COLOURED, "width": 100, "align": "center"},
    )
    return table(
        title,
        "Each row is a condition of the alerts: both windows must burn faster than its threshold. The guard "
        "against single failures and what keeps a page on are not shown. Unknown: a window has no events.",
        place,
        [
            "windows",
            Column("threshold", _rows(on, lambda tier: panels.FACTOR.fill(factor=tier.factor))),
            Column("short", _rows(on, lambda tier: on.burn(str(tier.short)))),
            Column("long", _rows(on, lambda tier: on.burn(str(tier.long)))),
            Column("both above", _rows(on, lambda tier: _fires(on, tier)), firing),
        ],
        Look(unit="none", decimals=1, missing="-", custom={"align": "right", "width": 90}),
        [("byName", "windows", Look(custom={"align": "left", "width": 190}))],
    )


def _rows(on: Watched, value: Callable[[Tier], Expr]) -> Expr:
    """Return a series for each tier, labelled with its windows."""
    rows = []
    for tier in on.tiers:
        called = "page" if tier.severity is AlertClass.CRITICAL else "ticket"
        windows = Expr(f"{called} {tier.short}/{tier.long}")
        rows.append(panels.TIER.fill(value=value(tier), told=windows).text)
    return Expr("\nor\n".join(rows))


def _fires(on: Watched, tier: Tier) -> Expr:
    return panels.TIER_FIRES.fill(
        told=2 if tier.severity is AlertClass.CRITICAL else 1,
        short=on.ratio(str(tier.short)),
        long=on.ratio(str(tier.long)),
        threshold=tier.threshold,
    )
