"""What Prometheus scrapes, for the operator: the services, what probes ask, and the platform's own servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from slogen.emit.kubernetes.resource import Labels, Resource, pods, resource
from slogen.model import Catalog, Platform, Scrape, Service
from slogen.plan.topology import Value, has_thanos

_API = "monitoring.coreos.com/v1"


def targets(catalog: Catalog) -> Iterator[Resource]:
    """Yield what scrapes each service, and what probes ask for it."""
    platform = catalog.platform
    for service in catalog.services:
        for number, scrape in enumerate(service.scrapes, 1):
            yield _scrape(platform, _numbered(service, number), scrape)
        for number, probe in enumerate(service.probes if platform.prometheus.prober else (), 1):
            yield resource(
                platform,
                _API,
                "Probe",
                _numbered(service, number),
                spec={
                    "jobName": probe.job,
                    "prober": {"url": platform.prometheus.prober or ""},
                    "module": probe.module,
                    "targets": {"staticConfig": {"static": probe.targets}},
                },
            )


def _numbered(service: Service, number: int) -> str:
    return f"slogen-{service.name}" + (f".{number}" if number > 1 else "")  # no service has a dot


def _scrape(platform: Platform, name: str, scrape: Scrape) -> Resource:
    job = _labelled(scrape.job)
    if scrape.targets:
        spec: Resource = {
            "staticConfigs": [{"targets": scrape.targets}],
            "metricsPath": scrape.path,
            "scheme": scrape.scheme.upper(),
            **({"honorLabels": True} if scrape.honor_labels else {}),
            **_checked_by_secret(name, scrape),
            "relabelings": [job],
        }
        return resource(platform, "monitoring.coreos.com/v1alpha1", "ScrapeConfig", name, spec=spec)
    endpoint: Resource = {"port": scrape.port, "path": scrape.path, "scheme": scrape.scheme}
    if scrape.honor_labels:
        endpoint["honorLabels"] = True
    if scrape.credentials_file:
        endpoint["bearerTokenFile"] = scrape.credentials_file
    if scrape.ca_file:
        endpoint["tlsConfig"] = {"caFile": scrape.ca_file}
    spec = {
        "selector": {"matchLabels": dict(scrape.selector)},
        "namespaceSelector": {"matchNames": [scrape.namespace]} if scrape.namespace else {"any": True},
        "endpoints": [endpoint | {"relabelings": [job, _DROPPED]}],
    }
    return resource(platform, _API, "ServiceMonitor", name, spec=spec)


def _checked_by_secret(name: str, scrape: Scrape) -> Resource:
    """Return token and certificates: a ScrapeConfig takes no files, so the keys of a Secret with its name."""
    found: Resource = {}
    if scrape.credentials_file:
        key = PurePosixPath(scrape.credentials_file).name
        found["authorization"] = {"credentials": {"name": name, "key": key}}
    if scrape.ca_file:
        found["tlsConfig"] = {"ca": {"secret": {"name": name, "key": PurePosixPath(scrape.ca_file).name}}}
    return found


def _labelled(job: str) -> Value:
    return {"targetLabel": "job", "replacement": job.replace("$", "$$")}


# Of the operator's labels job, instance, namespace and pod are left, as in prometheus/: `service` is slogen's own.
_DROPPED: Value = {"action": "labeldrop", "regex": "service|endpoint|container"}


def pair_monitors(catalog: Catalog) -> Iterator[Resource]:
    """Yield what scrapes the pair itself."""
    platform = catalog.platform
    yield from operated_monitor(catalog, "prometheus", job="prometheus")
    if has_thanos(platform):
        pair = pods(platform, "prometheus")
        yield pod_monitor(platform, "thanos-sidecar", pair, ports=("http",), job="thanos-sidecar")


def operated_monitor(catalog: Catalog, server: str, *, job: str) -> Iterator[Resource]:
    """Yield what scrapes servers of the operator through its Service, under the job that prometheus/ has for them.

    Nothing when a service of the user has that job.
    """
    if all(job != scrape.job for service in catalog.services for scrape in service.scrapes):
        yield monitor(catalog.platform, server, {f"operated-{server}": "true"}, port="web", job=job)


def monitor(platform: Platform, name: str, matching: Labels, *, port: str, job: str) -> Resource:
    """Return what scrapes a server of the platform itself through its Service."""
    endpoint: Value = {"port": port, "relabelings": [_labelled(job), _DROPPED]}
    spec: Resource = {"selector": {"matchLabels": matching}, **_here(platform), "endpoints": [endpoint]}
    return resource(platform, _API, "ServiceMonitor", name, spec=spec)


def pod_monitor(platform: Platform, name: str, matching: Labels, *, ports: Iterable[str], job: str) -> Resource:
    """Return what scrapes a server whose port no Service has, or several have."""
    endpoints: list[Value] = [{"port": port, "relabelings": [_labelled(job), _DROPPED]} for port in ports]
    spec: Resource = {"selector": {"matchLabels": matching}, **_here(platform), "podMetricsEndpoints": endpoints}
    return resource(platform, _API, "PodMonitor", name, spec=spec)


def _here(platform: Platform) -> Resource:
    return {"namespaceSelector": {"matchNames": [platform.namespace]}}
