"""Fields that hold PromQL: plain selectors and expressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from slogen.core import Duration, Report
from slogen.promql.query import QueryError, UnreadableError, parse_query, parse_selector
from slogen.source.fields import Json, Text
from slogen.source.tree import Node


@dataclass(frozen=True, slots=True)
class Selecting:
    """A plain PromQL selector."""

    def read(self, node: Node, report: Report) -> Any:
        """Return the Selector."""
        return _promql(node, report, parse_selector)

    def schema(self) -> Json:
        """Return a string schema; PromQL is the reader's."""
        return Text().schema() | {"description": "PromQL: a plain selector"}


@dataclass(frozen=True, slots=True)
class Querying:
    """A PromQL expression; `$window` stands for `window` where one is given."""

    window: Duration | None = None
    one_line: bool = True

    def read(self, node: Node, report: Report) -> Any:
        """Return the Query."""
        return _promql(node, report, lambda text: parse_query(text, window=self.window, one_line=self.one_line))

    def schema(self) -> Json:
        """Return a string schema; PromQL is the reader's."""
        return Text().schema() | {"description": "PromQL: an expression"}


def _promql(node: Node, report: Report, parse: Callable[[str], Any]) -> Any:
    text = Text(what="PromQL").read(node, report)
    if text is None:
        return None
    try:
        return replace(parse(text), written=node.written)
    except QueryError as error:
        about = node.written if isinstance(error, UnreadableError) else None
        report.error(node.span, "SLO301", str(error), error.hint or "try it in Prometheus first", about)
        return None
