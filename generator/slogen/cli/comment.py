"""A review as Markdown: one comment of a pull request, found again by its first line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click

from slogen.cli.review import cost_rows, headline, rule_lines, service_title, some
from slogen.cli.words import printable
from slogen.core import Problem
from slogen.review.changes import Fact, Mixing, Review, RoutingChange, ServiceChange, SloChange

MARKER = "<!-- slogen:diff -->"
_MANY = 20  # errors that are listed before the rest is only counted
_LONGEST = 60_000  # characters of a comment: GitHub takes 65,536


def as_markdown(review: Review, before: str, after: str) -> str:
    """Return a review as one comment; the hidden marker is its first line, by which it is found and written anew."""
    parts = [f"{MARKER}\n### slogen: {headline(review)}", f"{_code(before)} → {_code(after)}"]
    parts += [
        f"⛔ {_code(one.where)} still reads {_code(one.reads)}, which no rule makes any more" for one in review.broken
    ]
    if review.platform:
        parts += ["#### Platform", _table(review.platform)]
    for service in review.services:
        parts += _markdown_service(service)
    if review.routing:
        parts += ["#### Who is told", "\n".join(f"- {_markdown_route(change)}" for change in review.routing)]
    if review.muting:
        parts += ["#### Muting", _table(review.muting)]
    details = [_details(review, text=False), _details(review, text=True)]
    whole = "\n\n".join(part for part in (*parts, *details) if part)
    if len(whole) > _LONGEST:
        note = "The rules are too many for a comment: run `slogen diff`."
        whole = "\n\n".join(part for part in (*parts, note) if part)
    if len(whole) > _LONGEST:
        whole = whole[: whole.rindex("\n", 0, _LONGEST)] + "\n\n… cut: run `slogen diff` for the rest."
    return whole


def as_failure(problems: Iterable[tuple[str, Problem]]) -> str:
    """Return the comment when a side has errors, each given with its side: what was told before holds no longer."""
    lines = [f"- {_code(str(one.span))} of {_plain(side)}: {one.code}, {_plain(one.message)}" for side, one in problems]
    shown = lines[:_MANY] + [f"- … and {len(lines) - _MANY} more"] * (len(lines) > _MANY)
    return "\n".join([f"{MARKER}\n### slogen: nothing is compared, for there are errors\n", *shown])


def _markdown_service(service: ServiceChange) -> Iterator[str]:
    about = [*_markdown_alerts(service), *_markdown_mixing(service.history)]
    for what, old, new in cost_rows(service.cost_before, service.cost_after):
        if old != new:
            about.append(f"- {what}: {old} → {new}")
    if service.dashboards:
        about.append(f"- dashboards that change: {', '.join(_code(path) for path in service.dashboards)}")
    yield f"#### {_plain(service_title(service))}"
    if service.facts:
        yield _table(service.facts)
    if about:
        yield "\n".join(about)
    for slo in service.slos:
        was = f", it was {_code(slo.was)}" if slo.was else ""
        yield f"**{_plain(service.name)}/{_plain(slo.name)}**: {slo.state}{was}"
        if slo.facts:
            yield _table(slo.facts)
        lines = [*_markdown_alerts(slo), *_markdown_mixing(slo.history)]
        if lines:
            yield "\n".join(lines)


def _markdown_alerts(change: ServiceChange | SloChange) -> Iterator[str]:
    yield from (f"- alert added: {_code(alert)}" for alert in change.alerts_added)
    yield from (f"- alert removed: {_code(alert)}" for alert in change.alerts_removed)


def _markdown_mixing(history: Sequence[Mixing]) -> Iterator[str]:
    for one in history:
        series = ", ".join(_code(name) for name in one.series)
        yield f"- ⚠ history mixes for {_plain(one.lasts)}: {_plain(one.why)} ({series})"


def _markdown_route(change: RoutingChange) -> str:
    parts = []
    if change.told:
        parts.append(f"now told: {', '.join(_code(name) for name in change.told)}")
    if change.no_longer:
        parts.append(f"no longer: {', '.join(_code(name) for name in change.no_longer)}")
    return f"{_plain(change.of)}: {'; '.join(parts)} ({_plain(some(change.alerts))})"


def _table(facts: Sequence[Fact]) -> str:
    rows = [
        f"| {_plain(fact.about)}{' (text only)' if fact.text else ''} | {_cell(fact.before)} | {_cell(fact.after)} |"
        for fact in facts
    ]
    return "\n".join(["| | before | after |", "|---|---|---|", *rows])


def _cell(value: str | None) -> str:
    return "-" if value is None else _code(value)


def _code(text: str) -> str:
    """Return text that no Markdown, link or mention in it can leave; a table's bar is escaped inside code too."""
    folded = printable(" ".join(text.split())) or " "
    fence = "`" * (1 + max((len(run) for run in "".join(c if c == "`" else " " for c in folded).split()), default=0))
    pad = " " if "`" in folded else ""
    return f"{fence}{pad}{folded}{pad}{fence}".replace("|", "\\|")


def _plain(text: str) -> str:
    return "".join("\\" + char if char in "\\`*_[]<>|#@&!" else char for char in printable(" ".join(text.split())))


def _details(review: Review, *, text: bool) -> str:
    wanted = [(service, rule) for service, rule in review.rules if rule.text == text]
    if not wanted:
        return ""
    title = "Rules, text only" if text else "Rules, in meaning"
    lines = [click.unstyle(line) for pair in wanted for line in rule_lines(*pair)]
    body = "\n".join(
        line.removeprefix("    ") if line[4:5] in "+-" and line.startswith("    ") else line for line in lines
    )
    fence = "~" * (3 + max((len(part) for part in body.replace("\n", " ").split() if set(part) == {"~"}), default=0))
    return f"<details><summary>{title} ({len(wanted)})</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>"
