"""The native `kind: Platform` document: one table of fields, for the reader and for the schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from slogen.core import Duration, Report, Span
from slogen.model import (
    AlertmanagerSettings,
    EmailSettings,
    Platform,
    PrometheusSettings,
    Receiver,
    Routing,
    TimeInterval,
    Told,
)
from slogen.source.fields import Choice, Flag, Length, Text, Whole, nearest
from slogen.source.receivers import FILE, MAIL, RECEIVERS, ROUTING, TEAMS, TIME_INTERVALS, check_declared
from slogen.source.records import Constant, Key, ListOf, MapOf, Record, Refused, table
from slogen.source.sli import Spans, Values
from slogen.source.words import ADDRESS, NAME

_VERSION = Text(r"[0-9]{1,3}\.[0-9]{1,4}(?:\.[0-9]{1,4})?", "a version", 'write it in quotes, such as "2.42"')
_KUBERNETES_LABELS = MapOf(
    r"[a-zA-Z0-9./_-]{1,253}", Text(limit=253), "a Kubernetes label", "write letters, digits and . / _ - alone"
)
_PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_SMARTHOST = Text(rf"[^\s:{{}}]+:(?:{_PORT})", "host:port")
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


def _alertmanager(values: Values, span: Span, spans: Spans, report: Report) -> AlertmanagerSettings:
    major, minor = (int(part) for part in values["version"].split(".")[:2])
    if (major, minor) < (0, 25):
        report.error(
            spans["version"], "SLO112", f"Alertmanager {values['version']} is not supported", 'use "0.25" or newer'
        )
    return AlertmanagerSettings(
        version=(major, minor),
        replicas=values["replicas"],
        external_url=values["externalUrl"].rstrip("/") if values["externalUrl"] else None,
        retention=values["retention"],
    )


def _email(values: Values, span: Span, spans: Spans, report: Report) -> EmailSettings:
    return EmailSettings(
        sender=values["from"],
        smarthost=values["smarthost"],
        username=values["username"],
        password_file=values["passwordFile"],
        require_tls=values["requireTls"],
    )


def _check_intervals(told: Iterable[Told], intervals: Collection[TimeInterval], report: Report) -> None:
    """Report time intervals that are named and not declared, or declared and not named."""
    declared = [interval.name for interval in intervals]
    named = {one.during: one for one in told if one.during}
    unknown = [(name, one) for name, one in named.items() if name not in declared]
    for name, one in unknown:
        hint = nearest(str(name), declared) if declared else "declare it under timeIntervals"
        report.error(one.during_span, "SLO410", f"the time interval {name!r} is not declared", hint)
    for interval in () if unknown else intervals:
        if interval.name not in named:
            report.error(
                interval.span, "SLO410", f"nobody is told during {interval.name!r}", "name it in a notify, or remove it"
            )


def _platform(values: Values, span: Span, spans: Spans, report: Report) -> Platform:
    receivers = tuple(
        Receiver(name=name, integration=r.integration, settings=r.settings, span=r.span)
        for name, r in values["receivers"]
    )
    routing: Routing = values["routing"]
    declared = [receiver.name for receiver in receivers]
    certain = [told for rung in routing.critical for told in rung.notify] + list(routing.watchdog)
    certain += [told for _, notify in values["teams"] for told in notify]
    certain += [told for told in (*routing.warning, *routing.info) if told.receiver != "team"]
    check_declared(certain, declared, report)
    intervals = tuple(replace(interval, name=name) for name, interval in values["timeIntervals"])
    _check_intervals([*routing.told, *certain], intervals, report)
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
        teams=values["teams"],
        alertmanager=values["alertmanager"],
        email=values["email"],
        time_intervals=intervals,
        jaeger_url=values["jaeger"]["url"] if values["jaeger"] else None,
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
            Record(
                (
                    Key("version", _VERSION, "oldest server the configuration must load in", default="0.25"),
                    Key("replicas", Whole(1, 10), "members of the cluster", default=3),
                    Key("externalUrl", ADDRESS, "address for people"),
                    Key("retention", Length(), "how long it remembers what it told", default=Duration.of("5d")),
                ),
                _alertmanager,
            ),
            "who notifies; switches alertmanager/ on",
        ),
        Key("receivers", RECEIVERS, "one entry an audience", required=True),
        Key("teams", TEAMS, "who gets the warnings of a team", default=()),
        Key("routing", ROUTING, "who is told of what", required=True),
        Key(
            "email",
            Record(
                (
                    Key("from", MAIL, "sender", required=True),
                    Key("smarthost", _SMARTHOST, "mail server", required=True),
                    Key("username", Text(), "who signs in"),
                    Key("passwordFile", FILE, "file with the password"),
                    Key("requireTls", Flag(), "refuse a server without TLS", default=True),
                ),
                _email,
                together=("username", "passwordFile"),
            ),
            "how mail is sent",
        ),
        Key(
            "timeIntervals",
            TIME_INTERVALS,
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
