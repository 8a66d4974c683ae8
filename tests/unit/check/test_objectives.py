"""Notes about promises, worked out by hand."""

from __future__ import annotations

import pytest

from slogen.check.objectives import check_objectives
from slogen.core import Report, Severity
from slogen.model import Platform, Service
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM, SERVICE

EVENTS = "{events: {total: all_total, bad: bad_total}}"


def notes(slo: str, sli: str = EVENTS) -> list[str]:
    """Return code and message of every note about an SLO, at a scrape every 30 s."""
    text = PLATFORM.format(scrape="30s", evaluation="30s", more="") + "---"
    report = Report()
    body = f"slos:\n  - {{name: up, sli: {sli}, {slo}}}\n"
    platform, service = read_file("test.yaml", text + SERVICE.format(body=body), report)
    assert list(report) == []
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    check_objectives(service, platform, report)
    assert all(problem.severity is Severity.INFO for problem in report)
    return [f"{problem.code} {problem.message}" for problem in report]


@pytest.mark.parametrize(
    ("slo", "told"),
    [
        (
            "objective: 99.99, recovery: {within: 5m}",
            "an outage of 5m is 115.7 % of the budget: 99.99 % over 30d allows 4.32 minutes",
        ),
        (
            "objective: 99.9, window: 7d, recovery: {within: 1h}",
            "an outage of 1h is 595.2 % of the budget: 99.9 % over 7d allows 10.1 minutes",
        ),
    ],
)
def test_an_outage_that_spends_more_than_the_budget_is_told(slo: str, told: str) -> None:
    """A month of 43,200 minutes at 99.99 % has 4.32 bad ones; a week of 10,080 at 99.9 % has 10.08."""
    assert notes(slo) == [f"SLO212 {told}"]


def test_one_that_spends_all_of_it_or_less_is_not() -> None:
    """4m19s are 259 of 259.2 seconds; without recovery there is nothing to say."""
    assert notes("objective: 99.99, recovery: {within: 4m19s}") == []
    assert notes("objective: 99.99") == []


@pytest.mark.parametrize(
    ("slo", "sli", "told"),
    [
        ("objective: 99.999999999", EVENTS, "99.999999999 % allows one bad event in 100,000,000,000"),
        (
            "objective: 99.99, traffic: 3/h",
            EVENTS,
            "99.99 % allows one bad event in 10,000, and 30d hold 2,160",
        ),
        (
            "objective: 99.999999999, traffic: 1000000/s",
            EVENTS,
            "99.999999999 % allows one bad event in 100,000,000,000, and 30d hold 2,592,000,000,000",
        ),
        (
            "objective: 99.999",
            "{boolean: up}",
            "99.999 % allows one bad event in 100,000, and 30d hold 86,400",
        ),
    ],
)
def test_an_objective_that_no_events_can_tell_is_told(slo: str, sli: str, told: str) -> None:
    """Eleven nines; 3 an hour in 720 hours; a scrape every 30 s in 2,592,000 s."""
    assert notes(slo, sli) == [f"SLO213 {told}"]


@pytest.mark.parametrize(
    ("slo", "sli"),
    [
        ("objective: 99.999", EVENTS),
        ("objective: 99.9999", EVENTS),
        ("objective: 99.99, traffic: 14/h", EVENTS),
        ("objective: 99.998", "{boolean: up}"),
    ],
)
def test_one_that_they_can_is_not(slo: str, sli: str) -> None:
    """Unknown traffic up to six nines; 10,080 events for one in 10,000; 86,400 samples for one in 50,000."""
    assert notes(slo, sli) == []
