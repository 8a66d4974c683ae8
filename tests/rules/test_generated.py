"""The committed tests of ACGS-2, on Debian's promtool and a current one; and that they are made of the right things."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

FILES = sorted((ROOT / "tests" / "promtool").glob("*.yaml"))
SERVICES = sorted(path.stem for path in (ROOT / "slos").glob("*.yaml"))
CAUSES_ALONE = {"capacity", "certificates", "changes", "transit"}  # without an SLO


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_generated_test_passes(promtool: str, file: Path) -> None:
    """Range selectors are open on the left in the current one."""
    done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_every_alert_has_a_case_that_fires_it_and_one_that_keeps_it_quiet(service: str) -> None:
    """Each alert of each SLO, each rung, each cause alert: expected with its labels, and absent at some time."""
    rules = [rule for group in groups(service) for rule in group["rules"] if "alert" in rule]
    expected, quiet = set(), set()
    for test in written(service):
        for case in test["promql_expr_test"]:
            told = [sample["labels"] for sample in case["exp_samples"]]
            asked = re.findall(r'alertname="(\w+)"', case["expr"]) or re.findall(r"^(ALERTS)\b", case["expr"])
            expected |= {text for text in told if text.startswith(("ALERTS", "{service"))}
            if not told:
                quiet |= set(asked)
    for rule in rules:
        wanted = {f'{name}="{value}"' for name, value in rule["labels"].items()}
        if "escalation" in rule["labels"]:
            wanted.add(f'alertname="{rule["alert"]}"')
        fires = [text for text in expected if wanted <= set(re.findall(r'\w+="[^"]*"', text))]
        assert fires, f"nothing fires {rule['alert']} {rule['labels']}"
        assert {rule["alert"], "ALERTS"} & quiet, f"nothing keeps {rule['alert']} quiet"


@pytest.mark.parametrize("service", SERVICES)
def test_every_recorded_series_is_looked_at(service: str) -> None:
    """By an expression whose value is told."""
    recorded = {rule["record"] for group in groups(service) for rule in group["rules"] if "record" in rule}
    assert len(recorded) >= 15 or service in CAUSES_ALONE
    told = "\n".join(
        case["expr"] for test in written(service) for case in test["promql_expr_test"] if case["exp_samples"]
    )
    assert {name for name in recorded if name not in told} == set()


def groups(service: str) -> list[dict[str, list[dict[str, object]]]]:
    """Return the rule groups of a service, of both servers."""
    found = []
    for folder in ("prometheus", "thanos"):
        path = ROOT / "rules" / folder / f"{service}.yaml"
        found += yaml.safe_load(path.read_text("utf-8"))["groups"] if path.exists() else []
    return found


def written(service: str) -> list[dict[str, list[dict[str, object]]]]:
    """Return the generated tests of a service, of all layers."""
    mine = [file for file in FILES if file.name.split(".")[0] == service]
    assert len(mine) >= (1 if service in CAUSES_ALONE else 3)
    return [test for file in mine for test in yaml.safe_load(file.read_text("utf-8"))["tests"]]
