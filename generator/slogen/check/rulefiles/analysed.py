"""A written rule with the tree of its expression, and what is known of the servers that evaluate it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from slogen.core import Duration, Problem, Severity, Span
from slogen.model.rulefile import WrittenGroup, WrittenRule
from slogen.promql.places import places
from slogen.promql.spelling import STRING
from slogen.promql.tree import nodes

RATES = ("rate", "increase", "irate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What is known of the servers; None where nothing is."""

    version: tuple[int, int] | None = None
    scrape_interval: Duration | None = None
    evaluation_interval: Duration = Duration.of("1m")  # Prometheus' own default
    retention: Duration | None = None  # of Prometheus
    thanos_retention: Duration | None = None  # of raw samples in the bucket
    external_labels: frozenset[str] = frozenset()
    selected: Mapping[str, str] = field(default_factory=dict)  # labels of the PrometheusRules that they load
    namespace: str = ""
    grafana: str = ""  # its address
    dashboards: frozenset[str] = frozenset()  # of the build, by uid


@dataclass(frozen=True, kw_only=True)
class Analysed:
    """A rule whose expression is read. `records` are the expressions of what the file records, by name.

    `recorders` are the groups of all files that record a series, by its name.
    """

    rule: WrittenRule
    group: WrittenGroup
    tree: Any
    servers: Servers
    records: Mapping[str, Any] = field(default_factory=dict)
    recorders: Mapping[str, Sequence[WrittenGroup]] = field(default_factory=dict)

    @cached_property
    def _places(self) -> dict[int, tuple[int, int]]:
        return places(self.rule.expr.text, self.tree)

    def place(self, node: Any) -> Span:
        """Return where a part of the expression stands in the file; the whole one when it cannot be told."""
        found = self._places.get(id(node))
        return self.rule.expr.place(*found) if found else self.rule.expr.span

    def place_of_matcher(self, selector: Any, label: str, operator: str) -> Span:
        """Return where a matcher of a selector stands; the selector when it is spelt otherwise."""
        start, end = self._places.get(id(selector), (0, 0))
        found = re.search(rf"(?<!\w){re.escape(label)}\s*{operator}\s*{STRING}", self.rule.expr.text[start:end])
        return self.rule.expr.place(start + found.start(), start + found.end()) if found else self.place(selector)

    def nodes(self, kind: str = "") -> Iterator[Any]:
        """Yield all parts of the expression, or those of one kind."""
        return (node for node in nodes(self.tree) if not kind or type(node).__name__ == kind)

    def calls(self, *names: str) -> Iterator[Any]:
        """Yield the calls of some functions."""
        return (node for node in self.nodes("Call") if node.func.name in names)

    def error(self, at: Any, code: str, message: str, hint: str) -> Problem:
        """Return a problem of what surely does not work, at a part of the expression or a place."""
        return self._problem(Severity.ERROR, at, code, message, hint)

    def warning(self, at: Any, code: str, message: str, hint: str) -> Problem:
        """Return a problem of what hardly does what it should."""
        return self._problem(Severity.WARNING, at, code, message, hint)

    def info(self, at: Any, code: str, message: str, hint: str) -> Problem:
        """Return what is worth knowing and may be meant so."""
        return self._problem(Severity.INFO, at, code, message, hint)

    def _problem(self, severity: Severity, at: Any, code: str, message: str, hint: str) -> Problem:
        span = at if isinstance(at, Span) else self.place(at)
        return Problem(span=span, code=code, severity=severity, message=message, hint=hint)


def bare(tree: Any) -> Any:
    """Return an expression without the brackets and signs around it."""
    while type(tree).__name__ in ("ParenExpr", "UnaryExpr"):
        tree = tree.expr
    return tree


def number(tree: Any) -> float | None:
    """Return the value of a number."""
    tree = bare(tree)
    return float(tree.val) if type(tree).__name__ == "NumberLiteral" else None


def contains(tree: Any, kind: str, *names: str) -> bool:
    """Return whether a node of a kind stands in a tree; of calls, one of these functions."""
    return any(type(node).__name__ == kind and (not names or node.func.name in names) for node in nodes(tree))
