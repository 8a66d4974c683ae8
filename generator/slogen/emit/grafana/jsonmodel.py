"""Pages as Grafana's JSON model, and the one place that removes the defects of grafanalib's.

grafanalib 0.7.1 writes schema version 12, nulls, dead keys, coarse `maxDataPoints` and thresholds that Grafana's own
types refuse. `page_text` makes its objects of a page, cleans what they give and writes it in one order. Nothing else
imports grafanalib.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from grafanalib import core as grafana

from slogen.emit.grafana.jsonlook import defaults, link_json, override
from slogen.emit.grafana.kit import WIDTH, Choice, Fold, Json, Link, LogQuery, Marks, Page, Panel, Query, ref

SCHEMA = 41  # of the classic JSON: Grafana 11.6 and newer take it as it is, older ones ignore what they do not know
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


class _Drawn(grafana.Panel):  # type: ignore[misc]
    """A panel as grafanalib's base class writes it, with what its subclasses get wrong written here."""

    def to_json_data(self) -> Json:
        data: Json = self.panel_json({})
        return data


def page_text(page: Page, source: str) -> str:
    """Return the JSON of a page; `source` is the uid of the data source that is chosen at first."""
    numbers = count(1)
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
        dataSource=targets[0]["datasource"] if targets else None,
        targets=targets,
        gridPos=grafana.GridPos(h=height, w=width, x=x, y=y + below),
        transformations=[dict(one) for one in panel.transformations],
        timeFrom=panel.time_from,
        interval=panel.every,
        links=[link_json(one) for one in panel.links],
        extraJson={
            "type": panel.kind,
            "fieldConfig": {
                "defaults": defaults(panel.look),
                "overrides": [override(*one) for one in panel.looks],
            },
            "options": dict(panel.options),
        },
    )


def _target(query: Query | LogQuery, called: str) -> Json:
    if isinstance(query, LogQuery):
        loki = {"type": "loki", "uid": query.source}
        return {"refId": called, "expr": query.text, "queryType": "range", "editorMode": "code", "datasource": loki}
    target = grafana.Target(expr=query.expr.text, refId=called, legendFormat=query.legend, datasource=SOURCE)
    made: Json = target.to_json_data()
    made |= {
        "instant": query.instant,
        "range": not query.instant,
        "format": "table" if query.table else "heatmap" if query.buckets else "time_series",
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
        "allValue": choice.every,
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


def _way(link: Link) -> Json:
    """Return a link of a page: other pages show the same time and the same cluster."""
    inside = link.url.startswith("/d/")
    made = {
        **link_json(link),
        "type": "link",
        "icon": "dashboard" if inside else "external link",
        "tooltip": link.title,
    }
    return made | ({"keepTime": True, "includeVars": True} if inside else {})


# What grafanalib writes and Grafana's types do not know, by the place where it stands.
_DEAD_OF_PAGES = ("__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style", "version", "id")
_DEAD_OF_PANELS = (
    *("cacheTimeout", "editable", "error", "height", "hideTimeOverride", "maxDataPoints", "maxPerRow"),
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
