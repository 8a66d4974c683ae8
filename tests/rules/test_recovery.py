"""When an outage is told to last too long, from raw counters. 15 s scrape and evaluation, recovery within 5m."""

from __future__ import annotations

import pytest

from slogen.plan.rules import ServicePlan
from tests.rules.harness import Case, availability, compiled, prove

HEALTHY = 240  # scrapes: an hour
BEGIN = HEALTHY * 15
LATE = 'alertname="SLORecoveryOverdue"'


def planned() -> ServicePlan:
    """Return a service that has to recover within 5m."""
    return compiled(availability(more="traffic: 60/s\n    recovery: {within: 5m}"))


def outage(scrapes: int, after: int, end: str = "") -> dict[str, str]:
    """Return counters of a healthy hour, so many scrapes without a single good answer, and health after."""
    good, bad = 1000 * HEALTHY, 1000 * scrapes
    return {
        'req_total{code="200"}': f"0+1000x{HEALTHY} {good}x{scrapes - 1} {good + 1000}+1000x{after}" + end,
        'req_total{code="500"}': f"0x{HEALTHY} 1000+1000x{scrapes - 1} {bad}x{after}" + end,
    }


@pytest.mark.parametrize("scrapes", [20, 18, 8])
def test_an_outage_that_ends_in_time_is_quiet(promtool: str, scrapes: int) -> None:
    """5m, 4m30s and 2m of total outage, looked at every minute for half an hour."""
    case = Case(outage(scrapes, 120)).count("slo:outage:seconds", BEGIN + 165, int(scrapes > 10))
    prove(promtool, planned(), [case.quiet(LATE, *range(BEGIN, BEGIN + 1800, 60))])


def test_one_that_does_not_is_told_two_and_a_half_minutes_later(promtool: str) -> None:
    """After half of 5m most events are bad: after 2m30s to 2m45s of a total outage, and 5m later it is overdue.

    Of 6m: it recovers, and 2m30s after that no outage is left; the alert is kept for 5m.
    """
    case = Case(outage(24, 60)).quiet(LATE, BEGIN + 435).count(f'ALERTS{{{LATE},alertstate="firing"}}', BEGIN + 465, 1)
    case.count("slo:outage:seconds", BEGIN + 360 + 120, 1).count("slo:outage:seconds", BEGIN + 360 + 165, 0)
    case.quiet(LATE, BEGIN + 360 + 150 + 330)
    prove(promtool, planned(), [case])


def test_an_outage_does_not_end_because_its_pods_are_gone(promtool: str) -> None:
    """Three minutes of failures, then nothing at all for twenty; and health for five, then nothing."""
    gone = Case(outage(12, 1)).count(f'ALERTS{{{LATE},alertstate="firing"}}', BEGIN + 1200, 1)
    gone.series = {name: values.rsplit(" ", 1)[0] + " stale" for name, values in gone.series.items()}
    recovered = Case(outage(12, 20, " stale")).quiet(LATE, BEGIN + 480, BEGIN + 600, BEGIN + 1200)
    prove(promtool, planned(), [gone, recovered])


def test_a_single_failed_request_is_no_outage(promtool: str) -> None:
    """The only request of an hour fails: all events of 5m are bad, and no outage is seen."""
    case = Case({'req_total{code="500"}': "0x240 1x240"})
    for minute in range(60, 75):
        case.count("slo:outage:seconds", minute * 60, 0)
    case.value("slo:sli_error:ratio_rate5m", 62 * 60, 1)
    prove(promtool, planned(), [case])
