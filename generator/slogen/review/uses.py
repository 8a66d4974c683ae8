"""What reads a series that is recorded before a change and not after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from slogen.plan.rules import AlertRule, RecordingRule, ServicePlan
from slogen.promql.query import QueryError, Selector, matchers, selectors
from slogen.review.changes import Broken

Series = Mapping[str, str]
_SLO = re.compile(r'slo=~?"([^"]*)"')


def broken(
    before: Mapping[str, ServicePlan], after: Mapping[str, ServicePlan], expressions: Iterable[tuple[str, str]]
) -> tuple[Broken, ...]:
    """Return the expressions, each given with its place, that read what these plans made and no longer make.

    Only what names its service exactly is judged: the plans of other services are not known here.
    """
    old = {name: list(_made(plan)) for name, plan in before.items()}
    new = {name: list(_made(plan)) for name, plan in after.items()}
    found = []
    for where, text in expressions:
        for selector in _selectors(text):
            services = _services(selector)
            if not services or not all(name in old or name in new for name in services):
                continue
            had = any(_fits(selector, series) for name in services for series in old.get(name, ()))
            has = any(_fits(selector, series) for name in services for series in new.get(name, ()))
            if had and not has:
                found.append(Broken(where=where, reads=selector.text))
    return tuple(dict.fromkeys(found))


def _selectors(text: str) -> tuple[Selector, ...]:
    try:
        return selectors(text)
    except QueryError:
        return ()


def _services(selector: Selector) -> list[str]:
    for label, operator, value in matchers(selector):
        if label == "service" and operator == "=" and value:
            return [value]
        if label == "service" and operator == "=~" and re.fullmatch(r"[a-z0-9|-]+", value):
            return value.split("|")
    return []


def _made(plan: ServicePlan) -> Iterator[Series]:
    every = [slo.name for slo in plan.service.slos]
    for rule in (rule for group in plan.groups for rule in group.rules):
        labels = {"service": plan.service.name, **dict(rule.labels)}
        if isinstance(rule, AlertRule):
            series = [{"__name__": name, "alertname": rule.alert} for name in ("ALERTS", "ALERTS_FOR_STATE")]
        elif "slo" in labels or not isinstance(rule, RecordingRule):
            series = [{"__name__": rule.record}]
        else:
            covered = {name for match in _SLO.finditer(rule.expr) for name in match[1].split("|")}
            series = [{"__name__": rule.record, "slo": name} for name in every if name in covered or not covered]
        yield from (labels | one for one in series)


def _fits(selector: Selector, series: Series) -> bool:
    """Return whether a selector may find a series; labels that are known only at run time fit whatever is asked."""
    for label, operator, value in matchers(selector):
        if label not in series or operator not in ("=", "=~"):
            continue
        if operator == "=" and series[label] != value:
            return False
        if operator == "=~":
            try:
                if re.fullmatch(value, series[label]) is None:
                    return False
            except re.error:
                continue
    return True
