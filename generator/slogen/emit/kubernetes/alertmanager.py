"""Alertmanager for the operator: the cluster that tells people, once for the whole platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from slogen.emit.artifact import Artifact
from slogen.emit.kubernetes.network import asked, gossiping, guarding
from slogen.emit.kubernetes.resource import (
    Resource,
    artifact,
    disruption,
    mounted,
    pods,
    resource,
    sized,
    spread,
    unprivileged,
    volume,
)
from slogen.emit.kubernetes.targets import operated_monitor
from slogen.model import AlertmanagerSettings, Catalog, Platform
from slogen.plan.topology import ALERTMANAGER as WEB
from slogen.plan.topology import Port, go_duration

FOLDER = "alertmanager/kubernetes"
_MESH = Port(name="mesh", number=9094)
# Where the operator mounts the Secrets that a resource names, each in a folder of its own name.
_MOUNTED = PurePosixPath("/etc/alertmanager/secrets")


def config_secret(platform: Platform) -> str:
    """Return the name of the Secret that holds the configuration and the templates."""
    return f"alertmanager-{platform.name}-config"


def alertmanager_files(catalog: Catalog) -> Iterator[Artifact]:
    """Yield the resources of Alertmanager; none without one."""
    platform = catalog.platform
    if platform.alertmanager is None:
        return
    matching = pods(platform, "alertmanager")
    found = [_server(platform, platform.alertmanager), disruption(platform, f"alertmanager-{platform.name}", matching)]
    # Every cluster tells these; and without gossip each of them would tell people.
    ingress = [asked(WEB, anywhere=len(platform.clusters) > 1), gossiping(matching, _MESH)]
    found += guarding(platform, "alertmanager", matching, ingress)
    found += operated_monitor(catalog, "alertmanager", job="alertmanager")
    yield artifact(f"{FOLDER}/alertmanager.yaml", platform, found)


def _server(platform: Platform, settings: AlertmanagerSettings) -> Resource:
    spec: Resource = {
        "#0": "no version: the operator runs the one that it was tested with, newer than the oldest of the platform",
        "replicas": settings.replicas,
        "#1": "made of alertmanager/ by kustomization.yaml; without it the operator would tell nobody anything",
        "configSecret": config_secret(platform),
        "#2": "else every route and inhibition asks for a label namespace, which alerts on SLOs do not have",
        "alertmanagerConfigMatcherStrategy": {"type": "None"},
    }
    if settings.external_url:
        spec |= {"externalUrl": settings.external_url, "routePrefix": "/"}
    spec |= {
        "#3": "silences, and what was told, survive a restart",
        "retention": go_duration(settings.retention),
        "storage": {"volumeClaimTemplate": {"spec": volume(platform)}},
        **_secrets(platform),
        "resources": sized("100m", "128Mi", "512Mi"),
        "securityContext": unprivileged(1000, group=2000),
        "topologySpreadConstraints": spread(pods(platform, "alertmanager")),
    }
    return resource(platform, "monitoring.coreos.com/v1", "Alertmanager", platform.name, spec=spec)


def _secrets(platform: Platform) -> Resource:
    """Return how the files that hold secrets get there: each folder is a Secret, each file in it a key."""
    files = sorted(set(_files(platform)))
    by_operator = sorted({file.parent.name for file in files if file.parent.parent == _MOUNTED})
    found: Resource = {"#secrets": "the keys of receivers, by hand: see docs/kubernetes.md"} if files else {}
    if by_operator:
        found["secrets"] = by_operator
    if others := [file for file in files if file.parent.parent != _MOUNTED]:
        found |= mounted("alertmanager", others)
    return found


def _files(platform: Platform) -> Iterator[PurePosixPath]:
    for receiver in platform.receivers:
        for key, value in receiver.settings:
            if key.endswith("File") and isinstance(value, str):
                yield PurePosixPath(value)
    if platform.email and platform.email.password_file:
        yield PurePosixPath(platform.email.password_file)
