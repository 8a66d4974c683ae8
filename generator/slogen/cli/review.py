"""A review as text for terminals, and as JSON for programs."""

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
from slogen.review.changes import (
    Broken,
    Cost,
    Fact,
    Mixing,
    Review,
    RoutingChange,
    RuleChange,
    ServiceChange,
    SloChange,
    State,
)
from slogen.review.rules import labels_text

_MANY = 6  # names that are listed before the rest is only counted
_COLOURS = {State.ADDED: "green", State.REMOVED: "red", State.CHANGED: "yellow"}
_SIGNS = {State.ADDED: "+", State.REMOVED: "-", State.CHANGED: "~"}


def headline(review: Review) -> str:
    """Return the whole change in one line."""
    if not review.files.count:
        return "No difference: the input is the same on both sides."
    files = f"{count(review.files.count, 'file')} differ{'s' if review.files.count == 1 else ''}"
    if review.empty:
        return f"Formatting only: {files}, no rule, route or dashboard changes."
    rules = [rule for _, rule in review.rules]
    states = [sum(rule.state is state and not rule.text for rule in rules) for state in State]
    text = sum(rule.text for rule in rules)
    if not review.semantic:
        pages = sum(len(service.dashboards) for service in review.services) + len(review.platform_dashboards)
        if not text and not pages:
            return f"Text only: {files}, no rule, route or dashboard changes."
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
    parts += [_section("Errors", [click.style(_broken_line(one), fg="red") for one in review.broken])]
    parts += [_section("Platform", _facts(review.platform))]
    for service in review.services:
        parts += list(_service(service))
    parts += [_section("Who is told", [_route(change) for change in review.routing])]
    parts += [_section("Muting", _facts(review.muting))]
    parts += [_section("Dashboards of all services", list(review.platform_dashboards))]
    for heading, text in (("Rules, in meaning", False), ("Rules, text only", True)):
        lines = [line for pair in review.rules if pair[1].text is text for line in rule_lines(*pair)]
        parts += [_section(heading, lines)]
    return "\n\n".join(part for part in parts if part)


def _bold(text: str) -> str:
    return click.style(text, bold=True)


def _section(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return click.style(title, fg="cyan", bold=True) + "".join(f"\n  {line}" for line in lines)


def _broken_line(one: Broken) -> str:
    return printable(f"{one.where} still reads {one.reads}, which no rule makes any more")


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
    yield _section(service_title(service), lines) or (_bold(service_title(service)) if alone else "")
    for slo in service.slos:
        about = f"{service.name}/{slo.name}: {slo.state}" + (f", it was {slo.was}" if slo.was else "")
        yield _section(about, [*_facts(slo.facts), *_alerts(slo), *_mixing(slo.history)]) or _bold(about)
    yield _section(
        f"{service.name}: cost and dashboards",
        [*_costs(service), *_named("dashboards that change", service.dashboards)],
    )


def service_title(service: ServiceChange) -> str:
    """Return what became of a service."""
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
        yield f"{what}: {some(names)}"


def some(names: Sequence[str]) -> str:
    """Return the first names of many, and how many more there are."""
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
    return f"{change.of}: {'; '.join(parts)} ({some(change.alerts)})"


def rule_lines(service: str, rule: RuleChange) -> Iterator[str]:
    """Yield a changed rule and, below it, what a server does otherwise."""
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
