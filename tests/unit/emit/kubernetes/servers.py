"""Rights, Secrets, labels and addresses of Prometheus, Alertmanager and the ruler; Jaeger is what jaeger/ says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from tests.unit.emit.kubernetes.world import (
    INSTANCE,
    NAME,
    World,
    flags_file,
    home_of,
    owned,
    parsed,
    read,
)

PORTS = {
    4317: "otlp-grpc",
    4318: "otlp-http",
    8888: "telemetry",
    8889: "span-metrics",
    16685: "query-grpc",
    16686: "query-http",
}


def accounts_have_their_rights(world: World) -> Iterator[str]:
    """Prometheus may find its targets; every account that is named is there."""
    for one in world.of("Prometheus"):
        account = one["spec"]["serviceAccountName"]
        found = [
            binding["roleRef"]
            for binding in world.of("ClusterRoleBinding")
            if binding["metadata"]["name"] == binding["roleRef"]["name"]
            and binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": home_of(world)}]
        ]
        roles = [world.named(role["kind"], role["name"]) for role in found if role["apiGroup"] == _RBAC]
        if [role and role["rules"] for role in roles] != [_RIGHTS]:
            yield f"rights of {account}"
        if one["spec"]["serviceDiscoveryRole"] != "EndpointSlice":
            yield "how targets are discovered"
    for account in _accounts(world):
        if not world.named("ServiceAccount", account, home_of(world)):
            yield f"no account {account}"


_RBAC = "rbac.authorization.k8s.io"
_RIGHTS = [
    {"apiGroups": [""], "resources": ["services", "pods", "nodes"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list", "watch"]},
    {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
]


def _accounts(world: World) -> Iterator[str]:
    for one in world.of("Prometheus", "ThanosRuler"):
        yield one["spec"]["serviceAccountName"]
    for one in world.of("Deployment", "StatefulSet"):
        yield one["spec"]["template"]["spec"]["serviceAccountName"]


def references_lead_to_keys(world: World) -> Iterator[str]:
    """Every Secret and ConfigMap that is named is ours, with that key, or the user's."""
    for one in world.of("Prometheus", "Alertmanager", "ThanosRuler"):
        spec = one["spec"]
        named = [
            spec.get("thanos", {}).get("objectStorageConfig"),
            *(spec.get(name) for name in ("additionalAlertManagerConfigs", "objectStorageConfig")),
            *(spec.get(name) for name in ("queryConfig", "alertmanagersConfig")),
            {"name": spec["configSecret"], "key": "alertmanager.yaml"} if one["kind"] == "Alertmanager" else None,
        ]
        for reference in named:
            if reference and reference["key"] not in (world.keys("Secret", reference["name"], home_of(world)) or ()):
                yield f"{owned(one)} reads {reference}"
    bucket = world.keys("Secret", "thanos-objstore", home_of(world))
    if bucket is not None and read(bucket["objstore.yaml"]) != parsed(world, "thanos/objstore.yaml"):
        yield "the bucket"
    for one in world.of("Alertmanager"):
        keys = world.keys("Secret", one["spec"]["configSecret"], home_of(world)) or {}
        if keys.keys() != {"alertmanager.yaml", "slogen.tmpl"}:
            yield "templates of Alertmanager"
        elif "/etc/alertmanager/config/slogen.tmpl" not in read(keys["alertmanager.yaml"])["templates"]:
            yield "where Alertmanager finds its templates"


def servers_have_what_they_need(world: World) -> Iterator[str]:
    """A ruler asks, tells and keeps; Prometheus tells every Alertmanager and names its cluster."""
    thanos = world.made.platform.get("thanos") or {}
    clusters = world.made.platform.get("clusters", [])
    for one in world.of("Prometheus"):
        spec = one["spec"]
        told = spec.get("alerting", {}).get("alertmanagers", [])
        for place in told:
            serving = world.serving(f"{place['name']}.{place['namespace']}.svc")
            if serving is None or place["port"] not in serving.ports or place["apiVersion"] != "v2":
                yield f"Prometheus tells {place}"
        if "alertmanager" in world.made.platform and bool(told) != world.home:
            yield "who tells Alertmanager"
        far = spec.get("additionalAlertManagerConfigs")
        if far:
            yield from _far(world, far)
        elif "alertmanager" in world.made.platform and not told:
            yield "Prometheus tells nobody"
        cluster = spec.get("externalLabels", {}).get("cluster")
        if (cluster is None and bool(clusters)) or (cluster is not None and cluster not in clusters):
            yield f"external label cluster: {cluster}"
        if (cluster == (clusters or [None])[0]) is not world.home:
            yield "of another cluster"
        if spec.get("externalLabels", {}).keys() - {"cluster"}:
            yield "more external labels"
        if spec["replicaExternalLabelName"] != "prometheus_replica" or spec["prometheusExternalLabelName"] != "":
            yield "external labels of Prometheus"
        if ("thanos" in spec) != ("objectStorage" in thanos):
            yield "sidecar"
    for one in world.of("ThanosRuler"):
        spec = one["spec"]
        if {"labels", "alertDropLabels"} & spec.keys():
            yield "labels of the ruler"
        if ("remoteWrite" in spec) == ("objectStorageConfig" in spec) or ("remoteWrite" in spec) != bool(
            thanos.get("receive")
        ):
            yield "where the ruler keeps"
        drop = [{"name": "restore-ignored-label", "value": "thanos_ruler_replica"}]
        if "remoteWrite" in spec and spec["remoteWrite"] != parsed(world, "thanos/remote-write.yaml")["remote_write"]:
            yield "where the ruler writes"
        if "remoteWrite" in spec and spec["additionalArgs"] != drop:
            yield "what the ruler ignores when it restores"
        if f"--alert.query-url={spec['alertQueryUrl']}" not in flags_file(world, "rule"):
            yield "where the ruler's alerts lead"
        if ("alertmanagersConfig" in spec) != ("alertmanager" in world.made.platform):
            yield "whom the ruler tells"
    for one in world.of("Alertmanager"):
        if one["spec"]["alertmanagerConfigMatcherStrategy"] != {"type": "None"}:
            yield "a matcher on the namespace"


def _far(world: World, reference: dict[str, str]) -> Iterator[str]:
    text = (world.keys("Secret", reference["name"], home_of(world)) or {}).get(reference["key"], "")
    first, name = world.made.platform["clusters"][0], world.made.platform["metadata"]["name"]
    number = world.made.platform["alertmanager"].get("replicas", 3)
    place = f"{first}.alertmanager-operated.{home_of(world)}.svc.clusterset.local:9093"
    targets = [f"alertmanager-{name}-{member}.{place}" for member in range(number)]
    if read(text) != [{"api_version": "v2", "static_configs": [{"targets": targets}]}]:
        yield "Alertmanagers of another cluster"


def jaeger_runs_what_is_in_jaeger(world: World) -> Iterator[str]:
    """The configuration is that of jaeger/, with ports for what it listens on; its jobs are those of jobs.yaml."""
    roles = {"jaeger": "collector", "jaeger-gateway": "gateway", "jaeger-query": "query"}
    for one in world.of("OpenTelemetryCollector"):
        name, spec = one["metadata"]["name"], one["spec"]
        if spec["config"] != parsed(world, f"jaeger/{roles[name]}.yaml"):
            yield f"configuration of {name}"
        text = str(spec["config"])
        listening = {int(port) for port in re.findall(r"'endpoint': '0\.0\.0\.0:([0-9]+)'", text)} - {13133} | {8888}
        if {port["port"] for port in spec["ports"]} != listening or spec["mode"] != "deployment":
            yield f"ports of {name}"
        if any(port["name"] != PORTS[port["port"]] for port in spec["ports"]):
            yield f"names of ports of {name}"
        if {port["protocol"] for port in spec["ports"]} != {"TCP"}:
            yield f"protocols of {name}"
    declared = parsed(world, "jaeger/jobs.yaml") or {"jobs": []}
    first = [
        (one, container)
        for one in world.of("OpenTelemetryCollector")
        for container in one["spec"].get("initContainers", ())
    ]
    for one, container in first:
        volumes = {volume["name"] for volume in one["spec"].get("volumes", ())}
        if one["metadata"]["name"] != "jaeger" or not _mounts(container).keys() <= volumes:
            yield "what makes the indices"
    containers = [container for _, container in first]
    found = [_job(container) for container in containers]
    for one in world.of("CronJob"):
        spec = one["spec"]
        if spec["timeZone"] != "Etc/UTC":
            yield "another time zone"
        pod = spec["jobTemplate"]["spec"]["template"]
        labels = {NAME: "jaeger-jobs", INSTANCE: world.made.platform["metadata"]["name"]}
        if pod["metadata"]["labels"] != labels or pod["spec"]["restartPolicy"] != "OnFailure":
            yield "labels of jobs"
        (container,) = pod["spec"]["containers"]
        if container["name"] != one["metadata"]["name"]:
            yield "name of a job"
        containers.append(container)
        found.append(_job(container) | {"schedule": spec["schedule"]})
    for container in containers:
        files = re.findall(r"cat (/[^`\s]+)", str(container["command"]))
        if {str(PurePosixPath(file).parent) for file in files} != set(_mounts(container).values()):
            yield "files of a job"
    if found != [job for job in declared["jobs"] if world.home or "schedule" not in job]:
        yield "jobs of Jaeger"


def _mounts(container: dict[str, Any]) -> dict[str, str]:
    return {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts", [])}


def _job(container: dict[str, Any]) -> dict[str, Any]:
    env = {"env": {entry["name"]: entry["value"] for entry in container["env"]}} if "env" in container else {}
    return {"name": container["name"], "image": container["image"], "command": container["command"], **env}


def jaeger_of_version_1_is_as_it_should_be(world: World) -> Iterator[str]:
    """Aliases, or nothing is rotated; hours, for Go reads no days; cleaning a day later than spans are kept."""
    if bool(list(world.of("Jaeger"))) != ((world.made.platform.get("jaeger") or {}).get("version") == "1"):
        yield "Jaeger of version 1"
    for one in world.of("Jaeger"):
        if one["metadata"]["name"] != f"{world.made.platform['metadata']['name']}-jaeger" or one["spec"] != VERSION_1:
            yield "Jaeger of version 1"


# Spans of 7 days, as by default, on the servers of the test.
VERSION_1 = {
    "strategy": "production",
    "collector": {"minReplicas": 2, "maxReplicas": 6},
    "query": {"replicas": 2},
    "storage": {
        "type": "elasticsearch",
        "options": {
            "es": {
                "server-urls": "http://es:9200",
                "use-aliases": True,
                "create-index-templates": False,
                "max-span-age": "168h",
            }
        },
        "esRollover": {"conditions": '{"max_age": "23h"}', "readTTL": "192h", "schedule": "5 * * * *"},
        "esIndexCleaner": {"enabled": True, "numberOfDays": 8, "schedule": "55 23 * * *"},
    },
}
