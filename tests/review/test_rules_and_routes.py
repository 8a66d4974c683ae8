"""What a diff says of rules and of who is told, as the built files have it and amtool says."""

from __future__ import annotations

import json
import shutil
import subprocess
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.review.cases import CASES, Case
from tests.review.sides import SIDES, built, seconds, told
from tests.review.test_golden import written

# What only a receiver of this audience has in the configuration of Alertmanager.
AUDIENCES = {
    "sre": "pagerduty_configs",
    "boss": "boss@example.com",
    "ceo": "ceo@example.com",
    "core-chat": "#core",
    "data-chat": "#data",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules_are_counted_as_the_built_files_have_them(case: Case, tmp_path: Path) -> None:
    """Rules and evaluations a minute of each service, and which rules are there on one side only."""
    folder = written(tmp_path, case)
    found = told(folder)
    files = {side: built(folder / side) for side in SIDES}
    for service in found["services"]:
        for side in SIDES:
            name = service["was"] if side == "before" and service["was"] else service["name"]
            groups = files[side].get(name, [])
            assert service[f"cost_{side}"]["rules"] == sum(len(group["rules"]) for group in groups)
            minute = sum(Fraction(60 * len(group["rules"]), seconds(group["interval"])) for group in groups)
            assert Decimal(service[f"cost_{side}"]["evaluations"]) == round(Decimal(float(minute)), 1)
        keys = {side: _keys(files[side].get(service["name"], [])) for side in SIDES}
        for rule in service["rules"]:
            key = rule["kind"], rule["name"], tuple(sorted(rule["labels"].items()))
            assert (key in keys["after"]) == (rule["state"] != "removed")
        if service["was"] is None:
            count = {state: sum(rule["state"] == state for rule in service["rules"]) for state in ("added", "removed")}
            totals = [sum(len(group["rules"]) for group in files[side].get(service["name"], [])) for side in SIDES]
            assert count["added"] - count["removed"] == totals[1] - totals[0]


def _keys(groups: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {
        (kind, rule[kind], tuple(sorted(rule.get("labels", {}).items())))
        for group in groups
        for rule in group["rules"]
        for kind in ("record", "alert")
        if kind in rule
    }


@pytest.mark.parametrize("case", [case for case in CASES if case.semantic], ids=lambda case: case.name)
def test_who_is_told_is_what_amtool_says(case: Case, tmp_path: Path) -> None:
    """Each alert that is told to others is sent through both built configurations."""
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("amtool is absent: apt-get install prometheus-alertmanager")
    folder = written(tmp_path, case)
    changes = told(folder)["routing"]
    if not changes:
        return
    for side in SIDES:
        built(folder / side)
    for change in changes:
        alert = change["alerts"][0]
        was = {side: _told(amtool, folder / side, change["of"], alert) for side in SIDES}
        assert was["after"] - was["before"] == set(change["told"]), change
        assert was["before"] - was["after"] == set(change["no_longer"]), change


CLASSES = {"pages": "critical", "tickets": "warning", "notes": "info"}


def _labels(of: str, alert: str) -> dict[str, str]:
    (whose, name), (kind, *rung) = alert.split(" "), of.split(" after ")
    service, slo = whose.split("/")
    labels = {"alertname": name, "service": service, "severity": CLASSES[kind]}
    return labels | ({"slo": slo} if slo else {}) | ({"escalation": rung[0]} if rung else {})


def _raised(root: Path, of: str, alert: str) -> bool:
    labels = _labels(of, alert)
    name = "_platform" if labels["service"] == "slogen" else labels["service"]
    if "escalation" in labels:  # a rung takes the page's severity from the clock
        labels.pop("severity")
    for path in (root / "rules").glob(f"*/{name}.yaml"):
        if path.parent.name not in ("prometheus", "thanos"):
            continue
        for one in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            for rule in one["rules"]:
                have = rule.get("labels", {}) | {"alertname": rule.get("alert")}
                if labels.items() <= have.items() and ("escalation" in labels) == ("escalation" in have):
                    return True
    return False


def _told(amtool: str, root: Path, of: str, alert: str) -> set[str]:
    """Return the audiences of an alert; nobody when no rule raises it."""
    if not _raised(root, of, alert):
        return set()
    config = root / "alertmanager" / "alertmanager.yaml"
    labels = _labels(of, alert)
    source = root / "slos" / f"{labels['service']}.yaml"
    if source.exists():
        labels["team"] = yaml.safe_load(source.read_text("utf-8"))["metadata"]["team"]
    done = subprocess.run(
        [amtool, "config", "routes", "test", f"--config.file={config}", *(f"{k}={v}" for k, v in labels.items())],
        capture_output=True,
        text=True,
        check=True,
    )
    names = done.stdout.strip().split(",")
    receivers = {one["name"]: json.dumps(one) for one in yaml.safe_load(config.read_text("utf-8"))["receivers"]}
    return {who for who, mark in AUDIENCES.items() if any(mark in receivers[name] for name in names)}
