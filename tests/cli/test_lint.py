"""What `slogen lint` says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.running import SERVICE, output, repository, slogen

NOTED = SERVICE.replace("    objective: 99.9\n", "    objective: 99.9\n    recovery: {within: 1h}\n")


def test_notes_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    """An hour is more than the 43 minutes of a month at 99.9 %; a build does not say so."""
    root = repository(tmp_path, service=NOTED)
    before = output(root)
    ran = slogen(root, "lint")
    assert ran.code == 0
    assert "info[SLO212]: an outage of 1h is 138.9 % of the budget" in ran.err
    assert "1 note in 1 of 2 files; nothing is written" in ran.err
    assert output(root) == before
    built = slogen(root, "build")
    assert built.code == 0
    assert "SLO212" not in built.err


def test_without_anything_to_say_it_says_so(tmp_path: Path) -> None:
    """In a line, which is left out when it should be quiet."""
    root = repository(tmp_path)
    assert (slogen(root, "lint").code, slogen(root, "lint").err) == (0, "✓ nothing to say about 2 files\n")
    assert slogen(root, "lint", "-q").err == ""


def test_errors_end_with_1(tmp_path: Path) -> None:
    """They are told as in a build."""
    root = repository(tmp_path, service=NOTED.replace("objective: 99.9", "objektive: 99.9"))
    ran, built = slogen(root, "lint"), slogen(root, "build")
    assert (ran.code, built.code) == (1, 1)
    assert "unknown key 'objektive'" in ran.err
    assert ran.err == built.err.replace("nothing was written", "nothing is written")


SERIES = "{'h_seconds_bucket{le=\"1\"}': 0+1x30}"


def test_cause_alerts_are_looked_at_as_rule_files_are(tmp_path: Path) -> None:
    """By lint alone, and not where that is ignored; a build says nothing about either."""
    alert = (
        "alerts:\n  - name: Slow\n    severity: warning\n    summary: slow\n    for: 5m\n"
        "    expr: histogram_quantile(0.9, rate(h_seconds_bucket[5m])) > 0.5\n"
        f"    tests:\n      - {{series: {SERIES}, quiet: 1m}}\n      - {{series: {SERIES}, fires: 20m}}\n"
    )
    root = repository(tmp_path, service=SERVICE + alert)
    ran = slogen(root, "lint", "--fail-on", "warning")
    assert (ran.code, ran.places) == (1, [("slos/web.yaml:18:35", "SLO312")])
    assert slogen(root, "build", "-q").err == ""
    ignored = "    lint: [{ignore: SLO312, reason: one instance, until: 2999-01-01}]\n"
    root = repository(tmp_path, service=SERVICE + alert + ignored)
    assert slogen(root, "lint", "-q", "--fail-on", "warning").err == ""
    assert slogen(root, "build", "-q").err == ""


STYLES = {
    "plain": "sum by (job) (a) and sum(b)",
    "single quotes": "'sum by (job) (a{x=''1''}) and sum(b)'",
    "double quotes": '"sum by (job) (a{x=\\"1\\"}) and sum(b)"',
    "a literal block": "|\n      # of jobs\n      count(c > 1) > 2 or\n      (sum by (job) (a) and sum(b))",
    "a folded block": ">-\n      count(c > 1) > 2 or\n      (sum by (job) (a) and sum(b))",
}


@pytest.mark.parametrize("style", STYLES)
def test_carets_stand_under_the_part_of_an_expression_in_every_style_of_yaml(tmp_path: Path, style: str) -> None:
    """In SLIs and in cause alerts: the operator with its two sides, and nothing around it."""
    expr = STYLES[style]
    series = "series: {a: 1x9, b: 1x9}"
    body = (
        "slos:\n  - name: up\n    objective: 99\n    sli:\n      boolean: "
        + expr.replace("\n      ", "\n        ")
        + f"\n    tests: [{{name: n, {series}, at: 5m, errors: 0/m, total: 2/m}}]\n"
        + f"alerts:\n  - name: Down\n    severity: info\n    summary: down\n    expr: {expr}\n"
        + f"    tests: [{{{series}, fires: 1m}}, {{{series}, quiet: 1m}}]\n"
    )
    head = "apiVersion: slogen/v1\nkind: Service\nmetadata: {name: web, team: core}\n"
    root = repository(tmp_path, service=head + body)
    lines = (head + body).split("\n")
    told = [
        (one["code"], lines[one["line"] - 1][one["column"] - 1 : one["endColumn"] - 1])
        for one in json.loads(slogen(root, "lint", "--format", "json").out)
    ]
    (fragment,) = re.findall(r"sum by.*sum\(b\)", expr)
    assert told == [("SLO305", fragment)] * 2
