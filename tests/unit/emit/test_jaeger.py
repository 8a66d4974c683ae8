"""The configuration of Jaeger: read as YAML here, and by the real program where it is there."""

from __future__ import annotations

import copy
import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from slogen.emit.jaeger import EMITTER
from slogen.emit.jaeger.parts import bucket
from tests.conftest import ROOT, current_tool
from tests.unit.plan.test_tracing import STORAGE, catalog

SECRETS = "storage: {elasticsearch: {urls: ['https://es'], indexPrefix: prod, username: j$1, passwordFile: /s/es}}"
CRD = ROOT.parent / "shared" / "crds" / "jaegertracing.io_v1_Jaeger.json"


def texts(*slis: str, jaeger: str = STORAGE, more: str = "") -> dict[str, str]:
    """Return every file by its name below jaeger/."""
    assert EMITTER.platform is not None
    return {
        one.path.removeprefix("jaeger/"): one.text for one in EMITTER.platform(catalog(*slis, jaeger=jaeger, more=more))
    }


def files(*slis: str, jaeger: str = STORAGE, more: str = "") -> dict[str, Any]:
    """Return every file as it is read."""
    return {name: yaml.safe_load(text) for name, text in texts(*slis, jaeger=jaeger, more=more).items()}


def search(role: dict[str, Any], kind: str = "elasticsearch") -> dict[str, Any]:
    """Return what a role says of its storage."""
    found: dict[str, Any] = role["extensions"]["jaeger_storage"]["backends"]["main"][kind]
    return found


def test_every_file_says_what_it_is_and_how_it_is_started() -> None:
    """The header, then the command."""
    found = texts()
    assert list(found) == ["collector.yaml", "gateway.yaml", "query.yaml", "overlay-memory.yaml", "jobs.yaml"]
    assert all(text.startswith("# Generated from x.yaml by slogen.") for text in found.values())
    assert "# jaeger --config=jaeger/query.yaml\n" in found["query.yaml"]
    assert "# otelcol-contrib --config=jaeger/gateway.yaml\n" in found["gateway.yaml"]
    assert (
        "# jaeger --config=jaeger/collector.yaml --config=jaeger/overlay-memory.yaml\n" in found["overlay-memory.yaml"]
    )


def test_spans_are_counted_before_any_is_dropped() -> None:
    """What comes in goes to the counters and, past the sampling, to the storage; nothing else does."""
    pipelines = files()["collector.yaml"]["service"]["pipelines"]
    assert {key for one in pipelines.values() for key in one} == {"receivers", "processors", "exporters"}
    assert [
        f"{name}: " + " > ".join((first, *one.get("processors", []), last))
        for name, one in pipelines.items()
        for first in one["receivers"]
        for last in one["exporters"]
    ] == [
        "traces/in: otlp > memory_limiter > batch > spanmetrics",
        "traces/in: otlp > memory_limiter > batch > forward/sampled",
        "traces/sampled: forward/sampled > tail_sampling > jaeger_storage_exporter",
        "metrics/spans: spanmetrics > prometheus",
    ]


def test_span_metrics_have_the_thresholds_as_buckets_in_seconds() -> None:
    """With exemplars, which only OpenMetrics tells, as often as Prometheus scrapes."""
    collector = files("{spans: {service: web, threshold: 7.5ms}}")["collector.yaml"]
    usual = ["1ms", "2ms", "5ms", "7.5ms", "10ms", "25ms", "50ms", "100ms", "250ms", "500ms", "1s", "2.5s", "5s", "10s"]
    assert collector["connectors"] == {
        "spanmetrics": {
            "histogram": {"unit": "s", "explicit": {"buckets": usual}},
            "exemplars": {"enabled": True},
            "metrics_flush_interval": "30s",
            "metrics_expiration": "5m",
            "resource_metrics_key_attributes": ["service.name"],
        },
        "forward/sampled": {},
    }
    assert collector["exporters"]["prometheus"] == {
        "endpoint": "0.0.0.0:8889",
        "enable_open_metrics": True,
        "metric_expiration": "2m",
    }


def test_what_failed_or_was_slow_is_kept_and_a_share_of_the_rest() -> None:
    """The condition is that of the SLO, to the nanosecond; names are taken literally."""
    sli = r"""{spans: {service: 'a"b\c', operation: 'GET /${id}', kind: client, threshold: 2.5ms}}"""
    sampling = files(sli, jaeger=STORAGE + ", baseline: 5")["collector.yaml"]["processors"]["tail_sampling"]
    failed, slow, share = sampling["policies"]
    assert failed == {"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}
    condition = (
        "end_time_unix_nano - start_time_unix_nano > 2500000 and kind == SPAN_KIND_CLIENT"
        r' and resource.attributes["service.name"] == "a\"b\\c" and name == "GET /$${id}"'
    )
    assert slow == {
        "name": "slow-web-a",
        "type": "ottl_condition",
        "ottl_condition": {"error_mode": "ignore", "span": [condition]},
    }
    assert share == {"name": "baseline", "type": "probabilistic", "probabilistic": {"sampling_percentage": 5}}


def test_indices_are_rotated_as_the_version_wants_it() -> None:
    """From 2.20 each kind says how; before, all of them use aliases. The jobs make both."""
    new, old = files(), files(jaeger=STORAGE + ", version: '2.19', retention: 14d")
    for role in ("collector.yaml", "query.yaml"):
        assert search(new[role]) == {
            "server_urls": ["https://es:9200", "https://es-b:9200"],
            "create_mappings": False,
            "max_span_age": "168h",
            "indices": {
                kind: {"rotation": {"manual_rollover": {}}}
                for kind in ("spans", "services", "dependencies", "sampling")
            },
        }
        assert search(old[role]) == {
            "server_urls": ["https://es:9200", "https://es-b:9200"],
            "create_mappings": False,
            "max_span_age": "336h",
            "use_aliases": True,
        }


def test_a_password_is_named_by_its_file() -> None:
    """And a dollar is no variable."""
    found = texts(jaeger=SECRETS)
    for role in ("collector.yaml", "query.yaml"):
        said = search(yaml.safe_load(found[role]))
        assert said["auth"] == {"basic": {"username": "j$$1", "password_file": "/s/es"}}
        assert said["indices"]["index_prefix"] == "prod"
    assert all(job["env"]["INDEX_PREFIX"] == "prod" for job in yaml.safe_load(found["jobs.yaml"])["jobs"])
    assert "password:" not in "".join(found.values())


def test_opensearch_is_told_the_same() -> None:
    """Under its own name."""
    found = files(jaeger=STORAGE.replace("elasticsearch", "opensearch"))
    assert search(found["query.yaml"], "opensearch") == search(files()["query.yaml"])


def test_the_query_servers_read_span_metrics_in_seconds() -> None:
    """From Thanos; where nobody can be asked they have none. They sit below the path that people see."""
    bucket = "thanos: {objectStorage: {type: FILESYSTEM, config: {directory: /b}}}"
    query = files(more=bucket, jaeger=STORAGE + ", url: 'https://example.com/jaeger/'")["query.yaml"]
    assert query["extensions"]["jaeger_storage"]["metric_backends"] == {
        "spans": {
            "prometheus": {
                "endpoint": "http://thanos-query.monitoring.svc:10902",
                "normalize_calls": True,
                "normalize_duration": True,
                "latency_unit": "s",
            }
        }
    }
    assert query["extensions"]["jaeger_query"]["storage"] == {"traces": "main", "metrics": "spans"}
    assert query["extensions"]["jaeger_query"]["base_path"] == "/jaeger"
    alone = files()["query.yaml"]["extensions"]
    assert "metric_backends" not in alone["jaeger_storage"]
    assert alone["jaeger_query"]["storage"] == {"traces": "main"}


def test_one_collector_needs_no_gateway() -> None:
    """Several do: a trace that is torn apart is judged in parts."""
    assert "gateway.yaml" not in files(jaeger=STORAGE + ", collectors: 1")
    exporter = files()["gateway.yaml"]["exporters"]["loadbalancing"]
    assert exporter["routing_key"] == "traceID"
    assert exporter["resolver"] == {"dns": {"hostname": "jaeger-collector-headless.monitoring.svc", "port": "4317"}}


def test_the_overlay_keeps_spans_in_memory_as_the_version_wants_it() -> None:
    """From 2.15 two kinds of one storage are refused, and another one is used; before, the first would be opened."""
    new, old = files()["overlay-memory.yaml"], files(jaeger=STORAGE + ", version: '2.14'")["overlay-memory.yaml"]
    assert new["extensions"]["jaeger_storage"] == {"backends": {"trial": {"memory": {"max_traces": 100_000}}}}
    assert new["exporters"] == {"jaeger_storage_exporter": {"trace_storage": "trial"}}
    assert old["extensions"]["jaeger_storage"] == {"backends": {"main": {"memory": {"max_traces": 100_000}}}}
    assert "exporters" not in old
    assert [one["extensions"]["jaeger_query"]["storage"]["traces"] for one in (new, old)] == ["trial", "main"]
    assert new["service"] == old["service"] == {"extensions": ["healthcheckv2", "jaeger_storage", "jaeger_query"]}


def test_without_storage_nothing_is_written() -> None:
    """A platform may have links to a Jaeger that somebody else runs."""
    assert files(jaeger="url: 'https://j'") == {}


def test_version_1_is_the_custom_resource_alone() -> None:
    """Aliases, hours instead of days, a day more than spans are kept, credentials by Secret."""
    found = files(jaeger=SECRETS.replace("j$1", "j") + ", version: '1'", more="kubernetes: {labels: {team: a}}")
    assert list(found) == ["kubernetes/jaeger-v1.yaml"]
    resource = found["kubernetes/jaeger-v1.yaml"]
    assert resource["metadata"]["labels"] == {"team": "a", "app.kubernetes.io/managed-by": "slogen"}
    assert resource["spec"] == {
        "strategy": "production",
        "collector": {"minReplicas": 2, "maxReplicas": 6},
        "query": {"replicas": 2},
        "storage": {
            "type": "elasticsearch",
            "secretName": "jaeger-es",
            "options": {
                "es": {
                    "server-urls": "https://es",
                    "use-aliases": True,
                    "create-index-templates": False,
                    "index-prefix": "prod",
                    "max-span-age": "168h",
                }
            },
            "esRollover": {"conditions": '{"max_age": "23h"}', "readTTL": "192h", "schedule": "5 * * * *"},
            "esIndexCleaner": {"enabled": True, "numberOfDays": 8, "schedule": "55 23 * * *"},
        },
    }


@pytest.mark.skipif(not CRD.exists(), reason="the schemas in ../shared/crds are absent")
def test_the_custom_resource_of_version_1_is_valid() -> None:
    """And a misspelt field of it is not."""
    validator = jsonschema.Draft202012Validator(json.loads(CRD.read_text("utf-8")))
    resource = files(jaeger=SECRETS + ", version: '1'")["kubernetes/jaeger-v1.yaml"]
    assert list(validator.iter_errors(resource)) == []
    wrong = copy.deepcopy(resource)
    wrong["spec"]["storage"]["esRolover"] = wrong["spec"]["storage"].pop("esRollover")
    assert not validator.is_valid(wrong)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [("0.005", "5ms"), ("0.0025", "2.5ms"), ("1", "1s"), ("90", "90s"), ("0.00025", "250us"), ("1e-9", "1ns")],
)
def test_buckets_are_spelled_exactly(seconds: str, written: str) -> None:
    """As Go reads durations."""
    assert bucket(Decimal(seconds)) == written


def jaeger(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Return what the program says of a configuration, later files over earlier ones."""
    program = current_tool("jaeger")
    if program is None:
        pytest.skip("no Jaeger: run ../shared/tools/build jaeger")
    command = [program, "validate", *(f"--config={path}" for path in paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


EVERYTHING = (
    "{latency: {histogram: d_seconds, threshold: 8ms}}",
    r"""{spans: {service: 'a"b\c', operation: 'GET /${id}', kind: client, threshold: 2.5ms}}""",
)


@pytest.mark.parametrize("storage", [STORAGE, SECRETS, STORAGE.replace("elasticsearch", "opensearch")])
@pytest.mark.parametrize("version", ["2.13", "2.20"])
def test_the_program_takes_the_configuration(version: str, storage: str, tmp_path: Path) -> None:
    """That of 2.13 as it is. Of 2.20 all but the rotation, which this program is too old for, and says so."""
    found = texts(*EVERYTHING, jaeger=f"{storage}, version: '{version}'", more="timeScale: 30")
    for name, text in found.items():
        (tmp_path / name).write_text(text, "utf-8")
    if version == "2.20":
        assert "'elasticsearch.indices.spans' has invalid keys: rotation" in jaeger(
            tmp_path / "collector.yaml"
        ).stderr.replace("opensearch", "elasticsearch")
        for name in ("collector.yaml", "query.yaml"):
            document = yaml.safe_load(found[name])
            (kind,) = document["extensions"]["jaeger_storage"]["backends"]["main"].values()
            kind["indices"] = {key: value for key, value in kind["indices"].items() if key == "index_prefix"}
            (tmp_path / name).write_text(yaml.safe_dump(document), "utf-8")
    for paths in (["collector.yaml"], ["query.yaml"], ["collector.yaml", "overlay-memory.yaml"]):
        done = jaeger(*(tmp_path / path for path in paths))
        assert done.returncode == 0, done.stderr


def test_the_program_notices_a_misspelt_key(tmp_path: Path) -> None:
    """So that the test above can fail."""
    text = texts(jaeger=STORAGE + ", version: '2.13'")["collector.yaml"]
    (tmp_path / "c.yaml").write_text(text.replace("decision_wait", "decision_wat"), "utf-8")
    assert jaeger(tmp_path / "c.yaml").returncode != 0


def test_the_gateway_is_a_configuration_but_for_its_exporter(tmp_path: Path) -> None:
    """Jaeger is a collector too: it lacks the load balancing and the older health check, and knows the rest."""
    (tmp_path / "g.yaml").write_text(texts()["gateway.yaml"], "utf-8")
    said = jaeger(tmp_path / "g.yaml").stderr
    unknown = {line.split('"')[1] for line in said.splitlines() if "unknown type" in line}
    assert unknown == {"loadbalancing", "health_check"}
    assert "invalid keys" not in said
