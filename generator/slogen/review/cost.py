"""What the rules of a service cost, by counting: no server is asked.

A selector with a range reads range by interval samples of each series that it finds, one without reads one. Recorded
series are those of the SLOs that its matchers cover, one each; of raw series and `by` values one is counted, for how
many there are is not known here. Alerts and clocks are there only while something fires, and count nothing.
"""

from __future__ import annotations

import re
from fractions import Fraction

from slogen.core import Duration
from slogen.model import Platform
from slogen.plan.rules import RecordingRule, ServicePlan
from slogen.promql import names
from slogen.promql.query import Read, matchers, reads
from slogen.review.changes import Cost

_ONLY_FIRING = ("ALERTS", "ALERTS_FOR_STATE", names.INCIDENT_START, names.OUTAGE_START, names.OUTAGE)
_MINUTE = Duration(60_000)


def cost(plan: ServicePlan | None, platform: Platform) -> Cost:
    """Return what a service's rules cost; nothing for one that is not there."""
    if plan is None:
        return Cost(rules=0, evaluations=Fraction(0), samples=Fraction(0))
    every = {
        rule.record: group.interval for group in plan.groups for rule in group.rules if isinstance(rule, RecordingRule)
    }
    return Cost(
        rules=sum(len(group.rules) for group in plan.groups),
        evaluations=sum((len(group.rules) * (_MINUTE / group.interval) for group in plan.groups), Fraction(0)),
        samples=sum(
            (
                _samples(read, plan, every, platform) * 1000 / group.interval.ms
                for group in plan.groups
                for rule in group.rules
                for read in reads(rule.expr)
            ),
            Fraction(0),
        ),
    )


def _samples(read: Read, plan: ServicePlan, every: dict[str, Duration], platform: Platform) -> Fraction:
    asked = matchers(read.selector)
    name = next((value for label, operator, value in asked if label == "__name__" and operator == "="), "")
    if name in _ONLY_FIRING:
        return Fraction(0)
    interval = every.get(name, platform.scaled(platform.prometheus.scrape_interval))
    series = sum(_covers(asked, slo.name) for slo in plan.service.slos) if name in every else 1
    return series * read.times * max(Fraction(1), read.over / interval)


def _covers(asked: list[tuple[str, str, str]], slo: str) -> bool:
    for label, operator, value in asked:
        if label == "slo" and operator == "=" and slo != value:
            return False
        if label == "slo" and operator == "=~":
            try:
                if re.fullmatch(value, slo) is None:
                    return False
            except re.error:
                continue  # of Go's engine only: it may find any
    return True
