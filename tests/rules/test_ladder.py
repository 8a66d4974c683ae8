"""The escalation clock and its rungs, on `ALERTS` as Prometheus writes them."""

from __future__ import annotations

from tests.rules.harness import Case, availability, compiled, prove

ALERTS = (
    'ALERTS{alertname="SLOErrorBudgetBurn",alertstate="firing",service="web",slo="up",severity="critical",team="%s"}'
)
RUNG = 'alertname="SLOErrorBudgetBurn",escalation="%s"'


def test_each_rung_comes_when_the_page_has_lasted_so_long(promtool: str) -> None:
    """The page fires at 10 m: the manager is told at 25 m, the ceo at 70 m."""
    case = Case({ALERTS % "core": "_x40 1x400"})
    case.firing(RUNG % "15m", from_=600 + 900 + 15 - 15).firing(RUNG % "1h", from_=600 + 3600)
    prove(promtool, compiled(availability()), [case])


def test_a_change_of_team_in_mid_incident_does_not_restart_the_ladder(promtool: str) -> None:
    """The rules are reloaded with another team after 10 m: the rung still comes after 15 m."""
    case = Case({ALERTS % "core": "1x40 stale", ALERTS % "data": "_x41 1x400"})
    case.firing(RUNG % "15m", from_=900)
    case.count('ALERTS{alertstate="firing",escalation="15m",team="data"}', 900, 1)
    prove(promtool, compiled(availability()), [case])


def test_a_pause_shorter_than_the_hold_does_not_reset_the_clock(promtool: str) -> None:
    """10 m of page, 10 m without, page again: 15 m after the start the rung is due at once."""
    case = Case({ALERTS % "core": "1x40 stale _x39 1x400"})
    case.quiet(RUNG % "15m", 900, 1185).firing(RUNG % "15m", from_=1215)
    prove(promtool, compiled(availability()), [case])


def test_a_pause_longer_than_the_hold_is_a_new_incident(promtool: str) -> None:
    """10 m of page, 20 m without, page again: the rung comes 15 m after the second start."""
    case = Case({ALERTS % "core": "1x40 stale _x79 1x400"})
    case.firing(RUNG % "15m", from_=1815 + 900)
    prove(promtool, compiled(availability()), [case])


def test_a_page_that_does_not_escalate_has_no_rung(promtool: str) -> None:
    """Of two SLOs one does not climb; its page stays where it is."""
    body = availability() + "  - {name: down, objective: 99, alerting: {escalate: false}, sli: {boolean: up}}\n"
    case = Case({ALERTS % "core": "1x200", (ALERTS % "core").replace('"up"', '"down"'): "1x200"})
    case.count('ALERTS{alertstate="firing",escalation="15m",slo="up"}', 1200, 1)
    case.count('ALERTS{alertstate="firing",escalation="15m"}', 1200, 1)
    prove(promtool, compiled(body), [case])


def test_a_critical_cause_alert_climbs_too(promtool: str) -> None:
    """Its rung keeps the labels of the page."""
    body = 'alerts: [{name: AllDown, severity: critical, expr: "up == 0", summary: down, labels: {tier: "1"}}]'
    case = Case({'up{instance="a"}': "1x20 0x200"}).firing('alertname="AllDown",escalation=""', from_=315)
    case.firing('alertname="AllDown",escalation="15m",tier="1",instance="a",severity="critical"', from_=315 + 900)
    prove(promtool, compiled(body), [case])
