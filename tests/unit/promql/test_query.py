"""Users' PromQL: what some Prometheus from 2.42 on refuses never gets into a rule file."""

from __future__ import annotations

from pathlib import Path

import pytest

from slogen.promql.labels import named_labels
from slogen.promql.portable import EXPERIMENTAL, SINCE, needs
from slogen.promql.query import (
    QueryError,
    matchers,
    needs_series,
    parse_query,
    parse_selector,
    parse_series,
    parsed,
    selectors,
)
from tests.unit.promql.verdict import refused

OLD, CURRENT = (2, 42), (3, 16)
# Valid for every server, though they look like something that is not.
GOOD = [
    "rate(x[5m]) > 0",
    "max_over_time(x[1h:5m] offset -5m) > .5",
    "x offset 1d @ 1700000000",
    "x @ start()",
    "x > 1e308",
    "x > +Inf or x < -Inf or x != NaN",
    "x > 0x1F",
    "up - 5",
    ":record:sum5m > 5",
    'x{a=~"(?i)a|(?P<n>b)|[*+]{2}|\\\\(?|c??"}',
    'x{a="(?<n>a)",b="a++",le="5"}',
    'label_replace(x, "a", "b", "c", "d")',
    "sum by (info, step, range, fill) (x)",
    'info{end="a"} or limitk_total or first_over_time',
    "x or on (job) y",
]
# What no server, or not the oldest one, reads: never in a rule. The message names it.
REFUSED = {
    "rate(x[5]) > 0": "5 has no unit",
    "max_over_time(x[5m:30]) > 0": "30 has no unit",
    "x offset 5": "5 has no unit",
    "x offset -5": "5 has no unit",
    "x > 5m": "5m is a duration where a number belongs",
    "time() - x > 1h30m": "1h30m is a duration where a number belongs",
    "x == 1e400": "1e400 is larger than any number",
    "x == -1e309": "1e309 is larger than any number",
    "rate(x[293y])": "293y is longer than Prometheus can count",
    'x{a="b" or c="d"}': "matchers cannot be joined with or",
    'x{a=~"(?<n>b)"}': "a named group of this form",
    'x{a!~"(?x)b"}': "does not know a flag",
    'x{a=~"b++"}': "a repeated repetition",
    'x{a=~"b{1001}"}': "a repetition goes beyond 1000",
    'x{a=~"\\\\u0041"}': "does not know an escape",
    "holt_winters(x[5m], 0.5, 0.5)": "holt_winters",
}
# Behind a feature flag in the current Prometheus, unknown to the old one.
FLAGGED = {
    "double_exponential_smoothing": "double_exponential_smoothing(x[5m], 0.5, 0.5)",
    "end": "x + end()",
    "fill": "x + fill (0) y",
    "fill_left": "x + on (job) fill_left(0) y",
    "fill_right": "x + on (job) fill_right(0) y",
    "histogram_quantiles": 'histogram_quantiles(x, "q", 0.5)',
    "info": "info(x)",
    "integral": "integral(x[5m])",
    "limit_ratio": "limit_ratio by (job) (0.5, x)",
    "limitk": "LIMITK(2, x)",
    "mad_over_time": "mad_over_time(x[5m])",
    "max_of": "x > max_of(1, 2)",
    "min_of": "x > min_of(1, 2)",
    "range": "x > range()",
    "sort_by_label": 'sort_by_label(x, "a")',
    "sort_by_label_desc": 'sort_by_label_desc(x, "a")',
    "start": "x > start()",
    "start_timestamp": "start_timestamp(x)",
    "step": "x > step()",
    "ts_of_first_over_time": "ts_of_first_over_time(x[5m])",
    "ts_of_last_over_time": "ts_of_last_over_time(x[5m])",
    "ts_of_max_over_time": "ts_of_max_over_time(x[5m])",
    "ts_of_min_over_time": "ts_of_min_over_time(x[5m])",
}
NEWER = {
    "histogram_avg(x) > 0": (("histogram_avg", (2, 51)),),
    "histogram_stddev(x) > 0": (("histogram_stddev", (2, 47)),),
    "histogram_stdvar (x) > 0": (("histogram_stdvar", (2, 47)),),
    "first_over_time(x[5m])": (("first_over_time", (3, 14)),),
    'x{"a.b"="c"}': (('the name "a.b"', (3, 0)),),
    'x{job="a","a.b"="c"}': (('the name "a.b"', (3, 0)),),
    '{"http.requests"}': (('the name "http.requests"', (3, 0)),),
    'sum by (job, "a.b") (x)': (('the name "a.b"', (3, 0)),),
    'x / on ("a.b") y': (('the name "a.b"', (3, 0)),),
}


@pytest.mark.parametrize("expr", GOOD)
def test_what_every_server_reads_is_accepted(expr: str) -> None:
    """And it needs nothing newer than 2.42."""
    parsed(expr)
    assert needs(expr) == ()


@pytest.mark.parametrize("expr", REFUSED)
def test_what_some_server_refuses_is_refused(expr: str) -> None:
    """The parser takes most of these: the rule file would not load."""
    with pytest.raises(QueryError) as told:
        parsed(expr)
    assert REFUSED[expr] in str(told.value)
    assert told.value.hint


@pytest.mark.parametrize("name", sorted(EXPERIMENTAL))
def test_what_is_experimental_is_refused(name: str) -> None:
    """Whichever version the platform has: it takes a feature flag."""
    with pytest.raises(QueryError) as told:
        parsed(FLAGGED[name])
    assert "is experimental: Prometheus refuses it without a feature flag" in str(told.value)


@pytest.mark.parametrize("expr", NEWER)
def test_what_is_newer_names_its_version(expr: str) -> None:
    """Whether the platform has it is checked where both are known."""
    parsed(expr)
    assert needs(expr) == NEWER[expr]


def test_promtool_says_the_same(promtool: str, tmp_path: Path) -> None:
    """Each table holds for Prometheus 2.42 and for the current one."""
    old = not promtool.endswith("promtool3")
    exprs = [*GOOD, *REFUSED, *FLAGGED.values(), *NEWER]
    verdict = dict(zip(exprs, refused(promtool, tmp_path, exprs=exprs), strict=True))
    assert [expr for expr in GOOD if verdict[expr]] == []
    assert [expr for expr in FLAGGED.values() if not verdict[expr]] == []
    assert [expr for expr in NEWER if verdict[expr] != old] == []
    if old:
        accepted = [expr for expr in REFUSED if not verdict[expr]]
        assert accepted == ["holt_winters(x[5m], 0.5, 0.5)"]  # the one that only the current one refuses
    else:
        assert verdict["holt_winters(x[5m], 0.5, 0.5)"]


def test_the_tables_are_complete() -> None:
    """Every name of the checker is tried above."""
    assert FLAGGED.keys() == EXPERIMENTAL
    assert {name for found in NEWER.values() for name, _ in found if name in SINCE} == SINCE.keys()
    assert all(OLD < since <= CURRENT for since in SINCE.values())


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ("max by (service) (up) == 0", {"service"}),
        ("0 == (max(up) by (service, job))", {"service", "job"}),
        ("time() - max by (team) (x) > 5", {"team"}),
        ("sum without (service) (x)", set()),
        ("up{service='a'} == 0", set()),
        ("x * on (job) group_left (team) y > 0", {"team"}),
        ("y * on (job) group_right (team) x > 0", {"team"}),
        ("x / on (service) y", {"service"}),
        ("x and on (service) y", set()),
        ("max by (service) (x) and on (service) y", {"service"}),
        ("max by (job) (x) unless max by (service) (y)", {"job"}),
        ("max by (job) (x) or max by (service) (y)", {"job", "service"}),
        ("count(max by (service) (x))", set()),
        ("-max by (service) (x)", {"service"}),
    ],
)
def test_the_labels_that_the_top_of_an_expression_names(expr: str, labels: set[str]) -> None:
    """An aggregation inside another one, or behind `and`, says nothing about the result."""
    assert named_labels(parsed(expr)) == labels


def test_a_matcher_is_no_text_in_a_value() -> None:
    """`le=` in a value is not a matcher on le."""
    assert not parse_selector('x_seconds{path=",le=5"}').has_matcher("le")
    assert not parse_selector("x_seconds{file='{le!='}").has_matcher("le")
    assert parse_selector('x_seconds{path="a", le = "5"}').has_matcher("le")
    assert parse_selector('x_seconds{"le"="5"}').has_matcher("le")


def test_the_selectors_of_an_expression_in_the_order_of_the_text() -> None:
    """Within calls, ranges, subqueries and parameters; values and names that need quotes keep them."""
    one = 'topk(scalar(a), max_over_time(rate(b{x="1"}[5m] offset 1d)[1h:5m]))'
    other = '-(c{x=~"\\\\d\\"",y!="z"}) > 2 * {"d.e",f!~"g"}'
    assert [matchers(found) for found in selectors(f"{one} or {other}")] == [
        [("__name__", "=", "a")],
        [("__name__", "=", "b"), ("x", "=", "1")],
        [("__name__", "=", "c"), ("x", "=~", '\\d"'), ("y", "!=", "z")],
        [("__name__", "=", "d.e"), ("f", "!~", "g")],
    ]
    (quoted,) = selectors('x{"a.b"="c"}')
    assert matchers(quoted) == [("__name__", "=", "x"), ("a.b", "=", "c")]


@pytest.mark.parametrize(
    ("expr", "needs"),
    [
        ("rate(a[5m]) / b > 1", True),
        ("up and hour(up) > 3", True),
        ("a or vector(0)", False),
        ("count(a) - (count(b == 3) or vector(0))", True),
        ("max_over_time((a or absent(b))[5m:1m])", False),
        ("vector(1) unless a", False),
        ("vector(scalar(a))", False),
        ("count(a) < 3 or absent(a)", False),
        ("absent_over_time(a[5m])", False),
        ("hour() > 3", False),
        ('a{b="absent(c)"} == 0', True),
    ],
)
def test_what_gives_something_though_nothing_is_there(expr: str, needs: bool) -> None:
    """What is absent, a constant, and the time of day."""
    assert needs_series(expr) == needs


def test_a_series_is_read_as_tests_name_it() -> None:
    """A name and labels, or labels alone; no ranges, offsets or patterns."""
    assert parse_series('up {job="a", b="\\"}"}') == {"__name__": "up", "job": "a", "b": '"}'}
    assert parse_series('{__name__="up"}') == {"__name__": "up"}
    for wrong in ("up[5m]", "up offset 5m", 'up{a=~"b"}', 'up{a!="b"}', "up > 1", "1", "", "up{a=b}"):
        with pytest.raises(QueryError):
            parse_series(wrong)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("up[5m]", "put a function such as rate() around a range, and vector() around a number"),
        ("1 + 2", "put a function such as rate() around a range, and vector() around a number"),
        ("# up", "write PromQL"),
    ],
)
def test_what_gives_no_series_is_told_with_what_to_write(text: str, hint: str) -> None:
    """Prometheus itself would answer a range or a number, so trying it there tells nobody anything."""
    with pytest.raises(QueryError) as told:
        parse_query(text)
    assert told.value.hint == hint
