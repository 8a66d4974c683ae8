"""The part of a platform that says who is told: receivers, teams and routing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise

from slogen.core import Duration, Report, Span
from slogen.model import Receiver, Routing, Rung
from slogen.source.fields import DNS_LABEL, Length, Text, Whole, nearest
from slogen.source.records import Key, ListOf, MapOf, Placed, Record, table
from slogen.source.sli import Spans, Values
from slogen.source.words import ADDRESS, DNS_HINT, NAME

Named = tuple[str, Span]  # a name and where it is written

MAIL = Text(r"[^@\s]+@[^@\s]+", "a mail address", "write one such as sre@example.com")
_FILE = Text(r"/\S+", "an absolute path", "name the file that holds the secret")
_CHANNEL = Text(r"[#@]?\S+", "a channel", 'write one such as "#team"')

_RECEIVER_KINDS = {
    "pagerduty": table(Key("routingKeyFile", _FILE, "file with the integration key", required=True)),
    "slack": table(
        Key("apiUrlFile", _FILE, "file with the webhook address", required=True),
        Key("channel", _CHANNEL, "channel", required=True),
    ),
    "email": table(Key("to", MAIL, "address", required=True)),
    "webhook": table(
        Key("url", ADDRESS, "address without a secret"),
        Key("urlFile", _FILE, "file with the address"),
        one_of=("url", "urlFile"),
    ),
    "msteams": table(Key("webhookUrlFile", _FILE, "file with the webhook address", required=True)),
    "opsgenie": table(Key("apiKeyFile", _FILE, "file with the key", required=True)),
    "telegram": table(
        Key("botTokenFile", _FILE, "file with the token", required=True),
        Key("chatId", Whole(-999_999_999, 999_999_999), "chat", required=True),
    ),
    "discord": table(Key("webhookUrlFile", _FILE, "file with the webhook address", required=True)),
}


def _receiver(values: Values, span: Span, spans: Spans, report: Report) -> Receiver:
    kind = next(name for name in _RECEIVER_KINDS if values[name] is not None)
    given = tuple((key, value) for key, value in values[kind].items() if value is not None)
    return Receiver(name="", integration=kind, settings=given, span=span)


_RECEIVER = Record(
    tuple(Key(name, kind, f"{name} integration") for name, kind in _RECEIVER_KINDS.items()),
    _receiver,
    one_of=tuple(_RECEIVER_KINDS),
)
RECEIVERS = MapOf(DNS_LABEL, _RECEIVER, "a receiver name", DNS_HINT)

_NOTIFY = Key("notify", ListOf(Placed(NAME), least=1, unique=True), "receivers", required=True)
_TOLD = Record((_NOTIFY,), lambda values, span, spans, report: values["notify"])
TEAMS = MapOf(DNS_LABEL, _TOLD, "a team name", DNS_HINT)


def names_of(told: Iterable[Named]) -> tuple[str, ...]:
    """Return the names without their places."""
    return tuple(name for name, _ in told)


def check_declared(told: Iterable[Named], receivers: Collection[str], report: Report) -> None:
    """Report names that are no receiver."""
    for name, span in told:
        if name not in receivers:
            hint = nearest(name, receivers) if receivers else "declare it under receivers"
            hint = "`team` stands only in warning and info" if name == "team" else hint
            report.error(span, "SLO402", f"the receiver {name!r} is not declared", hint)


def _rung(values: Values, span: Span, spans: Spans, report: Report) -> tuple[Rung, tuple[Named, ...]]:
    return Rung(after=values["after"], notify=names_of(values["notify"]), span=span), values["notify"]


def _routing(values: Values, span: Span, spans: Spans, report: Report) -> tuple[Routing, list[Named], list[Named]]:
    """Return the routing, whom it names, and whom where `team` may stand."""
    ladder = tuple(rung for rung, _ in values["critical"])
    if ladder[0].after.ms:
        report.error(ladder[0].span, "SLO401", "nobody is told at once", "set the first step to after: 0s")
    for lower, upper in pairwise(ladder):
        if upper.after <= lower.after:
            report.error(
                upper.span,
                "SLO401",
                f"the step after {upper.after} is not later than the one before it",
                "put the steps in order",
            )
    given = {name: names_of(values[name]) for name in ("warning", "info", "watchdog") if values[name]}
    routing = Routing(critical=ladder, hold=values["hold"], **given)
    told = [named for _, notify in values["critical"] for named in notify]
    return routing, [*told, *values["watchdog"]], [*values["warning"], *values["info"]]


_STEP = Record((Key("after", Length(zero=True), "since the page", required=True), _NOTIFY), _rung)

ROUTING = Record(
    (
        Key("critical", ListOf(_STEP, least=1), "the ladder", required=True),
        Key("warning", _TOLD, "receivers, or team", default=()),
        Key("info", _TOLD, "receivers, or team", default=()),
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
