"""`slogen explain`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from slogen.app.build import Outcome
from slogen.app.explain import explain, placement
from slogen.cli.problems import show
from slogen.core import Duration, plain
from slogen.core.number import decimal_of
from slogen.model import AlertClass
from slogen.plan.placement import Placed
from slogen.plan.records import promise
from slogen.plan.rules import Evaluator, RecordingRule
from slogen.plan.tiers import Tier
from slogen.prove.card import Card, Noticed, Outage, single_errors_page_below

_KINDS = {AlertClass.CRITICAL: "page", AlertClass.WARNING: "ticket"}
_SERVERS = {Evaluator.PROMETHEUS: "Prometheus", Evaluator.THANOS: "Thanos Ruler"}
_NEVER = "never"
_THREE = Context(prec=3)


@click.command(
    "explain",
    epilog="""\b
Examples:
  slogen explain api-gateway/availability
  slogen explain api-gateway                                all of its SLOs
  slogen explain api-gateway --format markdown > card.md
  slogen explain --placement                                which server evaluates what, and why
  slogen explain --placement api-gateway                    rule by rule""",
)
@click.argument("name", metavar="SERVICE[/SLO]", required=False)
@click.option("--placement", "places", is_flag=True, help="Tell which server evaluates the rules, and why.")
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True, help="How to write."
)
@click.pass_obj
def command(settings: dict[str, Any], name: str | None, form: str, places: bool) -> None:
    """Tell what the alerts of an SLO notice, how soon, and how much of the error budget is gone by then."""
    root = Path(settings["root"])
    if places:
        _explain_placement(root, name, form)
        return
    if name is None:
        raise click.UsageError("name a service or SERVICE/SLO, or add --placement")
    explained = explain(root, name)
    _report(explained.outcome, root, explained.unknown, bool(explained.cards))
    write = _markdown if form == "markdown" else _text
    click.echo("\n\n".join(write(card) for card in explained.cards))


def _report(outcome: Outcome, root: Path, unknown: str, found: bool) -> None:
    """Print the problems; leave when there is nothing to explain."""
    done = "explained" if found else "nothing is explained"
    show(outcome.report, root, files=outcome.files, outcome=done)
    if unknown:
        raise click.UsageError(unknown)
    if not found:
        sys.exit(1)


def _explain_placement(root: Path, name: str | None, form: str) -> None:
    found = placement(root, name)
    _report(found.outcome, root, found.unknown, bool(found.rules))
    rows = list(_of_rules(found.rules) if name else _of_groups(found.rules))
    click.echo(_table(rows) if form == "markdown" else "\n".join(_aligned(rows)))


def _of_rules(rules: Sequence[Placed]) -> Iterator[list[str]]:
    yield ["rule", "of", "looks back", "evaluated by", "why"]
    for one in rules:
        labels, rule = dict(one.rule.labels), one.rule
        about = [labels[label] for label in ("slo", "severity", "escalation") if label in labels]
        back = str(rule.lookback) if rule.lookback.ms else "-"
        yield [_name(one), " ".join(about) or "-", back, _SERVERS[one.group.evaluator], one.reason]


def _of_groups(rules: Sequence[Placed]) -> Iterator[list[str]]:
    yield ["group", "every", "rules", "looks back", "for", "evaluated by", "why"]
    for group in dict.fromkeys(one.group for one in rules):
        mine = [one for one in rules if one.group is group]
        furthest = max(mine, key=lambda one: one.rule.lookback)
        back = furthest.rule.lookback
        yield [
            group.name,
            str(group.interval),
            str(len(mine)),
            str(back) if back.ms else "-",
            _name(furthest) if back.ms else "-",
            _SERVERS[group.evaluator],
            furthest.reason,
        ]


def _name(one: Placed) -> str:
    return one.rule.record if isinstance(one.rule, RecordingRule) else one.rule.alert


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading, what is said under it, and a table; the first column is what a row is about."""

    title: str
    rows: Sequence[Sequence[str]] = ()
    lines: Sequence[str] = ()


def _sections(card: Card) -> Iterator[_Section]:
    yield _Section("Alerts", _tiers(card), list(_said_of_tiers(card)))
    yield _Section("When an outage is noticed", _outages(card), list(_unnoticed(card)))
    if card.steps:
        yield _Section("Budget gone at each rung of the ladder", _steps(card))
    yield _Section("Formulas", lines=list(_formulas(card)))


def _promise(card: Card) -> str:
    objective = card.slo.objective
    budget = int(objective.window.ms * objective.budget.value)
    whole = Duration(budget - budget % 1000 if budget > 60_000 else budget)
    each = f" Each {', '.join(card.slo.by)} has its own." if card.slo.by else ""
    return (
        f"{promise(card.slo).rstrip('.')}. The error budget is {objective.budget.percent} %, "
        f"or {whole} of total outage.{each}"
    )


def _why(card: Card) -> str:
    return f"Why this objective: {' '.join(card.slo.rationale.split())}"


def _tiers(card: Card) -> list[list[str]]:
    head = ["alert", "windows", "burn above", "errors above", "budget spent", "one error fires below", "guard"]
    return [
        head,
        *(
            [
                _KINDS[tier.severity],
                _windows(tier),
                _times(tier),
                plain(tier.threshold),
                f"{_percent(tier.share)} in {tier.long}",
                f"{_short(single_errors_page_below(tier))}/h",
                f"{tier.least} bad events",
            ]
            for tier in card.tiers
        ),
    ]


def _times(tier: Tier) -> str:
    return plain(_THREE.plus(tier.factor)) + (" time" if tier.factor == 1 else " times")


def _said_of_tiers(card: Card) -> Iterator[str]:
    for kind, above in (("pages", card.paged_above), ("is a ticket", card.ticketed_above)):
        told = "Nothing" if above is None else f"An error ratio above {_percent(above)}"
        yield f"{told} {kind}{'' if above is None else ', if it lasts'}."


def _outages(card: Card) -> list[list[str]]:
    head = ["errors"]
    for kind in _KINDS.values():
        head += [f"{kind} after", "by", "budget gone", "over after"]
    return [head, *([_percent(outage.errors), *_cells(outage.page), *_cells(outage.ticket)] for outage in card.outages)]


def _cells(noticed: Noticed | None) -> list[str]:
    if noticed is None:
        return [_NEVER, "-", "-", "-"]
    return [str(noticed.after), _windows(noticed.tier), _percent(noticed.spent), str(noticed.ends)]


def _unnoticed(card: Card) -> Iterator[str]:
    for outage in card.longest_unpaged:
        what = "A total outage" if outage.errors == 1 else f"One of {_percent(outage.errors)}"
        yield f"{what} {_slips(outage)}"


def _slips(outage: Outage) -> str:
    if outage.page is None:
        return "pages nobody, however long."
    return f"shorter than {outage.page.after} pages nobody: at most {_percent(outage.page.spent)} of the budget."


def _steps(card: Card) -> list[list[str]]:
    assert card.paged_above is not None
    head = ["page lasts", "told", "at total outage", f"at {_percent(card.paged_above)} errors"]
    return [
        head,
        *(
            [str(step.after), ", ".join(step.notify), _percent(step.total), _percent(step.slowest)]
            for step in card.steps
        ),
    ]


def _formulas(card: Card) -> Iterator[str]:
    yield (
        "Burn above: the share of the budget that may be spent in the long window, times the period, by that window; "
        "at least 1. Errors above: that times the error budget. An alert fires when both windows hold more."
    )
    yield (
        "After: the long window times errors above, by the error ratio; never, when the ratio is not more. Rounded up "
        f"to evaluations, {card.every} for pages and 5m for tickets, for an outage that begins at one. Windows are "
        "made of recorded 5m rates: a page may come half a minute sooner than that, a ticket up to 2m30s later."
    )
    yield "Budget gone: that time by the period, times the error ratio by the error budget."
    yield (
        "Over after: the short window times one minus errors above by the error ratio, of the slowest tier that the "
        "outage sets off when it lasts, and 5m for which a page is kept. A shorter outage may be over sooner."
    )
    yield (
        "One error fires below: one by (errors above times the long window) events an hour, were there no guard. "
        + _guard(card)
    )
    if card.steps:
        yield (
            "Rungs: the time to the page and since, by the period, times the error ratio by the error budget; in the "
            "last column for the lowest ratio that pages, which takes the whole long window."
        )


def _guard(card: Card) -> str:
    if card.traffic is None:
        return "The guard waits for more bad events; times leave that out, as `traffic` is not declared."
    return f"The guard waits for more bad events; times count that in, at {_short(card.traffic * 3600)} events an hour."


def _windows(tier: Tier) -> str:
    return f"{tier.short}/{tier.long}"


def _percent(share: Fraction) -> str:
    return f"{_short(share * 100)} %"


def _short(value: Fraction) -> str:
    """Return three significant digits."""
    return plain(_THREE.plus(decimal_of(value)) if value else Decimal(0))


def _text(card: Card) -> str:
    parts = [click.style(f"{card.service.name}/{card.slo.name}", bold=True) + f": {_promise(card)}"]
    if card.slo.rationale:
        parts.append(click.wrap_text(_why(card), 100))
    for section in _sections(card):
        parts.append(click.style(section.title, fg="cyan", bold=True))
        parts[-1] += "".join(f"\n  {line}" for line in _aligned(section.rows))
        parts[-1] += "".join("\n" + click.wrap_text(line, 100, "  ", "  ") for line in section.lines)
    return "\n\n".join(parts)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, row in enumerate(rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield click.style(line, dim=True) if place == 0 else line


def _markdown(card: Card) -> str:
    parts = [f"# {card.service.name}/{card.slo.name}", _promise(card), *([_why(card)] if card.slo.rationale else [])]
    for section in _sections(card):
        parts.append(f"## {section.title}")
        if section.rows:
            parts.append(_table(section.rows))
        parts += section.lines
    return "\n\n".join(parts)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; the first row is its head."""
    head, *rest = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rest])
