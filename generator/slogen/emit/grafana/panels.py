"""The kinds of panels that pages are made of, each with the options that serve here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from slogen.emit.grafana.kit import MANY, Link, Look, Panel, Place, Query, ref
from slogen.promql.template import Expr

Looks = Iterable[tuple[str, str, Look]]  # see Panel
_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_HIDDEN = Look(custom={"hidden": True})


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
            "namePlacement": "left",
            "sizing": "manual",
            "minVizHeight": 16,
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


def _over_time(queries: Iterable[Query]) -> tuple[Query, ...]:
    return tuple(replace(query, instant=False) for query in queries)


def _legend(*, shown: bool) -> dict[str, object]:
    return {"displayMode": "list", "placement": "bottom", "showLegend": shown, "calcs": []}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers: its name, the query that gives them, and how they look if not like the table."""

    name: str
    expr: Expr
    look: Look | None = None


def table(
    title: str,
    description: str,
    place: Place,
    columns: Iterable[str | Column],
    look: Look,
    looks: Looks = (),
    *,
    hidden: Column | None = None,
    sort: str | None = None,
    paged: bool = False,
) -> Panel:
    """Return a table of series, joined by their labels: `columns` are labels, and numbers that a query each gives.

    `hidden` is a label that only links need, and the query whose series have it. The column `sort` says which rows
    stand above: those with the largest numbers. One that is `paged` shows so many rows as it has room for at a time.
    """
    shown = tuple(columns)
    asked = [one for one in shown if isinstance(one, Column)]
    # A table of one query calls its numbers so, whatever the query is called.
    alone = len(asked) == 1 and hidden is None
    numbers = {column.name: "Value" if alone else f"Value #{ref(number)}" for number, column in enumerate(asked)}
    order = [one if isinstance(one, str) else numbers[one.name] for one in shown]
    found = [*looks, *(("byName", column.name, column.look) for column in asked if column.look)]
    if hidden is not None:
        found += [("byName", name, _HIDDEN) for name in (hidden.name, f"Value #{ref(len(asked))}")]
        asked.append(hidden)
    organized = {
        "excludeByName": {"Time": True},
        "includeByName": {},
        "indexByName": {field: number for number, field in enumerate(order)},
        "renameByName": {field: name for name, field in numbers.items()},
    }
    return Panel(
        kind="table",
        title=title,
        description=description,
        place=place,
        queries=tuple(Query(column.expr, table=True) for column in asked),
        look=look,
        looks=tuple(found),
        options={
            "showHeader": True,
            "cellHeight": "sm",
            **({"enablePagination": True} if paged else {}),
            "sortBy": [{"displayName": sort, "desc": True}] if sort else [],
        },
        transformations=({"id": "merge", "options": {}}, {"id": "organize", "options": organized}),
    )


def text(title: str, description: str, place: Place, content: str) -> Panel:
    """Return words in Markdown."""
    return Panel(
        kind="text",
        title=title,
        description=description,
        place=place,
        options={
            "mode": "markdown",
            "content": content,
            "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False},
        },
    )
