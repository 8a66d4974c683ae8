"""prometheus/: the configuration and the flags of every Prometheus, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count

from slogen.emit.artifact import Artifact, Emitter, header
from slogen.emit.flags import flags_text
from slogen.emit.yamltext import comment
from slogen.emit.yamlvalues import written
from slogen.model import Catalog, Platform, Probe, Scrape
from slogen.plan.thanos import HTTP, components
from slogen.plan.topology import (
    EXEMPLARS,
    NATIVE_SETTING,
    PROMETHEUS,
    PROMETHEUS_SERVICE,
    Port,
    Value,
    addresses,
    alertmanager_addresses,
    home,
    prometheus_flags,
    prometheus_members,
    prometheus_path,
    reads_native,
)
from slogen.plan.tracing import SCRAPED, Server, servers
from slogen.promql import names

Job = dict[str, Value]
_DISCOVERED = "__meta_kubernetes_"


def _emit(catalog: Catalog) -> Iterator[Artifact]:
    platform = catalog.platform
    native = reads_native(catalog)
    for cluster in platform.clusters or (None,):
        for member in prometheus_members(platform):
            path = prometheus_path(cluster, member)
            jobs = tuple(scrape_jobs(catalog, cluster))
            yield Artifact(path=f"{path}.yaml", text=_config(catalog, cluster, member, jobs, native), rules=len(jobs))
            yield Artifact(
                path=f"{path}.flags",
                text=flags_text(
                    platform.span.file,
                    f"prometheus @{path}.flags",
                    prometheus_flags(platform, cluster, member, native=native),
                ),
                rules=0,
            )


def _config(catalog: Catalog, cluster: str | None, member: str, jobs: Iterable[Job], native: bool) -> str:
    platform = catalog.platform
    up = "../.." if cluster else ".."
    place: dict[str, Value] = {"cluster": cluster} if cluster else {}
    general: dict[str, Value] = {
        "scrape_interval": str(platform.scaled(platform.prometheus.scrape_interval)),
        "evaluation_interval": str(platform.scaled(platform.prometheus.evaluation_interval)),
        "external_labels": {**place, names.PROMETHEUS_REPLICA: member},
    }
    if native and platform.prometheus.version >= NATIVE_SETTING:
        general["scrape_native_histograms"] = True
    parts = [
        header(platform.span.file) + written({"global": general}),
        written({"storage": {"exemplars": {"max_exemplars": EXEMPLARS}}}),
        written({"rule_files": [f"{up}/rules/prometheus/*.yaml"]}),
    ]
    if platform.alertmanager is not None:
        parts.append(_alerting(platform, cluster))
    parts.append("scrape_configs:\n" + "\n".join(written([job]) for job in jobs))
    return "\n".join(parts)


def _alerting(platform: Platform, cluster: str | None) -> str:
    relabel: list[Value] = [{"action": "labeldrop", "regex": names.PROMETHEUS_REPLICA}]
    return (
        "alerting:\n"
        + comment("both servers of a pair send the same alert", "  ")
        + written({"alert_relabel_configs": relabel}, "  ")
        + "  alertmanagers:\n"
        + comment("every member, never an address that stands for all: they agree among themselves who speaks", "  ")
        + written([_static(alertmanager_addresses(platform, seen_from=cluster))], "  ")
    )


def scrape_jobs(catalog: Catalog, cluster: str | None) -> Iterator[Job]:
    """Yield the scrape jobs of a Prometheus in a cluster: services, probes, then the servers around the rules.

    A name may be given to one job only; a second one of the same label `job` gets a number, and the label by
    relabelling.
    """
    taken: set[str] = set()
    declared = set()
    for service in catalog.services:
        for scrape in service.scrapes:
            declared.add(scrape.job)
            yield _named(_scrape(scrape), scrape.job, taken)
        for probe in service.probes:
            declared.add(probe.job)
            yield _named(_probe(probe, catalog.platform.prometheus.prober or ""), probe.job, taken)
    for name, job in _own(catalog.platform, cluster):
        if name not in declared:
            yield _named(job, name, taken)


def _named(job: Job, label: str, taken: set[str]) -> Job:
    name = next(name for name in _names(label) if name not in taken)
    taken.add(name)
    if name == label:
        return {"job_name": name, **job}
    relabel = job.get("relabel_configs", [])
    assert isinstance(relabel, list)
    rest = {key: value for key, value in job.items() if key != "relabel_configs"}
    own: Value = {"target_label": "job", "replacement": label.replace("$", "$$")}
    return {"job_name": name, **rest, "relabel_configs": [*relabel, own]}


def _names(label: str) -> Iterator[str]:
    yield label
    yield from (f"{label}/{number}" for number in count(2))


def _scrape(scrape: Scrape) -> Job:
    job: Job = {}
    if scrape.path != "/metrics":
        job["metrics_path"] = scrape.path
    if scrape.scheme != "http":
        job["scheme"] = scrape.scheme
    if scrape.honor_labels:
        job["honor_labels"] = True
    if scrape.credentials_file:
        job["authorization"] = {"credentials_file": scrape.credentials_file}
    if scrape.ca_file:
        job["tls_config"] = {"ca_file": scrape.ca_file}
    if scrape.targets:
        return job | _static(scrape.targets)
    places: dict[str, Value] = {"role": "endpointslice"}
    if scrape.namespace:
        places["namespaces"] = {"names": [scrape.namespace]}
    kept = [(f"service_label_{_sanitised(name)}", value) for name, value in scrape.selector]
    kept.append(("endpointslice_port_name", scrape.port))
    relabel: list[Value] = [
        {"source_labels": [_DISCOVERED + source], "regex": _literal(value), "action": "keep"} for source, value in kept
    ]
    # No label `service`: that is the service of the SLO, and this the Kubernetes Service.
    return job | {"kubernetes_sd_configs": [places], "relabel_configs": [*relabel, *_labels()]}


def _labels() -> Iterator[Value]:
    for source, label in (("namespace", "namespace"), ("pod_name", "pod")):
        yield {"source_labels": [_DISCOVERED + source], "target_label": label}


def _sanitised(name: str) -> str:
    """Return the name of a Kubernetes label as it stands in a label of Prometheus."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def _literal(value: str) -> str:
    return value.replace(".", r"\.")  # the one letter of a label's value that means more in a pattern


def _probe(probe: Probe, prober: str) -> Job:
    return {
        "metrics_path": "/probe",
        "params": {"module": [probe.module]},
        **_static(probe.targets),
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": prober},
        ],
    }


def _own(platform: Platform, cluster: str | None) -> Iterator[tuple[str, Job]]:
    """Yield the servers around the rules with their jobs; each Prometheus scrapes its own pair."""

    def near(members: Iterable[str], service: str, port: Port) -> Job:
        return _static(addresses(platform, members, service, port, of=cluster, seen_from=cluster))

    here = home(platform)
    yield "prometheus", near(prometheus_members(platform), PROMETHEUS_SERVICE, PROMETHEUS)
    if platform.alertmanager is not None and cluster == here:
        yield "alertmanager", _static(alertmanager_addresses(platform, seen_from=cluster))
    for component in components(platform):
        if component.command == "sidecar" or cluster == here:
            yield f"thanos-{component.command}", near(component.members, component.service, HTTP)
    for server in servers(platform):
        if server is not Server.QUERY or cluster == here:
            yield server.job, _jaeger(server, platform)


def _jaeger(server: Server, platform: Platform) -> Job:
    """Return the job of one kind of Jaeger's servers: what they say of themselves, and what collectors count."""
    ports = "|".join(port.name for port in SCRAPED)
    kept = (("label_app_kubernetes_io_name", server.service), ("container_port_name", ports))
    relabel: list[Value] = [
        {"source_labels": [f"{_DISCOVERED}pod_{source}"], "regex": value, "action": "keep"} for source, value in kept
    ]
    places: Value = {"role": "pod", "namespaces": {"names": [platform.namespace]}}
    return {"kubernetes_sd_configs": [places], "relabel_configs": [*relabel, *_labels()]}


def _static(targets: Iterable[str]) -> Job:
    return {"static_configs": [{"targets": tuple(targets)}]}


EMITTER = Emitter(name="prometheus-servers", folder="prometheus", platform=_emit, counts="scrape jobs")
