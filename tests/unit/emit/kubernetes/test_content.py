"""What follows from the input: servers, versions, how long, how many, on what."""

from __future__ import annotations

from typing import Any

from tests.unit.emit.kubernetes.platforms import Built


def one(made: Built, kind: str, name: str, path: str = "") -> dict[str, Any]:
    """Return the only resource of that kind and name; Prometheus is told apart by its file."""
    found = [
        resource
        for file, resource in made.resources
        if resource["kind"] == kind and resource["metadata"]["name"] == name and path in file
    ]
    assert len(found) == 1, (kind, name, len(found))
    return found[0]


def text(made: Built, name: str) -> dict[str, Any]:
    """Return the keys of a Secret."""
    secret: dict[str, Any] = one(made, "Secret", name)["stringData"]
    return secret


def test_prometheus_is_the_pair_of_the_guide_with_what_the_guide_forgot(outputs: dict[str, Built]) -> None:
    """Two servers, 6h, a label for its region, volumes, exemplars, Alertmanagers (defects 1, 5, 7, 8, 10)."""
    spec = one(outputs["committed"], "Prometheus", "acgs2", "us-west-2")["spec"]
    assert spec["externalLabels"] == {"cluster": "us-west-2"}
    spec = one(outputs["committed"], "Prometheus", "acgs2", "us-east-1")["spec"]
    assert spec["externalLabels"] == {"cluster": "us-east-1"}
    assert (spec["replicas"], spec["retention"]) == (2, "6h")
    assert not {"image", "version"} & spec.keys()
    assert (spec["scrapeInterval"], spec["evaluationInterval"]) == ("30s", "30s")
    assert (spec["enableFeatures"], spec["exemplars"]) == (["exemplar-storage"], {"maxSize": 100_000})
    assert spec["storage"]["volumeClaimTemplate"]["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "50Gi"}},
    }
    assert spec["thanos"]["image"] == "quay.io/thanos/thanos:v0.42.0"
    assert spec["thanos"]["blockSize"] == "2h"
    assert spec["thanos"]["getConfigInterval"] == "5s"
    assert spec["resources"]["limits"] == {"memory": "8Gi"}


def test_native_histograms_are_a_feature_before_3_9_and_a_setting_after_it(outputs: dict[str, Built]) -> None:
    """An SLI of the test service reads one; 3.10 refuses nothing but needs the setting."""
    old = one(outputs["plain"], "Prometheus", "shop")["spec"]
    new = one(outputs["whole"], "Prometheus", "shop", "/north/")["spec"]
    assert old["enableFeatures"] == ["exemplar-storage", "native-histograms"]
    assert "scrapeNativeHistograms" not in old
    assert (new["enableFeatures"], new["scrapeNativeHistograms"]) == (["exemplar-storage"], True)
    assert (new["externalUrl"], new["routePrefix"]) == ("https://metrics.example.com/prom", "/")


def test_volumes_are_as_big_and_of_the_class_that_the_platform_says(outputs: dict[str, Built]) -> None:
    """Of everything that keeps data."""
    made = outputs["whole"]
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "1Ti"}},
    }
    for kind in ("Alertmanager", "ThanosRuler"):
        assert one(made, kind, "shop")["spec"]["storage"]["volumeClaimTemplate"]["spec"] == claim
    for name in ("thanos-store", "thanos-compact", "thanos-receive"):
        (template,) = one(made, "StatefulSet", name)["spec"]["volumeClaimTemplates"]
        assert template["spec"] == claim


def test_alertmanager_remembers_as_long_as_the_platform_says_in_hours(outputs: dict[str, Built]) -> None:
    """Go reads no days: 5d is 120h. Three members, and where people find them (defects 12, 14, 15)."""
    spec = one(outputs["committed"], "Alertmanager", "acgs2")["spec"]
    assert (spec["retention"], spec["replicas"]) == ("120h", 3)
    assert (spec["externalUrl"], spec["routePrefix"]) == ("https://alertmanager.acgs2.com", "/")
    assert one(outputs["whole"], "Alertmanager", "shop")["spec"]["retention"] == "121h"


def test_secret_files_of_receivers_are_mounted_where_the_platform_names_them(outputs: dict[str, Built]) -> None:
    """By the operator when each folder below its own is a Secret; else as a volume."""
    spec = one(outputs["committed"], "Alertmanager", "acgs2")["spec"]
    assert spec["volumes"] == [{"name": "alertmanager-secrets", "secret": {"secretName": "alertmanager-secrets"}}]
    mount = {"name": "alertmanager-secrets", "mountPath": "/etc/alertmanager/secrets", "readOnly": True}
    assert spec["volumeMounts"] == [mount]
    spec = one(outputs["whole"], "Alertmanager", "shop")["spec"]
    assert spec["secrets"] == ["pager"]
    assert [mount["mountPath"] for mount in spec["volumeMounts"]] == ["/run/secrets"]


def test_the_ruler_asks_for_what_prometheus_does_not(outputs: dict[str, Built]) -> None:
    """The ruler's labels in one, Prometheus' in the other; the ruler keeps two days beside the bucket."""
    made = outputs["committed"]
    ruler, pair = one(made, "ThanosRuler", "acgs2")["spec"], one(made, "Prometheus", "acgs2", "us-east-1")["spec"]
    chosen = {"prometheus": "acgs2", "team": "acgs2"}
    assert ruler["ruleSelector"] == {"matchLabels": {**chosen, "slogen.dev/evaluator": "thanos"}}
    assert pair["ruleSelector"] == {"matchLabels": {**chosen, "slogen.dev/evaluator": "prometheus"}}
    assert (ruler["replicas"], ruler["retention"], ruler["evaluationInterval"]) == (2, "48h", "30s")


def test_servers_of_thanos_and_jaeger_are_as_many_as_the_platform_says(outputs: dict[str, Built]) -> None:
    """The compactor is alone, receivers are three; query servers of Jaeger two, collectors three."""
    found = {
        resource["metadata"]["name"]: resource["spec"]["replicas"]
        for _, resource in outputs["whole"].resources
        if resource["kind"] in ("Deployment", "StatefulSet", "OpenTelemetryCollector", "ThanosRuler")
    }
    assert found == {
        "jaeger": 3,
        "jaeger-gateway": 2,
        "jaeger-query": 2,
        "shop": 3,
        "thanos-compact": 1,
        "thanos-query": 3,
        "thanos-query-frontend": 3,
        "thanos-receive": 3,
        "thanos-store": 3,
    }


def test_one_collector_needs_no_gateway(outputs: dict[str, Built]) -> None:
    """All spans of a trace come to it anyway."""
    kinds = [resource["metadata"]["name"] for path, resource in outputs["gcs"].resources if "/collector/" in path]
    assert "jaeger" in kinds
    assert "jaeger-gateway" not in kinds


def test_images_are_of_the_versions_that_the_platform_says(outputs: dict[str, Built]) -> None:
    """Of the configuration's dialect, and never `latest`."""
    assert one(outputs["gcs"], "OpenTelemetryCollector", "jaeger")["spec"]["image"] == "jaegertracing/jaeger:2.13.0"
    for made in outputs.values():
        for _, resource in made.resources:
            for image in images(resource):
                name, _, tag = image.rpartition(":")
                assert name, image
                assert tag.lstrip("v")[0].isdigit(), image


def images(value: Any) -> list[str]:
    """Return every image in a resource."""
    if isinstance(value, list):
        return [image for inner in value for image in images(inner)]
    if not isinstance(value, dict):
        return []
    found = [value["image"]] if isinstance(value.get("image"), str) else []
    return found + [image for inner in value.values() for image in images(inner)]


def test_no_resource_holds_a_secret(outputs: dict[str, Built]) -> None:
    """What is declared as one is configuration: where the bucket is, and where Alertmanagers are."""
    for name, made in outputs.items():
        kept = {(resource["metadata"]["name"]) for _, resource in made.resources if resource["kind"] == "Secret"}
        assert kept <= {"thanos-objstore", "prometheus-alertmanagers"}, name
    assert "type: S3\nconfig: {bucket: acgs2-metrics" in text(outputs["committed"], "thanos-objstore")["objstore.yaml"]


def test_policies_are_for_isolated_namespaces_alone(outputs: dict[str, Built]) -> None:
    """Elsewhere a policy that lets scraping in would keep everything else out."""
    for name, isolated in (("committed", {"acgs2-system"}), ("plain", set()), ("azure", set())):
        found = {
            resource["metadata"]["namespace"]
            for _, resource in outputs[name].resources
            if resource["kind"] == "NetworkPolicy"
        }
        assert found == isolated
