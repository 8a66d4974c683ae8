"""Rules of both sides, matched by kind, name and labels: what a server would do otherwise, and what only reads so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from slogen.core import Duration
from slogen.plan.rules import AlertRule, Labels, Rule, RuleGroup
from slogen.promql.query import normal_form
from slogen.review.changes import Fact, RuleChange, State

# What a rule is recognised by when its other labels change: one of them is another alert, or another series.
_WHOSE = ("service", "slo", "severity", "escalation", "dependency")


@dataclass(frozen=True, slots=True)
class _Placed:
    rule: Rule
    group: RuleGroup
    comment: str

    @property
    def kind(self) -> str:
        return "alert" if isinstance(self.rule, AlertRule) else "record"

    @property
    def name(self) -> str:
        return self.rule.alert if isinstance(self.rule, AlertRule) else self.rule.record

    def key(self, exact: bool) -> tuple[object, ...]:
        """Return what a rule is recognised by: all of its labels, or those that make it another one."""
        labels = [one for one in self.rule.labels if exact or one[0] in _WHOSE]
        return self.kind, self.name, tuple(sorted(labels))


def rule_changes(before: Iterable[RuleGroup], after: Iterable[RuleGroup]) -> tuple[RuleChange, ...]:
    """Return the rules that differ between the groups of one service, in the order of evaluation, removed ones last.

    Rules of equal kind, name and labels are the same one; of the rest those that differ in labels such as `team`.
    """
    old, new = list(_placed(before)), list(_placed(after))
    pairs = _paired(old, new)
    changes = []
    for place, one in enumerate(new):
        if place not in pairs:
            changes.append(_change(State.ADDED, one))
        elif fields := tuple(_fields(old[pairs[place]], one)):
            changes.append(_change(State.CHANGED, one, fields))
    taken = set(pairs.values())
    return (*changes, *(_change(State.REMOVED, one) for place, one in enumerate(old) if place not in taken))


def _paired(old: Sequence[_Placed], new: Sequence[_Placed]) -> dict[int, int]:
    """Return the place on the old side of each rule of the new one that is the same."""
    pairs: dict[int, int] = {}
    for exact in (True, False):
        left: dict[object, list[int]] = {}
        for place, one in enumerate(old):
            if place not in pairs.values():
                left.setdefault(one.key(exact), []).append(place)
        for place, one in enumerate(new):
            if place not in pairs and left.get(one.key(exact)):
                pairs[place] = left[one.key(exact)].pop(0)
    return pairs


def _placed(groups: Iterable[RuleGroup]) -> Iterator[_Placed]:
    for group in groups:
        for block in group.blocks:
            yield from (_Placed(rule, group, block.comment) for rule in block.rules)


def _change(state: State, one: _Placed, fields: tuple[Fact, ...] = ()) -> RuleChange:
    return RuleChange(state=state, kind=one.kind, name=one.name, labels=one.rule.labels, fields=fields)


def _fields(old: _Placed, new: _Placed) -> Iterator[Fact]:
    before, after = old.rule, new.rule
    if before.expr != after.expr:
        same = normal_form(before.expr) == normal_form(after.expr)
        yield Fact(about="expr", before=before.expr, after=after.expr, text=same)
    if sorted(before.labels) != sorted(after.labels):
        yield Fact(about="labels", before=labels_text(before.labels), after=labels_text(after.labels))
    if isinstance(before, AlertRule) and isinstance(after, AlertRule):
        yield from _differ("for", before.for_, after.for_)
        yield from _differ("keep_firing_for", before.keep_firing_for, after.keep_firing_for)
        one, other = dict(before.annotations), dict(after.annotations)
        for name in dict.fromkeys([*one, *other]):
            if one.get(name) != other.get(name):
                yield Fact(about=f"annotation {name}", before=one.get(name), after=other.get(name), text=True)
    yield from _differ("interval", old.group.interval, new.group.interval)
    if old.group.evaluator is not new.group.evaluator:
        yield Fact(about="evaluator", before=old.group.evaluator.value, after=new.group.evaluator.value)
    if old.comment != new.comment:
        yield Fact(about="comment", before=old.comment, after=new.comment, text=True)


def _differ(about: str, before: Duration | None, after: Duration | None) -> Iterator[Fact]:
    if before != after:
        yield Fact(
            about=about,
            before=None if before is None else str(before),
            after=None if after is None else str(after),
        )


def labels_text(labels: Labels) -> str:
    """Return labels as Prometheus writes them: `{service="web", slo="up"}`."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for _, value in labels)
    return "{" + ", ".join(f'{name}="{value}"' for (name, _), value in zip(labels, quoted, strict=True)) + "}"
