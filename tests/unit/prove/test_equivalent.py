"""Mistakes that nothing can notice, and such that only look like it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slogen.plan.rules import RecordingRule
from slogen.prove import mutants
from slogen.prove.equivalent import reason
from slogen.prove.mutants import Mutant


def told(expr: str, what: str) -> list[bool]:
    """Return of each mutant that is told with these words whether it is taken to mean the same."""
    rule = RecordingRule(record="a:b:c", expr=expr, labels=(("slo", "x"),))
    found = [
        Mutant(what=words, group=0, place=0, original=rule, rule=replace(rule, expr=changed))
        for words, changed in mutants._expressions(expr)
        if words == what
    ]
    assert found, [words for words, _ in mutants._expressions(expr)]
    return [reason(mutant) is not None for mutant in found]


@pytest.mark.parametrize(
    ("expr", "what", "same"),
    [
        ("count_over_time((a > bool 5)[5m:30s])", "'> bool 5' → '> bool 4.5'", [True]),
        ("count_over_time((a > bool 5)[5m:30s])", "'>' → '<'", [True]),
        ('count_over_time((a{b="("} > bool 5)[5m:30s]) > 2', "'> bool 5' → '> bool 5.5'", [True]),
        ("avg_over_time((a > bool 5)[5m:30s])", "'> bool 5' → '> bool 4.5'", [False]),
        ("avg_over_time((a > bool 5)[5m:1m]) * count_over_time((a > bool 5)[5m:1m])", "'>' → '<'", [False, True]),
        ("count_over_time((a > 5)[5m:30s])", "'> 5' → '> 4.5'", [False]),
        ("count_over_time(((a > bool 5) > 0.5)[5m:30s])", "'> bool 5' → '> bool 4.5'", [False]),
        ("count_over_time((a > bool 5)[5m:30s]) > 2", "'> 2' → '> 1.8'", [False]),
    ],
)
def test_a_comparison_with_bool_of_which_only_samples_are_counted(expr: str, what: str, same: list[bool]) -> None:
    """A sample comes of it either way, unless something filters by its value."""
    assert told(expr, what) == same
