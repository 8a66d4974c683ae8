"""Volumes, files, flags and ports of pods, and the names of Services that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from tests.unit.emit.kubernetes.world import (
    World,
    flags_file,
    home_of,
    owned,
)

_ADDRESS = re.compile(r"(?:(dnssrv)\+_([a-z-]+)\._tcp\.)?((?:[a-z0-9-]+\.)+svc)(?::([0-9]+))?\b(?!\.)")


def pods_find_their_files_and_volumes(world: World) -> Iterator[str]:
    """Every mount has a volume and every volume a mount; what the flags name is there; ports and probes agree."""
    for one in world.of("Deployment", "StatefulSet", "Job", "CronJob"):
        spec = one["spec"]
        claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])]
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        template = spec["template"]["spec"]
        (container,) = template["containers"]
        volumes = {volume["name"]: volume for volume in template.get("volumes", [])}
        mounts = {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts", [])}
        if mounts.keys() != {*volumes, *claims} or len(claims) > 1:
            yield f"volumes of {owned(one)}"
            continue
        if mounts.get("bucket", _bucket(world)) != _bucket(world):
            yield f"{owned(one)} has the bucket elsewhere"
        files = {}
        for name, volume in volumes.items():
            found = _content(world, volume)
            if found is None:
                yield f"volume {name} of {owned(one)}"
            else:
                files |= {f"{mounts[name]}/{key}": text for key, text in found.items()}
        if one["kind"] in ("Deployment", "StatefulSet"):
            yield from _flags(world, one, container, files, [mounts[claim] for claim in claims])
    yield from _operated_mounts(world)


def _bucket(world: World) -> str | None:
    """Return the folder that is the bucket, when it is one."""
    storage = (world.made.platform.get("thanos") or {}).get("objectStorage", {})
    return storage["config"]["directory"] if storage.get("type") == "FILESYSTEM" else None


def _content(world: World, volume: dict[str, Any]) -> dict[str, str] | None:
    """Return the files of a volume; of the user's Secrets and claims nothing is known but the name."""
    if "projected" in volume:
        found: dict[str, str] = {}
        for source in volume["projected"]["sources"]:
            ((kind, value),) = source.items()
            keys = world.keys({"secret": "Secret", "configMap": "ConfigMap"}[kind], value["name"], home_of(world)) or {}
            for item in value["items"]:
                if item["key"] not in keys:
                    return None
                found[item["path"]] = keys[item["key"]]
        return found
    if volume.get("persistentVolumeClaim") == {"claimName": "thanos-bucket"} and volume["name"] == "bucket":
        return {}
    return {} if volume.get("secret") == {"secretName": volume["name"]} else None


def _flags(
    world: World, one: dict[str, Any], container: dict[str, Any], files: dict[str, str], claims: list[str]
) -> Iterator[str]:
    name = owned(one)
    flags = [argument.removeprefix("--").partition("=") for argument in container["args"][1:]]
    command, ports = container["args"][0], {port["name"]: port["containerPort"] for port in container["ports"]}
    plain = flags_file(world, command)
    here = [argument.replace("$(POD_NAME)", f"{name[1]}-0") for argument in container["args"][1:]]
    if here != plain or name[1] != f"thanos-{command}" or container["name"] != command:
        yield f"flags of {name}"
    named = {value for flag, _, value in flags if flag.endswith(("config-file", "hashrings-file"))}
    if named != files.keys():
        yield f"{name} reads {named}, and has {files.keys()}"
    kept = [value for flag, _, value in flags if flag in ("data-dir", "tsdb.path")]
    if kept != claims:
        yield f"{name} keeps {kept}, and has {claims}"
    listening = {flag: int(value.rpartition(":")[2]) for flag, _, value in flags if value.startswith("0.0.0.0:")}
    if sorted(listening.values()) != sorted(ports.values()) or ports["http"] != listening["http-address"]:
        yield f"ports of {name}"
    if ports.get("grpc") != listening.get("grpc-address"):
        yield f"gRPC of {name}"
    for probe, path in (("readinessProbe", "/-/ready"), ("livenessProbe", "/-/healthy")):
        if container[probe]["httpGet"] != {"path": path, "port": "http"}:
            yield f"{probe} of {name}"
    if container["env"] != [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]:
        yield f"environment of {name}"
    if one["kind"] == "StatefulSet" and not world.named("Service", one["spec"]["serviceName"], home_of(world)):
        yield f"service of {name}"


def _operated_mounts(world: World) -> Iterator[str]:
    """What the operators' servers mount: the folders that the configuration names files in, and no others."""
    for one in world.of("Prometheus", "Alertmanager", "ThanosRuler", "OpenTelemetryCollector"):
        kind, spec = one["kind"], one["spec"]
        at = spec.get("thanos", {}) if kind == "Prometheus" else spec
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        mounts = at.get("volumeMounts", [])
        if {mount["name"] for mount in mounts} != volumes.keys():
            yield f"volumes of {owned(one)}"
        if any(_content(world, volume) is None for volume in volumes.values()):
            yield f"a volume of {owned(one)}"
        folders = {mount["mountPath"] for mount in mounts}
        folders |= {f"/etc/alertmanager/secrets/{name}" for name in spec.get("secrets", [])}
        named = set(re.findall(r"_file': '([^']+)'", str(spec.get("config", {}))))
        if kind == "Alertmanager":
            named = set(re.findall(r"_file: (\S+)", world.made.files["alertmanager/alertmanager.yaml"]))
        needed = {str(PurePosixPath(file).parent) for file in named}
        if (bucket := _bucket(world)) and kind in ("Prometheus", "ThanosRuler"):
            needed.add(bucket)
        if folders != needed:
            yield f"{owned(one)} mounts {folders}, and needs {needed}"


def names_lead_to_services(world: World) -> Iterator[str]:
    """Every name of a Service in flags, configuration and resources is there, with the port that is asked."""
    texts = [_dumped(one) for _, one in world.resources if one["kind"] not in _SPEAK_OF_OTHERS]
    texts += [text for keys in world.generated.values() for text in keys.values() if "svc" in text]
    if world.home:
        texts.append(world.made.files.get("dashboards/provisioning/datasources.yaml", ""))
    own = [f".{home_of(world)}.svc"]
    for text in texts:
        for srv, port, host, number in _ADDRESS.findall(text):
            if not host.endswith(tuple(own)) or host in _theirs(world):
                continue
            serving = world.serving(host)
            if serving is None:
                yield f"nobody is {host}"
            elif (srv and port not in serving.ports) or (number and int(number) not in serving.ports.values()):
                yield f"{host} has no port {port or number}"


_DUMPED: dict[int, tuple[dict[str, Any], str]] = {}


def _dumped(resource: dict[str, Any]) -> str:
    """Return a resource as text; most of them are the same ones in every mutant."""
    known = _DUMPED.get(id(resource))
    if known is None or known[0] is not resource:
        known = _DUMPED[id(resource)] = (resource, "\n".join(_texts(resource)))
    return known[1]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    else:
        yield str(value)


_SPEAK_OF_OTHERS = ("PrometheusRule",)


def _theirs(world: World) -> set[str]:
    """Return the hosts of the user that the input names."""
    return {host for _, _, host, _ in _ADDRESS.findall(world.made.expected.text)}
