"""The word that was probably meant."""

from __future__ import annotations

import pytest

from slogen.core import misspelt


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("redis_u", "redis_up"),
        ("redis_upp", "redis_up"),
        ("rediz_up", "redis_up"),
        ("reids_up", "redis_up"),
        ("Redis_up", "redis_up"),
        ("redis_up", None),
        ("up", None),
        ("redis_down", None),
        ("redsi_pu", None),
        ("node_2", None),
    ],
)
def test_a_slip_of_the_pen_is_one_letter_or_two_swapped(word: str, meant: str | None) -> None:
    """Two slips may be another word, and so may another digit."""
    assert misspelt(word, ("node_1", "redis_up")) == meant
