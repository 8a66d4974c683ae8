"""Rows of values in the tests of owners: what promtool takes is accepted, what it does not take is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from slogen.core import Report
from slogen.source.documents import read_file

ROWS = (
    *("1", "+1", "-1", ".5", "1.", "1.5", "1e3", "1E-3", "1x3", "-1x3", "0+1x3", "1-2x3", "0+.5x3", "1+1e1x2"),
    *("_", "_x3", "stale", "1 stale _x2 4", "NaN", "1 NaN", "Inf", "-Inf", "+Inf 1", "0x30", " 1  2 "),
    *("NaNx3", "Infx2", "1..2", "a", "1x", "1 x3", "1,2", "1+1", "x3", "stalex2", "1x3.5", "1x-3", "--1", "_1"),
)
RULES = "groups: [{name: a, rules: [{record: b, expr: c}]}]"


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_accepted_when_promtool_takes_it(row: str, promtool: str, tmp_path: Path) -> None:
    """An expectation that always holds: only the row decides."""
    test = f"- interval: 1m\n  input_series: [{{series: a, values: '{row}'}}]\n"
    test += "  promql_expr_test: [{expr: vector(1), eval_time: 1m, exp_samples: [{value: 1}]}]\n"
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    (tmp_path / "test.yaml").write_text(f"rule_files: [rules.yaml]\ntests:\n{test}", "utf-8")
    asked = subprocess.run([promtool, "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, check=False)
    report = Report()
    read_file(
        "x.yaml",
        "apiVersion: slogen/v1\nkind: Service\nmetadata: {name: a, team: b}\n"
        "alerts:\n  - {name: A, severity: info, expr: a > 1, summary: s, "
        f"tests: [{{series: {{a: '{row}'}}, quiet: 1m}}]}}\n",
        report,
    )
    assert (list(report) == []) == (asked.returncode == 0), asked.stderr.decode() + "".join(map(str, report))
