"""A review as text for terminals, as Markdown for one comment of a pull request, and as JSON."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import click

from slogen.cli.words import count, printable
from slogen.core import plain
from slogen.core.number import decimal_of
from slogen.promql.query import normal_form
from slogen.review.changes import Cost, Fact, Mixing, Review, RoutingChange, RuleChange, ServiceChange, SloChange, State
from slogen.review.rules import labels_text

MARKER = "<!-- slogen:diff -->"
_LONGEST = 60_000  # characters of a comment: GitHub takes 65,536
_MANY = 6  # names that are listed before the rest is only counted
_COLOURS = {State.ADDED: "green", State.REMOVED: "red", State.CHANGED: "yellow"}
_SIGNS = {State.ADDED: "+", State.REMOVED: "-", State.CHANGED: "~"}


def headline(review: Review) -> str:
    """Return the whole change in one line."""
    if not review.files.count:
        return "No difference: the input is the same on both sides."
    if review.empty:
        verb = "differs" if review.files.count == 1 else "differ"
        return f"Formatting only: {count(review.files.count, 'file')} {verb}, no rule, route or dashboard changes."
    rules = [rule for _, rule in review.rules]
    states = [sum(rule.state is state and not rule.text for rule in rules) for state in State]
    text = sum(rule.text for rule in rules)
    if not review.semantic:
        pages = sum(len(service.dashboards) for service in review.services) + len(review.platform_dashboards)
        return f"Text only: {count(text, 'rule')} and {count(pages, 'dashboard')} read otherwise, none does otherwise."
    slos = sum(not slo.text for service in review.services for slo in service.slos)
    services = sum(not service.text for service in review.services)
    told = [
        *([f"{_change_of(slos, 'SLO')} meaning"] if slos else []),
        *([_change_of(services, "service")] if services and not slos else []),
        *(["the platform changes"] if review.platform else []),
        *(["who is told changes"] if review.routing or review.muting else []),
        f"rules: {states[0]} added, {states[1]} removed, {states[2]} changed, {text} in text only",
    ]
    return " · ".join(told)


def _change_of(number: int, what: str) -> str:
    return f"{count(number, what)} change{'s' if number == 1 else ''}"


# --- text -----------------------------------------------------------------------------------------------------------


def as_text(review: Review, before: str, after: str) -> str:
    """Return a review for a terminal."""
    parts = [f"{printable(before)} → {printable(after)}", _bold(headline(review))]
    parts += [_section("Errors", [click.style(_broken_line(one), fg="red") for one in _broken(review)])]
    parts += [_section("Platform", _facts(review.platform))]
    for service in review.services:
        parts += list(_service(service))
    parts += [_section("Who is told", [_route(change) for change in review.routing])]
    parts += [_section("Muting", _facts(review.muting))]
    parts += [_section("Dashboards of all services", list(review.platform_dashboards))]
    parts += [
        _section("Rules, in meaning", [line for pair in review.rules for line in _rule(*pair) if not pair[1].text])
    ]
    parts += [_section("Rules, text only", [line for pair in review.rules for line in _rule(*pair) if pair[1].text])]
    return "\n\n".join(part for part in parts if part)


def _bold(text: str) -> str:
    return click.style(text, bold=True)


def _section(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return click.style(title, fg="cyan", bold=True) + "".join(f"\n  {line}" for line in lines)


def _broken(review: Review) -> Iterator[tuple[str, str]]:
    yield from ((one.where, one.reads) for one in review.broken)


def _broken_line(one: tuple[str, str]) -> str:
    return printable(f"{one[0]} still reads {one[1]}, which no rule makes any more")


def _facts(facts: Sequence[Fact]) -> list[str]:
    width = max((len(fact.about) for fact in facts), default=0)
    return [f"{printable(fact.about).ljust(width)}  {_change(fact)}" for fact in facts]


def _change(fact: Fact) -> str:
    old, new = (_value(value) for value in (fact.before, fact.after))
    told = f"{click.style(old, fg='red')} → {click.style(new, fg='green')}"
    return told + (" (text only)" if fact.text else "")


def _value(value: str | None) -> str:
    return "-" if value is None else printable(" ".join(value.split())) or '""'


def _service(service: ServiceChange) -> Iterator[str]:
    lines = [*_facts(service.facts), *_alerts(service), *_mixing(service.history)]
    alone = service.was or service.state is not State.CHANGED
    yield _section(_title(service), lines) or (_bold(_title(service)) if alone else "")
    for slo in service.slos:
        title = f"{service.name}/{slo.name}: {slo.state}" + (f", it was {slo.was}" if slo.was else "")
        yield _section(title, [*_facts(slo.facts), *_alerts(slo), *_mixing(slo.history)]) or _bold(title)
    yield _section(
        f"{service.name}: cost and dashboards", [*_costs(service), *_named("dashboards", service.dashboards)]
    )


def _title(service: ServiceChange) -> str:
    return f"{service.name}: {service.state}" + (f", it was {service.was}" if service.was else "")


def _alerts(change: ServiceChange | SloChange) -> Iterator[str]:
    for sign, colour, alerts in (("+", "green", change.alerts_added), ("-", "red", change.alerts_removed)):
        yield from (click.style(f"{sign} alert {printable(alert)}", fg=colour) for alert in alerts)


def _mixing(history: Sequence[Mixing]) -> Iterator[str]:
    for one in history:
        yield click.style(f"history mixes for {one.lasts}: {one.why}", fg="yellow")
        yield f"  {', '.join(one.series)}"


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{what}: {_some(names)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return printable(", ".join(names[:_MANY])) + more


def _costs(service: ServiceChange) -> Iterator[str]:
    for what, old, new in cost_rows(service.cost_before, service.cost_after):
        if old != new:
            yield f"{what}: {old} → {new}"


def cost_rows(before: Cost, after: Cost) -> Iterator[tuple[str, str, str]]:
    """Yield what rules cost on both sides, row by row."""
    yield "rules", str(before.rules), str(after.rules)
    yield "evaluations a minute", _number(before.evaluations), _number(after.evaluations)
    yield "samples read a second, at one raw series each", _number(before.samples), _number(after.samples)


def _number(value: Fraction) -> str:
    return plain(round(decimal_of(value), 1))


def _route(change: RoutingChange) -> str:
    parts = []
    if change.told:
        parts.append(click.style(f"now told: {printable(', '.join(change.told))}", fg="green"))
    if change.no_longer:
        parts.append(click.style(f"no longer: {printable(', '.join(change.no_longer))}", fg="red"))
    return f"{change.of}: {'; '.join(parts)} ({_some(change.alerts)})"


def _rule(service: str, rule: RuleChange) -> Iterator[str]:
    where = f" of {service}" if service and "service" not in dict(rule.labels) else ""
    shown = [field.about for field in rule.fields if rule.text or not field.text]
    meaning = [field for field in rule.fields if not field.text]
    short = len(meaning) == 1 and meaning[0].about not in ("expr", "labels")
    fields = f": {', '.join(shown)}" if shown else ""
    head = (
        f"{_SIGNS[rule.state]} {rule.kind} {rule.name}{labels_text(rule.labels) if rule.labels else ''}{where}{fields}"
    )
    yield click.style(printable(head), fg=_COLOURS[rule.state]) + (f" {_change(meaning[0])}" if short else "")
    if short:
        return
    for field in rule.fields:
        if field.text:
            continue
        if field.about == "expr":
            yield from ("    " + _coloured(line) for line in _lines(field))
        else:
            yield f"    {field.about}: {_change(field)}"


def _lines(field: Fact) -> Iterator[str]:
    """Yield the lines of an expression that differ, in the parser's spelling."""
    old, new = (normal_form(value or "").splitlines() for value in (field.before, field.after))
    for line in list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]:
        if not line.startswith("@@"):
            yield printable(line)


def _coloured(line: str) -> str:
    return click.style(line, fg={"+": "green", "-": "red"}.get(line[:1]))


# --- Markdown -------------------------------------------------------------------------------------------------------


def as_markdown(review: Review, before: str, after: str) -> str:
    """Return a review as one comment; the hidden marker is its first line, by which it is found and written anew."""
    parts = [f"{MARKER}\n### slogen: {headline(review)}", f"{_code(before)} → {_code(after)}"]
    parts += [
        f"⛔ {_code(where)} still reads {_code(reads)}, which no rule makes any more"
        for where, reads in _broken(review)
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


def _markdown_service(service: ServiceChange) -> Iterator[str]:
    about = [*_markdown_alerts(service), *_markdown_mixing(service.history)]
    for what, old, new in cost_rows(service.cost_before, service.cost_after):
        if old != new:
            about.append(f"- {what}: {old} → {new}")
    if service.dashboards:
        about.append(f"- dashboards: {', '.join(_code(path) for path in service.dashboards)}")
    yield f"#### {_plain(_title(service))}"
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
    return f"{_plain(change.of)}: {'; '.join(parts)} ({_plain(_some(change.alerts))})"


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
    lines = [click.unstyle(line) for pair in wanted for line in _rule(*pair)]
    body = "\n".join(
        line.removeprefix("    ") if line[4:5] in "+-" and line.startswith("    ") else line for line in lines
    )
    fence = "~" * (3 + max((len(part) for part in body.replace("\n", " ").split() if set(part) == {"~"}), default=0))
    return f"<details><summary>{title} ({len(wanted)})</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>"


# --- JSON -----------------------------------------------------------------------------------------------------------


def as_json(review: Review, before: str, after: str) -> str:
    """Return a review for programs; numbers that must be exact are texts."""
    value = {
        "base": before,
        "head": after,
        "semantic": review.semantic,
        "summary": headline(review),
        **_jsonable(review),
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def _jsonable(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        found = {field.name: _jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
        if isinstance(value, RuleChange):
            found |= {"text": value.text, "labels": dict(value.labels)}
        elif isinstance(value, (SloChange, ServiceChange)):
            found |= {"text": value.text}
        return found
    if isinstance(value, tuple):
        return [_jsonable(one) for one in value]
    if isinstance(value, Fraction):
        return _number(value)
    return value
