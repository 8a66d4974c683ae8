"""The part of a platform that says who is told: receivers, teams and routing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from slogen.core import Duration, Report, Span
from slogen.model import Receiver, Routing, Rung, TimeInterval, Timing, Timings, Told
from slogen.source.fields import DNS_LABEL, Json, Length, Text, Whole, nearest
from slogen.source.records import Either, Except, Key, ListOf, MapOf, Placed, Record, Refused, table
from slogen.source.sli import Spans, Values
from slogen.source.tree import Node
from slogen.source.words import ADDRESS, DNS_HINT, NAME

MAIL = Text(r"[A-Za-z0-9.!#$%&'*+/=?^_|~-]+@[A-Za-z0-9.-]+", "a mail address", "write one such as sre@example.com")
FILE = Text(r"/\S+", "an absolute path", "name the file that holds the secret")
_CHANNEL = Text(r"[#@]?[^\s{}]+", "a channel", 'write one such as "#team"')


def _any_case(*words: str) -> str:
    """Return a pattern for the words in capitals and small letters, as JSON Schema's patterns know it."""
    return "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words)


# Incoming webhooks of chats and pagers, keys in the query: whoever knows the address may write there.
_SECRET_ADDRESS = Refused(
    pattern=r"https?://(?:hooks\.slack(?:-gov)?\.com|(?:[^/]+\.)?discord(?:app)?\.com/api/webhooks|"
    r"[^/]+\.webhook\.office\.com|outlook\.office(?:365)?\.com/webhook|api\.telegram\.org/bot|"
    r"events\.pagerduty\.com/integration|hc-ping\.com)/?.*|"
    rf".*[?&][^=&#]*(?:{_any_case('token', 'key', 'secret', 'pass', 'auth', 'sig')})[^=&#]*=.*",
    code="SLO113",
    message="the address {} holds a literal secret",
    hint="put it into a file and name that: urlFile",
)

_RECEIVER_KINDS = {
    "pagerduty": table(Key("routingKeyFile", FILE, "file with the integration key", required=True)),
    "slack": table(
        Key("apiUrlFile", FILE, "file with the webhook address", required=True),
        Key("channel", _CHANNEL, "channel", required=True),
    ),
    "email": table(Key("to", MAIL, "address", required=True)),
    "webhook": table(
        Key("url", Except(ADDRESS, _SECRET_ADDRESS), "address without a secret"),
        Key("urlFile", FILE, "file with the address"),
        one_of=("url", "urlFile"),
    ),
    "msteams": table(Key("webhookUrlFile", FILE, "file with the webhook address", required=True)),
    "opsgenie": table(Key("apiKeyFile", FILE, "file with the key", required=True)),
    "telegram": table(
        Key("botTokenFile", FILE, "file with the token", required=True),
        Key("chatId", Whole(-999_999_999_999_999, 999_999_999_999_999, zero=False), "chat", required=True),
    ),
    "discord": table(Key("webhookUrlFile", FILE, "file with the webhook address", required=True)),
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


def _told(values: Values, span: Span, spans: Spans, report: Report) -> Told:
    if values["receiver"] == "team":
        report.error(
            spans["during"], "SLO402", "`team` has no times of its own", "put during at the receivers of the teams"
        )
    return Told(receiver=values["receiver"], during=values["during"], span=span, during_span=spans.get("during", span))


class _Name:
    """The name of a receiver that is told always."""

    def read(self, node: Node, report: Report) -> Told | None:
        """Return whom it names."""
        name = NAME.read(node, report)
        return None if name is None else Told(receiver=name, span=node.span, during_span=node.span)

    def schema(self) -> Json:
        """Return the schema of a name."""
        return NAME.schema()


_ALWAYS = Record(
    (Key("notify", ListOf(_Name(), least=1, unique=True), "receivers", required=True),),
    lambda values, span, spans, report: values["notify"],
)
_NOTIFY = Key(
    "notify",
    ListOf(
        Either(
            NAME,
            Record(
                (
                    Key("receiver", NAME, "a receiver, or team", required=True),
                    Key("during", NAME, "a time interval: told in it only", required=True),
                ),
                _told,
            ),
            lambda name, span: Told(receiver=name, span=span, during_span=span),
        ),
        least=1,
        unique=True,
    ),
    "receivers",
    required=True,
)


def _each_once(notify: tuple[Told, ...], report: Report) -> tuple[Told, ...]:
    """Report receivers that would be told twice at the same time."""
    seen: dict[str, list[str | None]] = {}
    for one in notify:
        times = seen.setdefault(one.receiver, [])
        twice = one.during in times or (times and None in (*times, one.during))
        if twice and any((*times, one.during)):  # of mere names the list has told
            report.error(one.span, "SLO003", f"{one.receiver!r} is told twice", "remove one")
        times.append(one.during)
    return notify


_TOLD = Record((_NOTIFY,), lambda values, span, spans, report: _each_once(values["notify"], report))
TEAMS = MapOf(DNS_LABEL, _TOLD, "a team name", DNS_HINT)


def check_declared(told: Iterable[Told], receivers: Collection[str], report: Report) -> None:
    """Report names that are no receiver."""
    for one in told:
        if one.receiver not in receivers:
            hint = nearest(one.receiver, receivers) if receivers else "declare it under receivers"
            hint = "`team` stands only in warning and info" if one.receiver == "team" else hint
            report.error(one.span, "SLO402", f"the receiver {one.receiver!r} is not declared", hint)


def _rung(values: Values, span: Span, spans: Spans, report: Report) -> Rung:
    return Rung(after=values["after"], notify=_each_once(values["notify"], report), span=span)


def _routing(values: Values, span: Span, spans: Spans, report: Report) -> Routing:
    ladder = values["critical"]
    if ladder[0].after.ms:
        report.error(ladder[0].span, "SLO401", "nobody is told at once", "set the first step to after: 0s")
    elif all(told.during for told in ladder[0].notify):
        report.error(
            ladder[0].span,
            "SLO401",
            "nobody is told at once outside of time intervals",
            "name one without during",
        )
    for lower, upper in pairwise(ladder):
        if upper.after <= lower.after:
            report.error(
                upper.span,
                "SLO401",
                f"the step after {upper.after} is not later than the one before it",
                "put the steps in order",
            )
    team = Told(receiver="team", span=span, during_span=span)
    timings = dict(_DEFAULT_TIMINGS) | {name: value for name, value in values["timings"].items() if value}
    return Routing(
        critical=ladder,
        warning=values["warning"] or (team,),
        info=values["info"],
        watchdog=values["watchdog"],
        hold=values["hold"],
        timings=Timings(
            **{
                name: Timing(
                    **{key: given.get(key) or default for key, default in _DEFAULT_TIMINGS[name].items()},
                    span=given.get("span", span),
                )
                for name, given in timings.items()
            }
        ),
    )


_STEP = Record((Key("after", Length(zero=True), "since the page", required=True), _NOTIFY), _rung)

# A page waits for the marker that mutes it, which is an evaluation later. A member of a cluster that has restarted
# tells what is over and on again when a group's next turn comes before all members have had theirs:
# docs/decisions/0011.
# Nobody above the first rung wants the same page six times a day.
_DEFAULT_TIMINGS = {
    name: {
        key: Duration.of(value)
        for key, value in zip(("group_wait", "group_interval", "repeat_interval"), values, strict=True)
    }
    for name, values in {
        "critical": ("30s", "5m", "4h"),
        "escalation": ("30s", "5m", "1d"),
        "warning": ("1m", "5m", "1d"),
        "info": ("1m", "1h", "3d"),
    }.items()
}
_TIMING = Record(
    (
        Key("groupWait", Length(), "before the first notification of a group"),
        Key("groupInterval", Length(), "before new alerts of the group are told"),
        Key("repeatInterval", Length(), "before the same is told again"),
    ),
    lambda values, span, spans, report: {
        "group_wait": values["groupWait"],
        "group_interval": values["groupInterval"],
        "repeat_interval": values["repeatInterval"],
        "span": span,
    },
)

ROUTING = Record(
    (
        Key("critical", ListOf(_STEP, least=1), "the ladder", required=True),
        Key("warning", _TOLD, "receivers, or team", default=()),
        Key("info", _TOLD, "receivers, or team", default=()),
        Key("watchdog", _ALWAYS, "receivers of the alert that always fires", default=()),
        Key(
            "timings",
            table(*(Key(name, _TIMING, f"of {name} alerts") for name in _DEFAULT_TIMINGS)),
            "how long Alertmanager waits",
            default={},
        ),
        Key(
            "hold",
            Length(low=Duration.of("2m"), high=Duration.of("6h")),
            "how long an incident may pause and still be the same one",
            default=Duration.of("15m"),
        ),
    ),
    _routing,
)


_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_DATES = tuple(str(day) for day in (*range(1, 32), *range(-31, 0)))


@dataclass(frozen=True, slots=True)
class _Range:
    """One word, or from one to another as in `monday:friday`; `backwards` tells whether the second comes first."""

    words: tuple[str, ...]
    what: str
    hint: str
    backwards: Callable[[str, str], bool]

    def read(self, node: Node, report: Report) -> str | None:
        """Return the text."""
        text: str | None = self._text().read(node, report)
        first, _, last = (text or "").partition(":")
        if last and self.backwards(first, last):
            report.error(node.span, "SLO411", f"{text} ends before it begins", "write two ranges")
            return None
        return text

    def schema(self) -> Json:
        """Return a string schema; the order is the reader's."""
        return self._text().schema()

    def _text(self) -> Text:
        words = "|".join(self.words)
        return Text(f"(?:{words})(?::(?:{words}))?", self.what, self.hint)


def _words(words: tuple[str, ...], what: str, hint: str) -> ListOf:
    in_order = _Range(words, what, hint, lambda first, last: words.index(first) > words.index(last))
    return ListOf(in_order, least=1, unique=True)


def _dates(first: str, last: str) -> bool:
    """Return whether a range of days is backwards in the shortest month, which is what Alertmanager refuses."""
    begin, end = (day if day > 0 else 28 + day for day in (int(first), int(last)))
    return begin > end or (int(first) < 0 < int(last))


@lru_cache
def _zones() -> frozenset[str]:
    """Return the names of the time zones, of the same list on every machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def _interval(values: Values, span: Span, spans: Spans, report: Report) -> TimeInterval:
    times = tuple((text[:5], text[6:]) for text, _ in values["times"])
    for (start, end), (_, place) in zip(times, values["times"], strict=True):
        if end <= start:
            report.error(
                place, "SLO411", f"{start}-{end} ends before it begins", "write two: one to 24:00, one from 00:00"
            )
    location = values["location"]
    if location is not None and location not in _zones():
        report.error(
            spans["location"], "SLO411", f"{location!r} is no time zone", nearest(location, _zones()).partition(",")[0]
        )
    return TimeInterval(
        name="",
        times=times,
        weekdays=values["weekdays"],
        days_of_month=values["daysOfMonth"],
        months=values["months"],
        location=location,
        span=span,
    )


TIME_INTERVALS = MapOf(
    DNS_LABEL,
    Record(
        (
            Key(
                "times",
                ListOf(
                    Placed(
                        Text(f"{_CLOCK}-(?:{_CLOCK}|24:00)", "a time of the day", 'write one such as "09:00-17:30"')
                    ),
                    least=1,
                ),
                "hours of the day",
                default=(),
            ),
            Key("weekdays", _words(_DAYS, "a day of the week", "write one such as monday:friday"), "days", default=()),
            Key(
                "daysOfMonth",
                ListOf(
                    _Range(_DATES, "a day of the month", 'write one such as "1:5" or "-1"', _dates),
                    least=1,
                    unique=True,
                ),
                "days of the month, -1 is the last",
                default=(),
            ),
            Key("months", _words(_MONTHS, "a month", "write one such as may:july"), "months", default=()),
            Key(
                "location",
                Text("[A-Za-z0-9_+/-]+", "a time zone", "write one such as Europe/Berlin"),
                "time zone, else UTC",
            ),
        ),
        _interval,
    ),
    "an interval name",
    DNS_HINT,
)
