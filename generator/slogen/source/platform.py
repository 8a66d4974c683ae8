"""The native `kind: Platform` document: one table of fields, for the reader and for the schema."""

from __future__ import annotations

from slogen.core import Duration, Report, Span
from slogen.model import Platform, PrometheusSettings, Receiver
from slogen.source.fields import DNS_LABEL, Choice, Length, Text, Whole
from slogen.source.receivers import MAIL, RECEIVERS, ROUTING, TEAMS, check_declared, names_of
from slogen.source.records import Constant, Key, Later, ListOf, MapOf, Record, Refused, table
from slogen.source.sli import Spans, Values
from slogen.source.words import ADDRESS, DNS_HINT, NAME

_VERSION = Text(r"[0-9]{1,3}\.[0-9]{1,4}(?:\.[0-9]{1,4})?", "a version", 'write it in quotes, such as "2.42"')
_KUBERNETES_LABELS = MapOf(
    r"[a-zA-Z0-9./_-]{1,253}", Text(limit=253), "a Kubernetes label", "write letters, digits and . / _ - alone"
)
_SETTINGS = MapOf(
    "[a-z_]+",
    Text(),
    "a key of the object storage",
    "write lower-case letters and _",
    Refused(
        pattern="access_key|service_account|.*(?:secret|password|token|account_key|connection_string).*",
        code="SLO113",
        message="{} holds a literal secret",
        hint="leave it out: give it to Thanos by file or Secret",
    ),
)


def _prometheus(values: Values, span: Span, spans: Spans, report: Report) -> PrometheusSettings:
    version = tuple(int(part) for part in values["version"].split(".")[:2])
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
        version=(version[0], version[1]),
        scrape_interval=values["scrapeInterval"],
        evaluation_interval=values["evaluationInterval"],
        retention=values["retention"],
        replicas=values["replicas"],
        url=values["url"],
        retention_span=spans.get("retention", span),
        scrape_span=spans.get("scrapeInterval", span),
    )


_THANOS = table(
    Key("version", _VERSION, "version"),
    Key(
        "objectStorage",
        table(
            Key("type", Choice(("S3", "GCS", "AZURE", "FILESYSTEM")), "kind of bucket", required=True),
            Key("config", _SETTINGS, "its settings, without secrets", required=True),
        ),
        "where blocks are kept",
    ),
    Key(
        "retention",
        table(*(Key(name, Length(), f"retention of {name} data") for name in ("raw", "5m", "1h"))),
        "by resolution",
    ),
)


def _platform(values: Values, span: Span, spans: Spans, report: Report) -> Platform:
    receivers = tuple(
        Receiver(name=name, integration=r.integration, settings=r.settings, span=r.span)
        for name, r in values["receivers"]
    )
    routing, told, told_or_team = values["routing"]
    declared = [receiver.name for receiver in receivers]
    check_declared([*told, *(named for _, notify in values["teams"] for named in notify)], declared, report)
    check_declared([named for named in told_or_team if named[0] != "team"], declared, report)
    kubernetes = values["kubernetes"]
    return Platform(
        name=values["metadata"]["name"],
        namespace=values["metadata"]["namespace"],
        prometheus=values["prometheus"],
        receivers=receivers,
        routing=routing,
        clusters=values["clusters"],
        thanos=values["thanos"] is not None,
        grafana_url=values["grafana"]["url"].rstrip("/") if values["grafana"] else None,
        kubernetes_labels=kubernetes["labels"] if kubernetes is not None else None,
        teams=tuple((name, names_of(notify)) for name, notify in values["teams"]),
        time_scale=values["timeScale"],
        span=span,
    )


PLATFORM = Record(
    (
        Key("apiVersion", Constant("slogen/v1"), "slogen/v1", required=True),
        Key("kind", Constant("Platform"), "Platform", required=True),
        Key(
            "metadata",
            table(
                Key("name", NAME, "name of the platform", required=True),
                Key("namespace", NAME, "Kubernetes namespace of the monitoring", default="monitoring"),
            ),
            "name and namespace",
            required=True,
        ),
        Key("clusters", ListOf(NAME, unique=True), "one Prometheus pair each", default=()),
        Key(
            "prometheus",
            Record(
                (
                    Key("version", _VERSION, "oldest server the rules must load in", default="2.42"),
                    Key("url", ADDRESS, "address"),
                    Key("scrapeInterval", Length(), "how often targets are scraped", default=Duration.of("30s")),
                    Key("evaluationInterval", Length(), "how often rules are evaluated", default=Duration.of("30s")),
                    Key("retention", Length(), "how much Prometheus keeps", default=Duration.of("15d")),
                    Key("replicas", Whole(1, 10), "servers of a pair", default=2),
                ),
                _prometheus,
            ),
            "what evaluates the rules",
            required=True,
        ),
        Key("thanos", _THANOS, "long-term storage and ruler"),
        Key(
            "alertmanager",
            table(
                Key("version", _VERSION, "oldest version"),
                Key("replicas", Whole(1, 10), "members"),
                Key("externalUrl", ADDRESS, "address for people"),
            ),
            "who notifies",
        ),
        Key("receivers", RECEIVERS, "one entry an audience", required=True),
        Key("teams", TEAMS, "who gets the warnings of a team", default=()),
        Key("routing", ROUTING, "who is told of what", required=True),
        Key(
            "email",
            table(
                Key("from", MAIL, "sender", required=True),
                Key("smarthost", Text(r"[^\s:]+:[0-9]{1,5}", "host:port"), "mail server", required=True),
            ),
            "how mail is sent",
        ),
        Key(
            "timeIntervals",
            MapOf(DNS_LABEL, Later("a time interval"), "an interval name", DNS_HINT),
            "named times of the week",
            default=(),
        ),
        Key(
            "grafana",
            table(
                Key("url", ADDRESS, "address for people", required=True),
                Key("datasource", table(Key("name", Text(), "name"), Key("uid", Text(), "uid")), "data source"),
            ),
            "where dashboards are",
        ),
        Key(
            "jaeger",
            table(
                Key("version", _VERSION, "version"),
                Key("url", ADDRESS, "address for people"),
                Key(
                    "storage",
                    table(
                        Key(
                            "elasticsearch",
                            table(Key("urls", ListOf(ADDRESS, least=1), "servers", required=True)),
                            "Elasticsearch",
                        )
                    ),
                    "where spans are kept",
                ),
            ),
            "tracing",
        ),
        Key(
            "kubernetes",
            table(Key("labels", _KUBERNETES_LABELS, "onto every resource", default=())),
            "switches Kubernetes output on",
        ),
        Key("timeScale", Whole(1, 3600), "tests only: divides every duration in expressions and intervals", default=1),
    ),
    _platform,
)
