"""Each invariant of generated rules, and a plan that was broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from slogen.check import run_checks
from slogen.core import Duration, Report
from slogen.model import Platform
from slogen.plan.rules import AlertRule, Block, Evaluator, Rule, RuleGroup, ServicePlan
from slogen.promql import names
from tests.unit.check.making import planned

QUERY = "{query: {errors: 'rate(a[$window])', total: 'rate(b[$window])'}}"
TESTS = "tests: [{name: t, at: 10m, series: {a: 0+1x9, b: 0+1x9}, errors: 2/m, total: 2/m}]"
CASES = "tests: [{series: {up: 0x9 0x9}, fires: 5m}, {series: {up: 1x9}, quiet: 5m}]"
BODY = f"""\
slos:
  - {{name: first, objective: 99, sli: {{boolean: up}}, noData: critical}}
  - {{name: second, objective: 99.9, sli: {QUERY}, {TESTS}}}
alerts:
  - {{name: Down, severity: critical, expr: up == 0, summary: down, {CASES}}}
"""
PLAN, PLATFORM = planned(BODY)
Change = Callable[[ServicePlan], ServicePlan]
TOLD = tuple((name, "x") for name in ("summary", "description", "runbook_url"))
FIRST = (("service", "web"), ("slo", "first"))


def problems(plan: ServicePlan, platform: Platform = PLATFORM) -> list[str]:
    """Return what the checks find in a plan."""
    report = Report()
    run_checks(plan, platform, report)
    return [f"{problem.code}: {problem.message}" for problem in report]


def group(speed: str, **changed: object) -> Change:
    """Change a group."""
    return groups(speed, lambda one: replace(one, **changed))  # type: ignore[arg-type]


def groups(speed: str, change: Callable[[RuleGroup], RuleGroup]) -> Change:
    """Change a group by a function."""
    return lambda plan: replace(
        plan, groups=tuple(change(one) if one.name.endswith(speed) else one for one in plan.groups)
    )


def rules(speed: str, change: Callable[[list[Rule]], list[Rule]]) -> Change:
    """Change the rules of a group."""
    return groups(
        speed, lambda one: replace(one, blocks=(Block(comment="changed", rules=tuple(change(list(one.rules)))),))
    )


def rule(speed: str, name: str, having: tuple[tuple[str, str], ...] = (), /, **changed: object) -> Change:
    """Change the first rule of a name whose labels begin so."""

    def change(one: list[Rule]) -> list[Rule]:
        place = next(
            place for place, rule in enumerate(one) if named(rule) == name and rule.labels[: len(having)] == having
        )
        one[place] = replace(one[place], **changed)  # type: ignore[arg-type]
        return one

    return rules(speed, change)


def named(rule: Rule) -> str:
    """Return what a rule records or raises."""
    return rule.alert if isinstance(rule, AlertRule) else rule.record


def last(name: str) -> Callable[[list[Rule]], list[Rule]]:
    """Move the rules of a name to the end."""
    return lambda one: [rule for rule in one if named(rule) != name] + [rule for rule in one if named(rule) == name]


def without(kind: str, *gone: str) -> Change:
    """Leave labels or annotations out of the alert on the first SLO's budget."""

    def change(one: list[Rule]) -> list[Rule]:
        place = next(place for place, rule in enumerate(one) if named(rule) == names.EXHAUSTED_ALERT)
        kept = tuple(pair for pair in getattr(one[place], kind) if pair[0] not in gone)
        one[place] = replace(one[place], **{kind: kept})  # type: ignore[arg-type]
        return one

    return rules("slow", change)


# What is done to a good plan, and all that the checks say of it.
BREACHES: dict[str, tuple[Change, list[str]]] = {
    "nothing": (lambda plan: plan, []),
    "a fast group that is slow": (
        group("fast", interval=Duration.of("1m")),
        ["group slogen-web-fast has the interval 1m, not 30s"],
    ),
    "a slow group that is too slow": (
        group("slow", interval=Duration.of("10m")),
        [
            "group slogen-web-slow has the interval 10m, longer than Prometheus looks back",
            "group slogen-web-slow has the interval 10m, not 5m",
        ],
    ),
    "a group of another name": (
        group("slow", name="slogen-web-odd"),
        ["nothing is known of a group slogen-web-odd"],
    ),
    "a group that two servers evaluate": (
        lambda plan: replace(plan, groups=(*plan.groups, replace(plan.groups[1], blocks=()))),
        ["group slogen-web-slow is there 2 times"],
    ),
    "pages in a Thanos that there is not": (
        group("fast", evaluator=Evaluator.THANOS),
        [
            "group slogen-web-fast is Thanos Ruler's, and there is none",
            "group slogen-web-fast pages and is not evaluated by Prometheus",
        ],
    ),
    "a rule that reads further back than Prometheus keeps": (
        rule("slow", names.BUDGET_REMAINING, lookback=Duration.of("366d")),
        ["slo:period_error_budget_remaining:ratio looks back 366d, and Prometheus keeps 365d"],
    ),
    "a budget that is recorded last": (
        rules("fast", last(names.BUDGET)),
        ["slo:current_burn_rate:ratio reads slo:error_budget:ratio, which comes later in slogen-web-fast"],
    ),
    "a rate that reads another SLO's": (
        rule("fast", names.TOTAL_RATE, FIRST, expr='slo:sli_total:rate5m{service="web",slo="second"}'),
        ["slo:sli_total:rate5m reads slo:sli_total:rate5m, which comes later in slogen-web-fast"],
    ),
    "a rule that reads itself": (
        rule("slow", names.BUDGET_REMAINING, expr='slo:period_error_budget_remaining:ratio{service="web"} * 1'),
        [
            "slo:period_error_budget_remaining:ratio reads slo:period_error_budget_remaining:ratio, "
            "which comes later in slogen-web-slow"
        ],
    ),
    "a clock before a page": (
        rules("fast", lambda one: [rule for rule in last("Down")(one) if "escalation" not in dict(rule.labels)]),
        ["slogen:incident_start:timestamp_seconds reads Down, which comes later in slogen-web-fast"],
    ),
    "a page that reads another one": (
        rule("fast", names.BURN_ALERT, FIRST, expr='ALERTS{alertname="SLOErrorBudgetBurn",service="web",slo="second"}'),
        ["SLOErrorBudgetBurn reads SLOErrorBudgetBurn, which comes later in slogen-web-fast"],
    ),
    "an alert without the labels that route it": (
        without("labels", "severity", "team"),
        ["alert SLOErrorBudgetExhausted has no severity and no team"],
    ),
    "an alert of no service": (
        without("labels", "service"),
        ["alert SLOErrorBudgetExhausted has no service"],
    ),
    "an alert that says nothing": (
        without("annotations", "summary", "description", "runbook_url", "dashboard_url"),
        ["alert SLOErrorBudgetExhausted has no dashboard_url and no description and no runbook_url and no summary"],
    ),
    "an alert that links to another service's dashboard": (
        rule("fast", names.BURN_ALERT, FIRST, annotations=(*TOLD, ("dashboard_url", "https://g/d/slogen-db"))),
        ["alert SLOErrorBudgetBurn links to the dashboard slogen-db, and the service has none of this uid"],
    ),
    "an alert of another service and of an unknown class": (
        rule("fast", "Down", labels=(("service", "db"), ("severity", "page"), ("team", "core")), keep_firing_for=None),
        ["alert Down has the severity page", "alert Down says that it is of service db"],
    ),
    "a rung without its service": (
        rule("fast", names.BURN_ALERT, (("service", "web"), ("escalation", "15m")), labels=(("escalation", "15m"),)),
        ["alert SLOErrorBudgetBurn has no service"],
    ),
    "a page that ends with one lost scrape": (
        rule("fast", "Down", keep_firing_for=None),
        ["alert Down is kept for 0s, not 5m"],
    ),
    "a note that outlives what it tells": (
        rule("slow", names.EXHAUSTED_ALERT, keep_firing_for=Duration.of("5m")),
        ["alert SLOErrorBudgetExhausted is kept for 5m, not 0s"],
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_broken_plan_is_told(name: str) -> None:
    """With what is wrong; and nothing is said of a plan that is left as it is."""
    change, breaches = BREACHES[name]
    assert problems(change(PLAN)) == [f"SLO901: the generated rules are wrong: {breach}" for breach in breaches]


def test_two_rules_of_one_name_are_told() -> None:
    """By the check that is older than the others."""
    twice = rules("slow", lambda one: [*one, one[-1]])
    assert problems(twice(PLAN)) == ["SLO207: two rules write SLOErrorBudgetExhausted with the same labels"]


def test_a_plan_with_errors_of_the_user_is_not_looked_at() -> None:
    """Placement has told already that Prometheus keeps too little: what follows from it is no bug."""
    report = Report()
    report.error(PLAN.service.span, "SLO204", "too little")
    run_checks(BREACHES["a slow group that is too slow"][0](PLAN), PLATFORM, report)
    assert [problem.code for problem in report] == ["SLO204"]


def test_owners_may_read_what_comes_later() -> None:
    """An SLI over its own service's ratios, an alert on the clock or on another alert: they know what they do."""
    late = 'slo:sli_error:ratio_rate1h{service="web"} and slo:sli_errors:rate5m{service="web",slo="second"}'
    clock = 'slogen:incident_start:timestamp_seconds{service="web"} and on () ALERTS{alertname="Down"}'
    body = BODY.replace("rate(a[$window])", f"{late} and rate(a[$window])")
    body = body.replace("expr: up == 0", f"expr: '{clock} or up == 0'")
    assert problems(*planned(body)) == []


@pytest.mark.parametrize(
    "more",
    ["", "timeScale: 60", "clusters: [a, b]", "thanos: {}"],
)
def test_a_good_plan_is_left_alone_on_every_platform(more: str) -> None:
    """Also where time is scaled, and where nothing links to a dashboard."""
    assert problems(*planned(BODY, more=more)) == []
