"""The data sources that Grafana is given: where each of them is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from slogen.emit.grafana import EMITTER
from tests.unit.emit.making import catalog, parsed, texts

GRAFANA = 'grafana: {url: "https://g"}\n'
GIVEN = 'grafana: {url: "https://g", datasource: {name: My metrics, uid: mine, url: "http://mine:9009/prom"}}\n'
BUCKET = "thanos: {objectStorage: {type: FILESYSTEM, config: {directory: /b}}}\n"
JAEGER = 'jaeger: {version: "VERSION", storage: {elasticsearch: {urls: ["http://es:9200"]}}}\n'


def sources(more: str, *, prometheus: str | None = None) -> list[dict[str, Any]]:
    """Return the data sources of a platform with these keys; `prometheus` is the address of its Prometheus."""
    made = catalog(more)
    servers = replace(made.platform.prometheus, url=prometheus)
    made = replace(made, platform=replace(made.platform, prometheus=servers))
    document = parsed(texts(EMITTER, made)["dashboards/provisioning/datasources.yaml"])
    assert document["apiVersion"] == 1
    found: list[dict[str, Any]] = document["datasources"]
    return found


def test_the_data_source_of_the_platform_is_the_one_that_is_chosen_at_first() -> None:
    """Asked by Grafana, not by browsers, as often as it is scraped."""
    assert sources(GRAFANA) == [
        {
            "name": "Prometheus",
            "uid": "prometheus",
            "type": "prometheus",
            "access": "proxy",
            "url": "http://prometheus-operated.watch.svc:9090",
            "isDefault": True,
            "jsonData": {"timeInterval": "30s", "httpMethod": "POST", "prometheusType": "Prometheus"},
        }
    ]


@pytest.mark.parametrize(
    ("more", "prometheus", "url"),
    [
        (GRAFANA, "https://metrics", "https://metrics"),
        (GRAFANA + "thanos: {}\n", "https://metrics", "https://metrics"),
        (GRAFANA + BUCKET, None, "http://thanos-query-frontend.watch.svc:10902"),
        (GRAFANA + BUCKET, "https://metrics", "http://thanos-query-frontend.watch.svc:10902"),
        (GIVEN, None, "http://mine:9009/prom"),
        (GIVEN, "https://metrics", "http://mine:9009/prom"),
        (GIVEN + BUCKET, "https://metrics", "http://mine:9009/prom"),
    ],
)
def test_metrics_are_asked_where_they_are(more: str, prometheus: str | None, url: str) -> None:
    """What grafana.datasource says, else Thanos where slogen runs it, else the address of Prometheus."""
    assert [one["url"] for one in sources(more, prometheus=prometheus)] == [url]


def test_a_data_source_has_the_name_and_uid_that_it_is_given() -> None:
    """Pages ask for it by its uid."""
    (one,) = sources(GIVEN)
    assert (one["name"], one["uid"]) == ("My metrics", "mine")


def test_thanos_answers_from_downsampled_data_where_raw_is_gone() -> None:
    """And only it knows the parameter."""
    assert sources(GRAFANA + BUCKET)[0]["jsonData"] == {
        "timeInterval": "30s",
        "httpMethod": "POST",
        "prometheusType": "Thanos",
        "customQueryParameters": "max_source_resolution=auto",
    }


def test_traces_and_silences_have_data_sources_of_their_own() -> None:
    """By the Services of the operators; an exemplar opens its trace."""
    metrics, traces, alerts = sources(GRAFANA + JAEGER.replace("VERSION", "2.20") + "alertmanager: {}\n")
    assert metrics["jsonData"]["exemplarTraceIdDestinations"] == [{"name": "trace_id", "datasourceUid": "jaeger"}]
    assert traces == {
        "name": "Jaeger",
        "uid": "jaeger",
        "type": "jaeger",
        "access": "proxy",
        "url": "http://jaeger-query-collector.watch.svc:16686",
    }
    assert alerts == {
        "name": "Alertmanager",
        "uid": "alertmanager",
        "type": "alertmanager",
        "access": "proxy",
        "url": "http://alertmanager-operated.watch.svc:9093",
        "jsonData": {"implementation": "prometheus"},
    }


@pytest.mark.parametrize("jaeger", ['jaeger: {url: "https://j"}\n', JAEGER.replace("VERSION", "1")])
def test_a_jaeger_that_slogen_does_not_run_is_no_data_source(jaeger: str) -> None:
    """Its address is not known."""
    (one,) = sources(GRAFANA + jaeger)
    assert "exemplarTraceIdDestinations" not in one["jsonData"]


def test_a_loki_whose_address_is_known_is_a_data_source() -> None:
    """Without one, Grafana has it already; pages ask for its uid either way."""
    logs = 'grafana: {url: "https://g", logs: {query: \'{app="$service"}\', datasource: {SOURCE}}}\n'
    (_, loki) = sources(logs.replace("SOURCE", 'name: Our logs, uid: lo, url: "http://loki:3100"'))
    assert loki == {"name": "Our logs", "uid": "lo", "type": "loki", "access": "proxy", "url": "http://loki:3100"}
    assert [one["uid"] for one in sources(logs.replace("SOURCE", "uid: lo"))] == ["prometheus"]
