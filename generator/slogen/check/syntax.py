"""SLO301, SLO308, SLO334: promtool has the last word on what is PromQL, and promql-parser gives the tree.

What only one of the two reads is said, for silence would mean that it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slogen.core import Problem, Report, Span
from slogen.core.written import Written
from slogen.promql.portable import complaint
from slogen.promql.query import QueryError, tree_of

_WINDOW = "$window"
_AS_LONG = "000005m"  # a range that stands for it, so that columns stay


@dataclass(frozen=True, slots=True)
class Verdict:
    """What promtool says of an expression: empty when it reads it; line and column (in bytes) count from 1.

    `by` is the version of a promtool that is older than the servers, and may not know what they read.
    """

    message: str = ""
    line: int = 1
    col: int = 1
    by: str = ""

    def place(self, expr: Written) -> Span:
        """Return where promtool stopped reading: the word there, or the last character."""
        text = expr.text
        lines = text.split("\n")
        line = min(self.line, len(lines)) - 1
        col = len(lines[line].encode()[: self.col - 1].decode(errors="ignore"))
        start = sum(len(one) + 1 for one in lines[:line]) + col
        if start >= len(text.rstrip()):
            last = len(text.rstrip())
            return expr.place(max(last - 1, 0), last)
        end = start
        while end < len(text) and (text[end].isalnum() or text[end] in "_:"):
            end += 1
        return expr.place(start, max(end, start + 1))


def parsed(expr: Written, verdict: Verdict | None, report: Report) -> Any:
    """Return the tree of an expression; report what promtool, or without a verdict promql-parser, does not read."""
    tree, error = _tree(expr.text, portable=verdict is None)
    if verdict is None:
        if error is not None:
            report.error(expr.place(), "SLO301", str(error), error.hint or "try it in Prometheus first")
    elif verdict.message and verdict.by and tree is not None:
        not_judged(expr, verdict, report)
    elif verdict.message:
        refused(expr, verdict, report)
        return None
    elif error is not None:
        told = f"promtool reads this and slogen does not: {str(error).removeprefix('not valid PromQL: ')}"
        report.warning(expr.place(), "SLO308", told, "nothing of it is checked")
    return tree


def asked(expr: Written) -> str:
    """Return an expression of an owner as promtool is asked about it."""
    return expr.text.replace(_WINDOW, _AS_LONG)


def judge(expressions: Iterable[Written], verdicts: Mapping[str, Verdict], report: Report) -> None:
    """Add promtool's word on the expressions of owners: what it alone refuses, and where others are wrong."""
    for expr in expressions:
        verdict = verdicts[asked(expr)]
        if verdict.message:
            (not_judged if verdict.by else refused)(expr, verdict, report)
    report.problems[:] = [
        _placed(problem, problem.about, verdicts[asked(problem.about)]) if problem.about else problem
        for problem in report.problems
    ]


def _placed(problem: Problem, expr: Written, verdict: Verdict) -> Problem:
    """Return the problem of an expression that promql-parser does not read as promtool tells it."""
    if verdict.message:
        told = f"not valid PromQL: {verdict.message}"
        return replace(problem, span=verdict.place(expr), message=told, hint=problem.hint)
    if _WINDOW in expr.text:
        return problem
    told = f"promtool reads this and slogen does not: {problem.message.removeprefix('not valid PromQL: ')}"
    return replace(problem, message=told, hint="slogen compiles only what it can read")


def refused(expr: Written, verdict: Verdict, report: Report) -> None:
    """SLO301: promtool does not read it."""
    hint = f"correct it here; promtool {verdict.by} is older than the servers" if verdict.by else "correct it here"
    report.error(verdict.place(expr), "SLO301", f"not valid PromQL: {verdict.message}", hint)


def not_judged(expr: Written, verdict: Verdict, report: Report) -> None:
    """SLO334: a promtool that is older than the servers does not read it, and they may."""
    told = f"promtool {verdict.by} does not read this, and is older than prometheus.version: {verdict.message}"
    report.warning(verdict.place(expr), "SLO334", told, "name a newer one with --promtool or SLOGEN_PROMTOOL")


def _tree(text: str, *, portable: bool) -> tuple[Any, QueryError | None]:
    """Return promql-parser's tree, or why there is none; a `portable` one every Prometheus reads."""
    try:
        tree = tree_of(text)
        told = complaint(text) if portable else None
        if told:
            raise QueryError(*told)
    except QueryError as error:
        return None, error
    return tree, None
