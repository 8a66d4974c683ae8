"""Prints problems with the line they are about, a caret under the place and what to change."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from slogen.cli.words import count, printable
from slogen.core import Problem, Severity

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_COUNTED = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_WIDEST = 160
_LARGEST = 20_000_000  # bytes of a file whose lines are shown: the largest rule file that is read


def show(problems: Iterable[Problem], root: Path, *, files: Sequence[str], outcome: str, notes: bool = False) -> None:
    """Print every problem to stderr, then a line that counts them and the files of `files` they are in.

    `outcome` ends that line: what was done. Problems of severity info are left out unless `notes` are wanted.
    """
    listed = [problem for problem in problems if notes or problem.severity is not Severity.INFO]
    sources: dict[str, list[str]] = {}
    for problem in listed:
        file = problem.span.file
        if file not in sources:
            sources[file] = _lines(root / file)
        click.echo(_render(problem, sources[file]), err=True)
    if listed:
        found = Counter(problem.severity for problem in listed)
        counts = [count(found[severity], word) for severity, word in _COUNTED.items() if found[severity]]
        touched = len({problem.span.file for problem in listed}.intersection(files))
        where = f" in {_of(touched, len(files))}" if touched else ""
        click.echo(f"{_listed(counts)}{where}; {outcome}", err=True)


def _listed(counts: Sequence[str]) -> str:
    return " and ".join([", ".join(counts[:-1]), counts[-1]] if len(counts) > 1 else counts)


def _of(touched: int, files: int) -> str:
    return "1 file" if files == 1 else f"{touched} of {files} files"


def _lines(path: Path) -> list[str]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            return []
        return path.read_text("utf-8-sig", errors="replace").split("\n")
    except OSError:
        return []


def _render(problem: Problem, lines: list[str]) -> str:
    span, colour = problem.span, _COLOURS[problem.severity]
    head = (
        click.style(f"{problem.severity}[{problem.code}]", fg=colour, bold=True)
        + ": "
        + click.style(printable(problem.message), bold=True)
    )
    gutter = len(str(span.line))
    bar = click.style(" " * gutter + " |", fg="blue")
    parts = [head, click.style(" " * gutter + "--> ", fg="blue") + printable(str(span))]
    line = lines[span.line - 1] if span.line <= len(lines) else ""
    if line and not line.isspace():
        column, end = span.col - 1, span.end - 1 if span.end > span.col else span.col
        if len(line) > _WIDEST:
            start = max(0, column - 60)
            line, column, end = "…" + line[start + 1 : start + _WIDEST] + "…", column - start, end - start
        line = printable(line).expandtabs(1)
        carets = "^" * max(1, min(end - column, len(line) - column))
        parts += [bar, click.style(f"{span.line} | ", fg="blue") + line]
        parts.append(bar + " " + " " * column + click.style(f"{carets} {printable(problem.hint)}".rstrip(), fg=colour))
        parts.append(bar)
    elif problem.hint:
        parts.append(bar + " " + click.style(printable(problem.hint), fg=colour))
    parts.append(click.style(" " * gutter + " = ", fg="blue") + f"docs/lint/{problem.code}.md")
    return "\n".join(parts)
