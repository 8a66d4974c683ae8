"""Every number of every transcript is derived again; a line with a number that nothing here derives fails.

The transcripts are those of tests/golden/diff. Samples a second are derived by test_cost.py, the times of pages a
second time by promtool in test_detection.py, who is told by amtool in test_rules_and_routes.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.review.by_hand import Promise, holds, number
from tests.review.cases import CASES, Case
from tests.review.counted import (
    RENAMED,
    changed_dashboards,
    changed_services,
    changed_slos,
    documents,
    rule_counts,
)
from tests.review.sides import SIDES, UNITS, built, seconds, told
from tests.review.test_golden import GOLDEN, written

DEFAULTS = {"prometheus.evaluationInterval": "30s", "window": "30d"}  # docs/input.md
DURATION = r"(?:\d+(?:ms|[smhdw]))+"
TOKEN = re.compile(rf"{DURATION}|\d+(?:\.\d+)?")
# Windows of docs/formulas.md in seconds: recorded ones, those of pages without the last 5m, 2m30s, the clock's 15m.
WINDOWS = {300, 1800, 3600, 21600, 7200, 86400, 259200, 1800 - 300, 3600 - 300, 21600 - 300, 150, 900}
PARTS = {(long - 300) // 300 for long in (1800, 3600, 21600)}  # how many 5m are in a window before the last one


@dataclass(frozen=True)
class Built:
    """A case, written and compiled on both sides."""

    case: Case
    folder: Path

    @cached_property
    def groups(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """The groups of each built file, by side and service."""
        return {side: built(self.folder / side) for side in SIDES}

    @cached_property
    def promises(self) -> dict[str, dict[tuple[str, str], Promise]]:
        """What each side promises, by service and SLO."""
        return {
            side: {
                (service["metadata"]["name"], slo["name"]): Promise.of(slo)
                for service in documents(self.folder / side)
                for slo in service["slos"]
            }
            for side in SIDES
        }

    @cached_property
    def json(self) -> dict[str, Any]:
        """The same diff for programs: what test_cost.py derives."""
        return told(self.folder)

    def promise(self, side: str, service: str, slo: str) -> Promise:
        """Return an SLO by the names that it has afterwards."""
        old = {new: was for was, new in RENAMED.get(self.case.name, {}).items()} if side == "before" else {}
        return self.promises[side][old.get(service, service), old.get(slo, slo)]

    def input(self, side: str) -> str:
        """Return the text of a side's files, with the defaults that it leaves out."""
        return "\n".join(self.case.sides()[SIDES.index(side)].values())

    def rules(self, side: str) -> list[dict[str, Any]]:
        """Return every rule of a side's built files."""
        return [rule for groups in self.groups[side].values() for group in groups for rule in group["rules"]]

    def known(self, side: str) -> set[Fraction]:
        """Return the numbers that may stand in PromQL: durations in seconds, derived from this side's promises."""
        interval = 15 if "evaluationInterval: 15s" in self.input(side) else 30
        found = {Fraction(one) for one in (*WINDOWS, *PARTS, 0, 1, interval, 300 // 30)}
        for slo in self.promises[side].values():
            days = slo.window // 86400
            found |= {slo.target, slo.budget, Fraction(slo.window), Fraction(days), Fraction(slo.window, 300)}
            found |= set(slo.thresholds.values()) | {guard - Fraction(1, 2) for guard in slo.guards.values()}
        found |= {Fraction(seconds(one)) for one in re.findall(r"after: (\w+)", self.input(side))}
        # An SLI's own numbers: 5.., 300ms as 0.3 s, and what cause alerts compare with.
        found |= {value(one) for one in TOKEN.findall(self.input(side))}
        return found | {Fraction(int(ms), 1000) for ms in re.findall(r"(\d+)ms", self.input(side))}


def value(token: str) -> Fraction:
    """Return a number, or the seconds of a duration."""
    token = re.sub(r"(\d+)w", lambda found: f"{7 * int(found[1])}d", token)
    return Fraction(seconds(token)) if token[-1] in UNITS and not token.endswith("ms") else number(token.rstrip("ms"))


def of_headline(line: str, at: Built, section: str) -> bool:
    """Counts of SLOs, services, files, dashboards and rules."""
    name, folder = at.case.name, at.folder
    counted = {"SLO": lambda: changed_slos(name, folder), "service": lambda: changed_services(name, folder)}
    files = at.case.sides()
    counted["file"] = lambda: sum(files[0].get(path) != files[1].get(path) for path in {*files[0], *files[1]})
    counted["dashboard"] = lambda: len(changed_dashboards(folder))
    rules = rule_counts(name, folder)
    counted |= {word: lambda word=word: rules[word] for word in ("added", "removed", "changed", "text")}
    counted["rule"] = lambda: rules["text"]
    claims = re.findall(r"(\d+) (?:in )?(SLO|service|file|dashboard|rule|added|removed|changed|text)", line)
    assert len(claims) == len(TOKEN.findall(line)), line
    return all(int(count) == counted[word]() for count, word in claims)


def of_cost(line: str, at: Built, section: str) -> bool:
    """Rules and evaluations as the built files have them; samples as test_cost.py measures them."""
    what, _, both = line.strip().partition(": ")
    name = section.partition(":")[0]
    (service,) = [one for one in at.json["services"] if one["name"] == name]
    for side, text in zip(SIDES, both.split(" → "), strict=True):
        groups = at.groups[side].get(service["was"] if side == "before" and service["was"] else name, [])
        count = {
            "rules": sum(Fraction(len(group["rules"])) for group in groups),
            "evaluations a minute": sum(
                Fraction(60 * len(group["rules"]), seconds(group["interval"])) for group in groups
            ),
        }
        claimed = number(service[f"cost_{side}"]["samples"])
        if abs(count.get(what, claimed) - number(text)) > Fraction(1, 20):
            return False
    return what in ("rules", "evaluations a minute", "samples read a second, at one raw series each")


def of_history(line: str, at: Built, section: str) -> bool:
    """The longest window that any rule of these SLOs looks back on, on the new side; windows told are the promised."""
    names = section.partition(":")[0].split("/")
    reach = max(
        value(over)
        for group in at.groups["after"][names[0]]
        for rule in group["rules"]
        for matchers, over in re.findall(rf"\{{([^{{}}]*)\}}\[({DURATION})\]", rule["expr"])
        if len(names) == 1 or set(re.findall(r'slo="([^"]*)"', matchers)) <= {names[1]}
    )
    told = re.fullmatch(r"  history mixes for (\w+): .*?(?: of (\w+) from now on, and were of (\w+))?", line)
    assert told, line
    windows = [at.promise(side, *names).window for side in ("after", "before")] if told[2] else []
    return value(told[1]) == reach and [seconds(one) for one in told.groups()[1:] if one] == windows


def of_fact(line: str, at: Built, section: str) -> bool:
    """What the formulas give of an SLO; everything else is copied from the input of that side."""
    found = re.fullmatch(r"  (\S.*?)  +(\S.*?) → (.*?)(?: \(text only\))?", line)
    assert found, line
    for side, text in zip(SIDES, found.groups()[1:], strict=True):
        if text == "-":
            continue
        right = None
        if "/" in section:
            right = holds(found[1], text, at.promise(side, *section.partition(":")[0].split("/")))
        if found[1] == "SLI threshold":
            right = f"threshold: {int(Decimal(text) * 1000)}ms" in at.input(side)
        if right is None:
            own = re.sub(r"\s+", "", at.input(side) + DEFAULTS.get(found[1], ""))
            right = all(one in own for one in TOKEN.findall(found[1] + " " + text))
        if not right:
            return False
    return True


def of_rung(line: str, at: Built, section: str) -> bool:
    """A step of the ladder on a side, whose rule compares with its seconds."""
    after = re.match(r"  pages after (\w+): ", line)
    assert after, line
    wanted = [
        rule["expr"].endswith(f">= {seconds(after[1])}")
        for side in SIDES
        for rule in at.rules(side)
        if rule.get("labels", {}).get("escalation") == after[1]
    ]
    return bool(wanted) and all(wanted)


def of_rule(line: str, at: Built, section: str) -> bool:
    """A rule with name and labels as a built file has it; its labels and durations come from the input."""
    found = re.match(r"  ([-+~]) (record|alert) ([\w:]+)(\{.*?\})?(?: of (\w+))?(.*)", line)
    assert found, line
    side = "before" if found[1] == "-" else "after"
    labels = dict(re.findall(r'(\w+)="([^"]*)"', found[4] or ""))
    there = any(rule.get(found[2]) == found[3] and rule.get("labels", {}) == labels for rule in at.rules(side))
    return there and _derived(line, side, at) and of_change(found[6], at, section)


def of_change(line: str, at: Built, section: str) -> bool:
    """Two values, each derived on its side."""
    old, arrow, new = line.partition(" → ")
    return not arrow or (_derived(old, "before", at) and _derived(new, "after", at))


def of_expression(line: str, at: Built, section: str) -> bool:
    """A line of PromQL: its numbers stand in a rule of that side, and follow from what it promises."""
    side = "before" if line.strip()[0] == "-" else "after"
    numbers = {value(one) for one in TOKEN.findall(line)}
    there = any(numbers <= {value(one) for one in TOKEN.findall(rule["expr"])} for rule in at.rules(side))
    return there and _derived(line, side, at)


def _derived(text: str, side: str, at: Built) -> bool:
    known = at.known(side)
    percents = {slo.target * 100 for slo in at.promises[side].values()}
    return all(value(one) in known | percents for one in TOKEN.findall(text))


def of_place(line: str, at: Built, section: str) -> bool:
    """Line and column at which the text begins that reads what is gone."""
    found = re.match(r"  (\S+):(\d+):(\d+) still reads (.*), which no rule makes any more", line)
    assert found, line
    text = at.case.sides()[1][found[1]].split("\n")[int(found[2]) - 1]
    return text[int(found[3]) - 1 :].startswith(found[4])


def of_series(line: str, at: Built, section: str) -> bool:
    """Names of series, each of which a rule of the new side records."""
    records = {rule.get("record") for rule in at.rules("after")}
    names = line.strip().split(", ")
    return all(any(re.fullmatch(name.replace("*", ".*"), one or "") for one in records) for name in names)


# What a line looks like, and what derives it; the first one that fits is asked.
DERIVATIONS: tuple[tuple[str, Callable[[str, Built, str], bool]], ...] = (
    (r"(Formatting only|Text only): .*|.*\brules: \d+ added.*", of_headline),
    (r"  (rules|evaluations a minute|samples read a second.*): .*", of_cost),
    (r"  history mixes for .*", of_history),
    (r"    slo:\S.*", of_series),
    (r"  pages after .*", of_rung),
    (r"  \S+:\d+:\d+ still reads .*", of_place),
    (r"  [-+~] (record|alert) .*", of_rule),
    (r"      [-+].*", of_expression),
    (r"      (labels|for|interval): .*", of_change),
    (r"  \S.*?  +\S.* → .*", of_fact),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_number_of_a_transcript_is_derived(case: Case, tmp_path: Path) -> None:
    """Line by line, under the heading that it stands under."""
    at, section = Built(case, written(tmp_path, case)), ""
    assert at.groups
    lines = (GOLDEN / f"{case.name}.txt").read_text("utf-8").split("\n")
    assert lines[0] == f"# {case.sentence}"
    for line in lines[1:]:
        if line and not line.startswith(" "):
            section = line
        if not re.search(r"\d", line):
            continue
        derive = next((derive for form, derive in DERIVATIONS if re.fullmatch(form, line)), None)
        assert derive is not None, f"nothing derives {line!r}"
        assert derive(line, at, section), f"{derive.__name__} says otherwise than {line!r}"


def test_a_wrong_number_is_noticed(tmp_path: Path) -> None:
    """Each number of a transcript that is one higher is refused, wherever it stands."""
    case = next(one for one in CASES if one.name == "window")
    at, section = Built(case, written(tmp_path, case)), ""
    tried, missed = 0, []
    for line in (GOLDEN / "window.txt").read_text("utf-8").split("\n")[1:]:
        section = line if line and not line.startswith(" ") else section
        derive = next((derive for form, derive in DERIVATIONS if re.fullmatch(form, line)), None)
        for found in re.finditer(r"\d+", line) if derive else ():
            wrong = line[: found.start()] + str(int(found[0]) + 3) + line[found.end() :]
            tried += 1
            try:
                if derive(wrong, at, section):
                    missed.append(wrong)
            except (AssertionError, KeyError):
                continue
    assert tried > 150
    assert missed == []
