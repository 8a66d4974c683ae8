"""Everything as Kubernetes resources: for the operators of Prometheus and OpenTelemetry, and plain workloads."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.artifact import Artifact, Emitter
from slogen.emit.jaeger import VERSION_1, has_version_1
from slogen.emit.kubernetes.alertmanager import FOLDER as ALERTMANAGER
from slogen.emit.kubernetes.alertmanager import alertmanager_files
from slogen.emit.kubernetes.jaeger import FOLDER as JAEGER
from slogen.emit.kubernetes.jaeger import jaeger_files
from slogen.emit.kubernetes.kustomization import ROOT_FILE, kustomizations
from slogen.emit.kubernetes.prometheus import FOLDER as PROMETHEUS
from slogen.emit.kubernetes.prometheus import prometheus_files
from slogen.emit.kubernetes.rules import FOLDER as RULES
from slogen.emit.kubernetes.rules import platform_rules, service_path, service_rules
from slogen.emit.kubernetes.thanos import FOLDER as THANOS
from slogen.emit.kubernetes.thanos import thanos_files
from slogen.model import Catalog


def _emit(catalog: Catalog) -> Iterator[Artifact]:
    platform = catalog.platform
    if platform.kubernetes is None:
        return
    made = [
        *platform_rules(platform),
        *prometheus_files(catalog),
        *alertmanager_files(catalog),
        *thanos_files(catalog),
        *jaeger_files(catalog),
    ]
    yield from made
    # Written by others: the rules of services, and the resource of the retired Jaeger.
    others = [service_path(service) for service in catalog.services if service.slos or service.alerts]
    if has_version_1(platform):
        others.append(VERSION_1)
    yield from kustomizations(platform, [*others, *(one.path for one in made)])


EMITTER = Emitter(
    name="kubernetes",
    folder=RULES,
    also=(PROMETHEUS, ALERTMANAGER, THANOS, JAEGER, ROOT_FILE),
    service=service_rules,
    platform=_emit,
    counts="rules and resources",
)
