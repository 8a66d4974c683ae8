"""Reads generated dashboards: panels, queries, links, and queries as Prometheus would get them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def pages(folder: Path) -> dict[str, Json]:
    """Return every dashboard below a folder, by its path."""
    files = sorted((folder / "dashboards" / "grafana").rglob("*.json"))
    return {file.relative_to(folder).as_posix(): json.loads(file.read_text("utf-8")) for file in files}


def panels(page: Json) -> Iterator[Json]:
    """Yield all panels but rows, those of closed rows too."""
    for panel in page["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def queries(page: Json) -> Iterator[tuple[str, str]]:
    """Yield what asks, and the PromQL."""
    for panel in panels(page):
        for target in panel.get("targets", []):
            if target["datasource"]["type"] == "prometheus":
                yield f"{page['uid']}: {panel['title']} {target['refId']}", target["expr"]
    for marks in page["annotations"]["list"]:
        yield f"{page['uid']}: {marks['name']}", marks["expr"]


def searches(page: Json) -> Iterator[Json]:
    """Yield the targets that ask for logs, in LogQL."""
    for panel in panels(page):
        yield from (one for one in panel.get("targets", []) if one["datasource"]["type"] == "loki")


def links(page: Json) -> Iterator[str]:
    """Yield every address that a page links to."""
    yield from (link["url"] for link in page.get("links", []))
    for panel in panels(page):
        yield from (link["url"] for link in panel.get("links", []))
        looks = [panel["fieldConfig"]["defaults"]] + [
            {one["id"]: one["value"] for one in override["properties"]}
            for override in panel["fieldConfig"]["overrides"]
        ]
        for look in looks:
            yield from (link["url"] for link in look.get("links", []))
        if panel["type"] == "text":
            yield from re.findall(r"\]\(([^)\s]+)\)", panel["options"]["content"])


def expanded(expr: str, *, interval: str = "5m", span: str = "3600s", variables: dict[str, str] | None = None) -> str:
    """Return a query with Grafana's macros and variables filled in."""
    told = {"__rate_interval": interval, "__interval": "1m", "__range_s": span.rstrip("s"), "__range": span}
    for name, value in {**told, **(variables or {})}.items():
        expr = re.sub(rf"\$(?:{name}\b|\{{{name}\}})", lambda _, value=value: value, expr)
    return expr
