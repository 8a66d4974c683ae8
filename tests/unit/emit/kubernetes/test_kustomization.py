"""kustomization.yaml: all of the resources, each once, and kustomize takes it."""

from __future__ import annotations

import posixpath
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from slogen.app.build import build
from slogen.emit import EMITTERS
from tests.schemas import faults, needs_crds
from tests.unit.emit.kubernetes.platforms import Built, built
from tests.unit.emit.kubernetes.world import World, applied, worlds

KUBECTL = shutil.which("kubectl")


def clusters(made: Built) -> list[str]:
    """Return the folders that are applied: the root, and one for each cluster but the first."""
    return ["", *(f"prometheus/kubernetes/{name}" for name in made.platform.get("clusters", [])[1:])]


def test_every_file_of_resources_is_applied_once_and_nothing_else_is_named(made: Built) -> None:
    """By the root and the other clusters together; of Prometheus itself each cluster takes its own alone."""
    named = [path for folder in clusters(made) for path in applied(made, folder)["paths"]]
    assert set(named) == {path for path, _ in made.resources}
    for folder in clusters(made):
        paths = applied(made, folder)["paths"]
        assert [path for path, times in Counter(paths).items() if times > 1] == []
        assert len([path for path in paths if path.endswith("/prometheus.yaml") and "/kubernetes/" in path]) >= 1
        servers = [path for path in paths if path.startswith("prometheus/kubernetes/") and "_shared" not in path]
        assert servers == [posixpath.join(folder or first_folder(made), "prometheus.yaml")]


def first_folder(made: Built) -> str:
    """Return where the first cluster's Prometheus is, or the only one."""
    return posixpath.join("prometheus/kubernetes", *made.platform.get("clusters", [])[:1])


def test_no_folder_names_a_folder_that_it_lies_in(made: Built) -> None:
    """kustomize takes that for a circle; and files it reads below its own folder only."""
    for path, text in made.files.items():
        if posixpath.basename(path) != "kustomization.yaml":
            continue
        folder = posixpath.dirname(path)
        for entry in yaml.safe_load(text).get("resources", []):
            target = posixpath.normpath(posixpath.join(folder, entry))
            assert not folder.startswith(f"{target}/"), (path, entry)
            assert (f"{target}/kustomization.yaml" in made.files) != (target in made.files), (path, entry)
            if target in made.files:
                assert target.startswith(f"{folder}/" if folder else ""), (path, entry)


def test_one_cluster_runs_what_there_is_once(made: Built) -> None:
    """Alertmanager, the servers of Thanos and the jobs of Jaeger are in the root alone; collectors are everywhere."""
    home, *others = worlds(made)
    once = {"Alertmanager", "ThanosRuler", "Deployment", "StatefulSet", "Job", "CronJob"}
    for other in others:
        assert once & {resource["kind"] for _, resource in other.resources} == set()
        assert names(other, "OpenTelemetryCollector") == names(home, "OpenTelemetryCollector") - {"jaeger-query"}
        assert names(other, "PrometheusRule") == names(home, "PrometheusRule")


def names(world: World, kind: str) -> set[str]:
    """Return the names of the resources of a kind."""
    return {resource["metadata"]["name"] for resource in world.of(kind)}


def identities(resources: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """Return what the resources are, to be compared; the hash that kustomize puts behind a name is left out."""
    found = Counter[tuple[str, str, str]]()
    for one in resources:
        name = one["metadata"]["name"]
        # Those of dashboards are found by their label and have none.
        if one["kind"] == "ConfigMap" and "grafana_dashboard" not in one["metadata"]["labels"]:
            name = name.rpartition("-")[0]
        found[one["kind"], one["metadata"].get("namespace", ""), name] += 1
    return found


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is absent")
@needs_crds
def test_kustomize_makes_of_it_what_we_say(made: Built, tmp_path: Path) -> None:
    """The real program: the same resources and generated Secrets, all of them valid, names of ConfigMaps followed."""
    for path, text in made.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    for world, folder in zip(worlds(made), clusters(made), strict=True):
        done = subprocess.run(
            [str(KUBECTL), "kustomize", str(tmp_path / folder)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        resources = list(yaml.load_all(done.stdout, yaml.CSafeLoader))
        expected = identities([resource for _, resource in world.resources])
        expected.update(world.generated.keys())
        assert identities(resources) == expected
        made_names = {one["metadata"]["name"] for one in resources if one["kind"] == "ConfigMap"}
        for one in resources:
            assert faults(one) == [], one["metadata"]
            for name in config_maps(one):
                assert name in made_names


def config_maps(value: Any) -> list[str]:
    """Return the names of the ConfigMaps that volumes take."""
    if isinstance(value, list):
        return [name for inner in value for name in config_maps(inner)]
    if not isinstance(value, dict):
        return []
    found = [value["configMap"]["name"]] if "configMap" in value else []
    return found + [name for inner in value.values() for name in config_maps(inner)]


def test_without_the_key_there_is_nothing_for_kubernetes(tmp_path: Path) -> None:
    """`kubernetes` switches all of it on; when it goes, the files go."""
    text = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
prometheus: {retention: 90d}
receivers: {sre: {pagerduty: {routingKeyFile: /secrets/pagerduty}}}
routing: {critical: [{after: 0s, notify: [sre]}]}
alertmanager: {}
"""
    service = """\
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: core}
alerts: [{name: WebDown, severity: warning, expr: 'up{job="web"} == 0', summary: down}]
"""
    (tmp_path / "slos").mkdir()
    (tmp_path / "slos" / "web.yaml").write_text(service, "utf-8")
    found = []
    for more in ("", "kubernetes: {}\n", ""):
        (tmp_path / "slogen.yaml").write_text(text + more, "utf-8")
        assert not build(tmp_path).report.failed
        written = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
        found.append(sorted(path for path in written if "kubernetes" in path or "kustomization" in path))
    assert found == [
        [],
        [
            "alertmanager/kubernetes/alertmanager.yaml",
            "kustomization.yaml",
            "prometheus/kubernetes/_shared/access.yaml",
            "prometheus/kubernetes/_shared/kustomization.yaml",
            "prometheus/kubernetes/_shared/targets.yaml",
            "prometheus/kubernetes/prometheus.yaml",
            "rules/kubernetes/_platform.yaml",
            "rules/kubernetes/kustomization.yaml",
            "rules/kubernetes/web.yaml",
        ],
        [],
    ]


def test_a_build_of_one_target_leaves_the_files_of_all_others(tmp_path: Path) -> None:
    """Folders lie in one another: a build of prometheus/ does not take prometheus/kubernetes/ for left over."""
    made = built("whole", tmp_path)
    for emitter in EMITTERS:
        outcome = build(tmp_path, only=emitter.name)
        assert (outcome.report.failed, outcome.drift) == (False, []), emitter.name
    assert all((tmp_path / path).exists() for path in made.files)
