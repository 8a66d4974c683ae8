"""Mutants of compiled rules: one small mistake each, which some generated test must notice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from slogen.core import Duration, plain
from slogen.model import Boolean, Freshness, QuerySli, Service, Threshold
from slogen.plan.rules import AlertRule, RecordingRule, Rule, ServicePlan
from slogen.promql import names

_STRING = r'"(?:\\.|[^"\\])*"'
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?"
_COMPARED = re.compile(rf"(>=|<=|==|!=|>|<)(\s*(?:bool\s+)?)({_NUMBER})(?![\w:.])")
_COMPARISON = re.compile(r"(?<![=!<>~])(>=|<=|==|!=|>|<)(?=\s)")
_FACTOR = re.compile(rf"({_NUMBER})(?= \* )|(?<=\* )({_NUMBER})(?![\w:.])|(?<=/ )({_NUMBER})(?![\w:.])")
_RANGE = re.compile(r"\[([0-9a-z]+)(:[0-9a-z]*)?\]")
_OFFSET = re.compile(r" offset ([0-9a-z]+)")
_SET = re.compile(r"(?<![\w:])(and|or|unless)(?![\w:])")
_BRACES = re.compile(rf"\{{((?:[^{{}}\"]|{_STRING})*)\}}")
_MATCHER = re.compile(rf"[a-zA-Z_]\w*\s*(?:=~|!~|!=|=)\s*{_STRING}")
_ZERO_FILL = re.compile(r"\s+or\s+0 \* (?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*?(?=\n|\)|$)")
_GUARD = re.compile(
    r"\n\s*and\n\s*(?:\(\n\s*slo:sli_errors:rate5m.*?\n\s*\)|sum_over_time\(slo:sli_errors:avg_rate5m.*?$)", re.S | re.M
)
_OTHER_SET = {"and": "or", "or": "and", "unless": "and"}
_OTHER_COMPARISON = {">": "<", "<": ">", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One rule of one group with a mistake; `rule` is None when the rule is missing."""

    what: str
    group: int
    place: int
    original: Rule
    rule: Rule | None
    owned: bool = False  # in PromQL that the owner of the service wrote

    @property
    def name(self) -> str:
        """What the rule records or raises."""
        return self.original.record if isinstance(self.original, RecordingRule) else self.original.alert

    @property
    def slo(self) -> str | None:
        """The SLO that the rule is about, None for rules of the whole service."""
        return dict(self.original.labels).get("slo")

    @property
    def about(self) -> str:
        """The name with the SLO, the severity and the rung, as far as the rule has them."""
        told = [value for name, value in self.original.labels if name in ("slo", "severity", "escalation")]
        return " ".join([self.name, *told])

    def __str__(self) -> str:
        return f"{self.about}: {self.what}"


def mutants(plan: ServicePlan) -> Iterator[Mutant]:
    """Yield every mutant of the rules of a service, in the order of the rules."""
    written = _written_by_owners(plan.service)
    for number, group in enumerate(plan.groups):
        for place, rule in enumerate(group.rules):
            name = rule.record if isinstance(rule, RecordingRule) else rule.alert
            mine = (name, dict(rule.labels).get("slo")) in written and "escalation" not in dict(rule.labels)
            for what, changed in _mistakes(rule):
                owned = mine and changed is not None and changed.expr != rule.expr
                yield Mutant(what=what, group=number, place=place, original=rule, rule=changed, owned=owned)


def _written_by_owners(service: Service) -> set[tuple[str, str | None]]:
    """Return name and SLO of the rules whose expression is an owner's own PromQL and not made of selectors."""
    found: set[tuple[str, str | None]] = {(alert.name, None) for alert in service.alerts}
    for slo in service.slos:
        sli = slo.sli
        asks = isinstance(sli, (Boolean, Threshold)) and sli.metric.selector is None
        asks = asks or (isinstance(sli, Freshness) and sli.timestamp.selector is None)
        if asks or isinstance(sli, QuerySli):
            found |= {(names.ERRORS_RATE, slo.name), (names.TOTAL_RATE, slo.name)}
    return found


def _mistakes(rule: Rule) -> Iterator[tuple[str, Rule | None]]:
    yield "missing", None
    seen = {rule.expr}
    for what, expr in _expressions(rule.expr):
        if expr not in seen:
            seen.add(expr)
            yield what, replace(rule, expr=expr)
    if isinstance(rule, AlertRule):
        yield from _timings(rule)
    for name, value in rule.labels:
        rest = tuple(pair for pair in rule.labels if pair[0] != name)
        yield f"without label {name}", replace(rule, labels=rest)
        yield f"label {name} is {value}x", replace(rule, labels=(*rest, (name, f"{value}x")))


def _timings(rule: AlertRule) -> Iterator[tuple[str, Rule]]:
    if rule.for_ is not None:
        yield "without for", replace(rule, for_=None)
        yield f"for: {rule.for_ * 2}", replace(rule, for_=rule.for_ * 2)
    if rule.keep_firing_for is not None:
        yield "without keep_firing_for", replace(rule, keep_firing_for=None)
        yield f"keep_firing_for: {rule.keep_firing_for * 2}", replace(rule, keep_firing_for=rule.keep_firing_for * 2)


def _expressions(expr: str) -> Iterator[tuple[str, str]]:
    """Yield what was changed, and the changed expression."""
    yield from _each(_COMPARED, expr, _nearby)
    yield from _each(_COMPARISON, expr, lambda found: [_OTHER_COMPARISON[found[1]]])
    yield from _each(_FACTOR, expr, lambda found: [_times(found[0], "0.9"), _times(found[0], "1.1")])
    yield from _each(_RANGE, expr, _ranges)
    yield from _each(_OFFSET, expr, lambda found: ["", f" offset {_scaled(found[1], 2)}"])
    yield from _each(_SET, expr, lambda found: [_OTHER_SET[found[1]]])
    yield from _each(_ZERO_FILL, expr, lambda found: [""])
    yield from _each(_GUARD, expr, lambda found: [""])
    yield from _without_matchers(expr)


def _without_matchers(expr: str) -> Iterator[tuple[str, str]]:
    """Yield the expression with a matcher left out of all its selectors."""
    every = dict.fromkeys(matcher for braces in _BRACES.finditer(expr) for matcher in _MATCHER.findall(braces[1]))
    for dropped in every:

        def rest(braces: re.Match[str], dropped: str = dropped) -> str:
            matchers = _MATCHER.findall(braces[1])
            if dropped not in matchers:
                return braces[0]
            inner = ",".join(matcher for matcher in matchers if matcher != dropped)
            return "{" + inner + "}" if inner else ""

        yield f"without {dropped}", _BRACES.sub(rest, expr)


def _each(
    pattern: re.Pattern[str], expr: str, change: Callable[[re.Match[str]], list[str]]
) -> Iterator[tuple[str, str]]:
    quoted = [found.span() for found in re.finditer(_STRING, expr)]
    for found in pattern.finditer(expr):
        if any(start < found.start() < end for start, end in quoted):
            continue
        for text in change(found):
            told = " ".join(found[0].split())
            yield (
                f"{told[:60]!r} → {' '.join(text.split())[:60]!r}",
                expr[: found.start()] + text + expr[found.end() :],
            )


def _nearby(found: re.Match[str]) -> list[str]:
    if Decimal(found[3]) == 0:
        return []
    return [f"{found[1]}{found[2]}{_times(found[3], times)}" for times in ("0.9", "1.1")]


def _times(number: str, times: str) -> str:
    return plain(Decimal(number) * Decimal(times))


def _ranges(found: re.Match[str]) -> list[str]:
    rest = found[2] or ""
    return [f"[{_scaled(found[1], by)}{rest}]" for by in (Decimal("0.5"), 2)]


def _scaled(text: str, by: Decimal | int) -> str:
    return str(Duration(int(Duration.of(text).ms * by)))
