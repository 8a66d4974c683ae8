"""The native `kind: Platform` document: one table of fields, for the reader and for the schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from slogen.core import Report, Span
from slogen.model import (
    EmailSettings,
    Platform,
    Receiver,
    Routing,
    TimeInterval,
    Told,
)
from slogen.source.fields import Flag, Text, Whole, nearest
from slogen.source.grafana import GRAFANA
from slogen.source.receivers import FILE, MAIL, RECEIVERS, ROUTING, TEAMS, TIME_INTERVALS, check_declared
from slogen.source.records import Constant, Key, ListOf, Placed, Record, table
from slogen.source.servers import ALERTMANAGER, JAEGER, KUBERNETES, PROMETHEUS, THANOS
from slogen.source.sli import Spans, Values
from slogen.source.words import ENDPOINT, NAME

# Names of servers are made of it, and those of their pods have at most 63 characters.
_PLATFORM_NAME = Text(
    "[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?",
    "a valid name",
    "write lower-case letters, digits and dashes, at most 39 characters, such as shop",
    code="SLO101",
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


def _team(values: Values, report: Report) -> str | None:
    """Return who runs the servers; a team that is not declared is reported."""
    if values["metadata"]["team"] is None:
        return None
    name: str
    name, span = values["metadata"]["team"]
    declared = [team for team, _ in values["teams"]]
    if declared and name not in declared:
        report.error(span, "SLO403", f"the team {name!r} is not declared", nearest(name, declared))
    return name


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
    return Platform(
        name=values["metadata"]["name"],
        namespace=values["metadata"]["namespace"],
        team=_team(values, report),
        prometheus=values["prometheus"],
        receivers=receivers,
        routing=routing,
        clusters=values["clusters"],
        thanos=values["thanos"],
        grafana=values["grafana"],
        kubernetes=values["kubernetes"],
        teams=values["teams"],
        alertmanager=values["alertmanager"],
        email=values["email"],
        time_intervals=intervals,
        jaeger=values["jaeger"],
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
                Key("name", _PLATFORM_NAME, "name of the platform", required=True),
                Key("namespace", NAME, "Kubernetes namespace of the monitoring", default="monitoring"),
                Key("team", Placed(NAME), "who runs the servers, and gets the tickets about them"),
            ),
            "name and namespace",
            required=True,
        ),
        Key("clusters", ListOf(NAME, unique=True), "one Prometheus pair each", default=()),
        Key(
            "prometheus",
            PROMETHEUS,
            "what evaluates the rules",
            required=True,
        ),
        Key("thanos", THANOS, "long-term storage and ruler"),
        Key(
            "alertmanager",
            ALERTMANAGER,
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
                    Key("smarthost", ENDPOINT, "mail server", required=True),
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
        Key("grafana", GRAFANA, "where dashboards are; switches dashboards/ on"),
        Key("jaeger", JAEGER, "tracing"),
        Key("kubernetes", KUBERNETES, "switches Kubernetes output on"),
        Key("timeScale", Whole(1, 3600), "tests only: divides every duration in expressions and intervals", default=1),
    ),
    _platform,
)
