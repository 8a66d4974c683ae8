"""Panels of rows and words: tables, lists of alerts, logs, texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from slogen.emit.grafana.kit import LogQuery, Look, Looks, Panel, Place, Query, ref
from slogen.promql.template import Expr

_HIDDEN = Look(custom={"hidden": True})


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


def alert_list(title: str, description: str, place: Place, source: str, matching: Expr) -> Panel:
    """Return the alerts of a data source's own rules that fire or wait, the newest above.

    `source` is the name of the data source: this panel takes no variable for it. Matchers must name labels that every
    wanted alert has: Grafana takes a label that is missing for one that does not match.
    """
    return Panel(
        kind="alertlist",
        title=title,
        description=description,
        place=place,
        options={
            "viewMode": "list",
            "datasource": source,
            "alertInstanceLabelFilter": f"{{{matching}}}",
            "alertName": "",
            "dashboardAlerts": False,
            "folder": "",
            "groupBy": [],
            "groupMode": "default",
            "maxItems": 50,
            "showInactiveAlerts": False,
            "sortOrder": 5,
            "stateFilter": {
                "firing": True, "pending": True, "recovering": False, "noData": False, "normal": False, "error": True,
            },
        },
    )  # fmt: skip


def logs(title: str, description: str, place: Place, query: LogQuery) -> Panel:
    """Return lines of logs, the newest above."""
    return Panel(
        kind="logs",
        title=title,
        description=description,
        place=place,
        queries=(query,),
        options={
            "dedupStrategy": "none",
            "enableLogDetails": True,
            "prettifyLogMessage": False,
            "showCommonLabels": False,
            "showLabels": False,
            "showLogContextToggle": False,
            "showTime": True,
            "sortOrder": "Descending",
            "wrapLogMessage": True,
        },
    )
