"""Thanos in Kubernetes: the servers of plan.thanos as workloads, the ruler as a resource of the operator."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.artifact import Artifact
from slogen.emit.flags import flag
from slogen.emit.kubernetes.bucket import KEY, SECRET, reference, shared_mounts, shared_volumes
from slogen.emit.kubernetes.network import asked, guarding
from slogen.emit.kubernetes.resource import (
    EVALUATOR,
    LOCKED,
    Labels,
    Resource,
    artifact,
    disruption,
    namespace,
    pods,
    resource,
    selecting,
    sized,
    spread,
    unprivileged,
    volume,
)
from slogen.emit.kubernetes.targets import monitor, operated_monitor
from slogen.model import Catalog, Platform, ThanosSettings
from slogen.plan.rules import Evaluator
from slogen.plan.thanos import GRPC, REPLICA, Component, components, files, image
from slogen.plan.topology import ROOT, Port, Value, release

FOLDER = "thanos/kubernetes"
CONFIG = "thanos-config"  # a ConfigMap of kustomization.yaml: what the workloads read but the bucket
RULER = "thanos-ruler-config"  # a Secret of kustomization.yaml, for so the operator wants it
OPERATED = ("sidecar", "rule")  # by the Prometheus operator
_ACCOUNT = "thanos"
_USER = 1001
_SIZES = {
    "query": sized("500m", "2Gi", "8Gi"),
    "query-frontend": sized("100m", "1Gi", "2Gi"),
    "store": sized("500m", "2Gi", "6Gi"),
    "compact": sized("500m", "2Gi", "6Gi"),
    "receive": sized("500m", "2Gi", "4Gi"),
}


def thanos_files(catalog: Catalog) -> Iterator[Artifact]:
    """Yield the resources of Thanos; none without a bucket."""
    platform = catalog.platform
    thanos, found = platform.thanos, components(platform)
    if thanos is None or not found:
        return
    account = resource(platform, "v1", "ServiceAccount", _ACCOUNT)
    yield artifact(f"{FOLDER}/account.yaml", platform, [account])
    for component in found:
        if component.command == "rule":
            yield artifact(f"{FOLDER}/rule.yaml", platform, _ruler(component, catalog, thanos))
        elif component.command not in OPERATED:
            yield artifact(f"{FOLDER}/{component.command}.yaml", platform, _workload(component, platform, thanos))


def config_files(platform: Platform) -> tuple[str, ...]:
    """Return the files of thanos/ that the workloads read, without the bucket's."""
    return _read(platform, operated=False)


def ruler_files(platform: Platform) -> tuple[str, ...]:
    """Return the files of thanos/ that the ruler reads, without the bucket's."""
    return tuple(name for name in _read(platform, operated=True) if name != "remote-write.yaml")


def _read(platform: Platform, *, operated: bool) -> tuple[str, ...]:
    read = {name for one in components(platform) if (one.command in OPERATED) == operated for name in one.files} - {KEY}
    return tuple(file.name for file in files(platform) if file.name in read)


def _workload(component: Component, platform: Platform, thanos: ThanosSettings) -> Iterator[Resource]:
    name, matching = component.name, pods(platform, component.name)
    pod: Resource = {"metadata": {"labels": matching}, "spec": _pod(component, platform, thanos)}
    spec: Resource = {"replicas": component.replicas, "selector": {"matchLabels": matching}}
    if component.data is None:
        yield resource(platform, "apps/v1", "Deployment", name, spec={**spec, "template": pod})
    else:
        claim: Value = {"metadata": {"name": "data"}, "spec": volume(platform)}
        spec |= {"serviceName": component.service, "podManagementPolicy": "Parallel", "template": pod}
        yield resource(platform, "apps/v1", "StatefulSet", name, spec={**spec, "volumeClaimTemplates": [claim]})
    yield _service(component, platform, matching)
    yield disruption(platform, name, matching)
    yield from guarding(platform, name, matching, [asked(*_asked(component))])
    yield monitor(platform, name, matching, port="http", job=f"thanos-{component.command}")


def _asked(component: Component) -> tuple[Port, ...]:
    """Return the ports that others ask: of Thanos Query no gRPC, nobody stands above it."""
    return tuple(port for port in component.ports if component.command != "query" or port != GRPC)


def _service(component: Component, platform: Platform, matching: Labels) -> Resource:
    spec: Resource = {"#": "one address a server, none for all of them", "clusterIP": "None"}
    if any(value and REPLICA in value for _, value in component.flags):
        spec |= {"#ready": "they must find one another before they are ready", "publishNotReadyAddresses": True}
    ports: list[Value] = [{"name": port.name, "port": port.number, "targetPort": port.name} for port in component.ports]
    spec |= {"selector": matching, "ports": ports}
    return resource(platform, "v1", "Service", component.service, more=matching, spec=spec)


def _pod(component: Component, platform: Platform, thanos: ThanosSettings) -> Resource:
    ports: list[Value] = [{"name": port.name, "containerPort": port.number} for port in component.ports]
    mounts: list[Value] = []
    if component.files:
        mounts.append({"name": "config", "mountPath": f"{ROOT}/thanos", "readOnly": True})
    if component.data:
        mounts.append({"name": "data", "mountPath": component.data})
    bucket = KEY in component.files
    if bucket:
        mounts += shared_mounts(platform)
    container: Resource = {
        "name": component.command,
        "image": image(thanos),
        "args": [component.command, *(flag(*one) for one in component.flags)],
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "ports": ports,
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "http"}, "periodSeconds": 10},
        "livenessProbe": {
            "httpGet": {"path": "/-/healthy", "port": "http"},
            "periodSeconds": 30,
            "failureThreshold": 4,
        },
        "resources": _SIZES[component.command],
        "securityContext": LOCKED,
    }
    if mounts:
        container["volumeMounts"] = mounts
    spec: Resource = {
        "serviceAccountName": _ACCOUNT,
        "securityContext": {**unprivileged(_USER), "seccompProfile": {"type": "RuntimeDefault"}},
        "topologySpreadConstraints": spread(pods(platform, component.name)),
        "containers": [container],
    }
    volumes = [*_config(component), *(shared_volumes(platform) if bucket else [])]
    return {**spec, "volumes": volumes} if volumes else spec


def _config(component: Component) -> list[Value]:
    """Return the volume of the configuration files: ours from the ConfigMap, the bucket's from its Secret."""
    ours = [name for name in component.files if name != KEY]
    sources: list[Value] = []
    if ours:
        sources.append({"configMap": {"name": CONFIG, "items": [{"key": name, "path": name} for name in ours]}})
    if KEY in component.files:
        sources.append({"secret": {"name": SECRET, "items": [{"key": KEY, "path": KEY}]}})
    return [{"name": "config", "projected": {"sources": sources}}] if sources else []


def _ruler(component: Component, catalog: Catalog, thanos: ThanosSettings) -> Iterator[Resource]:
    platform = catalog.platform
    matching = pods(platform, "thanos-ruler")
    flags = dict(component.flags)
    spec: Resource = {
        "image": image(thanos),
        "version": release(thanos.version),
        "replicas": component.replicas,
        "#1": "Prometheus selects the others: nothing is evaluated twice",
        "ruleSelector": {"matchLabels": {**selecting(platform), EVALUATOR: Evaluator.THANOS.value}},
        "ruleNamespaceSelector": namespace(platform.namespace),
        "evaluationInterval": str(platform.scaled(platform.prometheus.evaluation_interval)),
        "queryConfig": {"name": RULER, "key": "query.yaml"},
    }
    if "alertmanagers.config-file" in flags:
        spec["alertmanagersConfig"] = {"name": RULER, "key": "alertmanagers.yaml"}
    spec["alertQueryUrl"] = flags["alert.query-url"] or ""
    if "objstore.config-file" in flags:
        spec["objectStorageConfig"] = reference()
    spec |= {
        "#2": "no labels: the operator adds thanos_ruler_replica and takes it off alerts, and any other label would"
        " keep these series from joining those of Prometheus",
        "retention": "48h",
        **_remote(component, platform),
        "storage": {"volumeClaimTemplate": {"spec": volume(platform)}},
        "serviceAccountName": _ACCOUNT,
        "resources": sized("200m", "512Mi", "2Gi"),
        "securityContext": unprivileged(_USER),
        "topologySpreadConstraints": spread(matching),
    }
    if mounts := shared_mounts(platform):
        spec |= {"volumes": shared_volumes(platform), "volumeMounts": mounts}
    yield resource(platform, "monitoring.coreos.com/v1", "ThanosRuler", platform.name, spec=spec)
    yield disruption(platform, f"thanos-ruler-{platform.name}", matching)
    yield from guarding(platform, "thanos-ruler", matching, [asked(*_asked(component))])
    yield from operated_monitor(catalog, "thanos-ruler", job="thanos-rule")


def _remote(component: Component, platform: Platform) -> Resource:
    """Return where a ruler that keeps nothing writes what it records."""
    if "remote-write.yaml" not in component.files:
        return {}
    value = next(file.value for file in files(platform) if file.name == "remote-write.yaml")
    assert isinstance(value, dict)
    given = [(name, text) for name, text in component.flags if name == "restore-ignored-label"]
    return {
        "remoteWrite": value["remote_write"],
        "additionalArgs": [{"name": name, "value": text or ""} for name, text in given],
    }
