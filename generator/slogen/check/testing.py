"""What the tests of owners must say: SLO601 and SLO603, and SLO301 for series that are none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from slogen.check.expressions import of_sli, promql
from slogen.check.references import is_own
from slogen.core import Report, Span, closest, misspelt
from slogen.model import Alert, AlertTest, Platform, Slo, SloTest
from slogen.plan.rules import RecordingRule, ServicePlan
from slogen.promql import names
from slogen.promql.query import Query, QueryError, Selector, matchers, needs_series, parse_series, selectors
from slogen.promql.sample import Labels, braces, matches, may_match

_PARTS = ("_bucket", "_count", "_sum")
_HISTOGRAM = re.compile("_(?:bucket|count|sum|created)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What a test is about; `needs_series` when it gives nothing while nothing is there.

    `beneath` is the text of the rules that make what it reads, empty when it reads no recorded series.
    """

    what: str
    selectors: tuple[Selector, ...]
    needs_series: bool
    beneath: str

    @property
    def names(self) -> tuple[str, ...]:
        """The metric names that it asks for."""
        asked = [matcher for selector in self.selectors for matcher in matchers(selector)]
        return tuple(dict.fromkeys(value for name, operator, value in asked if (name, operator) == ("__name__", "=")))

    def selects(self, labels: Labels) -> bool:
        """Return whether it reads the series with these labels."""
        return any(matches(selector, labels) for selector in self.selectors)

    def reads(self, name: str) -> bool:
        """Return whether it reads some series of a metric; of a histogram all parts are one metric."""
        if any(may_match(selector, {"__name__": name}) for selector in self.selectors):
            return True
        if self.beneath and re.search(rf"(?<![\w:]){re.escape(name)}(?![\w:])|__name__", self.beneath):
            return True
        base = _HISTOGRAM.sub("", name)
        return base != name and any(base + ending in self.names for ending in _PARTS)


def unread_series(plan: ServicePlan, platform: Platform, report: Report) -> None:
    """Report series of tests that nothing under test reads: such a test passes, or fails, for no reason."""
    for alert in plan.service.alerts:
        if alert.tests:
            subject = _of_alert(plan, alert)
            for test in alert.tests:
                _judge(test, subject, fed=test.fires is not None, absent=not subject.needs_series, report=report)
    if any(slo.tests for slo in plan.service.slos):
        rates = _rates(plan)
        for slo in (slo for slo in plan.service.slos if slo.tests):
            subject = _of_slo(plan, slo, rates[slo.name])
            for tried in slo.tests:
                counts = tried.total is not None
                _judge(tried, subject, fed=counts, absent=not (counts and subject.needs_series), report=report)


def _of_alert(plan: ServicePlan, alert: Alert) -> _Subject:
    text = promql(alert.expr)
    return _subject(plan, f"the alert {alert.name}", selectors(text), needs_series(text))


def _of_slo(plan: ServicePlan, slo: Slo, rates: Sequence[str]) -> _Subject:
    """Return what the two rates of an SLO read; that one may read the other does not count."""
    other = names.ERRORS_RATE + braces({"service": plan.service.name, "slo": slo.name})
    read = [one for text in rates for one in selectors(text) if one.text != other]
    return _subject(plan, f"the SLI of {slo.name}", read, any(map(needs_series, rates)))


def _rates(plan: ServicePlan) -> dict[str, list[str]]:
    """Return the expressions of bad and of all events of each SLO."""
    found: dict[str, list[str]] = {slo.name: [] for slo in plan.service.slos}
    for rule in (rule for group in plan.groups for rule in group.rules):
        if isinstance(rule, RecordingRule) and rule.record in (names.ERRORS_RATE, names.TOTAL_RATE):
            found[dict(rule.labels)["slo"]].append(rule.expr)
    return found


def _subject(plan: ServicePlan, what: str, read: Sequence[Selector], needs: bool) -> _Subject:
    """Return a subject; one that reads recorded series reads what these are made of, and some are always there."""
    beneath = ""
    if any(map(is_own, read)):
        beneath, needs = "\n".join(rule.expr for group in plan.groups for rule in group.rules), False
    return _Subject(what=what, selectors=tuple(dict.fromkeys(read)), needs_series=needs, beneath=beneath)


def _judge(test: AlertTest | SloTest, subject: _Subject, *, fed: bool, absent: bool, report: Report) -> None:
    """Report what is wrong with the series of a test.

    `fed`: it expects something to come of them; `absent`: it may show what is when nothing is there.
    """
    series = _series(test, report)
    if series is None:
        return
    unread = [(labels, span) for labels, span in series if not subject.reads(labels.get("__name__", ""))]
    absence = absent and len(unread) == len(series)
    told: set[str] = set()
    for labels, span in unread:
        name = labels.get("__name__", "")
        if name not in told and (not absence or misspelt(name, subject.names)):
            told.add(name)
            what = name or braces(labels)
            report.error(span, "SLO601", f"{subject.what} reads no series {what}", _nearest(name, subject))
    if fed and subject.needs_series and not unread and not any(subject.selects(labels) for labels, _ in series):
        report.error(
            series[0][1] if series else test.span,
            "SLO601",
            f"{subject.what} reads none of the series of this test",
            "their labels match none of its selectors" if series else "feed one that its selectors match",
        )


def _series(test: AlertTest | SloTest, report: Report) -> list[tuple[Labels, Span]] | None:
    """Return the labels of the series of a test, each with its place; None after reporting one that is no series."""
    found = []
    for (text, _), span in zip(test.series, test.places, strict=True):
        try:
            found.append((parse_series(text), span))
        except QueryError as error:
            report.error(span, "SLO301", str(error), error.hint or 'write a series such as up{job="api"}')
    return found if len(found) == len(test.series) else None


def _nearest(name: str, subject: _Subject) -> str:
    close = closest(name, subject.names)
    if close:
        return f"did you mean {close!r}?"
    return "it reads " + ", ".join(subject.names or [selector.text for selector in subject.selectors])


def untested(plan: ServicePlan, platform: Platform, report: Report) -> None:
    """Warn of expressions that no test of their owner proves: what they mean cannot be told from their text."""
    for slo in plan.service.slos:
        asked = [
            expression for expression in of_sli(slo.sli) if isinstance(expression, Query) and not expression.selector
        ]
        if asked and not slo.tests:
            report.warning(
                slo.span,
                "SLO603",
                f"no test proves that the expressions of SLO {slo.name} count right",
                "add tests: series, and the errors and total to be counted",
            )
    for alert in plan.service.alerts:
        lacking = [
            what
            for what, there in (
                ("fires", any(test.fires is not None for test in alert.tests)),
                ("stays quiet", any(test.quiet is not None for test in alert.tests)),
            )
            if not there
        ]
        if lacking:
            report.warning(
                alert.span,
                "SLO603",
                f"no test says when {alert.name} {' and when it '.join(lacking)}",
                "add tests: series, and fires: or quiet: with a time",
            )
