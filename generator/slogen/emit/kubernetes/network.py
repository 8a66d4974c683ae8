"""What a namespace that denies all traffic must let through: scraping, traces, gossip, queries and names.

A policy isolates the pods that it selects, so there is one only where `kubernetes.isolated` says that all are anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from slogen.emit.kubernetes.resource import INSTANCE, NAME, Labels, Resource, namespace, pods, resource
from slogen.model import Catalog, Platform
from slogen.plan.topology import Port, Value
from slogen.plan.tracing import OTLP_GRPC, OTLP_HTTP, Server, entry

# What a container's port may be called; a Service's may be called more.
_PORT_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")


def jaeger_pods(platform: Platform, server: Server) -> Labels:
    """Return the labels that the OpenTelemetry operator puts onto the pods of a server of Jaeger."""
    return {NAME: server.service, INSTANCE: f"{platform.namespace}.{server.resource}"}


def application_policies(catalog: Catalog) -> Iterator[Resource]:
    """Yield the policies of isolated namespaces but the platform's: Prometheus may scrape, spans may leave."""
    platform = catalog.platform
    takes = entry(platform)
    for isolated in platform.kubernetes.isolated if platform.kubernetes else ():
        if isolated == platform.namespace:
            continue
        ports = _scraped(catalog, isolated)
        if ports:
            rule: Resource = {"from": [_ours(platform, pods(platform, "prometheus"))]}
            comment = "Prometheus may scrape"
            if all(_PORT_NAME.fullmatch(port) for port in ports):
                rule["ports"] = [{"protocol": "TCP", "port": port} for port in ports]
                comment += "; a container's port has the name of its Service's"
            yield _policy(platform, "slogen-scrape", {}, namespace=isolated, ingress=[rule], comment=comment)
        if takes:
            taking = _ours(platform, jaeger_pods(platform, takes))
            spans: Value = {"to": [taking], "ports": _tcp(OTLP_GRPC, OTLP_HTTP)}
            comment = "spans go to Jaeger, which is found by name"
            yield _policy(platform, "slogen-traces", {}, namespace=isolated, egress=[spans, _DNS], comment=comment)


def _scraped(catalog: Catalog, namespace: str) -> list[str]:
    """Return the names of the ports that are, or may be, scraped in a namespace."""
    found = {
        scrape.port
        for service in catalog.services
        for scrape in service.scrapes
        if scrape.selector and scrape.namespace in (None, namespace)
    }
    return sorted(found)


def _ours(platform: Platform, matching: Labels) -> Value:
    """Return pods of the platform's namespace, as seen from another."""
    return {
        "namespaceSelector": namespace(platform.namespace),
        "podSelector": {"matchLabels": matching},
    }


_DNS: Value = {
    "to": [
        {
            "namespaceSelector": namespace("kube-system"),
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}


def guarding(
    platform: Platform, name: str, matching: Labels, ingress: Iterable[Value], comment: str = ""
) -> list[Resource]:
    """Return the policy of servers of ours, where their namespace is isolated: who may ask them.

    They may ask everybody: they scrape, tell and store in places that no label describes, and look up their names.
    """
    if platform.kubernetes is None or platform.namespace not in platform.kubernetes.isolated:
        return []
    return [_policy(platform, f"slogen-{name}", matching, ingress=ingress, egress=[{}], comment=comment)]


def asked(*ports: Port, anywhere: bool = False) -> Value:
    """Return the rule that neighbours in the namespace may ask; other clusters have no labels here, so `anywhere`."""
    rule: Resource = {"ports": _tcp(*ports)}
    return rule if anywhere else {"from": [{"podSelector": {}}], **rule}


def gossiping(matching: Labels, port: Port) -> Value:
    """Return the rule that servers may gossip with one another."""
    both: list[Value] = [*_tcp(port), {"protocol": "UDP", "port": port.number}]
    return {"from": [{"podSelector": {"matchLabels": matching}}], "ports": both}


def taking_spans() -> Value:
    """Return the rule that any pod of the cluster may send spans."""
    return {"from": [{"namespaceSelector": {}}], "ports": _tcp(OTLP_GRPC, OTLP_HTTP)}


def _tcp(*ports: Port) -> list[Value]:
    return [{"protocol": "TCP", "port": port.number} for port in ports]


def _policy(
    platform: Platform,
    name: str,
    matching: Labels,
    *,
    namespace: str = "",
    ingress: Iterable[Value] = (),
    egress: Iterable[Value] = (),
    comment: str = "",
) -> Resource:
    rules: Resource = {}
    if found := list(ingress):
        rules["ingress"] = found
    if found := list(egress):
        rules["egress"] = found
    spec: Resource = {
        **({"#": comment} if comment else {}),
        "podSelector": {"matchLabels": matching} if matching else {},
        "policyTypes": [direction.capitalize() for direction in rules],
        **rules,
    }
    return resource(platform, "networking.k8s.io/v1", "NetworkPolicy", name, namespace=namespace, spec=spec)
