"""Series that selectors match, and series that one of their matchers keeps out."""

from __future__ import annotations

import pytest

from slogen.promql.query import Selector
from slogen.promql.sample import beside, is_understood, matches, sample

READ = Selector('x_total{job="api",code=~"5..",path!="/health",verb!~"WATCH|CONNECT"}')


def test_for_each_matcher_there_is_a_series_that_it_alone_keeps_out() -> None:
    """It differs in that label and in no other."""
    labels = {"__name__": "x_total", "job": "api", "code": "500", "path": "/a", "verb": "GET"}
    assert beside(labels, READ) == {
        ("job", "=", "api"): {**labels, "job": "another"},
        ("code", "=~", "5.."): {**labels, "code": "another"},
        ("path", "!=", "/health"): {**labels, "path": "/health"},
        ("verb", "!~", "WATCH|CONNECT"): {**labels, "verb": "WATCH"},
    }


def test_a_series_that_something_else_reads_is_not_beside() -> None:
    """Without code="500" it would still count among all requests."""
    every, bad = Selector('x_total{job="api"}'), Selector('x_total{job="api",code="500"}')
    found = beside({"__name__": "x_total", "job": "api", "code": "500"}, every, bad)
    assert list(found) == [("job", "=", "api")]


def test_no_value_is_kept_out_by_a_pattern_of_everything() -> None:
    """Nor is anything beside a series that is not read at all."""
    assert beside({"__name__": "x", "a": "1"}, Selector('x{a=~".*"}')) == {}
    assert beside({"__name__": "y", "job": "api"}, Selector('x{job="api"}')) == {}


@pytest.mark.parametrize("pattern", ["[[:alpha:]]+", r"\\pL+", "(?U)a+", r"a\\z"])
def test_patterns_that_python_reads_otherwise_are_left_alone(pattern: str) -> None:
    """A series made from one would not be what Prometheus selects."""
    selector = Selector(f'x{{a=~"{pattern}"}}')
    assert not is_understood(selector)
    assert sample(selector) is None


@pytest.mark.parametrize("pattern", ["5..", "a|b", "(?i)get", r"v[0-9]+\\.x", "acgs2-.*"])
def test_a_series_is_made_from_what_both_read_alike(pattern: str) -> None:
    """And its selector matches it."""
    selector = Selector(f'x{{a=~"{pattern}"}}')
    labels = sample(selector)
    assert labels is not None
    assert matches(selector, labels)
