"""The committed rules of ACGS-2: they load, and every cause alert fires and stays quiet as its owner says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from slogen.app.build import Outcome, load
from tests.conftest import ROOT

FILES = sorted((ROOT / "rules" / "prometheus").glob("*.yaml")) + sorted((ROOT / "rules" / "thanos").glob("*.yaml"))
SERVICES = sorted(path.stem for path in (ROOT / "slos").glob("*.yaml"))


def check(promtool: str, *files: Path) -> None:
    """Run promtool's checks and every lint on files."""
    command = [promtool, "check", "rules", "--lint=all", "--lint-fatal", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == len(files)


def test_every_rule_file_passes_promtool(promtool: str) -> None:
    """Prometheus' and the ruler's, with every lint fatal."""
    assert len(FILES) >= len(SERVICES) >= 10
    check(promtool, *FILES)


def test_kubernetes_resources_hold_the_same_rules(promtool: str, tmp_path: Path) -> None:
    """A PrometheusRule's spec is a rule file: the one of its evaluator, rule for rule."""
    for name in SERVICES:
        resources = list(yaml.safe_load_all((ROOT / "rules" / "kubernetes" / f"{name}.yaml").read_text("utf-8")))
        for resource in resources:
            evaluator = resource["metadata"]["labels"]["slogen.dev/evaluator"]
            plain = yaml.safe_load((ROOT / "rules" / evaluator / f"{name}.yaml").read_text("utf-8"))
            assert resource["spec"] == plain
            path = tmp_path / f"{resource['metadata']['name']}.yaml"
            path.write_text(yaml.safe_dump(resource["spec"]), "utf-8")
    check(promtool, *tmp_path.glob("*.yaml"))


@pytest.mark.parametrize("name", SERVICES)
def test_every_cause_alert_is_tried_by_its_owner(name: str) -> None:
    """On series that fire it and on series that do not; tests/promtool has both, test_generated.py runs them."""
    catalog = load(ROOT, Outcome(ROOT))
    assert catalog is not None
    service = next(service for service in catalog.services if service.name == name)
    for alert in service.alerts:
        assert {"fires", "quiet"} == {"fires" if case.fires else "quiet" for case in alert.tests}, alert.name
