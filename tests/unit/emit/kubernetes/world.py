"""A cluster as it is after `kubectl apply -k`: what is declared, and what the operators make of it.

Written by hand from the operators' documentation, and from no code of slogen.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import yaml

from tests.unit.emit.kubernetes.platforms import Built

Labels = dict[str, str]
NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"
SHARED_NAMESPACE = "kubernetes.io/metadata.name"
OPERATED = {"Prometheus": "prometheus", "Alertmanager": "alertmanager", "ThanosRuler": "thanos-ruler"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """Pods that are alike: who makes them, their labels, and their ports by name."""

    owner: tuple[str, str]
    namespace: str
    labels: Labels
    ports: dict[str, int] = field(default_factory=dict)
    replicas: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A Service: its labels and its ports by name."""

    name: str
    namespace: str
    labels: Labels
    ports: dict[str, int]
    pods: Pods | None = None


def matches(selector: dict[str, Any] | None, labels: Labels) -> bool:
    """Return whether a label selector selects; an empty one selects everything, none selects nothing."""
    if selector is None or not selector.keys() <= {"matchLabels", "matchExpressions"}:
        return False
    for one in selector.get("matchExpressions", []):
        if one["operator"] != "In" or labels.get(one["key"]) not in one["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


def applied(made: Built, folder: str = "") -> dict[str, Any]:
    """Return what kustomize would apply of a folder: the files, and the generators with the texts of their keys."""
    paths: list[str] = []
    generated: dict[tuple[str, str, str], dict[str, str]] = {}
    _collect(made, folder, paths, generated)
    return {"paths": paths, "generated": generated}


def _collect(made: Built, folder: str, paths: list[str], generated: dict[tuple[str, str, str], dict[str, str]]) -> None:
    content = yaml.safe_load(made.files[posixpath.join(folder, "kustomization.yaml")])
    for entry in content.get("resources", []):
        path = posixpath.normpath(posixpath.join(folder, entry))
        if path in made.files:
            paths.append(path)
        else:
            _collect(made, path, paths, generated)
    for kind in ("Secret", "ConfigMap"):
        for one in content.get(f"{kind[0].lower()}{kind[1:]}Generator", []):
            files = [posixpath.normpath(posixpath.join(folder, file)) for file in one["files"]]
            keys = {posixpath.basename(file): made.files[file] for file in files}
            generated[kind, one.get("namespace", content.get("namespace")), one["name"]] = keys


@dataclass(frozen=True)
class World:
    """One cluster; `home` when it is the one that runs what there is once."""

    made: Built
    resources: tuple[tuple[str, dict[str, Any]], ...]
    generated: dict[tuple[str, str, str], dict[str, str]]
    home: bool = True

    def of(self, *kinds: str) -> Iterator[dict[str, Any]]:
        """Yield the resources of some kinds."""
        yield from (resource for _, resource in self.resources if resource["kind"] in kinds)

    def named(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """Return a resource by its name."""
        for one in self.of(kind):
            if one["metadata"]["name"] == name and namespace in (None, one["metadata"].get("namespace")):
                return one
        return None

    def keys(self, kind: str, name: str, namespace: str) -> dict[str, str] | None:
        """Return the contents of a Secret or ConfigMap of ours; None when it is not there."""
        declared = self.named(kind, name, namespace)
        return declared["stringData"] if declared else self.generated.get((kind, namespace, name))

    @cached_property
    def pods(self) -> tuple[Pods, ...]:
        """All pods."""
        return tuple(_pods(self))

    @cached_property
    def services(self) -> tuple[Serving, ...]:
        """All Services that we know of."""
        return tuple(_services(self))

    def selected(self, selector: dict[str, Any] | None, namespace: str) -> list[Pods]:
        """Return the pods that a selector selects."""
        return [one for one in self.pods if one.namespace == namespace and matches(selector, one.labels)]

    def serving(self, host: str) -> Serving | None:
        """Return the Service of a name such as thanos-query.monitoring.svc, or of a server in it."""
        parts = host.split(".")
        if parts[-1] != "svc" or len(parts) not in (3, 4):
            return None
        return next((one for one in self.services if [one.name, one.namespace] == parts[-3:-1]), None)


def owned(resource: dict[str, Any]) -> tuple[str, str]:
    """Return who a resource is, as Pods.owner."""
    return resource["kind"], resource["metadata"]["name"]


def _pods(world: World) -> Iterator[Pods]:
    for one in world.of("Deployment", "StatefulSet", "Job"):
        yield _templated(one, one["spec"]["template"], one["spec"].get("replicas", 1))
    for one in world.of("CronJob"):
        yield _templated(one, one["spec"]["jobTemplate"]["spec"]["template"], 1)
    for one in world.of(*OPERATED):
        kind, name = owned(one)
        ports = {
            "Prometheus": {"web": 9090, **({"grpc": 10901, "http": 10902} if "thanos" in one["spec"] else {})},
            "Alertmanager": {"web": 9093, "mesh-tcp": 9094, "mesh-udp": 9094},
            "ThanosRuler": {"web": 10902, "grpc": 10901},
        }[kind]
        labels = {NAME: OPERATED[kind], INSTANCE: name, "app.kubernetes.io/managed-by": "prometheus-operator"}
        yield Pods(
            owner=(kind, name),
            namespace=one["metadata"]["namespace"],
            labels=labels | {OPERATED[kind]: name},
            ports=ports,
            replicas=one["spec"]["replicas"],
        )
    for one in world.of("OpenTelemetryCollector"):
        kind, name = owned(one)
        namespace = one["metadata"]["namespace"]
        yield Pods(
            owner=(kind, name),
            namespace=namespace,
            labels={
                NAME: f"{name}-collector",
                INSTANCE: f"{namespace}.{name}",
                "app.kubernetes.io/component": "opentelemetry-collector",
                "app.kubernetes.io/managed-by": "opentelemetry-operator",
            },
            ports={port["name"]: port["port"] for port in one["spec"]["ports"]},
            replicas=one["spec"]["replicas"],
        )


def _templated(resource: dict[str, Any], template: dict[str, Any], replicas: int) -> Pods:
    ports = {
        port["name"]: port["containerPort"]
        for container in template["spec"]["containers"]
        for port in container.get("ports", [])
    }
    return Pods(
        owner=owned(resource),
        namespace=resource["metadata"]["namespace"],
        labels=template["metadata"]["labels"],
        ports=ports,
        replicas=replicas,
    )


def _services(world: World) -> Iterator[Serving]:
    for one in world.of("Service"):
        namespace = one["metadata"]["namespace"]
        behind = world.selected({"matchLabels": one["spec"]["selector"]}, namespace)
        yield Serving(
            name=one["metadata"]["name"],
            namespace=namespace,
            labels=one["metadata"]["labels"],
            ports={port["name"]: port["port"] for port in one["spec"]["ports"]},
            pods=behind[0] if len(behind) == 1 else None,
        )
    for pods in world.pods:
        kind, name = pods.owner
        if kind in OPERATED:
            governing = f"{OPERATED[kind]}-operated"
            ports = {port: number for port, number in pods.ports.items() if port in ("web", "grpc")}
            labels = {f"operated-{OPERATED[kind]}": "true"}
            yield Serving(name=governing, namespace=pods.namespace, labels=labels, ports=ports, pods=pods)
        elif kind == "OpenTelemetryCollector":
            for service in (f"{name}-collector", f"{name}-collector-headless"):
                yield Serving(name=service, namespace=pods.namespace, labels={}, ports=pods.ports, pods=pods)


def worlds(made: Built) -> Iterator[World]:
    """Yield every cluster of a platform, the one of the root first."""
    clusters = made.platform.get("clusters", [])
    for place, cluster in enumerate(clusters or [None]):
        found = applied(made, f"prometheus/kubernetes/{cluster}" if place else "")
        chosen = tuple(one for one in made.resources if one[0] in found["paths"])
        yield World(made, chosen, found["generated"], home=not place)


def home_of(world: World) -> str:
    """Return the namespace that the platform says it is in."""
    return str(world.made.platform["metadata"].get("namespace", "monitoring"))


@cache
def read(text: str) -> Any:
    """Return what a YAML text holds; nobody changes it."""
    return yaml.load(text, yaml.CSafeLoader)


def parsed(world: World, path: str) -> Any:
    """Return what a file of the output holds; None when there is none."""
    text = world.made.files.get(path)
    return None if text is None else read(text)


def flags_file(world: World, command: str) -> list[str]:
    """Return the flags of the first server of Thanos of a kind, as thanos/ has them."""
    text = world.made.files.get(f"thanos/{command}-0.flags", "")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
