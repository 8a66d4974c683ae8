"""Who was told what, when: a sink for the webhooks of Alertmanager, and the table that it must agree with."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from tests.e2e.server import HttpServer
from tests.e2e.signals import Clock

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message: `at` is a reading of `time.monotonic`, `status` is firing or resolved.

    `alerts` are the labels of each alert that it is about, `annotations` their annotations.
    """

    at: float
    audience: str
    status: str
    alerts: tuple[Labels, ...]
    annotations: tuple[Labels, ...]

    @property
    def rung(self) -> str:
        """The rung that it is from: `page`, `15m`, …; or the class, when it is no page."""
        labels = self.alerts[0]
        return labels.get("escalation") or labels["severity"].replace("critical", "page")


class Sink:
    """Stands for every audience: the path of a webhook is its name."""

    def __init__(self) -> None:
        told: list[Notification] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told.append(
                    Notification(
                        at=time.monotonic(),
                        audience=self.path.strip("/"),
                        status=body["status"],
                        alerts=tuple(alert["labels"] for alert in body["alerts"]),
                        annotations=tuple(alert["annotations"] for alert in body["alerts"]),
                    )
                )
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._told = told
        self._server = HttpServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, audience: str) -> str:
        """Return the address of an audience."""
        return f"http://127.0.0.1:{self._server.server_port}/{audience}"

    @property
    def told(self) -> tuple[Notification, ...]:
        """What came so far, in its order, without what arrives all the time."""
        return tuple(one for one in self._told if one.rung != "none")

    @property
    def watchdogs(self) -> tuple[Notification, ...]:
        """The messages that show that messages arrive."""
        return tuple(one for one in self._told if one.rung == "none")

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Somebody is told, at a minute, that something fires or that it is over."""

    minute: float
    fires: bool

    def __str__(self) -> str:
        return f"{'+' if self.fires else '-'}{self.minute:g}"

    @classmethod
    def read(cls, text: str) -> tuple[Event, ...]:
        """Read events: `+0 -10` is told to fire at minute 0, and to be over at minute 10."""
        return tuple(cls(float(word[1:]), {"+": True, "-": False}[word[0]]) for word in text.split())


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A line of the table: an alert, the rung or class of it, and one audience."""

    subject: str
    rung: str
    audience: str


Table = dict[Line, tuple[Event, ...]]


def subject(labels: Labels) -> str:
    """Return the service and what of it fails."""
    return f"{labels['service']}/{labels.get('slo') or labels['alertname']}"


def expected(told: Mapping[str, Mapping[str, str]], audiences: Mapping[str, Sequence[str]]) -> Table:
    """Return the table in which `told` (subject → rung → events) holds for every audience of a rung."""
    return {
        Line(subject, rung, audience): Event.read(events)
        for subject, rungs in told.items()
        for rung, events in rungs.items()
        for audience in audiences[rung]
    }


def seen(told: Iterable[Notification], clock: Clock, name: Callable[[Labels], str] = subject) -> Table:
    """Return the table of what was told; every message must be about one alert."""
    table: defaultdict[Line, list[Event]] = defaultdict(list)
    for one in told:
        assert len(one.alerts) == 1, f"{one.audience} was told of several alerts at once: {one.alerts}"
        line = Line(name(one.alerts[0]), one.rung, one.audience)
        table[line].append(Event(round(clock.at(one.at), 1), one.status == "firing"))
    return {line: tuple(events) for line, events in table.items()}


def differences(wanted: Table, found: Table, late: float) -> list[str]:
    """Return what was not told exactly as wanted; a message may be up to `late` minutes late, and never early."""
    lines = []
    for line in sorted({*wanted, *found}):
        events, told = wanted.get(line, ()), found.get(line, ())
        same = len(events) == len(told) and all(
            event.fires == one.fires and event.minute <= one.minute <= event.minute + late
            for event, one in zip(events, told, strict=True)
        )
        if not same:
            lines.append(f"{_words(line)} was told {_spelled(told)}, not {_spelled(events)}")
    return lines


def check(wanted: Table, found: Table, late: float) -> None:
    """Fail, with the whole table, unless everybody was told exactly as wanted."""
    lines = differences(wanted, found, late)
    assert not lines, "\n".join([*lines, "", "All that was told:", spelled(found)])


def spelled(table: Table) -> str:
    """Return a table for people: the audiences of a rung side by side."""
    return "\n".join(f"{_words(line):60} {_spelled(events)}" for line, events in sorted(table.items()))


def _words(line: Line) -> str:
    return f"{line.subject} {line.rung} {line.audience}"


def _spelled(events: Sequence[Event]) -> str:
    return " ".join(map(str, events)) or "nothing"
