"""What a headline counts, counted again: from the input as PyYAML reads it, and from the files of both builds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.review.sides import SIDES

# Names that a case gives to the same thing: of a service, of an SLO.
RENAMED = {"service-renamed": {"web": "shop"}, "slo-renamed": {"up": "availability"}}
TEXTS = ("description", "summary", "annotations")  # of services, SLOs, alerts and rules
_WHOSE = ("service", "slo", "severity", "escalation", "dependency")


@dataclass(frozen=True)
class Rule:
    """A rule of a built file: what servers make of it, and what only people read."""

    kind: tuple[str, str]
    labels: tuple[tuple[str, str], ...]
    meaning: Any
    text: Any

    @property
    def whose(self) -> tuple[tuple[str, str], ...]:
        """The labels without which it would be another one."""
        return tuple(one for one in self.labels if one[0] in _WHOSE)


def rules(root: Path) -> dict[str, list[Rule]]:
    """Return the rules of each built file of a side, by service."""
    found: dict[str, list[Rule]] = {}
    for path in sorted((root / "rules").glob("*/*.yaml")):
        if path.parent.name in ("prometheus", "thanos"):
            text = path.read_text("utf-8")
            comments = list(_comments(text))
            every = [(group, rule) for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
            for (group, rule), comment in zip(every, comments, strict=True):
                found.setdefault(path.stem, []).append(_rule(path.parent.name, group["interval"], rule, comment))
    return found


def _rule(server: str, interval: str, rule: dict[str, Any], comment: str) -> Rule:
    kind = next((kind, rule[kind]) for kind in ("record", "alert") if kind in rule)
    other = {key: value for key, value in rule.items() if key not in (kind[0], "expr", "annotations")}
    annotations = rule.get("annotations", {})
    return Rule(
        kind=kind,
        labels=tuple(sorted(rule.get("labels", {}).items())),
        meaning=(server, interval, _spelled_alike(rule["expr"]), other),
        text=(annotations, comment, rule["expr"]),
    )


def _comments(text: str) -> Iterator[str]:
    """Yield the comment of each rule's block, rule by rule."""
    comment, before = "", ""
    for line in text.split("\n"):
        if line.startswith("  # "):
            comment = comment + line if before.startswith("  # ") else line
        elif re.match(r"  - (record|alert):", line):
            yield comment
        before = line


def _spelled_alike(expr: str) -> str:
    """Return PromQL without white space, with one kind of quotes and its matchers sorted."""
    flat = re.sub(r"\s+", "", expr).replace("'", '"')
    return re.sub(r"\{([^{}]*)\}", lambda found: "{" + ",".join(sorted(found[1].split(","))) + "}", flat)


def rule_counts(case: str, folder: Path) -> Counter[str]:
    """Return how many rules are added, removed, changed and changed in text only."""
    before, after = (rules(folder / side) for side in SIDES)
    renamed = RENAMED.get(case, {})
    count: Counter[str] = Counter()
    for name in dict.fromkeys([*after, *(renamed.get(name, name) for name in before)]):
        was = next((old for old, new in renamed.items() if new == name and old in before), name)
        old, new = before.get(was, []), list(after.get(name, []))
        for alike in (lambda rule: (rule.kind, rule.labels), lambda rule: (rule.kind, rule.whose)):
            for rule in list(old):
                twin = next((one for one in new if alike(one) == alike(rule)), None)
                if twin is not None:
                    old, new = [one for one in old if one is not rule], [one for one in new if one is not twin]
                    meaning = rule.meaning != twin.meaning
                    count["changed" if meaning else "text" if rule.text != twin.text else "same"] += 1
        count["removed"] += len(old)
        count["added"] += len(new)
    return count


def changed_slos(case: str, folder: Path) -> int:
    """Return how many SLOs are there on one side only, or mean something else, or are called otherwise."""
    renamed = RENAMED.get(case, {})
    sides = [
        {
            (
                renamed.get(service["metadata"]["name"], service["metadata"]["name"]),
                renamed.get(slo["name"], slo["name"]),
            ): (
                slo["name"],
                {key: value for key, value in slo.items() if key not in ("name", *TEXTS)},
            )
            for service in documents(folder / side)
            for slo in service["slos"]
        }
        for side in SIDES
    ]
    return sum(sides[0].get(key) != sides[1].get(key) for key in {*sides[0], *sides[1]})


def changed_services(case: str, folder: Path) -> int:
    """Return how many services say something else of themselves, or have rules that do something else."""
    renamed = RENAMED.get(case, {})
    built = [rules(folder / side) for side in SIDES]
    count = 0
    for service in documents(folder / "after"):
        name = service["metadata"]["name"]
        was = next((old for old, new in renamed.items() if new == name), name)
        twin = next(one for one in documents(folder / "before") if one["metadata"]["name"] == was)
        pair = [
            sorted(repr((rule.kind, rule.labels, rule.meaning)) for rule in side[key])
            for side, key in zip(built, (was, name), strict=True)
        ]
        count += pair[0] != pair[1] or service["metadata"] != twin["metadata"]
    return count


def documents(root: Path) -> list[dict[str, Any]]:
    """Return the services of a side as PyYAML reads them, every value a text."""
    paths = sorted((root / "slos").glob("*.yaml"))
    return [yaml.load(path.read_text("utf-8"), yaml.BaseLoader) for path in paths]


def changed_dashboards(folder: Path) -> set[str]:
    """Return the dashboards whose files differ."""
    sides = []
    for side in SIDES:
        paths = (folder / side / "dashboards").rglob("*.json")
        sides.append({path.relative_to(folder / side).as_posix(): path.read_bytes() for path in paths})
    return {path for path in {*sides[0], *sides[1]} if sides[0].get(path) != sides[1].get(path)}
