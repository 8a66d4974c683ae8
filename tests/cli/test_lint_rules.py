"""What `slogen lint FILE...` says of rule files, and how."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.running import PLATFORM, repository, slogen

RULES = """\
groups:
- name: shop
  rules:
  - alert: ShopErrors
    expr: sum by (job) (rate(errors_total[5m])) / sum(rate(requests_total[5m])) > 0.01
    for: 5m
    annotations: {summary: "Errors: 1 %"}
  - alert: ShopDown
    expr: topk(3, rate(errors_total[5m])) > 1
    annotations: {summary: The shop is down}
"""
DEAD = "this never gives a result: the right side has no label job, the left side has"


def written(root: Path) -> Path:
    """Return a repository with rule files of its own."""
    repository(root)
    (root / "alerts" / "more").mkdir(parents=True)
    (root / "alerts" / "shop.yaml").write_text(RULES, "utf-8")
    (root / "alerts" / "more" / "empty.yml").write_text("groups: []\n", "utf-8")
    return root


def test_a_folder_is_read_with_all_below(tmp_path: Path) -> None:
    """Each problem has its place, its line and a caret; errors exit 1."""
    ran = slogen(written(tmp_path), "lint", "alerts")
    assert ran.code == 1
    assert ran.problems[0] == ("alerts/shop.yaml:5:11", "SLO305", DEAD)
    assert "1 error and 1 warning in 1 of 2 files; nothing is written" in ran.err
    assert ran.out == ""


def test_how_bad_problems_may_be_is_chosen(tmp_path: Path) -> None:
    """Warnings pass unless asked for; notes only count with info."""
    root = written(tmp_path)
    (root / "alerts" / "shop.yaml").write_text(RULES.replace("sum by (job)", "sum"), "utf-8")
    assert [slogen(root, "lint", "--fail-on", on, "alerts").code for on in ("error", "warning", "info")] == [0, 1, 1]


def test_json_is_a_list_of_problems(tmp_path: Path) -> None:
    """On stdout, and nothing else is said."""
    ran = slogen(written(tmp_path), "lint", "--format", "json", "alerts/shop.yaml")
    assert (ran.code, ran.err) == (1, "")
    first, second = json.loads(ran.out)
    assert first == {
        "file": "alerts/shop.yaml",
        "line": 5,
        "column": 11,
        "endColumn": 80,
        "code": "SLO305",
        "severity": "error",
        "message": DEAD,
        "hint": "match on the labels that both have: on (…), ignoring (…), or the same by (…)",
        "page": "docs/lint/SLO305.md",
    }
    assert (second["code"], second["severity"], second["line"]) == ("SLO332", "warning", 9)
    clean = slogen(tmp_path, "lint", "--format", "json", "alerts/more")
    assert (clean.code, json.loads(clean.out)) == (0, [])


def test_sarif_has_a_rule_a_code_and_a_region_a_problem(tmp_path: Path) -> None:
    """Version 2.1.0; notes are notes."""
    ran = slogen(written(tmp_path), "lint", "--format", "sarif", "alerts")
    log = json.loads(ran.out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["SLO305", "SLO332"]
    dead = run["results"][0]
    assert (dead["ruleId"], dead["ruleIndex"], dead["level"]) == ("SLO305", 0, "error")
    assert dead["message"]["text"].startswith(DEAD)
    place = dead["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "alerts/shop.yaml"
    assert place["region"] == {"startLine": 5, "startColumn": 11, "endColumn": 80}


def test_github_gets_a_command_a_problem(tmp_path: Path) -> None:
    """One line each; % is escaped."""
    ran = slogen(written(tmp_path), "lint", "--format", "github", "alerts")
    first, second = ran.out.splitlines()
    assert first.startswith(f"::error file=alerts/shop.yaml,line=5,col=11,endColumn=80,title=SLO305::{DEAD}: match")
    assert second.startswith("::warning file=alerts/shop.yaml,line=9,")


def test_slos_are_told_in_the_same_formats(tmp_path: Path) -> None:
    """Without files it is about slogen.yaml and slos/."""
    root = repository(tmp_path)
    (root / "slos" / "web.yaml").write_text("kind: Servise\n", "utf-8")
    ran = slogen(root, "lint", "--format", "json")
    assert ran.code == 1
    first, *_ = json.loads(ran.out)
    assert (first["file"], first["line"], first["code"]) == ("slos/web.yaml", 1, "SLO005")


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """As every other mistake."""
    ran = slogen(repository(tmp_path), "lint", "alerts.yaml")
    assert (ran.code, ran.places) == (1, [("alerts.yaml:1:1", "SLO011")])


BROKEN = """\
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: core}
slos:
  - name: up
    objective: 99
    sli:
      query:
        errors: 'sum(rate(bad{a="ü"}[$window] by (z))'
        total: sum(rate(all[$window]))
alerts:
  - name: Slow
    severity: info
    summary: slow
    expr: |
      rate(x_total[5m]) > 1
        and sum(rate(y_total[5m]) by (z)
"""


def test_a_mistake_in_an_slo_stands_at_the_column_of_promtool(tmp_path: Path, promtool: str) -> None:
    """Whichever of the two: behind a letter of two bytes and behind $window, and in a block."""
    root = repository(tmp_path, service=BROKEN)
    ran = slogen(root, "lint", "--promtool", promtool)
    assert ran.problems == [
        ("slos/web.yaml:9:47", "SLO301", "not valid PromQL: unexpected <by> in aggregation"),
        ("slos/web.yaml:17:35", "SLO301", "not valid PromQL: unexpected <by> in aggregation"),
    ]


NEWER = """\
groups:
- name: g
  rules:
  - record: job:x:avg
    expr: histogram_avg(sum by (job) (rate(x[5m])))
  - record: job:y:sum
    expr: sum by (job) ({"y.z"})
  - record: job:z:sum
    expr: holt_winters(z[5m], 0.5, 0.5)
  - record: job:w:sum
    expr: sum by (job) (w
"""


def test_a_promtool_as_new_as_the_servers_has_the_last_word(tmp_path: Path, promtool: str) -> None:
    """Prometheus 3.5 reads the first two and not the third; promtool 2.42 cannot know, and says so."""
    (tmp_path / "slogen.yaml").write_text(PLATFORM.replace("retention", 'version: "3.5", retention'), "utf-8")
    (tmp_path / "rules.yaml").write_text(NEWER, "utf-8")
    ran = slogen(tmp_path, "lint", "--promtool", promtool, "rules.yaml")
    new = [("rules.yaml:9:11", "SLO301"), ("rules.yaml:11:25", "SLO301")]
    old = [("rules.yaml:5:11", "SLO334"), ("rules.yaml:7:26", "SLO334"), ("rules.yaml:9:11", "SLO308"), new[1]]
    assert ran.places == (new if promtool.endswith("promtool3") else old)


UNITLESS = """\
groups:
- name: g
  rules:
  - record: job:a:rate5m
    expr: sum by (job) (rate(a_total[5m] offset 5))
  - record: job:b:rate5m
    expr: sum by (job) (rate(b_total[300]))
  - record: job:c:age
    expr: time() - max by (job) (c_timestamp_seconds) > bool 10m
  - record: job:d:rate5m
    expr: sum by (job) (rate(d_total[5m] offset -5m)) > bool 300
"""


def test_a_promtool_newer_than_the_servers_does_not_hide_what_they_refuse(tmp_path: Path, promtool: str) -> None:
    """Since Prometheus 2.54 numbers may stand for durations and durations for numbers; the platform's is 2.42."""
    (tmp_path / "slogen.yaml").write_text(PLATFORM, "utf-8")
    (tmp_path / "rules.yaml").write_text(UNITLESS, "utf-8")
    ran = slogen(tmp_path, "lint", "--promtool", promtool, "rules.yaml")
    if promtool.endswith("promtool3"):
        assert ran.places == [(f"rules.yaml:{place}", "SLO304") for place in ("5:42", "7:37", "9:62")]
    else:
        assert [code for _, code in ran.places] == ["SLO301"] * 3


def test_without_promtool_it_is_said_that_the_parser_judges_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a promtool that is asked for and is not there ends it."""
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    told = "promtool is not on the PATH: promql-parser alone judges what is PromQL\n"
    assert slogen(written(tmp_path), "lint", "alerts").err.startswith(told)
    assert slogen(tmp_path, "lint", "-q", "alerts/more").err == ""
    assert slogen(tmp_path, "lint", "--promtool", "./none", "alerts").code == 2
