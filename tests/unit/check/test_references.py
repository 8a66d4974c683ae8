"""What is read of slogen's own series and alerts is made by some rule of the build."""

from __future__ import annotations

import pytest

from tests.unit.check.making import checked

TESTS = "tests: [{series: {a: 1x9}, fires: 5m}, {series: {a: 1x9}, quiet: 5m}]"
WEB = "slos: [{name: up, objective: 99, sli: {boolean: up}}]\n"
# A second service, whose SLO has another period, and an alert.
OTHER = f"""\
slos: [{{name: deep, objective: 99, window: 28d, sli: {{boolean: up}}, noData: off}}]
alerts:
  - {{name: QueueDown, severity: info, expr: up == 0, summary: down, {TESTS.replace("a:", "up:")}}}
"""
# What an alert of service `web` reads in line 9, and what is wrong with that: the place stands in [[ ]].
EXPRESSIONS = {
    "a ratio": ('slo:sli_error:ratio_rate1h{service="web",slo="up"} > 1', ""),
    "those of all services": ("count(slo:objective:ratio) < 2", ""),
    "another service's": ('slo:sli_error:ratio_rate28d{service="b",slo="deep"} > 1', ""),
    "the clock": ('time() - slogen:incident_start:timestamp_seconds{service="web",slo="up"} > 60', ""),
    "names by a pattern": ('count({__name__=~"slo:sli_error:ratio_.*",service="web"}) < 4', ""),
    "a generated alert": ('ALERTS{alertname="SLOErrorBudgetBurn",service="web",slo="up",escalation="1h"}', ""),
    "an alert of the other service": ('ALERTS_FOR_STATE{alertname="QueueDown",service="b",slo=""}', ""),
    "an alert of other rules": ('ALERTS{alertname="NodeDown"}', ""),
    "all alerts": ('count(ALERTS{alertstate="firing",service="nobody"}) > 9', ""),
    "a text that only looks like it": ('a{b="slo:nothing ALERTS{"} > 1', ""),
    "a window that there is not": (
        '[[slo:sli_error:ratio_rate10m]]{service="web"} > 1',
        "no rule of this build records slo:sli_error:ratio_rate10m; did you mean 'slo:sli_error:ratio_rate30m'?",
    ),
    "a window that there is not, within others": (
        'a > 1 and on () max_over_time([[slogen_slo_inf]]{service="web"}[1h])',
        "no rule of this build records slogen_slo_inf; did you mean 'slogen_slo_info'?",
    ),
    "a pattern that finds nothing": (
        'count({__name__=~"[[slo:sli_eror:.*]]"}) < 4',
        "no rule of this build records slo:sli_eror:.*; did you mean 'slo:sli_errors:rate5m'?",
    ),
    "a misspelt alert": (
        'ALERTS{alertname="[[SLOErorBudgetBurn]]"}',
        "no rule of this build raises SLOErorBudgetBurn; did you mean 'SLOErrorBudgetBurn'?",
    ),
    "an alert that is switched off": (
        'ALERTS{alertname="[[SLONoData]]",service="b"}',
        "no rule makes SLONoData for b; it is made for web/up",
    ),
    "a cause alert but for one letter": (
        'ALERTS{alertname="[[QueuDown]]"}',
        "no rule of this build raises QueuDown; did you mean 'QueueDown'?",
    ),
    "a service that there is not": (
        '[[slo:objective:ratio]]{service="webb"} > 1',
        "there is no service 'webb' in this build; did you mean 'web'?",
    ),
    "an alert of a service that there is not": (
        'ALERTS{alertname="[[SLOErrorBudgetBurn]]",service="wbe"}',
        "there is no service 'wbe' in this build; did you mean 'web'?",
    ),
    "an SLO that the service has not": (
        '[[slo:objective:ratio]]{service="web",slo="upp"} > 1',
        "there is no SLO 'upp' in service web; did you mean 'up'?",
    ),
    "an SLO that no service has": (
        '[[slo:objective:ratio]]{slo="deeep"} > 1',
        "there is no SLO 'deeep'; did you mean 'deep'?",
    ),
    "a period of another SLO": (
        '[[slo:sli_error:ratio_rate28d]]{service="web",slo="up"} > 1',
        "no rule makes slo:sli_error:ratio_rate28d for web/up; it is made for b/deep",
    ),
}


def alert(expr: str, tests: str = "") -> str:
    """Return an alert of service `web` with its SLO; the expression stands in line 9, tests in line 11."""
    return (
        f"{WEB}alerts:\n  - name: Own\n    severity: info\n    expr: |-\n      {expr}\n    summary: own\n    {tests}\n"
    )


def told(*bodies: str) -> list[str]:
    """Return the problems with references."""
    return [problem for problem in checked(*bodies) if "SLO602" in problem]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_no_rule_makes_is_told_at_the_expression(name: str) -> None:
    """Names that are not recorded, alerts that are not raised, services and SLOs that there are not."""
    expr, wrong = EXPRESSIONS[name]
    column = 7 + expr.find("[[")
    expr = expr.replace("[[", "").replace("]]", "")
    assert told(alert(expr), OTHER) == [f"web:9:{column} SLO602: {wrong}"] * bool(wrong)


def test_an_sli_may_be_made_of_recorded_rates() -> None:
    """Its place is in the expression."""
    errors = 'sum(slo:sli_errors:rate5m{service="S"}) and sum(rate(a[$window]))'
    sli = f"{{query: {{errors: '{errors}', total: 'sum(rate(a[$window]))'}}}}"
    body = f"slos:\n  - {{name: all, objective: 99, sli: {sli}}}\n"
    assert told(body.replace("S", "b"), OTHER) == []
    assert told(body.replace("S", "d"), OTHER) == ["web:5:59 SLO602: there is no service 'd' in this build; "]


def test_a_test_may_feed_those_of_other_services_but_none_that_are_never_recorded() -> None:
    """What is beside the point may be tried; a series that no server ever holds proves nothing."""
    fed = 'slo:sli_error:ratio_rateW{service="nobody"}'
    tests = (
        f"tests: [{{series: {{'{fed}': 2x9}}, fires: 5m}}, {{series: {{'ALERTS{{alertname=\"X\"}}': 1x9}}, quiet: 5m}}]"
    )
    body = alert('count({__name__=~"slo:sli_error:ratio_.*"}) > 1', tests)
    assert told(body.replace("W", "1h")) == []
    assert told(body.replace("W", "10m").replace("X", "SLOBudgetExhausted")) == [
        "web:11:23 SLO602: no rule of this build records slo:sli_error:ratio_rate10m; "
        "did you mean 'slo:sli_error:ratio_rate30m'?",
        "web:11:100 SLO602: no rule of this build raises SLOBudgetExhausted; did you mean 'SLOErrorBudgetExhausted'?",
    ]
