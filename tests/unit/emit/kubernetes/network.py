"""What NetworkPolicies let through, as Kubernetes decides it, and what must get through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.unit.emit.kubernetes.world import NAME, OPERATED, SHARED_NAMESPACE, Pods, World, home_of, matches

DNS = Pods(owner=("", "kube-dns"), namespace="kube-system", labels={"k8s-app": "kube-dns"}, ports={})
STRANGER = Pods(owner=("", "stranger"), namespace="elsewhere", labels={"app": "stranger"}, ports={})
OTLP = (4317, 4318)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A connection: who asks whom, at which port."""

    source: Pods
    target: Pods
    port: int
    protocol: str = "TCP"


def passes(world: World, flow: Flow) -> bool:
    """Return whether a connection is let through: out of the source's namespace and into the target's."""
    return _lets(world, flow, "egress", flow.source, flow.target) and _lets(
        world, flow, "ingress", flow.target, flow.source
    )


def _lets(world: World, flow: Flow, direction: str, at: Pods, other: Pods) -> bool:
    if at.namespace not in world.made.expected.isolated:
        return True
    for policy in world.of("NetworkPolicy"):
        spec = policy["spec"]
        if (
            policy["metadata"]["namespace"] == at.namespace
            and direction.capitalize() in spec["policyTypes"]
            and matches(spec["podSelector"], at.labels)
            and any(_rule(rule, direction, at.namespace, other, flow) for rule in spec.get(direction, []))
        ):
            return True
    return False


def _rule(rule: dict[str, Any], direction: str, here: str, other: Pods, flow: Flow) -> bool:
    if not rule.keys() <= {"from", "to", "ports"}:
        return False
    peers = rule.get({"ingress": "from", "egress": "to"}[direction])
    if peers is not None and not any(_peer(peer, here, other) for peer in peers):
        return False
    ports = rule.get("ports")
    return ports is None or any(
        port["protocol"] == flow.protocol and flow.port == flow.target.ports.get(port["port"], port["port"])
        for port in ports
    )


def _peer(peer: dict[str, Any], here: str, other: Pods) -> bool:
    if "namespaceSelector" in peer:
        near = matches(peer["namespaceSelector"], {SHARED_NAMESPACE: other.namespace})
    else:
        near = other.namespace == here
    return near and matches(peer.get("podSelector", {}), other.labels)


def scraped_ports(world: World, namespace: str) -> list[str]:
    """Return the names of the ports that slos/ says are, or may be, in a namespace."""
    found = set()
    for service in world.made.services:
        given = service.get("scrape") or []
        for one in given if isinstance(given, list) else [given]:
            if "selector" in one and one.get("namespace", namespace) == namespace:
                found.add(one.get("port", "metrics"))
    return sorted(found)


def _one(world: World, kind: str, name: str | None = None) -> list[Pods]:
    return [pods for pods in world.pods if pods.owner[0] == kind and name in (None, pods.owner[1])]


def application(world: World, namespace: str) -> Pods:
    """Return a pod of the user, with the ports that are scraped and one that is not."""
    ports = {name: 8000 + place for place, name in enumerate(scraped_ports(world, namespace))}
    return Pods(owner=("", "app"), namespace=namespace, labels={"app": "web"}, ports=ports | {"inner": 7999})


def entry(world: World) -> list[Pods]:
    """Return who takes spans from everybody."""
    return _one(world, "OpenTelemetryCollector", "jaeger-gateway") or _one(world, "OpenTelemetryCollector", "jaeger")


def needed(world: World) -> Iterator[Flow]:
    """Yield the connections without which something of the platform does not work."""
    prometheus = _one(world, "Prometheus")[0]
    telling = [prometheus, *_one(world, "ThanosRuler")]
    for target in world.pods:
        for name in ("web", "http", "telemetry", "span-metrics"):
            if name in target.ports:
                yield Flow(source=prometheus, target=target, port=target.ports[name])
    for target in _one(world, "Alertmanager"):
        yield from (Flow(source=source, target=target, port=9093) for source in telling)
        yield Flow(source=target, target=target, port=9094)
        yield Flow(source=target, target=target, port=9094, protocol="UDP")
        yield Flow(source=target, target=STRANGER, port=443)
    for query in _one(world, "Deployment", "thanos-query"):
        answering = [one for one in world.pods if "grpc" in one.ports and one.owner[1] != "thanos-query"]
        yield from (Flow(source=query, target=one, port=10901) for one in answering)
        asking = _one(world, "ThanosRuler") + _one(world, "Deployment", "thanos-query-frontend")
        asking += _one(world, "OpenTelemetryCollector", "jaeger-query")
        yield from (Flow(source=one, target=query, port=10902) for one in asking)
    for one in _one(world, "StatefulSet", "thanos-receive"):
        yield Flow(source=one, target=one, port=10901)
        yield from (Flow(source=ruler, target=one, port=19291) for ruler in _one(world, "ThanosRuler"))
    for one in entry(world):
        behind = _one(world, "OpenTelemetryCollector", "jaeger") if one.owner[1] == "jaeger-gateway" else []
        yield from (Flow(source=one, target=two, port=4317) for two in behind)
        yield from (Flow(source=STRANGER, target=one, port=port) for port in OTLP)
    if len(world.made.platform.get("clusters", [])) > 1:  # the other clusters, as one that is not known here
        far = {"Prometheus": "grpc", "Alertmanager": "web"}
        asked = [(one, one.ports.get(far.get(one.owner[0], ""))) for one in world.pods]
        yield from (Flow(source=STRANGER, target=one, port=port) for one, port in asked if port)
    for one in world.pods:
        for name in ("query-http", "query-grpc"):
            if name in one.ports:
                yield Flow(source=prometheus, target=one, port=one.ports[name])
        yield Flow(source=one, target=DNS, port=53, protocol="UDP")
        yield Flow(source=one, target=STRANGER, port=9200)
    for namespace in world.made.expected.isolated:
        if namespace == home_of(world):
            continue
        app = application(world, namespace)
        for name in scraped_ports(world, namespace):
            yield Flow(source=prometheus, target=app, port=app.ports[name])
        for one in entry(world):
            yield from (Flow(source=app, target=one, port=port) for port in OTLP)
            yield Flow(source=app, target=DNS, port=53, protocol="UDP")
            yield Flow(source=app, target=DNS, port=53)


def refused(world: World) -> Iterator[Flow]:
    """Yield connections that nothing asks for: policies are no wider than what is needed."""
    far = len(world.made.platform.get("clusters", [])) > 1  # then other clusters ask, which have no labels
    open_ports = {("Prometheus", 10901), ("Alertmanager", 9093)} if far else set()
    takers = [one.owner for one in entry(world)]
    isolated = world.made.expected.isolated
    for target in world.pods:
        if target.namespace in isolated:
            for port in target.ports.values():
                if (target.owner[0], port) not in open_ports and not (target.owner in takers and port in OTLP):
                    yield Flow(source=STRANGER, target=target, port=port)
            yield Flow(source=STRANGER, target=target, port=22)
            yield Flow(source=target, target=target, port=22)
    for namespace in set(isolated) - {home_of(world)}:
        app = application(world, namespace)
        prometheus = _one(world, "Prometheus")[0]
        yield Flow(source=prometheus, target=app, port=app.ports["inner"])
        near = Pods(owner=("", "near"), namespace=home_of(world), labels={NAME: "grafana"})
        for port in app.ports.values():
            yield from (Flow(source=source, target=app, port=port) for source in (STRANGER, near))
        yield Flow(source=app, target=STRANGER, port=443)
        yield from (Flow(source=app, target=one, port=8888) for one in entry(world))
        yield from (
            Flow(source=app, target=one, port=4317)
            for one in world.pods
            if one.owner not in takers and one.namespace == home_of(world)
        )


def _called(world: World) -> list[str]:
    return [OPERATED.get(pods.owner[0], pods.labels[NAME].removesuffix("-collector")) for pods in world.pods]


def policies_let_through_what_is_needed_and_no_more(world: World) -> Iterator[str]:
    """Yield what is wrong with the policies of a cluster."""
    yield from (f"stopped: {flow}" for flow in needed(world) if not passes(world, flow))
    yield from (f"let through: {flow}" for flow in refused(world) if passes(world, flow))
    for policy in world.of("NetworkPolicy"):
        spec, namespace = policy["spec"], policy["metadata"]["namespace"]
        if {kind.lower() for kind in spec["policyTypes"]} != spec.keys() & {"ingress", "egress"}:
            yield f"types of {policy['metadata']['name']}"
        own = namespace == home_of(world)
        names = (
            {f"slogen-{one}" for one in _called(world)} | {"slogen-out"} if own else {"slogen-scrape", "slogen-traces"}
        )
        if policy["metadata"]["name"] not in names:
            yield f"{policy['metadata']['name']} is called otherwise"
        # A policy that selects none or several servers is a mistake; in another's namespace everybody is meant.
        chosen = world.selected(spec["podSelector"], namespace) if own else [STRANGER]
        if not chosen or (len({pods.owner[0] for pods in chosen}) != 1 and "jobs" not in policy["metadata"]["name"]):
            yield f"{policy['metadata']['name']} selects {[pods.owner for pods in chosen]}"
