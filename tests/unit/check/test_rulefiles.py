"""Rule files that anybody wrote: what is found in them, and where exactly."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from slogen.app.lint import lint_rules, rule_files
from slogen.check.rulefiles import Servers, Verdict, check_rules
from slogen.core import Duration, Report, Severity
from slogen.source.rulefile import read_rules
from tests.cli.running import PLATFORM, SERVICE
from tests.conftest import ROOT

SHARED = ROOT.parent / "shared"
SERVERS = Servers(
    version=(2, 42),
    scrape_interval=Duration.of("30s"),
    retention=Duration.of("6h"),
    thanos_retention=Duration.of("45d"),
    external_labels=frozenset({"cluster"}),
)


def found(text: str, *, file: str = "rules.yaml", verdicts: dict[str, Verdict] | None = None) -> list[str]:
    """Return what is wrong with a rule file: code, then the characters that the carets stand under."""
    report, lines = Report(), re.split("\r\n|\n", text)
    check_rules(read_rules(file, text, report), SERVERS, verdicts, report)
    return [f"{p.code} {lines[p.span.line - 1][p.span.col - 1 : max(p.span.end - 1, p.span.col)]}" for p in report]


def alert(expr: str, more: str = "for: 5m") -> str:
    """Return an alert as a rule file."""
    return (
        "groups:\n- name: g\n  rules:\n  - alert: A\n    annotations: {summary: s}\n"
        f"    {more}\n    expr: |\n" + "".join(f"      {line}\n" for line in expr.split("\n"))
    )


@pytest.mark.parametrize(
    "source",
    [
        "'sum(rate(it_total{a=\"''\"}[1s])) > 1'",
        '"sum(rate(it_total{a=\\"x\\"}[1s])) > 1"',
        '"sum(rate(\\x69t_total{a=\\"\\u00fc\\U0001F600\\"}[1s])) > 1"',
        'sum(rate(it_total{a="x"}[1s])) > 1',
        '>-\n      sum(\n        rate(it_total{a="x"}[1s])\n      ) > 1',
        '|\n\n      # a comment\n      sum(rate(it_total{a="ü"}[1s])) > 1',
        "|2\n       sum(rate(it_total[1s]))\n      > 1",
    ],
)
def test_places_are_found_in_every_style_of_yaml(source: str) -> None:
    """Quotes, escapes, folded and literal blocks, comments, with both kinds of line ends."""
    text = "groups:\n- name: g\n  rules:\n  - record: r\n    expr: " + source + "\n"
    for written in (text, text.replace("\n", "\r\n")):
        (problem,) = found(written)
        assert re.fullmatch(r"SLO317 (it|\\x69t)_total(\{.*\})?\[1s\]", problem)


def test_a_mistake_stands_at_the_column_of_promtool() -> None:
    """promtool counts bytes from 1 within the expression; the word there is marked."""
    expr = 'x{a="ü"} > 1 and sum(rate(y[5m]) by (z))'
    verdict = {expr + "\n": Verdict("unexpected <by> in aggregation", 1, 35)}
    assert found(alert(expr), verdicts=verdict) == ["SLO301 by"]


def test_without_promtool_the_parser_speaks() -> None:
    """Its message has no column: all of the expression is marked."""
    assert found(alert("sum(rate(x[5m]) by (z)")) == ["SLO301 sum(rate(x[5m]) by (z)"]


def test_what_only_promtool_reads_is_said_not_to_be_checked() -> None:
    """Silence is not approval."""
    expr = "holt_winters(x[5m], 0.5, 0.5) > 1"
    assert found(alert(expr), verdicts={expr + "\n": Verdict()}) == ["SLO308 " + expr]


def test_thanos_keeps_longer() -> None:
    """Its groups say so, or their folder does; beyond what the bucket keeps is still too far."""
    text = alert("sum(increase(x_total[30d])) > 1")
    assert found(text.replace("name: g\n", "name: g\n  partial_response_strategy: abort\n")) == []
    assert found(text, file="rules/thanos/x.yaml") == []
    assert found(text.replace("30d", "60d"), file="rules/thanos/x.yaml") == ["SLO309 x_total[60d]"]


def test_templates_and_labels() -> None:
    """A broken template, a value in a label, a label that is not in the result, one of the servers."""
    text = alert("sum by (job) (up) < 1", "labels: {v: '{{ $value }}', cluster: a}").replace(
        "{summary: s}", "{summary: '{{ $labels.pod }}', broken: '{{ $labls }}', fine: '{{ if $labels.pod }}a{{ end }}'}"
    )
    assert found(text) == [
        "SLO320 $labels.pod",
        "SLO303 '{{ $labls }}'",
        "SLO111 $value",
        "SLO326 cluster",
    ]


CHAIN = """\
groups:
- {name: slow, interval: 5m, rules: [{record: "job:slow:sum", expr: sum by (job) (x)}]}
- {name: same, interval: 1m, rules: [{record: "job:same:sum", expr: sum by (job) (x)}]}
- {name: fast, interval: 30s, rules: [{record: "job:fast:sum", expr: sum by (job) (x)}]}
- name: alerts
  interval: 1m
  rules:
  - {record: "job:mine:sum", expr: sum by (job) (x)}
  - {record: "a:b:c", expr: "job:slow:sum + job:same:sum + job:fast:sum + job:mine:sum"}
  - {record: "a:b:d", expr: "avg_over_time(job:slow:sum[1h])"}
"""


def test_what_another_group_records_is_read_late() -> None:
    """By its interval: a warning where that is longer than the reader's, a note where both are equal."""
    assert found(CHAIN) == ["SLO333 job:slow:sum", "SLO333 job:same:sum"]
    report = Report()
    check_rules(read_rules("rules.yaml", CHAIN, report), SERVERS, None, report)
    assert [(one.severity, "up to 5m late" in one.message) for one in report] == [
        (Severity.WARNING, True),
        (Severity.INFO, False),
    ]


@pytest.mark.parametrize("name", ["alerts", "slow"])
def test_a_group_of_another_file_records_too(tmp_path: Path, name: str) -> None:
    """All files that are given are known; one alone is not. Groups of one name in two files are two groups."""
    head, alerts = CHAIN.split("- name: alerts\n")
    (tmp_path / "records.yaml").write_text(head, "utf-8")
    (tmp_path / "alerts.yaml").write_text(f"groups:\n- name: {name}\n{alerts}", "utf-8")
    told = lint_rules(tmp_path, ["alerts.yaml", "records.yaml"])
    assert [(one.span.file, one.code) for one in told] == [("alerts.yaml", "SLO333")] * 2
    assert list(lint_rules(tmp_path, ["alerts.yaml"])) == []


def test_links_lead_to_dashboards_of_the_build(tmp_path: Path) -> None:
    """In the platform's own Grafana: slogen's uids are known, others may be; elsewhere, and by template, nothing is."""
    (tmp_path / "slos").mkdir()
    platform = PLATFORM + 'grafana: {url: "https://g/x"}\n'
    (tmp_path / "slogen.yaml").write_text(platform, "utf-8")
    (tmp_path / "slos" / "web.yaml").write_text(SERVICE, "utf-8")
    links = "\n".join(
        f"https://{link}"
        for link in (
            "g/x/d/slogen-web-up", "g/x/d/slogen-wall?a=b", "g/x/d/slogen-web-down", "g/x/d/by-hand/name",
            "other/d/slogen-web-down", "g/x/d/slogen-{{ $labels.a }}", "g/x/d/slogen-web-{{ $labels.a }}",
        )
    )  # fmt: skip
    text = alert("up == 0").replace("{summary: s}", "{summary: s, links: '" + links.replace("\n", " ") + "'}")
    (tmp_path / "rules.yaml").write_text(text, "utf-8")
    told = [(one.code, one.severity, one.message) for one in lint_rules(tmp_path, ["rules.yaml"])]
    assert told == [
        ("SLO503", Severity.WARNING, "no dashboard of this build has the uid slogen-web-down"),
        ("SLO503", Severity.INFO, "no dashboard of this build has the uid by-hand"),
    ]


def test_resources_and_lists_of_them_are_read() -> None:
    """Resources of other kinds are left alone; a document that is no rule file is not."""
    rule = "{alert: A, expr: up, annotations: {summary: s}}"
    resource = f"{{apiVersion: v1, kind: PrometheusRule, spec: {{groups: [{{name: g, rules: [{rule}]}}]}}}}"
    assert found(resource) == ["SLO314 up"]
    assert found(f"{{apiVersion: v1, kind: List, items: [{resource}]}}") == ["SLO314 up"]
    assert found("{apiVersion: v1, kind: ConfigMap, data: {a: b}}") == []
    assert found("{scrape_configs: []}") == ["SLO009 {", "SLO008 scrape_configs"]


def test_what_prometheus_refuses_is_refused() -> None:
    """Unknown keys, names, durations, keys of alerts on records."""
    text = """\
groups:
- name: g
  query_offset: 1m
  rules:
  - {record: a-b, expr: up}
  - {record: a, expr: up, for: 1m, exp: up}
  - {alert: A, expr: up == 0, for: 5 minutes, annotations: {summary: s}}
  - {record: b, alert: B, expr: up}
  - {record: c}
- name: g
  rules: [x]
"""
    assert found(text) == [
        "SLO304 query_offset",
        "SLO101 a-b",
        "SLO008 for",
        "SLO008 exp",
        "SLO006 5 minutes",
        "SLO010 {",
        "SLO009 {",
        "SLO102 g",
        "SLO004 x",
    ]


def test_compiled_rules_and_known_good_files_have_nothing_to_say() -> None:
    """No error and no warning about what slogen writes."""
    files = rule_files(ROOT, ["rules"])
    assert len(files) > 60
    told = [str(problem) for problem in lint_rules(ROOT, files) if problem.severity is not Severity.INFO]
    assert told == []
    if SHARED.exists():
        example = str(SHARED / "examples" / "api-gateway.rules.yaml")
        assert [str(problem) for problem in lint_rules(ROOT, [example])] == []


@pytest.mark.parametrize(
    ("metadata", "hint"),
    [
        ("{name: a}", "add them to metadata, unless another server loads this"),
        (
            "{name: a, namespace: b, labels: {team: a, slogen.dev/evaluator: prometheus}}",
            "write namespace: monitoring, unless another server loads this",
        ),
    ],
)
def test_a_resource_that_no_server_loads_is_told_with_what_to_write(metadata: str, hint: str) -> None:
    """Labels that it lacks, or the namespace that the server looks into."""
    text = f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {metadata}\nspec:\n  "
    text += "groups: [{name: g, rules: [{record: a:b, expr: sum(b)}]}]\n"
    report = Report()
    servers = replace(SERVERS, selected={"team": "a"}, namespace="monitoring")
    check_rules(read_rules("rules.yaml", text, report), servers, None, report)
    assert [(one.code, one.hint) for one in report] == [("SLO335", hint)]
