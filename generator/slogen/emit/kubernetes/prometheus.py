"""Prometheus for the operator: one resource a cluster, what it scrapes, and what it may read."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.artifact import Artifact
from slogen.emit.kubernetes.bucket import bucket_secret, reference, shared_mounts, shared_volumes
from slogen.emit.kubernetes.network import application_policies, asked, guarding
from slogen.emit.kubernetes.resource import (
    EVALUATOR,
    Resource,
    artifact,
    disruption,
    namespace,
    pods,
    resource,
    selecting,
    sized,
    spread,
    text,
    unprivileged,
    volume,
)
from slogen.emit.kubernetes.targets import pair_monitors, targets
from slogen.model import Catalog, Platform
from slogen.plan.rules import Evaluator
from slogen.plan.thanos import GRPC, HEARTBEAT, HTTP, image
from slogen.plan.topology import (
    ALERTMANAGER,
    ALERTMANAGER_SERVICE,
    BLOCK,
    EXEMPLARS,
    NATIVE_BY_SETTING_ALONE,
    PROMETHEUS,
    Value,
    alertmanager_addresses,
    has_thanos,
    home,
    prometheus_features,
    reads_native,
    release,
)
from slogen.promql import names

FOLDER = "prometheus/kubernetes"
SHARED = f"{FOLDER}/_shared"  # no cluster can be called so
_API = "monitoring.coreos.com/v1"
_ALERTMANAGERS = "prometheus-alertmanagers"


def cluster_folder(cluster: str | None) -> str:
    """Return where the files of one cluster's Prometheus are."""
    return f"{FOLDER}/{cluster}" if cluster else FOLDER


def prometheus_files(catalog: Catalog) -> Iterator[Artifact]:
    """Yield the resources of Prometheus: those of every cluster first."""
    platform = catalog.platform
    yield artifact(f"{SHARED}/access.yaml", platform, _access(platform))
    if found := [*targets(catalog), *pair_monitors(catalog)]:
        yield artifact(f"{SHARED}/targets.yaml", platform, found)
    if has_thanos(platform):
        yield artifact(f"{SHARED}/objstore.yaml", platform, [bucket_secret(platform)])
    if found := [*_policy(platform), *application_policies(catalog)]:
        yield artifact(f"{SHARED}/network.yaml", platform, found)
    matching = pods(platform, "prometheus")
    for cluster in platform.clusters or (None,):
        resources = [_server(catalog, cluster), disruption(platform, f"prometheus-{platform.name}", matching)]
        if _far(platform, cluster):
            resources.append(_alertmanagers(platform, cluster))
        yield artifact(f"{cluster_folder(cluster)}/prometheus.yaml", platform, resources)


def _policy(platform: Platform) -> list[Resource]:
    ingress = [asked(PROMETHEUS)]
    if has_thanos(platform):
        far = len(platform.clusters) > 1  # Thanos Query of the first cluster asks the sidecars of all
        ingress += [asked(GRPC, anywhere=far), asked(HTTP)]
    return guarding(platform, "prometheus", pods(platform, "prometheus"), ingress)


def _server(catalog: Catalog, cluster: str | None) -> Resource:
    platform = catalog.platform
    settings = platform.prometheus
    here = namespace(platform.namespace)
    found: Value = {"matchLabels": selecting(platform)}
    spec: Resource = {
        "#0": "no version: the operator runs the one that it was tested with, newer than the oldest of the platform",
        "replicas": settings.replicas,
        "retention": str(settings.retention),
        "scrapeInterval": str(platform.scaled(settings.scrape_interval)),
        "evaluationInterval": str(platform.scaled(settings.evaluation_interval)),
    }
    if settings.url:
        spec |= {"externalUrl": settings.url, "routePrefix": "/"}
    if cluster:
        spec |= {"#1": "on every series and alert that leaves this cluster", "externalLabels": {"cluster": cluster}}
    spec |= {
        "replicaExternalLabelName": names.PROMETHEUS_REPLICA,
        "#2": "no label with the name of this resource: it would keep the ruler's series from joining these",
        "prometheusExternalLabelName": "",
        **_alerting(platform, cluster),
        "#3": "Thanos Ruler selects the others: nothing is evaluated twice",
        "ruleSelector": {"matchLabels": {**selecting(platform), EVALUATOR: Evaluator.PROMETHEUS.value}},
        "ruleNamespaceSelector": here,
        "serviceMonitorSelector": found,
        "serviceMonitorNamespaceSelector": here,
        "podMonitorSelector": found,
        "podMonitorNamespaceSelector": here,
        "probeSelector": found,
        "probeNamespaceSelector": here,
        "scrapeConfigSelector": found,
        "scrapeConfigNamespaceSelector": here,
        "serviceAccountName": _account(platform),
        "serviceDiscoveryRole": "EndpointSlice",
        **_histograms(catalog),
        "exemplars": {"maxSize": EXEMPLARS},
        "storage": {"volumeClaimTemplate": {"spec": volume(platform)}},
        **_sidecar(platform),
        "resources": sized("1", "4Gi", "8Gi"),
        "securityContext": unprivileged(1000, group=2000),
        "topologySpreadConstraints": spread(pods(platform, "prometheus")),
    }
    return resource(platform, _API, "Prometheus", platform.name, spec=spec)


def _histograms(catalog: Catalog) -> Resource:
    """Return the features, and native histograms when an SLI reads one."""
    platform, native = catalog.platform, reads_native(catalog)
    by_setting = native and platform.prometheus.version >= NATIVE_BY_SETTING_ALONE
    features: Resource = {"enableFeatures": prometheus_features(platform, native=native)}
    return features | ({"scrapeNativeHistograms": True} if by_setting else {})


def _far(platform: Platform, cluster: str | None) -> bool:
    return platform.alertmanager is not None and cluster != home(platform)


def _alerting(platform: Platform, cluster: str | None) -> Resource:
    if platform.alertmanager is None:
        return {}
    if _far(platform, cluster):
        return {
            "#alerting": f"the Alertmanagers run in {home(platform)}",
            "additionalAlertManagerConfigs": {"name": _ALERTMANAGERS, "key": "alertmanagers.yaml"},
        }
    told: Resource = {
        "namespace": platform.namespace,
        "name": ALERTMANAGER_SERVICE,
        "port": ALERTMANAGER.name,
        "apiVersion": "v2",
    }
    return {"#alerting": "each member is told, for they agree among themselves", "alerting": {"alertmanagers": [told]}}


def _alertmanagers(platform: Platform, cluster: str | None) -> Resource:
    told = alertmanager_addresses(platform, seen_from=cluster)
    content: Value = {"api_version": "v2", "static_configs": [{"targets": told}]}
    lines = text({"list": [content]}).removeprefix("list:\n")
    return resource(platform, "v1", "Secret", _ALERTMANAGERS, stringData={"alertmanagers.yaml": lines})


def _sidecar(platform: Platform) -> Resource:
    thanos = platform.thanos
    if thanos is None or not has_thanos(platform):
        return {}
    sidecar: Resource = {
        "image": image(thanos),
        "version": release(thanos.version),
        # How soon a sidecar says that its Prometheus is gone; until then the ruler, which wants whole answers, fails.
        "getConfigInterval": str(HEARTBEAT),
        "objectStorageConfig": reference(),
        "#": "with a bucket the operator sets both block durations of Prometheus to this",
        "blockSize": str(BLOCK),
        "resources": sized("100m", "256Mi", "1Gi"),
    }
    if mounts := shared_mounts(platform):
        sidecar["volumeMounts"] = mounts
        return {"volumes": shared_volumes(platform), "thanos": sidecar}
    return {"thanos": sidecar}


def _account(platform: Platform) -> str:
    return f"prometheus-{platform.name}"


def _access(platform: Platform) -> Iterator[Resource]:
    """Yield the rights that Prometheus finds targets by, and their owner."""
    name = _account(platform)
    role = f"{platform.namespace}-{name}"
    rbac = "rbac.authorization.k8s.io"
    yield resource(platform, "v1", "ServiceAccount", name)
    yield resource(
        platform,
        f"{rbac}/v1",
        "ClusterRole",
        role,
        namespace=None,
        rules=[
            {"apiGroups": [""], "resources": ["services", "pods", "nodes"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list", "watch"]},
            {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
        ],
    )
    yield resource(
        platform,
        f"{rbac}/v1",
        "ClusterRoleBinding",
        role,
        namespace=None,
        roleRef={"apiGroup": rbac, "kind": "ClusterRole", "name": role},
        subjects=[{"kind": "ServiceAccount", "name": name, "namespace": platform.namespace}],
    )
