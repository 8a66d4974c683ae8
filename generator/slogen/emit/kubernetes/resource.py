"""What all resources share: names, labels, spread over nodes, and how they are written as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from slogen.emit.artifact import Artifact, header
from slogen.emit.yamlvalues import written
from slogen.model import Platform
from slogen.plan.topology import Value

Labels = dict[str, str]
Resource = dict[str, Value]  # or a part of one; a key that begins with # is a comment above the next key

MANAGED = "app.kubernetes.io/managed-by"
EVALUATOR = "slogen.dev/evaluator"
NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"
# A container that runs as it is and can become nobody else.
LOCKED: Value = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
_NAMESPACE = "kubernetes.io/metadata.name"  # on every namespace since Kubernetes 1.21


def selecting(platform: Platform) -> Labels:
    """Return the labels by which the platform's Prometheus finds what is meant for it."""
    given = platform.kubernetes.labels if platform.kubernetes else ()
    return dict(given) or {MANAGED: "slogen"}


def labels(platform: Platform) -> Labels:
    """Return the labels that every resource carries."""
    return {**selecting(platform), MANAGED: "slogen"}


def pods(platform: Platform, name: str) -> Labels:
    """Return the labels of the pods of a server: ours, and those that the Prometheus operator puts onto its own."""
    return {NAME: name, INSTANCE: platform.name}


def namespace(name: str) -> Value:
    """Return the selector of a namespace."""
    return {"matchLabels": {_NAMESPACE: name}}


def unprivileged(user: int, group: int | None = None) -> Resource:
    """Return the user of a pod, and the group of its volumes, by default of the same number."""
    return {"fsGroup": user if group is None else group, "runAsNonRoot": True, "runAsUser": user}


def resource(
    platform: Platform,
    api: str,
    kind: str,
    name: str,
    *,
    namespace: str | None = "",
    more: Mapping[str, str] | None = None,
    **body: Value,
) -> Resource:
    """Return a resource; the namespace is the platform's, another one, or None for what stands in no namespace."""
    place = platform.namespace if namespace == "" else namespace
    metadata: dict[str, Value] = {"name": name}
    if place:
        metadata["namespace"] = place
    metadata["labels"] = {**labels(platform), **(more or {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **body}


def spread(matching: Labels) -> Value:
    """Return the constraints that keep replicas on different nodes, and in different zones where there are some."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": when,
            "labelSelector": {"matchLabels": matching},
        }
        for key, when in (
            ("kubernetes.io/hostname", "DoNotSchedule"),
            ("topology.kubernetes.io/zone", "ScheduleAnyway"),
        )
    ]


def disruption(platform: Platform, name: str, matching: Labels) -> Resource:
    """Return the budget that lets a node be drained only while the other replicas are up."""
    return resource(
        platform,
        "policy/v1",
        "PodDisruptionBudget",
        name,
        spec={"maxUnavailable": 1, "selector": {"matchLabels": matching}},
    )


def volume(platform: Platform) -> Resource:
    """Return what a server asks of storage, for one replica."""
    settings = platform.kubernetes
    claim: Resource = {"accessModes": ["ReadWriteOnce"]}
    if settings and settings.storage_class:
        claim["storageClassName"] = settings.storage_class
    claim["resources"] = {"requests": {"storage": settings.storage if settings else ""}}
    return claim


def sized(cpu: str, memory: str, limit: str) -> Value:
    """Return requests, and a limit of memory; processor time is not limited, throttled servers evaluate late."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


def mounted(owner: str, files: Iterable[PurePosixPath]) -> Resource:
    """Return volumes and their mounts for files that hold secrets: a folder is a Secret of the user, a file a key.

    The Secret's name is that of the owner and the folder: alertmanager-secrets for /etc/alertmanager/secrets.
    """
    folders = sorted({str(file.parent) for file in files})
    names = {folder: f"{owner}-{_slug(folder.removeprefix(f'/etc/{owner}'))}".rstrip("-") for folder in folders}
    return {
        "volumes": [{"name": name, "secret": {"secretName": name}} for name in dict.fromkeys(names.values())],
        "volumeMounts": [{"name": names[folder], "mountPath": folder, "readOnly": True} for folder in folders],
    }


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def artifact(path: str, platform: Platform, resources: Iterable[Resource]) -> Artifact:
    """Return a file of resources."""
    written = [text(one) for one in resources]
    return Artifact(path=path, text=header(platform.span.file) + "---\n".join(written), rules=len(written))


def text(resource: Mapping[str, Value]) -> str:
    """Return a resource, or a list below a key, as YAML."""
    return written(resource)
