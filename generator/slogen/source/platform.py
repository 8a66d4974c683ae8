"""The native `kind: Platform` document: one table of fields, for the reader and for the schema."""

from __future__ import annotations

from itertools import pairwise

from slogen.core import Duration, Report, Span
from slogen.model import Platform, PrometheusSettings, Receiver, Routing, Rung
from slogen.source.fields import DNS_LABEL, Choice, Length, Text, Whole, nearest
from slogen.source.records import Constant, Key, ListOf, MapOf, Record
from slogen.source.service import NAME
from slogen.source.sli import Spans, Values

_URL = Text(r"https?://[^\s\"'\\{}]+", "a web address", "write http://… or https://…")
_VERSION = Text(r"[0-9]{1,3}\.[0-9]{1,4}(?:\.[0-9]{1,4})?", "a version", 'write it in quotes, such as "2.42"')
_FILE = Text(r"/\S+", "an absolute path", "name the file that holds the secret")
_PLAIN = MapOf(r"[a-zA-Z0-9./_-]{1,253}", Text(limit=253), "a Kubernetes label")


def _keep(values: Values, span: Span, spans: Spans, report: Report) -> Values:
    return values


def _table(*keys: Key) -> Record:
    return Record(keys, _keep)


_RECEIVER_KINDS = {
    "pagerduty": _table(Key("routingKeyFile", _FILE, "file with the integration key", required=True)),
    "slack": _table(
        Key("apiUrlFile", _FILE, "file with the webhook address", required=True),
        Key("channel", Text(r"[#@]?\S+", "a channel"), "channel", required=True),
    ),
    "email": _table(Key("to", Text(r"[^@\s]+@[^@\s]+", "a mail address"), "address", required=True)),
    "webhook": _table(Key("url", _URL, "address without a secret"), Key("urlFile", _FILE, "file with the address")),
    "msteams": _table(Key("webhookUrlFile", _FILE, "file with the webhook address", required=True)),
    "opsgenie": _table(Key("apiKeyFile", _FILE, "file with the key", required=True)),
    "telegram": _table(
        Key("botTokenFile", _FILE, "file with the token", required=True),
        Key("chatId", Whole(-999_999_999, 999_999_999), "chat", required=True),
    ),
    "discord": _table(Key("webhookUrlFile", _FILE, "file with the webhook address", required=True)),
}


def _receiver(values: Values, span: Span, spans: Spans, report: Report) -> Receiver:
    kind = next(name for name in _RECEIVER_KINDS if values[name] is not None)
    given = tuple((key, value) for key, value in values[kind].items() if value is not None)
    return Receiver(name="", integration=kind, settings=given, span=span)


_RECEIVER = Record(
    tuple(Key(name, table, f"{name} integration") for name, table in _RECEIVER_KINDS.items()),
    _receiver,
    one_of=tuple(_RECEIVER_KINDS),
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


def _rung(values: Values, span: Span, spans: Spans, report: Report) -> Rung:
    return Rung(after=values["after"], notify=values["notify"], span=span)


def _routing(values: Values, span: Span, spans: Spans, report: Report) -> Routing:
    ladder = values["critical"]
    if ladder[0].after.ms:
        report.error(ladder[0].span, "SLO401", "nobody is told at once", "let the first step be after: 0s")
    for lower, upper in pairwise(ladder):
        if upper.after <= lower.after:
            report.error(
                upper.span,
                "SLO401",
                f"the step after {upper.after} is not later than the one before it",
                "put the steps in order",
            )
    return Routing(**values)


_NOTIFY = ListOf(NAME, least=1, unique=True)

_TOLD = Record(
    (Key("notify", _NOTIFY, "receivers", required=True),), lambda values, span, spans, report: values["notify"]
)

_ROUTING = Record(
    (
        Key(
            "critical",
            ListOf(
                Record(
                    (
                        Key("after", Length(zero=True), "since the page", required=True),
                        Key("notify", _NOTIFY, "receivers", required=True),
                    ),
                    _rung,
                ),
                least=1,
            ),
            "the ladder",
            required=True,
        ),
        Key("warning", _TOLD, "receivers, or team", default=("team",)),
        Key("info", _TOLD, "receivers", default=()),
        Key("watchdog", _TOLD, "receivers of the alert that always fires", default=()),
        Key(
            "hold",
            Length(low=Duration.of("2m"), high=Duration.of("6h")),
            "how long an incident may pause and still be the same one",
            default=Duration.of("15m"),
        ),
    ),
    _routing,
)

_THANOS = _table(
    Key("version", _VERSION, "version"),
    Key(
        "objectStorage",
        _table(
            Key("type", Choice(("S3", "GCS", "AZURE", "FILESYSTEM")), "kind of bucket", required=True),
            Key(
                "config",
                MapOf("[a-z_]+", Text(), "a key of the object storage"),
                "its settings, without secrets",
                required=True,
            ),
        ),
        "where blocks are kept",
    ),
    Key(
        "retention",
        _table(*(Key(name, Length(), f"retention of {name} data") for name in ("raw", "5m", "1h"))),
        "by resolution",
    ),
)


def _platform(values: Values, span: Span, spans: Spans, report: Report) -> Platform:
    names = tuple(name for name, _ in values["receivers"])
    receivers = tuple(
        Receiver(name=name, integration=r.integration, settings=r.settings, span=r.span)
        for name, r in values["receivers"]
    )
    routing: Routing = values["routing"]
    teams = tuple((name, team["notify"]) for name, team in values["teams"])
    told: list[tuple[Span, tuple[str, ...], tuple[str, ...]]]
    told = [(rung.span, rung.notify, ()) for rung in routing.critical]
    told += [
        (spans["routing"], notify, extra)
        for notify, extra in ((routing.warning, ("team",)), (routing.info, ("team",)), (routing.watchdog, ()))
    ]
    told += [(spans["teams"], notify, ()) for _, notify in teams]
    for at, notify, extra in told:
        for name in notify:
            if name not in names and name not in extra:
                report.error(at, "SLO402", f"the receiver {name!r} is not declared", nearest(name, names))
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
        teams=teams,
        time_scale=values["timeScale"],
        span=span,
    )


PLATFORM = Record(
    (
        Key("apiVersion", Constant("slogen/v1"), "slogen/v1", required=True),
        Key("kind", Constant("Platform"), "Platform", required=True),
        Key(
            "metadata",
            _table(
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
                    Key("url", _URL, "address"),
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
            _table(
                Key("version", _VERSION, "oldest version"),
                Key("replicas", Whole(1, 10), "members"),
                Key("externalUrl", _URL, "address for people"),
            ),
            "who notifies",
        ),
        Key("receivers", MapOf(DNS_LABEL, _RECEIVER, "a receiver name"), "one entry an audience", required=True),
        Key(
            "teams",
            MapOf(DNS_LABEL, _table(Key("notify", _NOTIFY, "receivers", required=True)), "a team name"),
            "who gets the warnings of a team",
            default=(),
        ),
        Key("routing", _ROUTING, "who is told of what", required=True),
        Key(
            "email",
            _table(
                Key("from", Text(r"[^@\s]+@[^@\s]+", "a mail address"), "sender", required=True),
                Key("smarthost", Text(r"[^\s:]+:[0-9]{1,5}", "host:port"), "mail server", required=True),
            ),
            "how mail is sent",
        ),
        Key("timeIntervals", MapOf(DNS_LABEL, _table(), "an interval name"), "named times of the week", default=()),
        Key(
            "grafana",
            _table(
                Key("url", _URL, "address for people", required=True),
                Key("datasource", _table(Key("name", Text(), "name"), Key("uid", Text(), "uid")), "data source"),
            ),
            "where dashboards are",
        ),
        Key(
            "jaeger",
            _table(
                Key("version", _VERSION, "version"),
                Key("url", _URL, "address for people"),
                Key(
                    "storage",
                    _table(
                        Key(
                            "elasticsearch",
                            _table(Key("urls", ListOf(_URL, least=1), "servers", required=True)),
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
            _table(Key("labels", _PLAIN, "onto every resource", default=())),
            "switches Kubernetes output on",
        ),
        Key("timeScale", Whole(1, 3600), "tests only: divides every duration in expressions and intervals", default=1),
    ),
    _platform,
)
