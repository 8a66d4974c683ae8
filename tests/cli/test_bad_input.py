"""Every mistake is told with its place and its code, exit 1, and leaves the output on disk as it was."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.running import PLATFORM, SERVICE, output, repository, repository_of_nobody, slogen, unprivileged

BILLION_LAUGHS = (
    "\n".join(
        ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
        + [f"{name}: &{name} [{', '.join(['*' + before] * 10)}]" for before, name in pairwise("abcdefghi")]
    )
    + "\n"
)


def changed(old: str, new: str) -> str:
    """Return the good service with `new` in place of `old`, which stands there once."""
    assert SERVICE.count(old) == 1
    return SERVICE.replace(old, new)


def alert(more: str) -> str:
    """Return the good service with an alert, whose keys after `expr` are given."""
    return f"{SERVICE}alerts:\n  - name: Down\n    severity: critical\n    expr: up == 0\n    {more}\n"


# The text of slos/web.yaml, then place, code and a part of the message of every problem.
MISTAKES = {
    "broken YAML": (
        changed("kind: Service", "kind: [Service"),
        [("slos/web.yaml:3:9", "SLO001", "not valid YAML")],
    ),
    "a tab": (
        changed("  team: core", "\tteam: core"),
        [("slos/web.yaml:5:1", "SLO001", "a tab")],
    ),
    "a repeated key": (
        changed("    objective: 99.9", "    objective: 99.9\n    objective: 99.5"),
        [("slos/web.yaml:9:5", "SLO003", "'objective' is written twice")],
    ),
    "an unknown key": (
        changed("objective:", "objektive:"),
        [("slos/web.yaml:8:5", "SLO008", "unknown key 'objektive'")],
    ),
    "an objective of 100": (
        changed("99.9", "100"),
        [("slos/web.yaml:8:16", "SLO104", "objective 100 leaves no error budget")],
    ),
    "an objective of 0": (
        changed("99.9", "0"),
        [("slos/web.yaml:8:16", "SLO104", "objective 0 promises nothing")],
    ),
    "a negative objective": (
        changed("99.9", "-1"),
        [("slos/web.yaml:8:16", "SLO104", "objective -1 promises nothing")],
    ),
    "a decimal comma": (
        changed("99.9", "99,9"),
        [("slos/web.yaml:8:16", "SLO004", "'99,9' is not a number")],
    ),
    "a word for a number": (
        changed("99.9", '"high"'),
        [("slos/web.yaml:8:16", "SLO004", "'high' is not a number")],
    ),
    "a negative window": (
        changed("99.9", "99.9\n    window: -30d"),
        [("slos/web.yaml:9:13", "SLO006", "'-30d' is not a duration")],
    ),
    "a window of zero": (
        changed("99.9", "99.9\n    window: 0d"),
        [("slos/web.yaml:9:13", "SLO006", "the duration is zero")],
    ),
    "good and bad": (
        changed("        bad:", "        good: req_total\n        bad:"),
        [("slos/web.yaml:13:9", "SLO010", "both good and bad are given")],
    ),
    "a selector with a syntax error": (
        changed("'req_total{job=\"web\"}'", "'req_total{job=}'"),
        [("slos/web.yaml:11:16", "SLO301", "not valid PromQL")],
    ),
    "an expression where a selector belongs": (
        changed("'req_total{job=\"web\"}'", "'sum(req_total)'"),
        [("slos/web.yaml:11:16", "SLO301", "a plain selector is wanted")],
    ),
    "a name with a slash": (
        changed("name: web", "name: web/api"),
        [("slos/web.yaml:4:9", "SLO101", "'web/api' is not a valid name")],
    ),
    "a name that climbs": (
        changed("name: web", 'name: ".."'),
        [("slos/web.yaml:4:9", "SLO101", "'..' is not a valid name")],
    ),
    "a label of Prometheus' own": (
        changed("team: core", "team: core\n  labels: {__name__: x}"),
        [("slos/web.yaml:6:12", "SLO106", "the label '__name__' is reserved")],
    ),
    "a label of slogen's own": (
        changed("team: core", "team: core\n  labels: {severity: x}"),
        [("slos/web.yaml:6:12", "SLO106", "the label 'severity' is reserved")],
    ),
    "an external label kept": (
        changed("99.9", "99.9\n    by: [prometheus_replica]"),
        [("slos/web.yaml:9:9", "SLO110", "'prometheus_replica' is an external label")],
    ),
    "aliases that blow up": (
        BILLION_LAUGHS,
        [("slos/web.yaml:6:4", "SLO002", "holds more than 200000 values")],
    ),
    "an alias of itself": (
        "a: &a [*a]\n",
        [("slos/web.yaml:1:8", "SLO002", "the alias *a contains itself")],
    ),
    "two SLOs of one name": (
        SERVICE + "  - {name: up, objective: 99, sli: {boolean: up}}\n",
        [("slos/web.yaml:13:5", "SLO102", "a second SLO is named up")],
    ),
    "a threshold that is no bucket": (
        SERVICE.split("    sli:")[0] + "    sli: {latency: {histogram: d_seconds, threshold: 3s, buckets: [1s, 5s]}}\n",
        [("slos/web.yaml:9:54", "SLO108", "3s is not a bucket bound of this histogram")],
    ),
    "an objective that can never page": (
        changed("99.9", "80"),
        [("slos/web.yaml:8:16", "SLO202", "objective 80 over 30d can never page")],
    ),
    "what comes later": (
        SERVICE + "  - {name: calendar, objective: 99, calendar: month, sli: {slices: {}}}\n",
        [
            ("slos/web.yaml:13:37", "SLO007", "a calendar window is not supported yet"),
            ("slos/web.yaml:13:60", "SLO007", "an SLI by time slices is not supported yet"),
        ],
    ),
    "an alert whose PromQL does not parse": (
        SERVICE + "alerts:\n  - {name: Down, severity: critical, expr: 'up ==', summary: down}\n",
        [("slos/web.yaml:14:44", "SLO301", "not valid PromQL")],
    ),
    "a decimal comma between braces": (
        SERVICE.split("  - name")[0] + "  - {name: up, objective: 99,9, sli: {boolean: up}}\n",
        [("slos/web.yaml:7:30", "SLO008", "unknown key '9'")],
    ),
    "a list for the kind": (
        changed("kind: Service", "kind: [Service]"),
        [("slos/web.yaml:2:7", "SLO004", "the kind is a single word")],
    ),
    "a typo in a template": (
        alert("summary: 'Down: {{ $labls.job }}'"),
        [("slos/web.yaml:17:14", "SLO303", "there is no variable $labls")],
    ),
    "a template without an end": (
        alert("summary: '{{ if $value }}down'\n    description: 100 {{ percent"),
        [
            ("slos/web.yaml:17:14", "SLO303", "{{ if $value }} has no end"),
            ("slos/web.yaml:18:18", "SLO303", "an action is not closed"),
        ],
    ),
    "templates in labels that do not parse": (
        alert("summary: down\n    labels: {x: '{{ nosuch }}'}").replace(
            "team: core", "team: core\n  labels: {y: '{{'}"
        ),
        [
            ("slos/web.yaml:6:15", "SLO303", "an action is not closed"),
            ("slos/web.yaml:19:17", "SLO303", "there is no function nosuch"),
        ],
    ),
    "labels that change with the value": (
        alert(
            "summary: down\n    labels:\n"
            "      a: '{{ $value }}'\n"
            '      b: "{{\\n  .Value\\n}}"\n'
            "      c: '{{ with $labels }}{{ . }}{{ end }}'\n"
            "      d: '{{ query \"up\" | first | value }}'\n"
            "      e: '{{ $x := $labels.a }}{{ $x | toUpper }}'\n"
        ).replace("team: core", "team: core\n  labels: {f: '{{ $value }}', g: '{{ $externalLabels.zone }}'}"),
        [
            ("slos/web.yaml:6:15", "SLO111", "a label cannot hold $value"),
            ("slos/web.yaml:20:10", "SLO111", "a label cannot hold $value"),
            ("slos/web.yaml:21:10", "SLO111", "a label cannot hold .Value"),
            ("slos/web.yaml:22:10", "SLO111", "a label cannot hold ."),
            ("slos/web.yaml:23:10", "SLO111", "a label cannot hold query"),
        ],
    ),
    "by labels that slogen or Prometheus writes": (
        changed("99.9", "99.9\n    by: [service, __address__, le, objective, window, region]"),
        [
            ("slos/web.yaml:9:10", "SLO106", "the label 'service' is reserved"),
            ("slos/web.yaml:9:19", "SLO106", "the label '__address__' is reserved"),
            ("slos/web.yaml:9:32", "SLO106", "the label 'le' is reserved"),
            ("slos/web.yaml:9:36", "SLO106", "the label 'objective' is reserved"),
            ("slos/web.yaml:9:47", "SLO106", "the label 'window' is reserved"),
        ],
    ),
    "an external label set": (
        alert("summary: down\n    labels: {prometheus_replica: a}").replace(
            "team: core", "team: core\n  labels: {prometheus_replica: a}"
        ),
        [
            ("slos/web.yaml:6:11", "SLO110", "'prometheus_replica' is an external label"),
            ("slos/web.yaml:19:13", "SLO110", "'prometheus_replica' is an external label"),
        ],
    ),
    "what Prometheus 2.42 does not know": (
        alert(
            "summary: '{{ toDuration $value }}'\n"
            "  - {name: Slow, severity: info, expr: histogram_avg(x) > 1, summary: slow}"
        ).replace("'req_total{job=\"web\"}'", "'{\"req.total\"}'"),
        [
            ("slos/web.yaml:11:17", "SLO304", 'the name "req.total" needs Prometheus 3.0, the platform\'s is 2.42'),
            ("slos/web.yaml:14:5", "SLO304", "toDuration needs Prometheus 3.6, the platform's is 2.42"),
            ("slos/web.yaml:18:40", "SLO304", "histogram_avg needs Prometheus 2.51, the platform's is 2.42"),
        ],
    ),
    "what no Prometheus loads": (
        SERVICE
        + "alerts:\n"
        + "  - {name: A, severity: info, expr: 'rate(x[5]) > 0', summary: a}\n"
        + "  - {name: B, severity: info, expr: 'limitk(2, x)', summary: b}\n"
        + "  - {name: C, severity: info, expr: 'x == 1e400', summary: c}\n",
        [
            ("slos/web.yaml:14:37", "SLO301", "5 has no unit"),
            ("slos/web.yaml:15:37", "SLO301", "limitk is experimental"),
            ("slos/web.yaml:16:37", "SLO301", "1e400 is larger than any number"),
        ],
    ),
    "a result that keeps what slogen writes": (
        SERVICE
        + "alerts:\n"
        + "  - {name: A, severity: info, expr: 'max by (service) (up) == 0', summary: a}\n"
        + "  - {name: B, severity: info, expr: 'up * on (job) group_left (team) owner == 0', summary: b}\n"
        + "  - {name: C, severity: info, expr: 'count(max by (service) (up)) == 0', summary: c}\n",
        [
            ("slos/web.yaml:14:37", "SLO306", "the result keeps the label service"),
            ("slos/web.yaml:15:37", "SLO306", "the result keeps the label team"),
        ],
    ),
    "a matcher on le": (
        SERVICE.split("    sli:")[0]
        + '    sli: {latency: {histogram: \'x_seconds{path=",le=5",le="1"}\', threshold: 1s}}\n',
        [("slos/web.yaml:9:32", "SLO302", "the selector has a matcher on le")],
    ),
    "text that is turned around": (
        changed("team: core", 'team: core\n  description: "a\\u202eb"'),
        [("slos/web.yaml:6:16", "SLO020", "the character U+202E turns text around")],
    ),
    "text that is turned around, as it stands": (
        changed("team: core", "team: core # \u202e"),
        [("slos/web.yaml:5:16", "SLO020", "the character U+202E turns text around")],
    ),
    "a line break that no editor shows": (
        changed("team: core", "team: core # a\u2028  labels: {}").replace("99.9", "100"),
        [("slos/web.yaml:5:17", "SLO020", "the character U+2028 ends a line here, though not in an editor")],
    ),
    "Windows' line breaks": (
        changed("99.9", "100").replace("\n", "\r\n"),
        [("slos/web.yaml:8:16", "SLO104", "objective 100 leaves no error budget")],
    ),
    "an old Macintosh's line breaks": (
        changed("99.9", "100").replace("\n", "\r"),
        [("slos/web.yaml:8:16", "SLO104", "objective 100 leaves no error budget")],
    ),
    "series in tests that nothing reads": (
        alert(
            "summary: down\n"
            "    tests:\n"
            "      - series: {upp: 0x9 0x9}\n"
            "        fires: 5m\n"
            "      - series:\n"
            "          up: 1x9\n"
            "          'down{job=\"a\"}': 1x9\n"
            "        quiet: 5m"
        )
        + "  - name: Few\n"
        + "    severity: info\n"
        + '    expr: up{job="a"} == 0\n'
        + "    summary: few\n"
        + "    tests:\n"
        + "      - {series: {'up{job=\"b\"}': 0x9 0x9}, fires: 5m}\n"
        + "      - {series: {'up{job=\"a\"': 1x9}, quiet: 5m}\n",
        [
            ("slos/web.yaml:19:18", "SLO601", "the alert Down reads no series upp"),
            ("slos/web.yaml:23:11", "SLO601", "the alert Down reads no series down"),
            ("slos/web.yaml:30:19", "SLO601", "the alert Few reads none of the series of this test"),
            ("slos/web.yaml:31:19", "SLO301", "not valid PromQL"),
        ],
    ),
    "events in tests that the SLI does not count": (
        SERVICE
        + "    tests:\n"
        + "      - name: one of ten\n"
        + "        series: {'reqs_total{job=\"web\"}': 0+5x30}\n"
        + "        at: 10m\n"
        + "        errors: 1/m\n"
        + "        total: 10/m\n",
        [("slos/web.yaml:15:18", "SLO601", "the SLI of up reads no series reqs_total")],
    ),
    "recorded series and alerts that no rule makes": (
        SERVICE
        + "  - name: all\n"
        + "    objective: 99\n"
        + "    sli: {boolean: 'min(slo:objective:ratio{service=\"wbe\"})'}\n"
        + "    tests: [{name: n, series: {slo:objective:ratio: 1x9}, at: 5m, errors: 0/m, total: 2/m}]\n"
        + "alerts:\n"
        + "  - name: Slow\n"
        + "    severity: info\n"
        + '    expr: slo:sli_error:ratio_rate10m{service="web"} > 1 or ALERTS{alertname="SLOErorBudgetBurn"} == 1\n'
        + "    summary: slow\n"
        + "    tests:\n"
        + "      - {series: {slo:sli_error:ratio_rate10m: 1x9}, fires: 5m}\n"
        + "      - {series: {slo:sli_error:ratio_rate1h: 1x9}, quiet: 5m}\n",
        [
            ("slos/web.yaml:15:25", "SLO602", "there is no service 'wbe' in this build"),
            ("slos/web.yaml:20:11", "SLO602", "no rule of this build records slo:sli_error:ratio_rate10m"),
            ("slos/web.yaml:20:79", "SLO602", "no rule of this build raises SLOErorBudgetBurn"),
            ("slos/web.yaml:23:19", "SLO602", "no rule of this build records slo:sli_error:ratio_rate10m"),
        ],
    ),
    "an empty file": ("", [("slos", "SLO017", "there is no service")]),
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A repository with output on disk."""
    repository(tmp_path)
    assert slogen(tmp_path, "build").code == 0
    assert "rules/prometheus/web.yaml" in output(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_nothing_is_written(built: Path, name: str) -> None:
    """Exactly the problems that are there, each at its line and column; the old output stays, byte for byte."""
    text, expected = MISTAKES[name]
    before = output(built)
    (built / "slos" / "web.yaml").write_text(text, "utf-8")
    ran = slogen(built, "build")
    assert ran.code == 1, ran.err
    assert sorted(ran.places) == sorted(
        (place if ":" in place else f"{place}:1:1", code) for place, code, _ in expected
    )
    for _, _, part in expected:
        assert any(part in message for _, _, message in ran.problems), ran.err
    assert ran.err.rstrip().endswith("nothing was written")
    assert ran.out == ""
    assert output(built) == before


def test_all_problems_of_all_files_are_told_at_once(built: Path) -> None:
    """Three mistakes in two files, sorted by place, and one line that counts them."""
    repository(built, platform=PLATFORM.replace("notify: [boss]", "notify: [bos]"), service=changed("99.9", "100"))
    (built / "slos" / "api.yaml").write_text(changed("99.9", "0"), "utf-8")
    ran = slogen(built, "build")
    assert ran.code == 1
    assert ran.places == [
        ("slogen.yaml:11:28", "SLO402"),
        ("slos/api.yaml:8:16", "SLO104"),
        ("slos/web.yaml:8:16", "SLO104"),
    ]
    assert ran.err.endswith("3 errors in 3 of 3 files; nothing was written\n")


def test_only_input_files_are_counted(built: Path) -> None:
    """A broken manifest is no input; of a single file the line says just that."""
    (built / ".slogen-manifest.json").write_text("{", "utf-8")
    assert slogen(built, "build").err.endswith("\n1 error; nothing was written\n")
    (built / "slos" / "web.yaml").unlink()
    (built / "slogen.yaml").write_text(PLATFORM.replace("90d", "90"), "utf-8")
    assert slogen(built, "build").err.endswith("\n1 error in 1 file; nothing was written\n")


def test_a_pipe_is_no_file_and_nobody_waits_for_it(built: Path) -> None:
    """Neither to read it nor to show a line of it."""
    os.mkfifo(built / "slos" / "pipe.yaml")
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("slos/pipe.yaml:1:1", "SLO011")])


def test_a_team_that_the_platform_does_not_declare_is_refused(built: Path) -> None:
    """Of a service and of an alert, each at its own word; a platform without teams takes any."""
    alert = "alerts:\n  - {name: Down, severity: warning, expr: up == 0, summary: down, team: cor}\n"
    service = changed("team: core", "team: cora") + alert
    repository(built, service=service)
    assert slogen(built, "build").code == 0
    repository(built, platform=PLATFORM + "teams: {core: {notify: [sre]}}\n", service=service)
    ran = slogen(built, "build")
    assert ran.problems == [
        ("slos/web.yaml:5:9", "SLO403", "the team 'cora' is not declared"),
        ("slos/web.yaml:14:73", "SLO403", "the team 'cor' is not declared"),
    ]
    assert ran.err.count("did you mean 'core'?") == 2


def test_the_place_is_shown_with_a_caret_and_what_to_change(built: Path) -> None:
    """The line, carets under the word, the fix beside them, and the page that explains the code."""
    (built / "slos" / "web.yaml").write_text(changed("99.9", "100"), "utf-8")
    assert slogen(built, "build").err == (
        "error[SLO104]: objective 100 leaves no error budget\n"
        " --> slos/web.yaml:8:16\n"
        "  |\n"
        "8 |     objective: 100\n"
        "  |                ^^^ use a value below 100, such as 99.99\n"
        "  |\n"
        "  = docs/lint/SLO104.md\n"
        "1 error in 1 of 2 files; nothing was written\n"
    )


@pytest.mark.parametrize(
    ("written", "nearest"),
    [("objektive", "objective"), ("windows", "window"), ("alertting", "alerting"), ("desc", "description")],
)
def test_an_unknown_key_is_answered_with_the_nearest_known_one(built: Path, written: str, nearest: str) -> None:
    """Also when it is only the beginning of one."""
    (built / "slos" / "web.yaml").write_text(SERVICE + f"    {written}: 1\n", "utf-8")
    assert f"did you mean {nearest!r}?" in slogen(built, "build").err


def test_a_decimal_comma_between_braces_is_answered_with_the_point(built: Path) -> None:
    """There it begins a new key, which has no nearest one."""
    (built / "slos" / "web.yaml").write_text(MISTAKES["a decimal comma between braces"][0], "utf-8")
    assert "^ a number has a point, no comma: write 99.9\n" in slogen(built, "build").err


def test_what_only_looks_like_a_mistake_is_accepted(built: Path) -> None:
    """Text in values, templates that stay the same, a label that an inner aggregation keeps, a newer platform.

    Of that nothing tests these alerts, their owner is warned.
    """
    platform = PLATFORM.replace("{retention: 90d}", '{retention: 90d, version: "3.14"}')
    service = alert(
        "summary: '{{ $value | humanize }} of {{ $labels.job }}, {{ now | humanizeTimestamp }}, 100 %'\n"
        "    labels: {zone: '{{ $externalLabels.zone }}', job: '{{ $labels.job | toLower }}'}\n"
        "  - {name: Few, severity: info, expr: 'count(max by (service) (first_over_time(up[5m]))) < 3', summary: few}\n"
        "  - {name: Odd, severity: info, expr: 'up{a=\",le=5 limitk( [5] {{\"} == 0', summary: odd}"
    )
    latency = """{histogram: 'x_seconds{path=",le=5"}', threshold: 1s}"""
    service = service.replace("slos:\n", f"slos:\n  - {{name: fast, objective: 99, sli: {{latency: {latency}}}}}\n")
    repository(built, platform=platform, service=service)
    ran = slogen(built, "build")
    assert (ran.code, {code for _, code in ran.places}) == (0, {"SLO603"})


def test_expressions_without_tests_are_warned_of_and_the_output_is_written(built: Path) -> None:
    """An SLO at its first line, an alert with one test of two at its own."""
    service = SERVICE + (
        "  - {name: all, objective: 99, sli: {boolean: min(up)}}\n"
        "alerts:\n"
        "  - {name: Down, severity: info, expr: up == 0, summary: down, tests: [{series: {up: 1x9}, quiet: 5m}]}\n"
    )
    repository(built, service=service)
    before = output(built)
    ran = slogen(built, "build")
    assert ran.code == 0
    assert ran.problems == [
        ("slos/web.yaml:13:5", "SLO603", "no test proves that the expressions of SLO all count right"),
        ("slos/web.yaml:15:5", "SLO603", "no test says when Down fires"),
    ]
    assert "2 warnings in 1 of 2 files; the output is written" in ran.err
    assert output(built) != before


def test_what_another_service_records_may_be_read_and_a_service_that_is_gone_may_not(built: Path) -> None:
    """Also when so many services are compiled that each process sees only some of them."""
    for number in range(60):
        (built / "slos" / f"api-{number:02}.yaml").write_text(changed("name: web", f"name: api-{number:02}"), "utf-8")
    tests = "tests: [{series: {slo:objective:ratio: 1x9}, fires: 5m}, {series: {slo:objective:ratio: 1x9}, quiet: 5m}]"
    for there, expected in (("api-59", []), ("api-60", [("slos/web.yaml:16:11", "SLO602")])):
        expr = f'slo:objective:ratio{{service="{there}",slo="up"}} < 0.9'
        repository(built, service=alert("summary: down\n    " + tests).replace("up == 0", expr))
        ran = slogen(built, "build", "--check")
        assert ran.places == expected
        assert ran.code == 1  # drift, or the error


def test_two_services_of_one_name_are_refused_in_two_files(built: Path) -> None:
    """The second one is named, with the place of the first."""
    (built / "slos" / "zweb.yaml").write_text(SERVICE, "utf-8")
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("slos/zweb.yaml:1:1", "SLO102")])
    assert "the first one stands at slos/web.yaml:1:1" in ran.err


def test_a_file_over_5_mb_is_not_read(built: Path) -> None:
    """A megabyte more than any reader of rules could bear."""
    (built / "slos" / "big.yaml").write_text("# " + "x" * 5_000_000, "utf-8")
    before = output(built)
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("slos/big.yaml:1:1", "SLO012")])
    assert output(built) == before


def test_a_file_that_is_not_utf_8_is_told_with_the_byte(built: Path) -> None:
    """A Latin-1 ü in the third line, at the seventh place."""
    (built / "slos" / "latin.yaml").write_bytes(b"# one\n# two\nname: \xfc\n")
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("slos/latin.yaml:3:7", "SLO013")])
    assert "the byte 0xfc is not UTF-8" in ran.err


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A built repository of an unprivileged user, who can change it."""
    return repository_of_nobody(tmp_path)


def test_an_unreadable_file_is_told(theirs: Path) -> None:
    """As an unprivileged user: root reads everything."""
    (theirs / "slos" / "web.yaml").chmod(0)
    ran = unprivileged(theirs, "build")
    assert (ran.code, ran.places) == (1, [("slos/web.yaml:1:1", "SLO011")])
    assert "cannot read the file: Permission denied" in ran.err


@pytest.mark.parametrize("folder", ["rules/kubernetes", "rules", "."])
def test_a_read_only_output_folder_is_told_and_nothing_changes(theirs: Path, folder: str) -> None:
    """Whichever of them it is: not one file is new while another is old."""
    before = output(theirs)
    (theirs / "slos" / "web.yaml").write_text(changed("99.9", "99.5"), "utf-8")
    if folder == "rules":
        (theirs / "slos" / "api.yaml").write_text(changed("name: web", "name: api"), "utf-8")
        for inner in ("prometheus", "kubernetes"):
            (theirs / "rules" / inner).chmod(0o555)
    (theirs / folder).chmod(0o555)
    ran = unprivileged(theirs, "build")
    assert ran.code == 1, ran.err
    assert {code for _, code in ran.places} == {"SLO016"}
    assert "nothing was written" in ran.err
    assert output(theirs) == before
