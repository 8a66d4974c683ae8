"""Typed panels and pages on grafanalib, and the one place that removes the defects of its JSON.

grafanalib 0.7.1 writes schema version 12, nulls, dead keys, coarse `maxDataPoints` and thresholds that Grafana's own
types refuse. Here a panel says what is drawn; `page_text` makes grafanalib's objects of it, cleans what they give and
writes it in one order. Nothing else imports grafanalib.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafanalib import core as grafana

from slogen.promql.template import Expr

WIDTH = 24  # columns of Grafana's grid
SCHEMA = 41  # of the classic JSON: Grafana 11.6 and newer take it as it is, older ones ignore what they do not know
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Colours mean the same on every panel.
PAGE, TICKET, FINE, UNKNOWN, IDLE, PLAIN = "red", "orange", "green", "purple", "blue", "text"
MANY = "a colour for each series"

Json = dict[str, Any]
# x and y from the upper left corner, width and height, in columns and rows of 38 pixels.
Place = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Query:
    """What a panel asks; `table` gives a row a series instead of a line, `exemplar` asks for traces as well.

    Instant queries show the present, the others what was.
    """

    expr: Expr
    legend: str = ""
    instant: bool = field(default=True, kw_only=True)
    table: bool = field(default=False, kw_only=True)
    exemplar: bool = field(default=False, kw_only=True)


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
    said: tuple[Said | Under, ...] = ()
    missing: str | None = None  # what is written when nothing is there
    colour: str | None = None
    links: tuple[Link, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)

    def defaults(self) -> Json:
        """Return the look as the defaults of a panel's fields."""
        made: Json = {
            "displayName": self.name,
            "unit": self.unit,
            "decimals": self.decimals,
            "min": self.low,
            "max": self.high,
            "noValue": self.missing,
            "mappings": list(_mappings(self.said)) or None,
            "thresholds": _thresholds(self.steps) if self.steps else None,
            "color": _colour(self),
            "links": [_link(one) for one in self.links] or None,
            "custom": dict(self.custom) or None,
        }
        return {key: value for key, value in made.items() if value is not None}

    def override(self, matcher: str, options: str) -> Json:
        """Return the look for the fields that a matcher finds."""
        properties = []
        for key, value in self.defaults().items():
            if key == "custom":
                properties += [{"id": f"custom.{name}", "value": inner} for name, inner in value.items()]
            else:
                properties.append({"id": key, "value": value})
        return {"matcher": {"id": matcher, "options": options}, "properties": properties}


def _colour(look: Look) -> Json | None:
    if look.colour == MANY:
        return {"mode": "palette-classic"}
    if look.colour:
        return {"mode": "fixed", "fixedColor": look.colour}
    return {"mode": "thresholds"} if look.steps or look.said else None


def _thresholds(steps: Sequence[Step]) -> Json:
    return {"mode": "absolute", "steps": [{"value": one.value, "color": one.colour} for one in steps]}


def _mappings(said: Sequence[Said | Under]) -> Iterator[Json]:
    for place, one in enumerate(said):
        result = {"text": one.text, "color": one.colour, "index": place}
        if isinstance(one, Under):
            yield {"type": "range", "options": {"from": None, "to": one.bound, "result": result}}
        elif one.value is None:
            yield {"type": "special", "options": {"match": "null+nan", "result": result}}
        else:
            yield {"type": "value", "options": {one.value: result}}


def _link(link: Link) -> Json:
    return {"title": link.title, "url": link.url, "targetBlank": not link.url.startswith("/d/")}


def _way(link: Link) -> Json:
    """Return a link of a page: other pages show the same time and the same cluster."""
    inside = link.url.startswith("/d/")
    made = {**_link(link), "type": "link", "icon": "dashboard" if inside else "external link", "tooltip": link.title}
    return made | ({"keepTime": True, "includeVars": True} if inside else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel at its place in the grid.

    `looks` are those of single fields: how they are found (`byName`, `byFrameRefID`, `byRegexp`), and which.
    """

    kind: str
    title: str
    description: str
    place: Place
    queries: tuple[Query, ...] = ()
    look: Look = field(default_factory=Look)
    looks: tuple[tuple[str, str, Look], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    transformations: tuple[Json, ...] = ()
    links: tuple[Link, ...] = ()
    time_from: str | None = None


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
    """A variable: one of a list of values, or all."""

    name: str
    label: str
    values: tuple[str, ...] = ()
    query: str | None = None  # label_values(…) of the data source, instead of a list


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


class _Drawn(grafana.Panel):  # type: ignore[misc]
    """A panel as grafanalib's base class writes it, with what its subclasses get wrong written by the kit."""

    def to_json_data(self) -> Json:
        data: Json = self.panel_json({})
        return data


_FILLED_IN = re.compile(r"\$(?=[A-Za-z_{])|\[(?=\[\w)")


def literal(text: str) -> str:
    """Return words of a user in which Grafana fills in nothing: a character without width parts what it looks for."""
    return _FILLED_IN.sub(lambda found: found.group() + "\u200b", text)


def page_text(page: Page, source: str) -> str:
    """Return the JSON of a page; `source` is the uid of the data source that is chosen at first."""
    numbers = iter(range(1, 1000))
    panels = [one for panel in page.panels for one in _placed(panel, numbers)]
    made = grafana.Dashboard(
        title=page.title,
        uid=page.uid,
        description=page.description,
        tags=list(page.tags),
        editable=False,
        graphTooltip=grafana.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        refresh=page.refresh,
        time=grafana.Time(page.since, page.until),
        timezone="browser",
        schemaVersion=SCHEMA,
        panels=panels,
        templating=grafana.Templating(list=[_source(source), *(_choice(one) for one in page.choices)]),
        annotations=grafana.Annotations(list=[_marks(one) for one in page.marks]),
        links=[_way(one) for one in page.links],
    )
    return json.dumps(_clean(_plain(made)), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    """Return grafanalib's objects as maps and lists."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return _plain(value.to_json_data()) if hasattr(value, "to_json_data") else value


def _placed(panel: Panel | Fold, numbers: Iterator[int], below: int = 0) -> Iterator[Json | grafana.Panel]:
    if isinstance(panel, Panel):
        yield _panel(panel, next(numbers), below)
        return
    yield {
        "type": "row",
        "title": panel.title,
        "id": next(numbers),
        "collapsed": True,
        "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": panel.y},
        "panels": [_panel(one, next(numbers), panel.y + 1) for one in panel.panels],
    }


def _panel(panel: Panel, known_as: int, below: int) -> grafana.Panel:
    x, y, width, height = panel.place
    targets = [_target(query, ref(number)) for number, query in enumerate(panel.queries)]
    return _Drawn(
        title=panel.title,
        description=panel.description,
        id=known_as,
        dataSource=SOURCE if targets else None,
        targets=targets,
        gridPos=grafana.GridPos(h=height, w=width, x=x, y=y + below),
        transformations=[dict(one) for one in panel.transformations],
        timeFrom=panel.time_from,
        links=[_link(one) for one in panel.links],
        extraJson={
            "type": panel.kind,
            "fieldConfig": {
                "defaults": panel.look.defaults(),
                "overrides": [look.override(matcher, which) for matcher, which, look in panel.looks],
            },
            "options": dict(panel.options),
        },
    )


def ref(number: int) -> str:
    """Return what a query of a panel is called, by its place."""
    return chr(ord("A") + number)


def _target(query: Query, called: str) -> Json:
    target = grafana.Target(expr=query.expr.text, refId=called, legendFormat=query.legend, datasource=SOURCE)
    made: Json = target.to_json_data()
    made |= {
        "instant": query.instant,
        "range": not query.instant,
        "format": "table" if query.table else "time_series",
        "editorMode": "code",
    }
    return made | ({"exemplar": True} if query.exemplar else {})


def _source(uid: str) -> Json:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": uid, "value": uid},
        "hide": 0,
        "refresh": 1,
        "regex": "",
        "includeAll": False,
        "multi": False,
        "options": [],
    }


def _choice(choice: Choice) -> Json:
    every = {"text": "All", "value": "$__all"}
    made: Json = {
        "name": choice.name,
        "label": choice.label,
        "current": every,
        "includeAll": True,
        "allValue": ".*",
        "multi": False,
        "hide": 0,
        "options": [],
    }
    if choice.query is not None:
        return made | {
            "type": "query",
            "datasource": SOURCE,
            "definition": choice.query,
            "query": {"query": choice.query, "refId": "Choice"},
            "refresh": 2,
            "regex": "",
            "sort": 1,
        }
    options = [{**every, "selected": True}]
    options += [{"text": value, "value": value, "selected": False} for value in choice.values]
    return made | {"type": "custom", "query": ",".join(choice.values), "options": options}


def _marks(marks: Marks) -> Json:
    return {
        "name": marks.name,
        "datasource": SOURCE,
        "enable": True,
        "iconColor": marks.colour,
        "expr": marks.expr.text,
        "step": "60s",
        "titleFormat": marks.title,
        "textFormat": "",
        "tagKeys": ",".join(marks.tags),
        "useValueForTime": False,
    }


# What grafanalib writes and Grafana's types do not know, by the place where it stands.
_DEAD_OF_PAGES = ("__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style", "version", "id")
_DEAD_OF_PANELS = (
    *("cacheTimeout", "editable", "error", "height", "hideTimeOverride", "interval", "maxDataPoints", "maxPerRow"),
    *("minSpan", "repeatDirection", "span", "transparent"),
)
_DEAD_OF_TARGETS = ("metric", "query", "step", "target", "intervalFactor", "interval", "hide")
_NULL_IS_A_VALUE = {"value", "from", "to"}  # the lowest step, and open ends of ranges


def _clean(page: Json) -> Json:
    page = _without(page, _DEAD_OF_PAGES) | {"timepicker": {}}
    page["panels"] = [_clean_panel(panel) for panel in page["panels"]]
    cleaned: Json = _without_nulls(page)
    return cleaned


def _clean_panel(panel: Json) -> Json:
    panel = _without(panel, _DEAD_OF_PANELS)
    if "panels" in panel:
        panel["panels"] = [_clean_panel(one) for one in panel["panels"]]
        return panel
    panel["targets"] = [_without(target, _DEAD_OF_TARGETS) for target in panel["targets"]]
    if not panel["targets"]:
        del panel["targets"], panel["datasource"]
    if not panel["fieldConfig"]["defaults"]["thresholds"].get("steps"):
        del panel["fieldConfig"]["defaults"]["thresholds"]
    for key in ("links", "transformations"):
        if not panel[key]:
            del panel[key]
    return panel


def _without(values: Json, dead: Sequence[str]) -> Json:
    return {key: value for key, value in values.items() if key not in dead}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_nulls(inner) for key, inner in value.items() if inner is not None or key in _NULL_IS_A_VALUE
        }
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value
