"""Fields that hold PromQL: plain selectors and expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
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


_STRING = r'"(?:\\.|[^"\\\x00-\x1f])*"|`[^`\x00-\x1f]*`'
_MATCHER = rf"[a-zA-Z_][a-zA-Z0-9_]*\s*(?:=~|!~|!=|=)\s*(?:{_STRING})"
_STREAMS = rf"\{{\s*{_MATCHER}(?:\s*,\s*{_MATCHER})*\s*,?\s*\}}"
_STAGES = rf"(?:\|[=~>]?|!=|!~|!>)(?:{_STRING}|[^\"`\x00-\x1f])+"
_RAW = re.compile(r'"(?:\\.|[^"\\])*"|`(?P<raw>[^`]*)`')
_FILTER = re.compile(rf"(?P<sign>[|!=]~)?\s*(?P<string>{_STRING})")
_LOGQL = Text(
    rf"(?=.*\$service\b){_STREAMS}(?:\s*{_STAGES})?",
    "LogQL that finds the lines of $service",
    """write streams, and filters if need be, such as {app="$service"} |= "error\"""",
)


@dataclass(frozen=True, slots=True)
class Searching:
    """LogQL that finds lines of logs: streams, and what is done with each line; no numbers made of them."""

    def read(self, node: Node, report: Report) -> str | None:
        """Return the LogQL."""
        text = _LOGQL.read(node, report)
        for what, selector in _searched(text) if text else ():
            try:
                parse_selector(selector)
            except QueryError as error:
                why = str(error).removeprefix("not valid PromQL: ")
                report.error(node.span, "SLO005", f"{what} cannot be read: {why}", error.hint or _LOGQL.hint)
                return None
        return text

    def schema(self) -> Json:
        """Return a string schema; what Loki makes of it is the reader's."""
        return _LOGQL.schema() | {"description": "LogQL: streams and filters"}


def _searched(logql: str) -> Iterator[tuple[str, str]]:
    """Yield the streams of LogQL and each string after them, as selectors: Loki reads both as Prometheus does."""
    text = _RAW.sub(lambda found: json.dumps(found["raw"], ensure_ascii=False) if found["raw"] else found[0], logql)
    streams = re.match(_STREAMS, text)
    assert streams is not None
    yield "the streams", streams.group()
    for found in _FILTER.finditer(text, streams.end()):
        yield found["string"], f"lines{{line{'=~' if found['sign'] else '='}{found['string']}}}"


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
