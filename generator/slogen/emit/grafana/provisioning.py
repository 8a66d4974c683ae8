"""What Grafana reads at its start: where dashboards lie, and which data sources there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slogen.emit.artifact import Artifact, header
from slogen.emit.yamltext import scalar
from slogen.model import Platform
from slogen.plan.thanos import thanos_url
from slogen.plan.topology import ALERTMANAGER, ALERTMANAGER_SERVICE, PROMETHEUS, PROMETHEUS_SERVICE, service_url
from slogen.plan.tracing import QUERY_HTTP, Server, has_jaeger

FOLDER = "dashboards"
JAEGER_UID, ALERTMANAGER_UID = "jaeger", "alertmanager"


def provisioning(platform: Platform) -> Iterator[Artifact]:
    """Yield the two provisioning files."""
    yield Artifact(path=f"{FOLDER}/provisioning/dashboards.yaml", text=_dashboards(platform), rules=0)
    yield Artifact(path=f"{FOLDER}/provisioning/datasources.yaml", text=_sources(platform), rules=0)


def _dashboards(platform: Platform) -> str:
    return header(platform.span.file) + (
        "# Mount dashboards/grafana/ at this path; its folders become folders in Grafana.\n"
        "apiVersion: 1\n"
        "providers:\n"
        "- name: slogen\n"
        "  orgId: 1\n"
        "  type: file\n"
        "  disableDeletion: false\n"
        "  allowUiUpdates: false\n"
        "  updateIntervalSeconds: 30\n"
        "  options:\n"
        "    path: /var/lib/grafana/dashboards/slogen\n"
        "    foldersFromFilesStructure: true\n"
    )


def _sources(platform: Platform) -> str:
    grafana, settings = platform.grafana, platform.prometheus
    assert grafana is not None
    thanos = thanos_url(platform, "query-frontend")  # which remembers answers
    prometheus = settings.url or service_url(platform, PROMETHEUS_SERVICE, PROMETHEUS)
    url = grafana.datasource_url or thanos or prometheus
    parts = [
        header(platform.span.file),
        "apiVersion: 1\ndatasources:\n",
        f"- name: {scalar(grafana.datasource_name)}\n  uid: {scalar(grafana.datasource_uid)}\n  type: prometheus\n"
        f"  access: proxy\n  url: {scalar(url)}\n  isDefault: true\n  jsonData:\n",
        "    # $__rate_interval is four of these at least.\n",
        f'    timeInterval: "{settings.scrape_interval}"\n',
        "    httpMethod: POST\n",
        f"    prometheusType: {'Thanos' if thanos else 'Prometheus'}\n",
    ]
    if thanos:
        parts += [
            "    # What is older than raw data are kept is read from downsampled ones.\n",
            "    customQueryParameters: max_source_resolution=auto\n",
        ]
    if has_jaeger(platform):
        parts += [
            "    # A dot in a latency graph is one request: it opens its trace.\n",
            f"    exemplarTraceIdDestinations:\n    - {{name: trace_id, datasourceUid: {JAEGER_UID}}}\n",
            f"- name: Jaeger\n  uid: {JAEGER_UID}\n  type: jaeger\n  access: proxy\n",
            f"  url: {service_url(platform, Server.QUERY.service, QUERY_HTTP)}\n",
        ]
    if grafana.logs is not None and grafana.logs.url is not None:
        parts += [
            f"- name: {scalar(grafana.logs.name)}\n  uid: {scalar(grafana.logs.uid)}\n  type: loki\n  access: proxy\n",
            f"  url: {scalar(grafana.logs.url)}\n",
        ]
    if platform.alertmanager is not None:
        parts += [
            f"- name: Alertmanager\n  uid: {ALERTMANAGER_UID}\n  type: alertmanager\n  access: proxy\n",
            f"  url: {service_url(platform, ALERTMANAGER_SERVICE, ALERTMANAGER)}\n",
            "  jsonData: {implementation: prometheus}\n",
        ]
    return "".join(parts)


def operator(platform: Platform, files: Iterable[str]) -> Artifact:
    """Return a GrafanaDashboard for each dashboard; its JSON is in the ConfigMap of the same name."""
    documents = []
    for file in sorted(files):
        folder, _, name = file.removeprefix("grafana/").partition("/")
        uid = name.removesuffix(".json")
        documents.append(
            "apiVersion: grafana.integreatly.org/v1beta1\n"
            "kind: GrafanaDashboard\n"
            "metadata:\n"
            f"  name: {uid}\n"
            f"  namespace: {platform.namespace}\n"
            "  labels: {app.kubernetes.io/managed-by: slogen}\n"
            "spec:\n"
            "  instanceSelector:\n"
            "    matchLabels: {dashboards: slogen}    # put this label on your Grafana resource\n"
            f"  folder: {scalar(folder)}\n"
            f"  configMapRef: {{name: {uid}, key: {name}}}\n"
        )
    return Artifact(path=f"{FOLDER}/operator.yaml", text=header(platform.span.file) + "---\n".join(documents), rules=0)


def kustomization(platform: Platform, files: Iterable[str]) -> Artifact:
    """Return the generator of a ConfigMap for each dashboard, as the sidecar of Grafana's Helm chart reads them.

    `files` are paths below `dashboards/`, such as `grafana/web/slogen-web.json`; their folder is that in Grafana.
    """
    text = header(platform.span.file) + (
        "# A ConfigMap for each dashboard, with label and annotation as the sidecar of Grafana's chart wants them.\n"
        "apiVersion: kustomize.config.k8s.io/v1beta1\n"
        "kind: Kustomization\n"
        f"namespace: {platform.namespace}\n"
        "generatorOptions:\n"
        "  disableNameSuffixHash: true\n"
        '  labels: {grafana_dashboard: "1", app.kubernetes.io/managed-by: slogen}\n'
        + ("resources: [operator.yaml]\n" if platform.grafana and platform.grafana.operator else "")
        + "configMapGenerator:\n"
    )
    for file in sorted(files):
        folder, _, name = file.removeprefix("grafana/").partition("/")
        text += (
            f"- name: {name.removesuffix('.json')}\n  files: [{file}]\n"
            f"  options: {{annotations: {{grafana_folder: {scalar(folder)}}}}}\n"
        )
    return Artifact(path=f"{FOLDER}/kustomization.yaml", text=text, rules=0)
