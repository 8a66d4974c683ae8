"""Panels of numbers and of graphs, each kind with the options that serve here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from slogen.emit.grafana.kit import MANY, Link, Look, Looks, Panel, Place, Query

_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def stat(
    title: str,
    description: str,
    place: Place,
    queries: Iterable[Query],
    look: Look,
    looks: Looks = (),
    *,
    filled: bool = False,
) -> Panel:
    """Return large values of the present; `filled` colours the ground instead of the letters."""
    asked = tuple(queries)
    several = {"textMode": "value_and_name", "text": {"titleSize": 16, "valueSize": 28}}
    return Panel(
        kind="stat",
        title=title,
        description=description,
        place=place,
        queries=asked,
        look=look,
        looks=tuple(looks),
        options={
            "colorMode": "background" if filled else "value",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "horizontal",
            "wideLayout": True,
            "showPercentChange": False,
            "reduceOptions": _LAST,
            **(several if len(asked) > 1 else {"textMode": "value"}),
        },
    )


def graph(
    title: str,
    description: str,
    place: Place,
    queries: Iterable[Query],
    look: Look,
    looks: Looks = (),
    *,
    links: Iterable[Link] = (),
    time_from: str | None = None,
    every: str | None = None,
) -> Panel:
    """Return lines over time, each in a colour of its own unless the look has one; what was not measured is a gap."""
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": False}
    return Panel(
        kind="timeseries",
        title=title,
        description=description,
        place=place,
        queries=_over_time(queries),
        look=replace(look, colour=look.colour or MANY, custom={**custom, **look.custom}),
        looks=tuple(looks),
        options={"legend": _legend(shown=True), "tooltip": {"mode": "multi", "sort": "desc"}},
        links=tuple(links),
        time_from=time_from,
        every=every,
    )


def states(
    title: str, description: str, place: Place, queries: Iterable[Query], look: Look, *, time_from: str | None = None
) -> Panel:
    """Return states over time, a lane a series."""
    return Panel(
        kind="state-timeline",
        title=title,
        description=description,
        place=place,
        queries=_over_time(queries),
        look=look,
        every="5m",  # tickets are recorded so often: shorter steps would have gaps
        options={
            "alignValue": "left",
            "legend": _legend(shown=False),
            "mergeValues": True,
            "rowHeight": 0.8,
            "showValue": "auto",
            "tooltip": {"mode": "single", "sort": "none"},
        },
        time_from=time_from,
    )


def bars(title: str, description: str, place: Place, queries: Iterable[Query], look: Look, looks: Looks = ()) -> Panel:
    """Return bars of the present, the longest above."""
    return Panel(
        kind="bargauge",
        title=title,
        description=description,
        place=place,
        queries=tuple(queries),
        look=look,
        looks=tuple(looks),
        options={
            "displayMode": "basic",
            "orientation": "horizontal",
            "valueMode": "color",
            "namePlacement": "top",  # to the left long ones are cut
            "sizing": "manual",
            "minVizHeight": 30,
            "minVizWidth": 8,
            "maxVizHeight": 40,
            "showUnfilled": True,
            "text": {"titleSize": 12, "valueSize": 18},  # larger names are cut: Grafana measures them at 12
            "legend": _legend(shown=False),
            "reduceOptions": _LAST,
        },
    )


def cells(title: str, description: str, place: Place, query: Query, look: Look, *, every: str) -> Panel:
    """Return a cell for each sample, a lane a series: a heat map whose cells stand at the time of their sample."""
    return Panel(
        kind="status-history",
        title=title,
        description=description,
        place=place,
        queries=_over_time([query]),
        look=look,
        every=every,
        options={
            "colWidth": 0.9,
            "legend": _legend(shown=False),
            "rowHeight": 0.9,
            "showValue": "auto",
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )


def heat(title: str, description: str, place: Place, query: Query, unit: str) -> Panel:
    """Return how many events fall into which bucket of a histogram over time; `unit` is that of its bounds."""
    return Panel(
        kind="heatmap",
        title=title,
        description=description,
        place=place,
        queries=(replace(query, instant=False, buckets=True),),
        look=Look(unit=unit),
        options={
            "calculate": False,
            "cellGap": 1,
            "cellValues": {"unit": "short"},
            # No colour of a state; a few slow ones among many fast ones are seen too.
            "color": {"mode": "opacity", "fill": "blue", "scale": "exponential", "exponent": 0.3, "steps": 64},
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "showValue": "never",
            "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": True},
            "yAxis": {"axisPlacement": "left", "unit": unit},
        },
    )


def _over_time(queries: Iterable[Query]) -> tuple[Query, ...]:
    return tuple(replace(query, instant=False) for query in queries)


def _legend(*, shown: bool) -> dict[str, object]:
    return {"displayMode": "list", "placement": "bottom", "showLegend": shown, "calcs": []}
