"""The part of a service's rules that shows what one of them gives: the rule, what it reads, and what that reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from slogen.core import Duration
from slogen.plan.rules import AlertRule, Block, Rule, RuleGroup, ServicePlan
from slogen.plan.scenarios import Scenario, Suite
from slogen.promql.query import Selector, selectors
from slogen.promql.sample import may_match
from slogen.prove.mutants import Mutant

Place = tuple[int, int]  # group, and rule within it


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A scenario cut down to what a rule can change in it: expectations, and the rules that these need."""

    every: Duration  # of evaluations
    scenario: Scenario
    places: frozenset[Place]

    @property
    def cost(self) -> int:
        """How long promtool takes, about, in evaluations of a rule: to load a series is as long as four of them."""
        times = max(expect.at.ms for expect in self.scenario.expects) // self.every.ms + 1
        return times * len(self.places) + 4 * len(self.scenario.series) + 10 * len(self.scenario.expects)


class Slicer:
    """Cuts scenarios down to one rule of a service."""

    def __init__(self, plan: ServicePlan) -> None:
        self.plan = plan
        self._rules = {
            (number, place): rule for number, group in enumerate(plan.groups) for place, rule in enumerate(group.rules)
        }
        self._given = {place: _given(rule) for place, rule in self._rules.items()}
        self._read = {place: self._written_by(selectors(rule.expr)) for place, rule in self._rules.items()}

    def slices(self, mutant: Mutant, suites: Iterable[Suite]) -> Iterator[Slice]:
        """Yield the scenarios that look at what the mutated rule gives, each cut down to that."""
        own = (mutant.group, mutant.place)
        evaluator, given = self.plan.groups[mutant.group].evaluator, self._given[own]
        needed = self._needed({own} | (self._written_by(selectors(mutant.rule.expr)) if mutant.rule else set()))
        for suite in suites:
            if evaluator not in suite.evaluators:
                continue
            there = {place for place in needed if self.plan.groups[place[0]].evaluator in suite.evaluators}
            for scenario in suite.scenarios:
                looking = tuple(
                    expect
                    for expect in scenario.expects
                    if any(may_match(selector, given) for selector in selectors(expect.expr))
                )
                if looking:
                    places = self._fed(there, own, scenario)
                    yield Slice(every=suite.every, scenario=replace(scenario, expects=looking), places=places)

    def groups(self, places: frozenset[Place], mutant: Mutant | None) -> tuple[RuleGroup, ...]:
        """Return the groups with these rules only, the mutant in its place."""
        found = []
        for number, group in enumerate(self.plan.groups):
            rules: list[Rule] = []
            for place, rule in enumerate(group.rules):
                if mutant is not None and (number, place) == (mutant.group, mutant.place):
                    rules += [] if mutant.rule is None else [mutant.rule]
                elif (number, place) in places:
                    rules.append(rule)
            if rules:
                found.append(silent(group, rules))
        return tuple(found)

    def _written_by(self, read: Iterable[Selector]) -> set[Place]:
        """Return the rules that may give what is read."""
        return {place for selector in read for place, given in self._given.items() if may_match(selector, given)}

    def _needed(self, places: set[Place]) -> set[Place]:
        """Return the rules and all that they read, directly or not."""
        found, left = set(places), list(places)
        while left:
            more = self._read[left.pop()] - found
            found |= more
            left += more
        return found

    def _fed(self, places: set[Place], own: Place, scenario: Scenario) -> frozenset[Place]:
        """Leave out the rules that give nothing in a scenario, because nothing that they read is there."""
        names = {series.partition("{")[0] for series, _ in scenario.series}
        live: set[Place] = set()
        while True:
            more = {place for place in places - live if place == own or self._is_fed(place, names, live)}
            if not more:
                return frozenset(live)
            live |= more

    def _is_fed(self, place: Place, names: set[str], live: set[Place]) -> bool:
        expr = self._rules[place].expr
        if "vector(" in expr or "absent" in expr or self._read[place] & live:
            return True
        return any(not selector.name or selector.name in names for selector in selectors(expr))


def silent(group: RuleGroup, rules: Iterable[Rule]) -> RuleGroup:
    """Return a group of these rules, whose alerts say nothing: no test reads it, and its queries take time."""
    mute = tuple(replace(rule, annotations=()) if isinstance(rule, AlertRule) else rule for rule in rules)
    return replace(group, blocks=(Block(comment="a slice", rules=mute),))


def _given(rule: Rule) -> dict[str, str]:
    """Return what is known of the labels of what a rule gives; an empty value: it never has the label."""
    known = {name: value for name, value in rule.labels if "{{" not in value}
    if isinstance(rule, AlertRule):
        return {"__name__": "ALERTS", "alertname": rule.alert, "escalation": "", **known}
    return {"__name__": rule.record, **known}
