"""Exact ratios and durations."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from slogen.core import Duration, Ratio, plain


def test_an_objective_keeps_every_digit() -> None:
    """99.99 % leaves 0.0001, not 0.00009999999999998899."""
    assert str(Ratio.from_percent(Decimal("99.99")).complement) == "0.0001"


@pytest.mark.parametrize(
    ("text", "ms", "spelled"),
    [
        ("30d", 2_592_000_000, "30d"),
        ("4w", 2_419_200_000, "28d"),
        ("90m", 5_400_000, "1h30m"),
        ("2m30s", 150_000, "2m30s"),
        ("1500ms", 1500, "1s500ms"),
        ("0s", 0, "0s"),
    ],
)
def test_durations_are_spelled_with_days_as_the_largest_unit(text: str, ms: int, spelled: str) -> None:
    """A 28 day window is 28d, not 4w."""
    duration = Duration.parse(text)
    assert duration == Duration(ms)
    assert str(duration) == spelled


@pytest.mark.parametrize("text", ["", "30", "d", "-5m", "5 m", "1m1h", "5min", "1.5h", "٣m", "5m\n"])
def test_what_prometheus_does_not_read_is_no_duration(text: str) -> None:
    """Units stand in falling order, without signs, spaces or fractions."""
    assert Duration.parse(text) is None


def test_repeating_decimals_are_cut_after_twelve_digits() -> None:
    """31d / 30d repeats; 7d / 5 does not."""
    assert plain(Fraction(31, 30)) == "1.03333333333"
    assert plain(Fraction(7, 5)) == "1.4"
