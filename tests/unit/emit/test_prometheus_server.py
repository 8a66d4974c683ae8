"""prometheus/: what each Prometheus scrapes, evaluates, tells and keeps."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from slogen.emit.prometheus_server import EMITTER
from tests.conftest import PROMTOOLS, ROOT
from tests.unit.emit.making import catalog, flags, parsed, texts

THANOS = "thanos: {objectStorage: {type: S3, config: {bucket: b, endpoint: e}}}\n"
CLUSTERS = "clusters: [east, west]\nalertmanager: {replicas: 2}\n"


def jobs(more: str = "", path: str = "prometheus/prometheus-shop-0.yaml", **services: str) -> dict[str, Any]:
    """Return the scrape jobs of a Prometheus by name."""
    found = parsed(texts(EMITTER, catalog(more, **services))[path])["scrape_configs"]
    return {job.pop("job_name"): job for job in found}


def test_without_clusters_there_is_one_pair() -> None:
    """Two servers that differ in one label; nobody is told, and no cluster is named."""
    found = texts(EMITTER, catalog())
    assert list(found) == [
        "prometheus/prometheus-shop-0.yaml",
        "prometheus/prometheus-shop-0.flags",
        "prometheus/prometheus-shop-1.yaml",
        "prometheus/prometheus-shop-1.flags",
    ]
    one, other = (parsed(found[f"prometheus/prometheus-shop-{number}.yaml"]) for number in (0, 1))
    assert one == {
        "global": {
            "scrape_interval": "30s",
            "evaluation_interval": "30s",
            "external_labels": {"prometheus_replica": "prometheus-shop-0"},
        },
        "storage": {"exemplars": {"max_exemplars": 100_000}},
        "rule_files": ["../rules/prometheus/*.yaml"],
        "scrape_configs": [
            {
                "job_name": "prometheus",
                "static_configs": [
                    {
                        "targets": [
                            "prometheus-shop-0.prometheus-operated.watch.svc:9090",
                            "prometheus-shop-1.prometheus-operated.watch.svc:9090",
                        ]
                    }
                ],
            }
        ],
    }
    assert other["global"]["external_labels"] == {"prometheus_replica": "prometheus-shop-1"}


def test_flags_stand_alone_and_without_quotes() -> None:
    """Without Thanos Prometheus merges its blocks as it likes."""
    found = texts(EMITTER, catalog())["prometheus/prometheus-shop-1.flags"]
    assert flags(found) == [
        "--config.file=/etc/slogen/prometheus/prometheus-shop-1.yaml",
        "--storage.tsdb.path=/var/lib/slogen/prometheus",
        "--storage.tsdb.retention.time=12h",
        "--web.enable-lifecycle",
        "--web.listen-address=:9090",
        "--enable-feature=exemplar-storage",
    ]
    assert "# Start, in /etc/slogen where this tree lies: prometheus @prometheus/prometheus-shop-1.flags\n" in found


def test_beside_a_sidecar_blocks_are_left_as_they_are_cut() -> None:
    """The sidecar refuses a Prometheus that merges blocks before they are uploaded."""
    found = flags(texts(EMITTER, catalog(THANOS))["prometheus/prometheus-shop-0.flags"])
    assert found[3:5] == ["--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h"]


@pytest.mark.parametrize(
    ("version", "features", "setting"),
    [
        ("2.42", "exemplar-storage,native-histograms", None),
        ("3.8", "exemplar-storage,native-histograms", True),
        ("3.9", "exemplar-storage", True),
    ],
)
def test_native_histograms_are_scraped_where_an_sli_reads_one(
    version: str, features: str, setting: bool | None
) -> None:
    """By a feature that 3.9 no longer has, and by a setting that 3.7 does not know."""
    body = """\
  - name: fast
    objective: 99
    sli: {latency: {histogram: h_seconds, threshold: 1s, native: true}}
"""
    of = catalog(web=body)
    object.__setattr__(of.platform.prometheus, "version", tuple(map(int, version.split("."))))
    found = texts(EMITTER, of)
    assert flags(found["prometheus/prometheus-shop-0.flags"])[-1] == f"--enable-feature={features}"
    assert parsed(found["prometheus/prometheus-shop-0.yaml"])["global"].get("scrape_native_histograms") is setting


def test_every_cluster_tells_the_one_group_of_alertmanagers_each_by_name() -> None:
    """From its own cluster by the short name, from another by a longer one; the replica stays at home."""
    found = texts(EMITTER, catalog(CLUSTERS))
    for cluster, last in (
        ("east", "alertmanager-operated.watch.svc:9093"),
        ("west", "east.alertmanager-operated.watch.svc.clusterset.local:9093"),
    ):
        config = parsed(found[f"prometheus/{cluster}/prometheus-shop-0.yaml"])
        assert config["global"]["external_labels"] == {"cluster": cluster, "prometheus_replica": "prometheus-shop-0"}
        assert config["rule_files"] == ["../../rules/prometheus/*.yaml"]
        assert config["alerting"] == {
            "alert_relabel_configs": [{"action": "labeldrop", "regex": "prometheus_replica"}],
            "alertmanagers": [
                {"static_configs": [{"targets": [f"alertmanager-shop-0.{last}", f"alertmanager-shop-1.{last}"]}]}
            ],
        }


def test_what_is_there_once_is_scraped_once() -> None:
    """Thanos and Alertmanager by the first cluster, sidecars by each."""
    names = "prometheus alertmanager thanos-sidecar thanos-query thanos-query-frontend thanos-store thanos-compact "
    more = CLUSTERS + THANOS
    east, west = (jobs(more, f"prometheus/{cluster}/prometheus-shop-0.yaml") for cluster in ("east", "west"))
    assert list(east) == (names + "thanos-rule").split()
    assert list(west) == ["prometheus", "thanos-sidecar"]
    assert east["thanos-compact"] == {
        "static_configs": [{"targets": ["thanos-compact-0.thanos-compact.watch.svc:10902"]}]
    }
    assert east["thanos-rule"]["static_configs"][0]["targets"] == [
        f"thanos-ruler-shop-{number}.thanos-ruler-operated.watch.svc:10902" for number in (0, 1)
    ]


def test_a_selector_finds_a_port_of_services_with_all_labels() -> None:
    """Labels as Prometheus spells them, values as they are; the Kubernetes Service gives no label `service`."""
    body = "scrape: {selector: {app.kubernetes.io/name: web, rel: v1.2}, namespace: shop, port: http, path: /m}\n"
    found = jobs(web=body)["web"]
    assert found == {
        "metrics_path": "/m",
        "kubernetes_sd_configs": [{"role": "endpointslice", "namespaces": {"names": ["shop"]}}],
        "relabel_configs": [
            {
                "source_labels": ["__meta_kubernetes_service_label_app_kubernetes_io_name"],
                "regex": "web",
                "action": "keep",
            },
            {"source_labels": ["__meta_kubernetes_service_label_rel"], "regex": r"v1\.2", "action": "keep"},
            {"source_labels": ["__meta_kubernetes_endpointslice_port_name"], "regex": "http", "action": "keep"},
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        ],
    }


def test_targets_with_credentials_and_labels_of_their_own() -> None:
    """Secrets by file; anywhere stands no namespace."""
    body = "scrape: {targets: ['a:1', 'b:2'], scheme: https, credentialsFile: /t, caFile: /ca, honorLabels: true}\n"
    assert jobs(web=body)["web"] == {
        "scheme": "https",
        "honor_labels": True,
        "authorization": {"credentials_file": "/t"},
        "tls_config": {"ca_file": "/ca"},
        "static_configs": [{"targets": ["a:1", "b:2"]}],
    }
    assert jobs(web="scrape: {selector: {app: web}}\n")["web"]["kubernetes_sd_configs"] == [{"role": "endpointslice"}]


def test_a_probe_asks_the_prober_and_is_called_as_its_target() -> None:
    """The target becomes a parameter and the instance, the prober the address."""
    of = catalog(web='probe: {module: http_2xx, targets: ["https://shop/health"], job: web-probe}\n')
    object.__setattr__(of.platform.prometheus, "prober", "blackbox:9115")
    (found,) = (
        job
        for job in parsed(texts(EMITTER, of)["prometheus/prometheus-shop-0.yaml"])["scrape_configs"]
        if job["job_name"] == "web-probe"
    )
    assert found == {
        "job_name": "web-probe",
        "metrics_path": "/probe",
        "params": {"module": ["http_2xx"]},
        "static_configs": [{"targets": ["https://shop/health"]}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": "blackbox:9115"},
        ],
    }


def test_jobs_with_one_label_have_names_of_their_own() -> None:
    """Prometheus refuses two jobs of one name; the label is what was declared."""
    found = jobs(
        a="scrape: {job: x, targets: ['a:1']}\n",
        b="scrape: [{job: x, targets: ['b:1']}, {job: x/2, targets: ['c:1']}]\n",
    )
    assert list(found) == ["x", "x/2", "x/2/2", "prometheus"]
    assert found["x/2"]["relabel_configs"] == [{"target_label": "job", "replacement": "x"}]
    assert found["x/2/2"]["relabel_configs"] == [{"target_label": "job", "replacement": "x/2"}]


def test_a_declared_job_takes_the_place_of_slogens_own() -> None:
    """Who scrapes Prometheus by a selector does not scrape it twice."""
    assert "static_configs" not in jobs(web="scrape: {job: prometheus, selector: {a: b}}\n")["prometheus"]


def test_collectors_of_spans_are_scraped_in_every_cluster() -> None:
    """Two ports of their pods, where slogen writes their configuration; the retired operator has others."""
    storage = '{version: "%s", storage: {elasticsearch: {urls: ["https://es:9200"]}}}'
    for cluster in ("east", "west"):
        path = f"prometheus/{cluster}/prometheus-shop-1.yaml"
        found = jobs(CLUSTERS + f"jaeger: {storage % '2.20'}\n", path)["jaeger-collector"]
        assert found["kubernetes_sd_configs"] == [{"role": "pod", "namespaces": {"names": ["watch"]}}]
        assert [rule.get("regex") for rule in found["relabel_configs"]] == [
            "jaeger-collector",
            "span-metrics|telemetry",
            None,
            None,
        ]
        assert "jaeger-collector" not in jobs(CLUSTERS + f"jaeger: {storage % '1'}\n", path)


def test_gateways_are_scraped_where_collectors_are_and_query_servers_in_the_first_cluster() -> None:
    """By the name that their pods have; a lone collector has no gateway."""
    storage = 'version: "2.20", storage: {elasticsearch: {urls: ["https://es:9200"]}}'
    for number, wanted in ((1, {"collector"}), (3, {"collector", "gateway"})):
        for cluster, more in (("east", {"query"}), ("west", set[str]())):
            found = jobs(
                CLUSTERS + f"jaeger: {{{storage}, collectors: {number}}}\n",
                f"prometheus/{cluster}/prometheus-shop-1.yaml",
            )
            mine = {name: job for name, job in found.items() if name.startswith("jaeger-")}
            assert mine.keys() == {f"jaeger-{server}" for server in wanted | more}
            for name, job in mine.items():
                pods = "jaeger-collector" if name == "jaeger-collector" else f"{name}-collector"
                assert job["relabel_configs"][0]["regex"] == pods


COMMITTED = sorted((ROOT / "prometheus").glob("*/prometheus-*.yaml"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_promtool_takes_the_committed_configuration(path: Path, promtool: str, tmp_path: Path) -> None:
    """With all rule files. Debian's build knows no Kubernetes, and no test machine has the credentials of a pod."""
    config = yaml.safe_load(path.read_text("utf-8"))
    assert len(config["scrape_configs"]) > 12
    for job in config["scrape_configs"]:
        if promtool == PROMTOOLS["2.42"] and job.pop("kubernetes_sd_configs", None):
            job["static_configs"] = [{"targets": ["a:1"]}]
        for place in ("authorization", "tls_config"):
            job.pop(place, None)
    config["rule_files"] = [str(ROOT / "rules" / "prometheus" / "*.yaml")]
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(config), "utf-8")
    done = subprocess.run(
        [promtool, "check", "config", "--lint=all", "--lint-fatal", "prometheus.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "rule files found" in done.stdout
