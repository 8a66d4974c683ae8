"""kustomization.yaml: what is applied where. The root is for the first cluster, which runs what there is once.

kustomize reads files below its own folder only, and folders elsewhere that hold a kustomization.yaml of their own:
so what several clusters take is a folder, and what is made of files in other folders is made in the root.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from slogen.emit import alertmanager as plain
from slogen.emit.alertmanager.templates import TEMPLATE
from slogen.emit.artifact import Artifact, header
from slogen.emit.grafana.provisioning import FOLDER as DASHBOARDS
from slogen.emit.kubernetes.alertmanager import config_secret
from slogen.emit.kubernetes.jaeger import COLLECTORS
from slogen.emit.kubernetes.prometheus import FOLDER, SHARED, cluster_folder
from slogen.emit.kubernetes.resource import Resource, labels, text
from slogen.emit.kubernetes.rules import FOLDER as RULES
from slogen.emit.kubernetes.thanos import CONFIG, RULER, config_files, ruler_files
from slogen.emit.thanos import FOLDER as THANOS
from slogen.model import Platform
from slogen.plan.topology import Value, home

ROOT_FILE = "kustomization.yaml"


def kustomizations(platform: Platform, paths: Iterable[str]) -> Iterator[Artifact]:
    """Yield a kustomization.yaml for each folder that several clusters take, for each cluster, and for the root."""
    found = sorted(paths)
    folders = [_folder(folder, found) for folder in _common(found)]
    for folder, files in folders:
        yield _artifact(f"{folder}/{ROOT_FILE}", platform, {"resources": files})
    taken = {f"{folder}/{file}" for folder, files in folders for file in files}
    everywhere = [folder for folder, _ in folders]
    for cluster in platform.clusters:
        place = PurePosixPath(cluster_folder(cluster))
        up = "../" * len(place.parts)
        resources = [*(up + folder for folder in everywhere), "prometheus.yaml"]
        taken.add(f"{place}/prometheus.yaml")
        yield _artifact(f"{place}/{ROOT_FILE}", platform, {"resources": resources})
    first = [cluster_folder(home(platform))] if platform.clusters else everywhere
    rest = [path for path in found if path not in taken]
    if platform.grafana is not None:
        rest.append(DASHBOARDS)  # it makes a ConfigMap of each
    yield _artifact(ROOT_FILE, platform, {"resources": [*first, *rest], **_generators(platform)})


def _common(paths: list[str]) -> list[str]:
    return [folder for folder in (RULES, SHARED, COLLECTORS) if any(path.startswith(folder + "/") for path in paths)]


def _folder(folder: str, paths: list[str]) -> tuple[str, list[str]]:
    return folder, [path.removeprefix(folder + "/") for path in paths if path.startswith(folder + "/")]


def _generators(platform: Platform) -> Resource:
    secrets: list[Value] = []
    configs: list[Value] = []
    if platform.alertmanager is not None:
        files = [f"{plain.FOLDER}/alertmanager.yaml", f"{plain.FOLDER}/{TEMPLATE}"]
        secrets.append(_generator(platform, config_secret(platform), files, named_by_operator=True))
    if names := ruler_files(platform):
        secrets.append(_generator(platform, RULER, _thanos(names), named_by_operator=True))
    if names := config_files(platform):
        configs.append(_generator(platform, CONFIG, _thanos(names)))
    found: Resource = {}
    if secrets:
        found |= {"#1": "no secrets are in them, but the operator reads its configuration from Secrets"}
        found |= {"secretGenerator": secrets}
    if configs:
        found |= {"#2": "its name ends with a hash of its content, so that a change restarts what reads it"}
        found |= {"configMapGenerator": configs}
    return found


def _thanos(names: Iterable[str]) -> list[str]:
    return [f"{THANOS}/{name}" for name in names]


def _generator(platform: Platform, name: str, files: list[str], *, named_by_operator: bool = False) -> Value:
    options: Resource = {"labels": labels(platform)}
    if named_by_operator:
        options["disableNameSuffixHash"] = True
    return {"name": name, "namespace": platform.namespace, "files": files, "options": options}


def _artifact(path: str, platform: Platform, content: Resource) -> Artifact:
    head: Resource = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    comment = {"#": _purpose(path, platform)}
    return Artifact(path=path, text=header(platform.span.file) + text({**comment, **head, **content}), rules=0)


def _purpose(path: str, platform: Platform) -> str:
    folder = str(PurePosixPath(path).parent)
    if path == ROOT_FILE:
        here = f"in {home(platform)}, where everything runs that there is once" if platform.clusters else "everything"
        return f"kubectl apply -k . : {here}. What must be there before is in docs/kubernetes.md."
    if folder.startswith(FOLDER) and folder != SHARED:
        if folder == cluster_folder(home(platform)):
            return "part of the kustomization.yaml in the root"
        return f"kubectl apply -k {folder} : in {PurePosixPath(folder).name}"
    return "in every cluster"
