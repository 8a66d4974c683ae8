"""Jaeger as resources of the OpenTelemetry operator, with the configuration of jaeger/, and the jobs of its storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from slogen.emit.artifact import Artifact
from slogen.emit.jaeger import Role, roles
from slogen.emit.kubernetes.network import asked, guarding, jaeger_pods, taking_spans
from slogen.emit.kubernetes.resource import (
    LOCKED,
    Resource,
    artifact,
    mounted,
    pods,
    resource,
    sized,
    spread,
)
from slogen.emit.kubernetes.targets import pod_monitor
from slogen.model import Catalog, JaegerSettings, Platform
from slogen.plan.topology import Port, Value
from slogen.plan.tracing import (
    OTLP_GRPC,
    OTLP_HTTP,
    QUERY_GRPC,
    QUERY_HTTP,
    SCRAPED,
    SPAN_METRICS,
    TELEMETRY,
    Job,
    Server,
    entry,
    image,
    jobs,
)

FOLDER = "jaeger/kubernetes"
COLLECTORS = f"{FOLDER}/collector"  # in every cluster: spans are counted where they are made
JOBS = "jaeger-jobs"
# Jaeger lacks the exporter that keeps a trace together, the collector's own distribution has it.
_CONTRIB = "otel/opentelemetry-collector-contrib:0.155.0"
_USER = 10001


@dataclass(frozen=True, slots=True, kw_only=True)
class _Servers:
    """How servers of one kind run: how many, of which image, how big, and their ports."""

    replicas: int
    image: str
    size: Value
    ports: tuple[Port, ...]


def jaeger_files(catalog: Catalog) -> Iterator[Artifact]:
    """Yield the resources of Jaeger 2; none without storage."""
    platform = catalog.platform
    settings = platform.jaeger
    if settings is None:
        return
    for role in roles(catalog):
        folder = FOLDER if role.name is Server.QUERY else COLLECTORS
        found = [_collector(role, settings, platform), *_policy(role.name, catalog)]
        found.append(
            pod_monitor(
                platform,
                role.name.job,
                jaeger_pods(platform, role.name),
                ports=(port.name for port in _servers(role.name, settings).ports if port in SCRAPED),
                job=role.name.job,
            )
        )
        yield artifact(f"{folder}/{role.name}.yaml", platform, found)
    if found := [_job(job, platform) for job in jobs(platform) if job.schedule is not None]:
        found += guarding(platform, JOBS, pods(platform, JOBS), ())
        yield artifact(f"{FOLDER}/jobs.yaml", platform, found)


def _policy(server: Server, catalog: Catalog) -> list[Resource]:
    match server:
        case Server.QUERY:
            ingress = [asked(QUERY_HTTP, QUERY_GRPC, TELEMETRY)]
        case Server.GATEWAY:
            ingress = [taking_spans(), asked(TELEMETRY)]
        case Server.COLLECTOR:
            spans = taking_spans() if entry(catalog.platform) is server else asked(OTLP_GRPC)
            ingress = [spans, asked(SPAN_METRICS, TELEMETRY)]
    return guarding(catalog.platform, server.resource, jaeger_pods(catalog.platform, server), ingress)


def _servers(server: Server, settings: JaegerSettings) -> _Servers:
    jaeger = image("jaeger", settings)
    match server:
        case Server.COLLECTOR:
            return _Servers(
                replicas=settings.collectors,
                image=jaeger,
                size=sized("500m", "1Gi", "2Gi"),
                ports=(OTLP_GRPC, OTLP_HTTP, SPAN_METRICS, TELEMETRY),
            )
        case Server.GATEWAY:
            return _Servers(
                replicas=2,
                image=_CONTRIB,
                size=sized("200m", "256Mi", "512Mi"),
                ports=(OTLP_GRPC, OTLP_HTTP, TELEMETRY),
            )
        case Server.QUERY:
            return _Servers(
                replicas=settings.queries,
                image=jaeger,
                size=sized("100m", "256Mi", "1Gi"),
                ports=(QUERY_HTTP, QUERY_GRPC, TELEMETRY),
            )


def _collector(role: Role, settings: JaegerSettings, platform: Platform) -> Resource:
    servers = _servers(role.name, settings)
    ports: list[Value] = [{"name": port.name, "port": port.number, "protocol": "TCP"} for port in servers.ports]
    spec: Resource = {
        "image": servers.image,
        "mode": "deployment",
        "replicas": servers.replicas,
        "ports": ports,
        "resources": servers.size,
        "podSecurityContext": {"runAsNonRoot": True, "runAsUser": _USER, "fsGroup": _USER},
        "podDisruptionBudget": {"maxUnavailable": 1},
        "topologySpreadConstraints": spread(jaeger_pods(platform, role.name)),
    }
    if role.name is not Server.GATEWAY:
        spec |= _password(settings)
    first: list[Value] = [_container(job) for job in jobs(platform) if job.schedule is None]
    if role.name is Server.COLLECTOR and first:
        why = "a span before the first index had an alias would make an index of the alias' name; twice does no harm"
        spec |= {"#initContainers": why, "initContainers": first}
    comment = {"#": f"as jaeger/{role.name}.yaml"}
    spec |= {**comment, "config": _config(role)}
    return resource(platform, "opentelemetry.io/v1beta1", "OpenTelemetryCollector", role.name.resource, spec=spec)


def _config(role: Role) -> Resource:
    sections: dict[str, dict[str, Value]] = {}
    for part in role.parts:
        section = sections.setdefault(part.section, {})
        if part.why:
            section[f"#{part.name}"] = part.why
        section[part.name] = part.value
    return dict(sections)


def _password(settings: JaegerSettings) -> Resource:
    """Return how the file with the password gets there."""
    file = settings.storage.password_file if settings.storage else None
    return mounted("jaeger", [PurePosixPath(file)]) if file else {}


def _mounted(job: Job) -> Resource:
    return mounted("jaeger", [PurePosixPath(job.password_file)]) if job.password_file else {}


def _container(job: Job) -> dict[str, Value]:
    env: list[Value] = [{"name": name, "value": value} for name, value in job.env]
    found = _mounted(job)
    container: dict[str, Value] = {
        "name": job.name,
        "image": job.image,
        "command": job.command,
        "resources": sized("50m", "64Mi", "256Mi"),
        "securityContext": LOCKED,
    }
    if env:
        container["env"] = env
    if found:
        container["volumeMounts"] = found["volumeMounts"]
    return container


def _job(job: Job, platform: Platform) -> Resource:
    assert job.schedule is not None
    pod: Resource = {
        "restartPolicy": "OnFailure",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(job)],
    }
    if found := _mounted(job):
        pod["volumes"] = found["volumes"]
    template: Value = {"metadata": {"labels": pods(platform, JOBS)}, "spec": pod}
    work: Resource = {"backoffLimit": 6, "template": template}
    spec: Resource = {
        "#": job.purpose,
        "schedule": job.schedule,
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "jobTemplate": {"spec": work},
    }
    return resource(platform, "batch/v1", "CronJob", job.name, spec=spec)
