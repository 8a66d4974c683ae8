"""Is everything scraped that should be, by the right Prometheus and under the right labels?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from tests.unit.emit.kubernetes.world import (
    SHARED_NAMESPACE,
    Pods,
    Serving,
    World,
    home_of,
    matches,
    owned,
)

MONITORS = {
    "ServiceMonitor": "serviceMonitor",
    "PodMonitor": "podMonitor",
    "Probe": "probe",
    "ScrapeConfig": "scrapeConfig",
}


def monitors_are_selected_by_prometheus(world: World) -> Iterator[str]:
    """By one Prometheus each, which looks into the namespace they are in."""
    servers = list(world.of("Prometheus"))
    for kind, prefix in MONITORS.items():
        for one in world.of(kind):
            times = sum(
                matches(server["spec"][f"{prefix}Selector"], one["metadata"]["labels"])
                and matches(
                    server["spec"][f"{prefix}NamespaceSelector"], {SHARED_NAMESPACE: one["metadata"]["namespace"]}
                )
                for server in servers
            )
            if times != 1:
                yield f"{owned(one)} is selected {times} times"
        for server in servers:
            if server["spec"][f"{prefix}Selector"] != {"matchLabels": _selecting(world)}:
                yield f"{prefix}Selector"
            if server["spec"][f"{prefix}NamespaceSelector"] != {"matchLabels": {SHARED_NAMESPACE: home_of(world)}}:
                yield f"{prefix}NamespaceSelector"


def _selecting(world: World) -> dict[str, str]:
    given = world.made.platform["kubernetes"].get("labels", {})
    return given or {"app.kubernetes.io/managed-by": "slogen"}


def monitors_scrape_what_is_declared(world: World) -> Iterator[str]:
    """Those of services are what slos/ says; the others lead to our own servers, each of which is scraped."""
    declared = list(_declared(world))
    for kind in MONITORS:
        for one in world.of(kind):
            name, spec = one["metadata"]["name"], one["spec"]
            if not name.startswith("slogen-"):
                yield from _own_monitor(world, one)
            elif (name, kind, spec) not in declared:
                yield f"{kind} {name} is not what slos/ declares"
    made = {(one["metadata"]["name"], one["kind"]) for one in world.of(*MONITORS)}
    yield from (f"{kind} {name} is missing" for name, kind, _ in declared if (name, kind) not in made)
    yield from _own_are_scraped(world)


_DROPPED = {"action": "labeldrop", "regex": "service|endpoint|container"}


def _declared(world: World) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, kind and specification of what the services declare, by hand."""
    prober = world.made.platform.get("prometheus", {}).get("prober")
    for service in world.made.services:
        name = service["metadata"]["name"]
        for number, one in enumerate(_many(service.get("scrape")), 1):
            called = _called(name, number)
            job = {"targetLabel": "job", "replacement": one.get("job", name)}
            if "targets" in one:
                spec: dict[str, Any] = {
                    "staticConfigs": [{"targets": one["targets"]}],
                    "metricsPath": one.get("path", "/metrics"),
                    "scheme": one.get("scheme", "http").upper(),
                    "relabelings": [job],
                }
                if "credentialsFile" in one:
                    key = PurePosixPath(one["credentialsFile"]).name
                    spec["authorization"] = {"credentials": {"name": called, "key": key}}
                if "caFile" in one:
                    spec["tlsConfig"] = {"ca": {"secret": {"name": called, "key": PurePosixPath(one["caFile"]).name}}}
                yield called, "ScrapeConfig", spec
                continue
            endpoint = {
                "port": one.get("port", "metrics"),
                "path": one.get("path", "/metrics"),
                "scheme": one.get("scheme", "http"),
                "relabelings": [job, _DROPPED],
            }
            if one.get("honorLabels"):
                endpoint["honorLabels"] = True
            if "credentialsFile" in one:
                endpoint["bearerTokenFile"] = one["credentialsFile"]
            if "caFile" in one:
                endpoint["tlsConfig"] = {"caFile": one["caFile"]}
            where = {"matchNames": [one["namespace"]]} if "namespace" in one else {"any": True}
            selector = {"matchLabels": one["selector"]}
            yield called, "ServiceMonitor", {"selector": selector, "namespaceSelector": where, "endpoints": [endpoint]}
        for number, one in enumerate(_many(service.get("probe")) if prober else (), 1):
            spec = {
                "jobName": one.get("job", name),
                "prober": {"url": prober},
                "module": one["module"],
                "targets": {"staticConfig": {"static": one["targets"]}},
            }
            yield _called(name, number), "Probe", spec


def _called(service: str, number: int) -> str:
    return f"slogen-{service}" if number == 1 else f"slogen-{service}.{number}"


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _own_monitor(world: World, monitor: dict[str, Any]) -> Iterator[str]:
    name, spec = monitor["metadata"]["name"], monitor["spec"]
    if spec["namespaceSelector"] != {"matchNames": [home_of(world)]}:
        yield f"{name} looks into {spec['namespaceSelector']}"
    found = list(_scraped(world, monitor))
    if len({pods.owner for pods, _ in found}) != 1 or len(found) != len(_endpoints(spec)):
        yield f"{name} scrapes {[pods.owner for pods, _ in found]}"
        return
    kind = found[0][0].owner[0]
    job = _job(found[0][0].owner, sidecar=found[0][1] == "http")
    if name != (job if kind != "ThanosRuler" else "thanos-ruler"):
        yield f"{name} is called otherwise"
    for endpoint in _endpoints(spec):
        if endpoint["relabelings"] != [{"targetLabel": "job", "replacement": job}, _DROPPED]:
            yield f"labels of {name}"


def _endpoints(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec.get("endpoints", spec.get("podMetricsEndpoints", []))
    return found


def _job(owner: tuple[str, str], *, sidecar: bool) -> str:
    """Return the label job that the scrape configuration in prometheus/ gives such a server."""
    kind, name = owner
    if kind == "OpenTelemetryCollector":
        return {"jaeger": "jaeger-collector"}.get(name, name)
    if kind == "Prometheus":
        return "thanos-sidecar" if sidecar else "prometheus"
    return {"Alertmanager": "alertmanager", "ThanosRuler": "thanos-rule"}.get(kind, name)


def _scraped(world: World, monitor: dict[str, Any]) -> Iterator[tuple[Pods, str]]:
    """Yield the pods that a monitor of ours scrapes, and the name of the port."""
    selector = monitor["spec"]["selector"]
    for endpoint in _endpoints(monitor["spec"]):
        if monitor["kind"] == "PodMonitor":
            places: list[Any] = world.selected(selector, home_of(world))
        else:
            places = [one for one in world.services if matches(selector, one.labels)]
        for place in places:
            if endpoint["port"] in place.ports:
                pods = place.pods if isinstance(place, Serving) else place
                if pods is not None:
                    yield pods, endpoint["port"]


def _own_are_scraped(world: World) -> Iterator[str]:
    found = {
        (pods.owner, port)
        for one in world.of("ServiceMonitor", "PodMonitor")
        if "matchLabels" in one["spec"]["selector"]
        for pods, port in _scraped(world, one)
    }
    for pods in world.pods:
        for port in ("web", "http", "telemetry", "span-metrics"):
            if port in pods.ports and (pods.owner, port) not in found:
                yield f"nothing scrapes {port} of {pods.owner}"
