"""The scenarios that prove a service's rules: events in, alerts out, from tables and not from the planner's formulas.

Four layers, a file of tests each, so that a service is tested in seconds:

- raw series at the platform's own intervals, recorded ratios at their thresholds, outages, the ladder (`raw`,
  `levels`, `recovery`, `ladder`);
- recorded rates with a sample in 5m, for windows up to 6h (`windows`);
- recorded rates with a sample in 55m, for windows of days (`slow`);
- recorded rates with a sample in half a day, for periods and their budgets (`periods`).

Cause alerts that Thanos Ruler evaluates have a file of their own, and time stamps have one: rules about their age are
evaluated once, when a time stamp can be old enough (`raw`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slogen.core import Report
from slogen.model import AlertClass, Platform, Service
from slogen.plan.rules import AlertRule, Evaluator, ServicePlan
from slogen.plan.scenarios import periods, slow
from slogen.plan.scenarios.ladder import cause_scenarios, ladder_scenarios
from slogen.plan.scenarios.levels import level_scenarios
from slogen.plan.scenarios.periods import period_scenarios
from slogen.plan.scenarios.raw import aging, raw_scenarios
from slogen.plan.scenarios.recovery import recovery_scenarios
from slogen.plan.scenarios.scenario import Expect, Scenario, Subject, Suite
from slogen.plan.scenarios.slow import slow_scenarios
from slogen.plan.scenarios.watch import watch_scenarios
from slogen.plan.scenarios.windows import HALF, window_scenarios
from slogen.plan.tiers import Tier, tiers

__all__ = ["Expect", "Scenario", "Suite", "suites", "watch_scenarios"]


def suites(plan: ServicePlan, platform: Platform) -> tuple[Suite, ...]:
    """Return the suites of a service; none on a platform whose time is scaled, for what they say is in minutes."""
    if platform.time_scale != 1:
        return ()
    service = plan.service
    burning = {slo.name: tiers(slo, platform, Report()) for slo in service.slos}
    near = (Evaluator.PROMETHEUS,)
    far = {
        rule.alert
        for group in plan.groups
        if group.evaluator is Evaluator.THANOS
        for rule in group.rules
        if isinstance(rule, AlertRule)
    }
    every = platform.prometheus.evaluation_interval
    daily = tuple(dict.fromkeys(group.evaluator for group in plan.groups if group.name.endswith("-slow")))
    apart = daily != near
    subjects = tuple(Subject(service, slo, platform, apart) for slo in service.slos)
    once, aged = aging(subjects)
    found = (
        Suite(
            layer="",
            every=every,
            evaluators=near,
            scenarios=(
                *_fast(service, subjects, burning, platform),
                *cause_scenarios(service, (alert for alert in service.alerts if alert.name not in far)),
            ),
        ),
        Suite(
            layer="causes",
            every=every,
            evaluators=(Evaluator.THANOS,),
            scenarios=tuple(cause_scenarios(service, (alert for alert in service.alerts if alert.name in far))),
        ),
        Suite(layer="ages", every=once, evaluators=near, scenarios=aged),
        Suite(layer="windows", every=HALF, evaluators=near, scenarios=tuple(window_scenarios(subjects, burning))),
        Suite(
            layer="slow",
            every=slow.EVERY,
            evaluators=daily,
            scenarios=tuple(slow_scenarios(subjects, burning, apart)),
        ),
        Suite(
            layer="periods",
            every=periods.EVERY,
            evaluators=daily,
            scenarios=tuple(period_scenarios(subjects, apart)),
        ),
    )
    return tuple(suite for suite in found if suite.scenarios)


def _fast(
    service: Service, subjects: Iterable[Subject], burning: dict[str, tuple[Tier, ...]], platform: Platform
) -> Iterator[Scenario]:
    for subject in subjects:
        mine = burning[subject.slo.name]
        yield from raw_scenarios(subject, mine)
        yield from level_scenarios(subject, mine, AlertClass.CRITICAL, platform.prometheus.evaluation_interval)
        yield from recovery_scenarios(subject, mine)
    yield from ladder_scenarios(service, platform)
