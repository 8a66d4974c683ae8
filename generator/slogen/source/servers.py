"""The servers of a platform: Prometheus, Thanos, Alertmanager, Jaeger, and what they are in Kubernetes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from slogen.core import Duration, Report, Span
from slogen.model import (
    AlertmanagerSettings,
    JaegerSettings,
    KubernetesSettings,
    ObjectStorage,
    PrometheusSettings,
    Setting,
    SpanStorage,
    ThanosSettings,
)
from slogen.source.fields import Choice, Flag, Json, Length, Text, Whole
from slogen.source.receivers import FILE
from slogen.source.records import Key, ListOf, MapOf, Record, Refused, table
from slogen.source.sli import Spans, Values
from slogen.source.tree import Node
from slogen.source.words import ADDRESS, ENDPOINT, KUBERNETES_LABELS, NAME

_VERSION = Text(r"[0-9]{1,3}\.[0-9]{1,4}(?:\.[0-9]{1,4})?", "a version", 'write it in quotes, such as "2.42"')
_SECRETS = Refused(
    pattern="access_key|service_account|.*(?:secret|password|token|account_key|connection_string).*",
    code="SLO113",
    message="{} holds a literal secret",
    hint="leave it out: give it to Thanos by file or Secret",
)
# What a bucket cannot do without. Source: https://thanos.io/tip/thanos/storage.md/
_NEEDED = {
    "S3": ("bucket", "endpoint"),
    "GCS": ("bucket",),
    "AZURE": ("storage_account", "container"),
    "FILESYSTEM": ("directory",),
}


@dataclass(frozen=True, slots=True)
class _SettingField:
    """A text, whole number, boolean, or a map of them, at most `depth` deep: what Thanos takes is its own affair."""

    depth: int = 3

    def read(self, node: Node, report: Report) -> Setting | None:
        """Return the setting; maps as pairs."""
        if node.kind == "map" and self.depth:
            found: tuple[tuple[str, Setting], ...] | None = _settings(self.depth - 1).read(node, report)
            return found
        if node.kind == "scalar" and node.plain and re.fullmatch("true|false|[0-9]{1,15}", node.text):
            return int(node.text) if node.text.isdigit() else node.text == "true"
        return Text().read(node, report)

    def schema(self) -> Json:
        """Return all of them."""
        found: Json = {"anyOf": [Text().schema(), {"type": "boolean"}, {"type": "integer", "minimum": 0}]}
        if self.depth:
            found["anyOf"].append(_settings(self.depth - 1).schema())
        return found


def _settings(depth: int) -> MapOf:
    return MapOf(
        "[a-z_]+", _SettingField(depth), "a key of the object storage", "write lower-case letters and _", _SECRETS
    )


def _bucket(values: Values, span: Span, spans: Spans, report: Report) -> ObjectStorage:
    given = dict(values["config"])
    for key in _NEEDED[values["type"]]:
        if key not in given:
            report.error(spans["config"], "SLO009", f"the key {key!r} is missing", f"{values['type']} needs {key}")
    return ObjectStorage(**values, span=span)


_BUCKET = Record(
    (
        Key("type", Choice(tuple(_NEEDED)), "kind of bucket", required=True),
        Key("config", _settings(2), "its settings, without secrets", required=True),
    ),
    _bucket,
)


@dataclass(frozen=True, slots=True)
class _BucketField:
    """A bucket, with the settings that its kind cannot do without."""

    def read(self, node: Node, report: Report) -> ObjectStorage | None:
        """Return the bucket."""
        found: ObjectStorage | None = _BUCKET.read(node, report)
        return found

    def schema(self) -> Json:
        """Return the schema of a bucket: what is required depends on its kind."""
        needed = [
            {
                "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                "then": {"properties": {"config": {"required": list(keys)}}},
            }
            for kind, keys in _NEEDED.items()
        ]
        return _BUCKET.schema() | {"allOf": needed}


def _version(values: Values) -> tuple[int, int]:
    major, minor = (*values["version"].split("."), "0")[:2]
    return int(major), int(minor)


def _prometheus(values: Values, span: Span, spans: Spans, report: Report) -> PrometheusSettings:
    version = _version(values)
    if version < (2, 42):
        report.error(
            spans["version"], "SLO112", f"Prometheus {values['version']} lacks keep_firing_for", 'use "2.42" or newer'
        )
    if values["scrapeInterval"] * 4 > Duration.of("5m"):
        report.error(
            spans["scrapeInterval"],
            "SLO203",
            "a 5m window holds fewer than 4 scrapes",
            "scrape every 75s or more often",
        )
    if values["evaluationInterval"] > Duration.of("1m"):
        report.error(
            spans["evaluationInterval"],
            "SLO203",
            "rules evaluated more than 1m apart page late",
            "evaluate every 1m or more often",
        )
    return PrometheusSettings(
        version=version,
        scrape_interval=values["scrapeInterval"],
        evaluation_interval=values["evaluationInterval"],
        retention=values["retention"],
        replicas=values["replicas"],
        url=values["url"],
        prober=values["prober"],
        retention_span=spans.get("retention", span),
        scrape_span=spans.get("scrapeInterval", span),
    )


def _thanos(values: Values, span: Span, spans: Spans, report: Report) -> ThanosSettings:
    kept: tuple[Values, Spans] = values["retention"] or ({}, {})
    if values["objectStorage"] and _version(values) < (0, 42):
        report.error(spans["version"], "SLO112", f"Thanos {values['version']} is not supported", 'use "0.42" or newer')
    return ThanosSettings(
        version=_version(values),
        storage=values["objectStorage"],
        raw=kept[0].get("raw"),
        five_minutes=kept[0].get("5m"),
        hour=kept[0].get("1h"),
        replicas=values["replicas"],
        receive=values["receive"],
        span=span,
        raw_span=kept[1].get("raw", span),
        five_minutes_span=kept[1].get("5m", span),
        hour_span=kept[1].get("1h", span),
    )


THANOS = Record(
    (
        Key("version", _VERSION, "oldest version", default="0.42"),
        Key("objectStorage", _BucketField(), "where blocks are kept; switches thanos/ on"),
        Key(
            "retention",
            Record(
                tuple(Key(name, Length(), f"how long the bucket keeps {name} data") for name in ("raw", "5m", "1h")),
                lambda values, span, spans, report: (values, spans),
            ),
            "by resolution; without one it is kept for ever",
        ),
        Key("replicas", Whole(1, 10), "of query, query frontend, store and ruler", default=2),
        Key("receive", Flag(), "the ruler keeps nothing and writes to receive", default=False),
    ),
    _thanos,
)


def _alertmanager(values: Values, span: Span, spans: Spans, report: Report) -> AlertmanagerSettings:
    version = _version(values)
    if version < (0, 25):
        report.error(
            spans["version"], "SLO112", f"Alertmanager {values['version']} is not supported", 'use "0.25" or newer'
        )
    return AlertmanagerSettings(
        version=version,
        replicas=values["replicas"],
        external_url=values["externalUrl"].rstrip("/") if values["externalUrl"] else None,
        retention=values["retention"],
    )


PROMETHEUS = Record(
    (
        Key("version", _VERSION, "oldest server the rules must load in", default="2.42"),
        Key("url", ADDRESS, "address"),
        Key("scrapeInterval", Length(), "how often targets are scraped", default=Duration.of("30s")),
        Key("evaluationInterval", Length(), "how often rules are evaluated", default=Duration.of("30s")),
        Key("retention", Length(), "how much Prometheus keeps", default=Duration.of("15d")),
        Key("replicas", Whole(1, 10), "servers of a pair", default=2),
        Key("prober", ENDPOINT, "host:port of the blackbox exporter, for probes"),
    ),
    _prometheus,
)
ALERTMANAGER = Record(
    (
        Key("version", _VERSION, "oldest server the configuration must load in", default="0.25"),
        Key("replicas", Whole(1, 10), "members of the cluster", default=3),
        Key("externalUrl", ADDRESS, "address for people"),
        Key("retention", Length(), "how long it remembers what it told", default=Duration.of("5d")),
    ),
    _alertmanager,
)


def _storage(values: Values, span: Span, spans: Spans, report: Report) -> SpanStorage:
    kind = "elasticsearch" if values["elasticsearch"] else "opensearch"
    given = values[kind]
    return SpanStorage(
        kind=kind,
        urls=tuple(url.rstrip("/") for url in given["urls"]),
        index_prefix=given["indexPrefix"],
        username=given["username"],
        password_file=given["passwordFile"],
        span=span,
    )


def _jaeger(values: Values, span: Span, spans: Spans, report: Report) -> JaegerSettings:
    version = _version(values)
    if version[0] not in (1, 2) or (2, 0) <= version < (2, 13):
        report.error(spans["version"], "SLO112", f"Jaeger {values['version']} is not supported", 'use "2.13" or newer')
    return JaegerSettings(
        version=version,
        url=values["url"].rstrip("/") if values["url"] else None,
        storage=values["storage"],
        retention=values["retention"],
        baseline=values["baseline"],
        collectors=values["collectors"],
        queries=values["queries"],
        span=span,
    )


_SEARCH = table(
    Key("urls", ListOf(ADDRESS, least=1), "servers", required=True),
    Key("indexPrefix", NAME, "before the names of the indices"),
    Key("username", Text(), "who signs in"),
    Key("passwordFile", FILE, "file with the password"),
    together=("username", "passwordFile"),
)
JAEGER = Record(
    (
        Key(
            "version",
            Text(r"[0-9]{1,3}(?:\.[0-9]{1,4}){0,2}", "a version", 'write it in quotes, such as "2.20"'),
            'oldest version; "1" for the retired Jaeger operator',
            default="2.20",
        ),
        Key("url", ADDRESS, "address for people"),
        Key(
            "storage",
            Record(
                (Key("elasticsearch", _SEARCH, "Elasticsearch"), Key("opensearch", _SEARCH, "OpenSearch")),
                _storage,
                one_of=("elasticsearch", "opensearch"),
            ),
            "where spans are kept; switches jaeger/ on",
        ),
        Key(
            "retention",
            Length(low=Duration.of("1d"), whole=Duration.of("1d")),
            "days that spans are kept",
            default=Duration.of("7d"),
        ),
        Key("baseline", Whole(1, 100), "percentage of ordinary traces that are kept", default=1),
        Key("collectors", Whole(1, 100), "collectors", default=3),
        Key("queries", Whole(1, 100), "query servers", default=2),
    ),
    _jaeger,
)


def _kubernetes(values: Values, span: Span, spans: Spans, report: Report) -> KubernetesSettings:
    return KubernetesSettings(
        labels=values["labels"],
        isolated=values["isolated"],
        storage_class=values["storageClass"],
        storage=values["storage"],
        span=span,
    )


KUBERNETES = Record(
    (
        Key("labels", KUBERNETES_LABELS, "onto every resource", default=()),
        Key("isolated", ListOf(NAME, unique=True), "namespaces that deny all traffic by default", default=()),
        Key("storageClass", NAME, "of the volumes; else the cluster's default"),
        Key(
            "storage",
            Text("[1-9][0-9]{0,6}(?:Mi|Gi|Ti)", "a size", "write one such as 50Gi"),
            "size of each volume",
            default="50Gi",
        ),
    ),
    _kubernetes,
)
