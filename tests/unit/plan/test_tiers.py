"""Burn factors, thresholds and the low-traffic guard, worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from slogen.core import Report
from slogen.plan.tiers import Tier, tiers
from tests.unit.plan.making import make


def burning(*, objective: str, window: str = "30d", more: str = "") -> tuple[tuple[Tier, ...], Report]:
    """Return the tiers of an SLO and what was reported."""
    platform, slo = make(objective=objective, window=window, more=more)
    report = Report()
    return tiers(slo, platform, report), report


def factors(objective: str, window: str) -> list[tuple[str, str, str]]:
    """Return class, long window and factor of every tier."""
    found, _ = burning(objective=objective, window=window)
    return [(str(tier.severity), str(tier.long), str(tier.factor)) for tier in found]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("7d", [("critical", "1h", "3.36"), ("critical", "6h", "1.4"), ("warning", "1d", "1")]),
        (
            "28d",
            [("critical", "1h", "13.44"), ("critical", "6h", "5.6"), ("warning", "1d", "2.8"), ("warning", "3d", "1")],
        ),
        ("30d", [("critical", "1h", "14.4"), ("critical", "6h", "6"), ("warning", "1d", "3"), ("warning", "3d", "1")]),
        ("90d", [("critical", "1h", "43.2"), ("critical", "6h", "18"), ("warning", "1d", "9"), ("warning", "3d", "3")]),
    ],
)
def test_the_factor_is_the_share_of_the_budget_by_the_share_of_the_period(
    window: str, expected: list[tuple[str, str, str]]
) -> None:
    """2 % in 1 h, 5 % in 6 h, 10 % in 1 d and 3 d; never below 1, and of two equal ones the quicker stays."""
    assert factors("99", window) == expected


def test_spending_two_percent_in_an_hour_pages() -> None:
    """At 99.9 % the 1h threshold is an error ratio of 0.0144, at 99.99 % 0.00144, exactly."""
    for objective, threshold in (("99.9", "0.0144"), ("99.99", "0.00144"), ("99.995", "0.00072")):
        found, _ = burning(objective=objective)
        assert found[0].threshold == Decimal(threshold)


def test_a_tier_that_cannot_fire_is_left_out_with_a_warning() -> None:
    """At 90 % the 1h tier would need 144 % errors; the 6h tier needs 60 %."""
    found, report = burning(objective="90")
    assert [str(tier.long) for tier in found] == ["6h", "1d", "3d"]
    assert [(problem.code, problem.severity.value) for problem in report] == [("SLO201", "warning")]


def test_an_slo_that_can_never_page_is_an_error() -> None:
    """At 80 % the 6h tier would need 120 % errors; without pages it may stand."""
    _, report = burning(objective="80")
    assert [(problem.code, problem.severity.value) for problem in report] == [("SLO202", "error")]
    found, report = burning(objective="80", more="alerting: {critical: false}")
    assert [str(tier.long) for tier in found] == ["1d", "3d"]
    assert list(report) == []


@pytest.mark.parametrize(("traffic", "least"), [("10/h", 2), ("60/h", 3), ("100/h", 4), ("300/h", 5)])
def test_chance_alone_does_not_page(traffic: str, least: int) -> None:
    """At 99.9 % over 1 h, from Poisson tables: 720 windows a month, fewer than 0.1 of them by chance."""
    found, _ = burning(objective="99.9", more=f"traffic: {traffic}")
    assert found[0].least == least


def test_without_known_traffic_two_bad_events_are_wanted() -> None:
    """A single failed request never pages."""
    found, _ = burning(objective="99.9")
    assert [tier.least for tier in found] == [2, 2, 2, 2]


def test_a_busy_service_wants_two_bad_events_as_well() -> None:
    """50 requests a second: 1 h at 14.4 times 0.01 % is 259 errors, but a young service has only a few requests."""
    found, _ = burning(objective="99.99", more="traffic: 50/s")
    assert [tier.least for tier in found] == [2, 2, 2, 2]


@pytest.mark.parametrize("traffic", ["1/h", "3/d", "1/d"])
def test_however_little_traffic_is_expected_one_bad_event_never_pages(traffic: str) -> None:
    """Chance alone would be content with one."""
    found, _ = burning(objective="99.99", more=f"traffic: {traffic}")
    assert min(tier.least for tier in found) == 2


def test_with_four_scrapes_in_5m_three_bad_events_are_wanted() -> None:
    """A lone event beside a missed scrape reads as two."""
    platform, slo = make(objective="99.9", scrape="75s")
    assert [tier.least for tier in tiers(slo, platform, Report())] == [3, 3, 3, 3]
