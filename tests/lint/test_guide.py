"""The four alerts of the ACGS-2 guide: promtool takes all of them, and each of their faults is named.

The numbers are those of ../shared/facts/seed_defects.md. Of what that page says, lint does not tell that an alert is
silent without traffic (23), that ranges of 30d are expensive (27), and that texts name neither service nor node (28).
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from slogen.app.lint import lint_rules
from tests.conftest import ROOT

SHARED = ROOT.parent / "shared"
GUIDE = SHARED / "seed" / "acgs2-ha-deployment-guide.md"
needs_guide = pytest.mark.skipif(not SHARED.exists(), reason="../shared is absent")
# Rule, line and column in the two resources put together, code, what it is about.
FAULTS = [
    ("", 3, 7, "SLO335", "they lack the labels prometheus: acgs2, team: acgs2"),  # 2
    ("APISLOViolation", 12, 18, "SLO328", "no runbook"),  # 28
    ("APISLOViolation", 14, 17, "SLO313", "the whole result is missing, not 0"),
    ("APISLOViolation", 14, 27, "SLO309", "this reads 30d back, and Prometheus keeps 6h"),  # 5
    ("APISLOViolation", 15, 66, "SLO318", "the objective is the threshold"),  # 22
    ("LatencySLOViolation", 27, 38, "SLO312", "one quantile for each series"),  # 25
    ("LatencySLOViolation", 27, 43, "SLO309", "this reads 30d back, and Prometheus keeps 6h"),  # 5
    ("LatencySLOViolation", 28, 15, "SLO310", "http_request_duration_seconds is in seconds: this is 5 s"),  # 24
    # NodeMemoryHigh itself is right: its one fault is that it is loaded by nobody, as NodeCPUHigh.
    ("", 39, 7, "SLO335", "they lack the labels prometheus: acgs2, team: acgs2"),  # 2
    ("NodeCPUHigh", 47, 17, "SLO319", "one alert for every value of cpu"),  # 29
]


def resources() -> str:
    """Return the two PrometheusRule resources of the guide as one text."""
    written = re.findall(r"^```yaml\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    return "---\n".join(block for block in written if "PrometheusRule" in block)


@needs_guide
def test_each_fault_of_the_guides_rules_is_named(tmp_path: Path) -> None:
    """And nothing else: rule, place, code and words."""
    lines = resources().split("\n")
    (tmp_path / "guide.yaml").write_text(resources(), "utf-8")
    (tmp_path / "slogen.yaml").write_text((ROOT / "slogen.yaml").read_text("utf-8"), "utf-8")
    told = list(lint_rules(tmp_path, ["guide.yaml"]))
    assert [(p.span.line, p.span.col, p.code) for p in told] == [fault[1:4] for fault in FAULTS]
    for problem, (rule, line, _, _, words) in zip(told, FAULTS, strict=True):
        assert words in problem.message
        above = [name for one in lines[:line] for name in re.findall("- alert: (.*)", one)]
        assert not rule or above[-1] == rule


@needs_guide
def test_promtool_takes_the_guides_rules(promtool: str, tmp_path: Path) -> None:
    """All four of them."""
    groups = [group for one in yaml.safe_load_all(resources()) for group in one["spec"]["groups"]]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}), "utf-8")
    ran = subprocess.run(
        [promtool, "check", "rules", "rules.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "SUCCESS: 4 rules found" in ran.stdout) == (0, True), ran.stderr
