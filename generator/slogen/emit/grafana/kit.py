"""What pages are made of: typed panels and what stands on them. `jsonmodel` writes them for Grafana."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slogen.promql.template import Expr

# Colours mean the same on every panel.
PAGE, TICKET, FINE, UNKNOWN, IDLE, PLAIN = "red", "orange", "green", "purple", "blue", "text"
MANY = "a colour for each series"

Json = dict[str, Any]
# x and y from the upper left corner, width and height: in columns and in rows of 38 pixels.
Place = tuple[int, int, int, int]
WIDTH = 24  # columns
NOWHERE: Place = (0, 0, 0, 0)  # until its row says where


@dataclass(frozen=True, slots=True)
class Query:
    """What a panel asks; `table` gives a row a series instead of a line, `exemplar` asks for traces as well.

    Instant queries show the present, the others what was. `buckets` are those of a histogram, by `le`.
    """

    expr: Expr
    legend: str = ""
    instant: bool = field(default=True, kw_only=True)
    table: bool = field(default=False, kw_only=True)
    buckets: bool = field(default=False, kw_only=True)
    exemplar: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """LogQL, and the uid of the Loki that is asked; no variable chooses it."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` on the colour is this one; None is the lowest."""

    value: float | None
    colour: str


@dataclass(frozen=True, slots=True)
class Said:
    """What stands instead of a value, in which colour; a value of None stands for what is missing."""

    value: str | None
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Under:
    """What stands instead of all values below a bound."""

    bound: float
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Between:
    """What stands instead of the values of a range; no `high` is no bound."""

    low: float
    high: float | None
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link; addresses may hold Grafana's variables."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How values are written and coloured: of a whole panel, or of one query or column of it."""

    name: str | None = None  # what a column or a series is called
    unit: str | None = None
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    steps: tuple[Step, ...] = ()
    said: tuple[Said | Under | Between, ...] = ()
    missing: str | None = None  # what is written when nothing is there
    colour: str | None = None
    links: tuple[Link, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)


Looks = Iterable[tuple[str, str, Look]]  # those of single fields, see Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel at its place in the grid.

    `looks` are those of single fields: how they are found (`byName`, `byFrameRefID`, `byRegexp`), and which.
    """

    kind: str
    title: str
    description: str
    place: Place
    queries: tuple[Query | LogQuery, ...] = ()
    look: Look = field(default_factory=Look)
    looks: tuple[tuple[str, str, Look], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    transformations: tuple[Json, ...] = ()
    links: tuple[Link, ...] = ()
    time_from: str | None = None
    every: str | None = None  # a sample is for at least so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A row that can be opened, and the panels in it; their y counts from the row's own."""

    title: str
    y: int
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Lines or regions in all graphs: an annotation made of a query."""

    name: str
    expr: Expr
    colour: str
    title: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A variable: one of a list of values, or all; without `every`, all are those that are listed."""

    name: str
    label: str
    values: tuple[str, ...] = ()
    query: str | None = None  # label_values(…) of the data source, instead of a list
    every: str | None = ".*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A dashboard."""

    uid: str
    title: str
    description: str
    tags: tuple[str, ...]
    panels: tuple[Panel | Fold, ...]
    since: str = "now-6h"
    until: str = "now"
    refresh: str = "30s"
    choices: tuple[Choice, ...] = ()
    marks: tuple[Marks, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def asks(self) -> tuple[str, ...]:
        """The PromQL of its panels and marks."""
        panels = [one for panel in self.panels for one in (panel.panels if isinstance(panel, Fold) else (panel,))]
        found = [query.expr.text for panel in panels for query in panel.queries if isinstance(query, Query)]
        return (*found, *(marks.expr.text for marks in self.marks))


_FILLED_IN = re.compile(r"\$(?=[A-Za-z_{])|\[(?=\[\w)")


def literal(text: str) -> str:
    """Return words of a user in which Grafana fills in nothing: a character without width parts what it looks for."""
    return _FILLED_IN.sub(lambda found: found.group() + "\u200b", text)


def ref(number: int) -> str:
    """Return what a query of a panel is called, by its place."""
    return chr(ord("A") + number)
