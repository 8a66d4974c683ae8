"""The kinds of panels that pages are made of, each with the options that serve here."""

from __future__ import annotations

from collections.abc import Iterable

from slogen.emit.grafana.kit import MANY, Link, Look, Panel, Query

Place = tuple[int, int, int, int]  # x, y, width, height
Looks = Iterable[tuple[str, str, Look]]


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
    x, y, w, h = place
    asked = tuple(queries)
    return Panel(
        kind="stat",
        title=title,
        description=description,
        x=x, y=y, w=w, h=h,
        queries=asked,
        look=look,
        looks=tuple(looks),
        options={
            "colorMode": "background" if filled else "value",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "horizontal",
            "textMode": "value_and_name" if len(asked) > 1 else "value",
            **({"text": {"titleSize": 16, "valueSize": 28}} if len(asked) > 1 else {}),
            "wideLayout": True,
            "showPercentChange": False,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )  # fmt: skip


def graph(
    title: str, description: str, place: Place, queries: Iterable[Query], look: Look, looks: Looks = (), *,
    legend: str = "bottom", links: Iterable[Link] = (), time_from: str | None = None,
) -> Panel:  # fmt: skip
    """Return lines over time; what was not measured is a gap."""
    x, y, w, h = place
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": False}
    return Panel(
        kind="timeseries",
        title=title,
        description=description,
        x=x, y=y, w=w, h=h,
        queries=tuple(queries),
        look=Look(
            unit=look.unit, decimals=look.decimals, low=look.low, high=look.high, steps=look.steps,
            color=look.color or MANY, custom={**custom, **look.custom}, links=look.links,
        ),
        looks=tuple(looks),
        options={
            "legend": {"displayMode": "list", "placement": legend, "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        links=tuple(links),
        time_from=time_from,
    )  # fmt: skip


def states(
    title: str, description: str, place: Place, queries: Iterable[Query], look: Look, *, time_from: str | None = None
) -> Panel:
    """Return states over time, a lane a series."""
    x, y, w, h = place
    return Panel(
        kind="state-timeline",
        title=title,
        description=description,
        x=x, y=y, w=w, h=h,
        queries=tuple(queries),
        look=look,
        options={
            "alignValue": "left",
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
            "mergeValues": True,
            "rowHeight": 0.8,
            "showValue": "auto",
            "tooltip": {"mode": "single", "sort": "none"},
        },
        time_from=time_from,
    )  # fmt: skip


def bars(title: str, description: str, place: Place, queries: Iterable[Query], look: Look, looks: Looks = ()) -> Panel:
    """Return bars of the present, the longest above."""
    x, y, w, h = place
    return Panel(
        kind="bargauge",
        title=title,
        description=description,
        x=x, y=y, w=w, h=h,
        queries=tuple(queries),
        look=look,
        looks=tuple(looks),
        options={
            "displayMode": "basic",
            "orientation": "horizontal",
            "valueMode": "color",
            "namePlacement": "left",
            "sizing": "auto",
            "minVizHeight": 16,
            "minVizWidth": 8,
            "maxVizHeight": 40,
            "showUnfilled": True,
            "text": {"titleSize": 14, "valueSize": 18},
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )  # fmt: skip


def table(
    title: str, description: str, place: Place, queries: Iterable[Query], look: Look, looks: Looks, *,
    columns: Iterable[str], names: dict[str, str], sort: tuple[str, ...] = (), links: Iterable[Link] = (),
) -> Panel:  # fmt: skip
    """Return a table with a query for each column of numbers, joined by their labels.

    `columns` are fields in their order (labels, and `Value #A` and so on), `names` what they are called; other fields
    are left out. `sort` names columns, the most important last; the largest stands above.
    """
    x, y, w, h = place
    order = list(columns)
    return Panel(
        kind="table",
        title=title,
        description=description,
        x=x, y=y, w=w, h=h,
        queries=tuple(queries),
        look=look,
        looks=tuple(looks),
        options={
            "showHeader": True,
            "cellHeight": "sm",
            "sortBy": [{"displayName": one, "desc": True} for one in sort],
        },
        transformations=(
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True},
                    "includeByName": {},
                    "indexByName": {name: place for place, name in enumerate(order)},
                    "renameByName": names,
                },
            },
        ),
        links=tuple(links),
    )  # fmt: skip


def text(title: str, description: str, place: Place, content: str) -> Panel:
    """Return words in Markdown."""
    x, y, w, h = place
    return Panel(
        kind="text",
        title=title,
        description=description,
        x=x, y=y, w=w, h=h,
        options={
            "mode": "markdown",
            "content": content,
            "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False},
        },
    )  # fmt: skip
