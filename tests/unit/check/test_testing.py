"""What the tests of owners must say: series that are read, and some test for each expression."""

from __future__ import annotations

import pytest

from tests.unit.check.making import checked


def alert(expr: str, *tests: str) -> str:
    """Return an alert with tests, each a line such as `fires: {'up{job="a"}': 0x9}`; the first is in line 10."""
    lines = [f"      - {{series: {test.partition(': ')[2]}, {test.partition(': ')[0]}: 5m}}" for test in tests]
    head = ["alerts:", "  - name: Down", "    severity: info", f"    expr: {expr}", "    summary: down", "    tests:"]
    return "\n".join([*head, *lines]) + "\n"


def slo(sli: str, *tests: str) -> str:
    """Return an SLO with tests, each a line of keys; the first is in line 9."""
    lines = [f"      - {{name: t, at: 10m, {test}}}" for test in tests]
    return "\n".join(["slos:", "  - name: up", "    objective: 99", f"    sli: {sli}", "    tests:", *lines]) + "\n"


FIRES, QUIET = "fires: {'up{job=\"a\"}': 0x9 0x9}", "quiet: {'up{job=\"a\"}': 1x9}"
COUNTED = "errors: 0/m, total: 2/m"

# An expression and its tests, and whether some series of them is read by nothing.
ALERTS = {
    "series that are read": ('up{job="a"} == 0', (FIRES, QUIET), []),
    "a misspelt metric where it must fire": (
        "redis_up == 0",
        ("fires: {'redis_pu{job=\"a\"}': 0x9 0x9}", "quiet: {redis_up: 1x9}"),
        ["10:19 SLO601: the alert Down reads no series redis_pu; did you mean 'redis_up'?"],
    ),
    "a misspelt metric where it must be quiet": (
        "redis_up == 0",
        ("fires: {redis_up: 0x9 0x9}", "quiet: {redis_upp: 1x9}"),
        ["11:19 SLO601: the alert Down reads no series redis_upp; did you mean 'redis_up'?"],
    ),
    "another metric beside the right one": (
        "a / b > 1",
        ("fires: {a: 9x9, zzz: 1x9}", "quiet: {a: 1x9, b: 1x9}"),
        ["10:27 SLO601: the alert Down reads no series zzz; it reads a, b"],
    ),
    "labels that nothing selects": (
        'up{job="a"} == 0',
        ("fires: {'up{job=\"b\"}': 0x9 0x9}", QUIET),
        [
            "10:19 SLO601: the alert Down reads none of the series of this test; "
            "their labels match none of its selectors"
        ],
    ),
    "quiet on what is not its own": ('up{job="a"} == 0', (FIRES, "quiet: {'up{job=\"b\"}': 0x9 0x9}"), []),
    "one of two series is read": (
        'up{job="a"} == 0',
        ("fires: {'up{job=\"b\"}': 1x9, 'up{job=\"a\"}': 0x9 0x9}", QUIET),
        [],
    ),
    "absence of labels": (
        '(count(up{job="a"}) or vector(0)) < 1',
        ("fires: {'up{job=\"b\"}': 1x9}", QUIET),
        [],
    ),
    "absence of a metric": ("a != 1 or absent(a)", ("fires: {up: 1x9}", "quiet: {a: 1x9}"), []),
    "absence for a slip of the pen": (
        "redis_up != 1 or absent(redis_up)",
        ("fires: {reids_up: 0x9 0x9}", "quiet: {redis_up: 1x9}"),
        ["10:19 SLO601: the alert Down reads no series reids_up; did you mean 'redis_up'?"],
    ),
    "absence that is told for another reason": (
        "redis_up != 1 or absent(redis_up)",
        ("fires: {redis_up: 0x9 0x9, foo: 1x9}", "quiet: {redis_up: 1x9}"),
        ["10:38 SLO601: the alert Down reads no series foo; it reads redis_up"],
    ),
    "a metric that is found by a pattern": (
        '\'{__name__=~"a_.+",job="x"} > 1\'',
        ("fires: {'a_b{job=\"x\"}': 2x9}", "quiet: {a_b: 1x9}"),
        [],
    ),
    "a metric that the pattern does not find": (
        '\'{__name__=~"a_.+",job="x"} > 1\'',
        ("fires: {'b_a{job=\"x\"}': 2x9}", "quiet: {'{job=\"x\"}': 1x9}"),
        [
            '10:19 SLO601: the alert Down reads no series b_a; it reads {__name__=~"a_.+",job="x"}',
            '11:19 SLO601: the alert Down reads no series {job="x"}; it reads {__name__=~"a_.+",job="x"}',
        ],
    ),
    "all parts of a histogram": (
        "rate(x_sum[5m]) / rate(x_count[5m]) > 1",
        ("fires: {x_sum: 0+9x9, x_count: 0+1x9, 'x_bucket{le=\"1\"}': 1x9}", "quiet: {x_sum: 1x9, x_count: 1x9}"),
        [],
    ),
    "the time of day alone": ("hour() > 3 and day_of_week() < 6", ("fires: {up: 1x9}", "quiet: {up: 1x9}"), []),
    "no series at all": (
        "up == 0",
        ("fires: {}", "quiet: {up: 1x9}"),
        ["10:9 SLO601: the alert Down reads none of the series of this test; feed one that its selectors match"],
    ),
    "raw series of an alert on recorded ones": (
        'slo:sli_error:ratio_rate5m{service="web",slo="up"} > 0.5',
        ("fires: {up: 0x9 0x9}", "quiet: {up: 1x9}"),
        [],
    ),
    "raw series of an alert on alerts, which are recorded too": (
        'count(ALERTS{alertstate="firing",severity="critical"}) > 0',
        ("fires: {up: 0x9 0x9}", "quiet: {up: 1x9}"),
        [],
    ),
    "what is no series": (
        "up == 0",
        ("fires: {'up{job=a}': 0x9 0x9}", "quiet: {'up{job=~\"a\"}': 1x9}"),
        [
            "10:19 SLO301: not valid PromQL: unexpected identifier 'a' in label matching, expected string; "
            'write a series such as up{job="api"}',
            '11:19 SLO301: a series has labels, and no patterns of labels; write label="value"',
        ],
    ),
}
SLIS = {
    "gauges": ("{boolean: max(up)}", (f"series: {{up: 1x30}}, {COUNTED}",), []),
    "a misspelt counter": (
        "{events: {total: req_total, bad: 'req_total{code=\"500\"}'}}",
        (f"series: {{reqs_total: 0+1x30}}, {COUNTED}",),
        ["9:37 SLO601: the SLI of up reads no series reqs_total; did you mean 'req_total'?"],
    ),
    "nobody is there": ("{boolean: max(up)}", ("series: {foo: 1x30}, noData: true",), []),
    "nobody is there, by a slip of the pen": (
        "{boolean: max(redis_up)}",
        ("series: {redis_u: 1x30}, noData: true",),
        ["9:37 SLO601: the SLI of up reads no series redis_u; did you mean 'redis_up'?"],
    ),
    "the parts of a histogram, by its base name": (
        "{latency: {histogram: x_seconds, threshold: 1s}}",
        (f"series: {{'x_seconds_bucket{{le=\"1\"}}': 1x9, x_seconds_count: 1x9, x_seconds_sum: 1x9}}, {COUNTED}",),
        [],
    ),
    "a bound that nothing reads": (
        "{latency: {histogram: x_seconds, threshold: 1s}}",
        (f"series: {{'x_seconds_bucket{{le=\"5\"}}': 0+1x30}}, {COUNTED}",),
        ["9:37 SLO601: the SLI of up reads none of the series of this test; their labels match none of its selectors"],
    ),
}


def told(body: str, code: str) -> list[str]:
    """Return the problems but those of other codes, without the file."""
    return [problem.removeprefix("web:") for problem in checked(body, UP) if code not in problem]


UP = "slos: [{name: up, objective: 99, sli: {boolean: up}}]\n"


@pytest.mark.parametrize("name", ALERTS)
def test_series_of_an_alert_that_nothing_reads_are_told(name: str) -> None:
    """Each at its place, with the nearest name; series of other things stay where absence is what is tried."""
    expr, tests, expected = ALERTS[name]
    body = alert(expr, *tests)
    assert told(body if "recorded" not in name else UP + body, "SLO603") == expected


@pytest.mark.parametrize("name", SLIS)
def test_series_of_an_sli_that_nothing_reads_are_told(name: str) -> None:
    """What the two rates read, of whatever kind."""
    sli, tests, expected = SLIS[name]
    assert told(slo(sli, *tests), "SLO603") == expected


@pytest.mark.parametrize(
    ("sli", "warned"),
    [
        ("{query: {errors: 'rate(a[$window])', total: 'rate(b[$window])'}}", True),
        ("{boolean: max(up)}", True),
        ("{threshold: {metric: a - b, bad: '> 1'}}", True),
        ("{freshness: {timestamp: max(a), maxAge: 1h}}", True),
        ("{boolean: up}", False),
        ("{threshold: {metric: lag, bad: '> 1'}}", False),
        ("{events: {total: a, bad: b}}", False),
        ("{latency: {histogram: a_seconds, threshold: 1s}}", False),
    ],
)
def test_an_expression_wants_a_test_and_a_selector_does_not(sli: str, warned: bool) -> None:
    """slogen's own tests feed selectors, but cannot know what an expression means."""
    expected = [
        "web:5:5 SLO603: no test proves that the expressions of SLO up count right; "
        "add tests: series, and the errors and total to be counted"
    ]
    assert checked(f"slos:\n  - {{name: up, objective: 99, sli: {sli}}}\n") == expected * warned


@pytest.mark.parametrize(
    ("tests", "lacking"),
    [((), "fires and when it stays quiet"), ((FIRES,), "stays quiet"), ((QUIET,), "fires"), ((FIRES, QUIET), "")],
)
def test_an_alert_wants_a_test_that_fires_and_one_that_is_quiet(tests: tuple[str, ...], lacking: str) -> None:
    """One of them alone would pass with an alert that always fires, or never."""
    body = alert('up{job="a"} == 0', *tests) if tests else alert("up == 0").replace("    tests:\n", "")
    expected = [
        f"web:5:5 SLO603: no test says when Down {lacking}; add tests: series, and fires: or quiet: with a time"
    ]
    assert checked(body) == expected * bool(lacking)
