"""Problems for programs: JSON, SARIF and the messages of GitHub's workflows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from slogen import __version__
from slogen.core import Problem, Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_json(problems: Sequence[Problem]) -> str:
    """Return a list of objects with file, line, column, endColumn, code, severity, message and hint."""
    return json.dumps([_fields(problem) for problem in problems], indent=2, ensure_ascii=False)


def _fields(problem: Problem) -> dict[str, Any]:
    span = problem.span
    return {
        "file": span.file,
        "line": span.line,
        "column": span.col,
        "endColumn": _end(problem),
        "code": problem.code,
        "severity": str(problem.severity),
        "message": problem.message,
        "hint": problem.hint,
        "page": f"docs/lint/{problem.code}.md",
    }


def _end(problem: Problem) -> int:
    return max(problem.span.end, problem.span.col + 1)


def as_sarif(problems: Sequence[Problem]) -> str:
    """Return a log of SARIF 2.1.0, which code scanning services read.

    Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    codes = sorted({problem.code for problem in problems})
    rules = [{"id": code, "shortDescription": {"text": f"See docs/lint/{code}.md"}} for code in codes]
    run = {
        "tool": {"driver": {"name": "slogen", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes) for problem in problems],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(problem: Problem, codes: Sequence[str]) -> dict[str, Any]:
    span = problem.span
    region = {"startLine": span.line, "startColumn": span.col, "endColumn": _end(problem)}
    return {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": _LEVELS[problem.severity],
        "message": {"text": _told(problem)},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": quote(span.file, errors="replace")}, "region": region}}
        ],
    }


def _told(problem: Problem) -> str:
    return f"{problem.message}: {problem.hint}" if problem.hint else problem.message


def as_github(problems: Sequence[Problem]) -> str:
    """Return one workflow command a problem: GitHub shows it at the line.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    return "\n".join(
        f"::{_COMMANDS[problem.severity]} file={_property(problem.span.file)},line={problem.span.line},"
        f"col={problem.span.col},endColumn={_end(problem)},title={problem.code}::{_data(_told(problem))}"
        for problem in problems
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[Sequence[Problem]], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
