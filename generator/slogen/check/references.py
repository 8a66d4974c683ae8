"""SLO602: a series or alert of slogen's own is read, and no rule of the build makes it.

What all services make is known only when all of them are planned, in several processes: each tells what its services
make, and what is read is looked up in the end. A build whose expressions read nothing of the kind does none of this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from slogen.check.expressions import expressions, promql, written
from slogen.core import Report, Span, closest, misspelt
from slogen.model import AlertTest, Service, SloTest
from slogen.plan.rules import AlertRule, RecordingRule, ServicePlan
from slogen.promql.query import QueryError, Selector, matchers, parse_series, selectors
from slogen.promql.sample import may_match
from slogen.promql.sample import series as series_text

_LIKELY = re.compile("slo:|slogen|ALERTS")
_PREFIXES = ("slo:", "slogen")
_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")
_ALERT_PREFIX = "SLO"  # of the alerts that slogen writes; other names may be those of other rules
_SLO = re.compile(r'slo=~?"([^"]*)"')

Slos = frozenset[str | None]  # None: whatever the label is at run time


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A selector of slogen's own series at its place; `fed` when a test gives the series and no rule need make it.

    `asked` is the matcher that names them, on `__name__` or `alertname`.
    """

    selector: Selector
    asked: tuple[str, str, str]
    span: Span
    fed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The recorded series and alerts of a service by name, with the SLOs that have them."""

    service: str
    names: Mapping[str, Slos]


def is_own(selector: Selector) -> bool:
    """Return whether a selector asks for what slogen's rules make: recorded series, or alerts."""
    return bool(_LIKELY.search(selector.text)) and any(
        name == "__name__" and (value in _ALERTS or (value.startswith(_PREFIXES) and operator in ("=", "=~")))
        for name, operator, value in matchers(selector)
    )


def own_readings(services: Iterable[Service]) -> tuple[Reading, ...]:
    """Return what expressions and tests read of slogen's own series."""
    return tuple(reading for service in services for reading in _readings(service))


def _readings(service: Service) -> Iterator[Reading]:
    for expression in expressions(service):
        if _LIKELY.search(expression.text):
            for selector in dict.fromkeys(selectors(promql(expression))):
                asked = _asked(selector)
                if asked is not None:
                    yield Reading(selector=selector, asked=asked, span=written(expression).place_of(asked[2]))
    tests: list[SloTest | AlertTest] = [test for slo in service.slos for test in slo.tests]
    tests += [test for alert in service.alerts for test in alert.tests]
    for test in tests:
        for (text, _), span in zip(test.series, test.places, strict=True):
            if _LIKELY.search(text):
                try:
                    series = Selector(series_text(parse_series(text)))
                except QueryError:
                    continue  # SLO301 says so
                asked = _asked(series)
                if asked is not None:
                    yield Reading(selector=series, asked=asked, span=span, fed=True)


def _asked(selector: Selector) -> tuple[str, str, str] | None:
    """Return the matcher that names what is read of slogen's own, None when it is nothing that can be looked up.

    That is one on `__name__`, exact or a pattern, or an exact one on `alertname`.
    """
    if not is_own(selector):
        return None
    named = [one for one in matchers(selector) if one[0] in ("__name__", "alertname") and one[1] in ("=", "=~")]
    recorded = next((one for one in named if one[0] == "__name__" and one[2] not in _ALERTS), None)
    return recorded or next((one for one in named if one[:2] == ("alertname", "=")), None)


def made_by(plan: ServicePlan) -> Made:
    """Return what the rules of a service make."""
    every: Slos = frozenset(slo.name for slo in plan.service.slos)
    names: dict[str, Slos] = {}
    for rule in (rule for group in plan.groups for rule in group.rules):
        labels = dict(rule.labels)
        if isinstance(rule, AlertRule):
            if "escalation" not in labels:  # a rung repeats its page
                names[rule.alert] = names.get(rule.alert, frozenset()) | {labels.get("slo")}
        elif "slo" in labels:
            names[rule.record] = names.get(rule.record, frozenset()) | {labels["slo"]}
        else:
            names[rule.record] = _covered(rule) or every
    return Made(service=plan.service.name, names=names)


def _covered(rule: RecordingRule) -> Slos:
    return frozenset(name for found in _SLO.finditer(rule.expr) for name in found[1].split("|"))


def check_references(readings: Sequence[Reading], made: Iterable[Made], report: Report) -> None:
    """Report what is read and not made."""
    by_service = {one.service: one.names for one in made}
    known = dict.fromkeys(name for names in by_service.values() for name in names)
    for reading in readings:
        fitting = _fitting(reading, known)
        if not fitting:
            wrong = _no_such_name(reading, known)
        else:
            wrong = None if reading.fed else _not_there(reading.selector, fitting, by_service)
        if wrong:
            report.error(reading.span, "SLO602", *wrong)


def _fitting(reading: Reading, known: Mapping[str, None]) -> list[str]:
    """Return the names of what is made that a selector asks for."""
    label, operator, name = reading.asked
    if operator == "=":
        return [name] if name in known else []
    return [other for other in known if may_match(reading.selector, {label: other})]


def _no_such_name(reading: Reading, known: Mapping[str, None]) -> tuple[str, str] | None:
    label, _, name = reading.asked
    if label == "__name__":
        return f"no rule of this build records {name}", _hint(name, known)
    if name.startswith(_ALERT_PREFIX) or misspelt(name, known):
        return f"no rule of this build raises {name}", _hint(name, known)
    return None  # an alert of other rules


def _not_there(
    selector: Selector, fitting: Sequence[str], made: Mapping[str, Mapping[str, Slos]]
) -> tuple[str, str] | None:
    """Return what is wrong when no service that is asked for has the series for the SLO that is asked for."""
    exact = {name: value for name, operator, value in matchers(selector) if operator == "=" and value}
    service, slo = exact.get("service"), exact.get("slo")
    if service is None and slo is None:
        return None
    if service is not None and service not in made:
        return f"there is no service {service!r} in this build", _hint(service, made)
    asked = [made[service]] if service is not None else list(made.values())
    having = [names[name] for names in asked for name in fitting if name in names]
    if any(slo is None or slo in slos or None in slos for slos in having):
        return None
    every = sorted({one for names in asked for slos in names.values() for one in slos if one is not None})
    if slo is not None and slo not in every:
        return f"there is no SLO {slo!r}" + (f" in service {service}" if service else ""), _hint(slo, every)
    there = {f"{one}/{slo}" if slo else one for one in made for name in fitting for slo in made[one].get(name, ())}
    whom = f"{service}/{slo}" if service and slo else service or slo
    return f"no rule makes {' or '.join(fitting[:3])} for {whom}", "it is made for " + ", ".join(sorted(there)[:3])


def _hint(word: str, known: Iterable[str]) -> str:
    close = closest(word, known)
    return f"did you mean {close!r}?" if close else ""
