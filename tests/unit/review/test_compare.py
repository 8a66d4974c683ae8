"""What is a change of meaning, what is text, and what is read though it is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slogen.core import Duration
from slogen.plan.rules import AlertRule, Block, Evaluator, RecordingRule, RuleGroup, ServicePlan
from slogen.promql.query import normal_form, reads
from slogen.review.changes import RuleChange, State
from slogen.review.compare import _alike
from slogen.review.rules import rule_changes
from slogen.review.uses import broken
from tests.rules.harness import availability, compiled

ALERT = AlertRule(
    alert="Slow",
    expr='up{a="1",b="2"} > 1',
    labels=(("service", "web"), ("severity", "warning"), ("team", "core")),
    annotations=(("summary", "It is slow"),),
)


def group(*rules: AlertRule | RecordingRule, comment: str = "", **about: object) -> tuple[RuleGroup, ...]:
    """Return one group of these rules."""
    whole = RuleGroup(
        name="g",
        interval=Duration.of("30s"),
        evaluator=Evaluator.PROMETHEUS,
        blocks=(Block(comment=comment, rules=rules),),
    )
    return (replace(whole, **about),)  # type: ignore[arg-type]


def only(changes: tuple[RuleChange, ...]) -> RuleChange:
    """Return the one change that there is."""
    (change,) = changes
    return change


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expr", 'up{a="1",b="2"} > 2'),
        ("for_", Duration.of("5m")),
        ("keep_firing_for", Duration.of("5m")),
        ("labels", (("service", "web"), ("severity", "warning"), ("team", "data"))),
    ],
)
def test_what_a_server_does_is_meaning(field: str, value: object) -> None:
    """Other tools overlook keep_firing_for; a label that is no part of the alert's name is a change, not a new rule."""
    change = only(rule_changes(group(ALERT), group(replace(ALERT, **{field: value}))))
    assert (change.state, change.text) == (State.CHANGED, False)


def test_what_people_read_is_text() -> None:
    """Annotations, comments and the spelling of PromQL."""
    other = replace(ALERT, annotations=(("summary", "Slow"),), expr="up{b='2',a='1'}  >  1 # so")
    change = only(rule_changes(group(ALERT, comment="a"), group(other, comment="b")))
    assert [field.about for field in change.fields] == ["expr", "annotation summary", "comment"]
    assert change.text


def test_who_evaluates_and_how_often_is_meaning() -> None:
    """Of every rule in the group."""
    moved = group(ALERT, evaluator=Evaluator.THANOS, interval=Duration.of("5m"))
    change = only(rule_changes(group(ALERT), moved))
    assert [(fact.about, fact.before, fact.after) for fact in change.fields] == [
        ("interval", "30s", "5m"),
        ("evaluator", "prometheus", "thanos"),
    ]


def test_another_severity_is_another_alert() -> None:
    """One is added, one removed."""
    other = replace(ALERT, labels=(("service", "web"), ("severity", "critical"), ("team", "core")))
    assert [one.state for one in rule_changes(group(ALERT), group(other))] == [State.ADDED, State.REMOVED]


def test_the_order_of_rules_means_nothing_by_itself() -> None:
    """They are matched by what they are, not by where they stand."""
    second = replace(ALERT, alert="Slower")
    assert rule_changes(group(ALERT, second), group(second, ALERT)) == ()


def test_normal_forms_keep_what_matters() -> None:
    """Matchers are sorted; what cannot be read is folded, and nothing raises."""
    assert normal_form("a{y='2',x=\"1\"}[300s]") == 'a{x="1",y="2"}[5m]'
    assert normal_form('a{x="  \'#"}') != normal_form('a{x=" \'#"}')
    assert normal_form("not (  PromQL") == "not ( PromQL"


def test_reads_counts_subqueries() -> None:
    """A day of samples each 5m: 288 times the instant selector."""
    (read,) = reads("max_over_time((a > 1)[1d:5m])")
    assert (read.selector.text, read.times) == ("a", 288)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('slo:sli_error:ratio_rate1h{service="web",slo="up"} > 1', True),
        ('slo:objective:ratio{service=~"web"}', True),
        ('ALERTS{alertname="SLOErrorBudgetBurn",service="web",slo="up"}', True),
        ('slo:objective:ratio{service="web",slo="other"}', False),  # it was not there before
        ('slo:objective:ratio{slo="up"}', False),  # of any service
        ('slo:objective:ratio{service="$service"}', False),
        ('slo:objective:ratio{service=~"web|db"}', False),  # of one that is not known here
        ("not PromQL (", False),
    ],
)
def test_what_reads_a_series_that_is_gone_is_broken(expression: str, told: bool) -> None:
    """The service is gone; only selectors that name it are judged."""
    plans: dict[str, ServicePlan] = {"web": compiled(availability())}
    assert bool(broken(plans, {}, [("own.json", expression)])) is told
    assert broken(plans, plans, [("own.json", expression)]) == ()


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [("99.9", "99.9", True), ("99.9", "99.95", False)],
)
def test_a_service_is_renamed_when_only_its_name_differs(before: str, after: str, same: bool) -> None:
    """Also in its selectors; another service with an SLO of the same name is another service."""
    old = compiled(availability(before).replace("req_total", 'req_total{job="web"}', 1)).service
    new = compiled(availability(after).replace("req_total", 'req_total{job="shop"}', 1)).service
    assert _alike(old, replace(new, name="shop")) is same
    assert not _alike(old, replace(new, name="other"))
