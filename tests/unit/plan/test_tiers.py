"""Burn factors, thresholds and the low-traffic guard, worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from slogen.core import Report
from slogen.plan.tiers import least_events, tiers
from tests.unit.plan.making import make


def factors(objective: str, window: str) -> list[tuple[str, str, str]]:
    """Return class, long window and factor of every tier."""
    _, slo = make(objective=objective, window=window)
    return [(str(tier.severity), str(tier.long), str(tier.factor)) for tier in tiers(slo, Report())]


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
        _, slo = make(objective=objective)
        assert tiers(slo, Report())[0].threshold == Decimal(threshold)


def test_a_tier_that_cannot_fire_is_left_out_with_a_warning() -> None:
    """At 90 % the 1h tier would need 144 % errors; the 6h tier needs 60 %."""
    _, slo = make(objective="90")
    report = Report()
    assert [str(tier.long) for tier in tiers(slo, report)] == ["6h", "1d", "3d"]
    assert [(problem.code, problem.severity.value) for problem in report] == [("SLO201", "warning")]


def test_an_slo_that_can_never_page_is_an_error() -> None:
    """At 80 % the 6h tier would need 120 % errors; without pages it may stand."""
    _, slo = make(objective="80")
    report = Report()
    tiers(slo, report)
    assert [(problem.code, problem.severity.value) for problem in report] == [("SLO202", "error")]
    _, quiet = make(objective="80", more="alerting: {critical: false}")
    report = Report()
    assert [str(tier.long) for tier in tiers(quiet, report)] == ["1d", "3d"]
    assert list(report) == []


@pytest.mark.parametrize(("traffic", "least"), [("10/h", 2), ("60/h", 3), ("100/h", 4), ("300/h", 5)])
def test_chance_alone_does_not_page(traffic: str, least: int) -> None:
    """At 99.9 % over 1 h, from Poisson tables: 720 windows a month, fewer than 0.1 of them by chance."""
    platform, slo = make(objective="99.9", more=f"traffic: {traffic}")
    assert least_events(tiers(slo, Report())[0], slo, platform) == least


def test_without_known_traffic_two_bad_events_are_wanted() -> None:
    """A single failed request never pages."""
    platform, slo = make(objective="99.9")
    assert [least_events(tier, slo, platform) for tier in tiers(slo, Report())] == [2, 2, 2, 2]


def test_a_busy_service_needs_no_guard() -> None:
    """50 requests a second: 1 h at 14.4 times 0.01 % is 259 errors."""
    platform, slo = make(objective="99.99", more="traffic: 50/s")
    assert [least_events(tier, slo, platform) for tier in tiers(slo, Report())] == [None, None, None, None]
