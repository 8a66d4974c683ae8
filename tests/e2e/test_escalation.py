"""The ladder on real servers, a hundred times as fast: who is told what, when, and nothing besides.

All incidents happen at once, one service each. The times of the tables are declared minutes; `+15` is told at minute
15 that it fires, `-70` at minute 70 that it is over. Only the names of the audiences and the addresses of their
receivers are the test's: rules, routes and timings are those that slogen compiles.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.e2e.compiled import AUDIENCES, build, cause, platform, service
from tests.e2e.conftest import Pair
from tests.e2e.notified import Sink, check, differences, expected, seen, spelled
from tests.e2e.server import Alertmanager, amtool, free_port, new_alertmanagers, new_prometheus, running, settle, wait
from tests.e2e.signals import Clock, Periods, Signals

SCALE = 100  # a minute is 0.6 s
LATE = 14.0  # minutes, 8 s: what scraping, evaluating, grouping and a busy machine may add
END = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What fails when, who is told, and a silence that somebody sets: from when, for so many minutes, of what.

    `acknowledged` is when somebody types the command that ROUTES.md has for it.
    """

    service: dict[str, Any]
    failing: dict[str, Periods]
    told: dict[str, dict[str, str]]
    silence: tuple[float, float, tuple[str, ...]] | None = None
    acknowledged: float | None = None


def down(name: str, **more: Any) -> dict[str, Any]:
    """Return a service with one page, on the gauge of its name."""
    return service(name, alerts=[cause("Down", name, **more)])


INCIDENTS = (
    # An incident of four hours: each rung once, the first again after its 4h, and all of them when it is over.
    Incident(
        service=down("steady"),
        failing={"steady": [(0, 245)]},
        told={"steady/Down": {"page": "+0 +240 -250", "15m": "+15 -250", "1h": "+60 -250", "4h": "+240 -250"}},
    ),
    # One of nine minutes is nobody's above the first rung.
    Incident(service=down("short"), failing={"short": [(0, 4)]}, told={"short/Down": {"page": "+0 -9"}}),
    # A page outlives its condition by five minutes: a service that is well for less, or not scraped, is told of once.
    Incident(
        service=down("blip"),
        failing={"blip": [(0, 10), (12, 65)]},
        told={"blip/Down": {"page": "+0 -70", "15m": "+15 -70", "1h": "+60 -70"}},
    ),
    # A pause shorter than the hold: the same incident, the rung is due when it is back.
    Incident(
        service=down("gap"),
        failing={"gap": [(0, 5), (20, 65)]},
        told={"gap/Down": {"page": "+0 -10 +20 -70", "15m": "+20 -70", "1h": "+60 -70"}},
    ),
    # A pause longer than the hold: another incident, with a ladder of its own.
    Incident(
        service=down("pause"),
        failing={"pause": [(0, 5), (40, 105)]},
        told={"pause/Down": {"page": "+0 -10 +40 -110", "15m": "+55 -110", "1h": "+100 -110"}},
    ),
    # Another alert of the service during the first: a ladder of its own.
    Incident(
        service=service("pair", alerts=[cause("First", "first"), cause("Second", "second")]),
        failing={"first": [(0, 65)], "second": [(30, 65)]},
        told={
            "pair/First": {"page": "+0 -70", "15m": "+15 -70", "1h": "+60 -70"},
            "pair/Second": {"page": "+30 -70", "15m": "+45 -70"},
        },
    ),
    # A page that does not climb.
    Incident(
        service=down("modest", escalate=False),
        failing={"modest": [(0, 65)]},
        told={"modest/Down": {"page": "+0 -70"}},
    ),
    # Acknowledged after the first rung: the others hear nothing, those who were told hear the end. The example of
    # ROUTES.md is the first SLO.
    Incident(
        service=service("acked", slos=["up"]),
        failing={"acked-up": [(0, 207)]},
        acknowledged=25,
        told={"acked/up": {"page": "+0 +240 -242", "15m": "+15 -242", "info": "+40"}},
    ),
    # The page is silenced by all its labels, as the button does it: so are its rungs.
    Incident(
        service=down("silenced"),
        failing={"silenced": [(0, 100)]},
        silence=(6, 300, ("alertname=Down", "service=silenced", "severity=critical", "team=core")),
        told={"silenced/Down": {"page": "+0"}},
    ),
    # A silence that ends in mid-incident has not stopped the clock: the rungs that are due are told then.
    Incident(
        service=down("expired"),
        failing={"expired": [(0, 95)]},
        silence=(6, 70, ("alertname=Down", "service=expired")),
        told={"expired/Down": {"page": "+0 -100", "15m": "+76 -100", "1h": "+76 -100"}},
    ),
    # SLOs. After a total outage their pages go on for half an hour, the window of their second branch, and are kept
    # for five minutes. A budget of 43 minutes is gone after as many.
    Incident(
        service=service("burn", slos=["up"]),
        failing={"burn-up": [(0, 212)]},
        told={
            "burn/up": {"page": "+0 +240 -247", "15m": "+15 -247", "1h": "+60 -247", "4h": "+240 -247", "info": "+40"}
        },
    ),
    # A burn that pauses for ten minutes is told as if it had not; one that is well a minute of every four, too.
    Incident(
        service=service("flap", slos=["up"]),
        failing={"flap-up": [(0, 10), (20, 40)]},
        told={"flap/up": {"page": "+0 -75", "15m": "+15 -75", "1h": "+60 -75"}},
    ),
    Incident(
        service=service("flaps", slos=["up"]),
        failing={"flaps-up": [(4 * n, 4 * n + 3) for n in range(10)]},
        told={"flaps/up": {"page": "+0 -74", "15m": "+15 -74", "1h": "+60 -74"}},
    ),
    # Another SLO of the service during the first: a ladder of its own.
    Incident(
        service=service("other", slos=["one", "two"]),
        failing={"other-one": [(0, 30)], "other-two": [(20, 30)]},
        told={
            "other/one": {"page": "+0 -65", "15m": "+15 -65", "1h": "+60 -65"},
            "other/two": {"page": "+20 -65", "15m": "+35 -65"},
        },
    ),
)


def actions(manager: Alertmanager, clock: Clock, routes: Path) -> Iterator[tuple[float, Callable[[], object]]]:
    """Yield what people do, and when."""
    (stops_later,) = [line for line in routes.read_text("utf-8").splitlines() if '"1h|4h"' in line and "amtool" in line]
    for one in INCIDENTS:
        if one.silence:
            start, minutes, matchers = one.silence
            yield start, partial(manager.silence, *matchers, seconds=minutes * clock.minute)
        if one.acknowledged:
            yield one.acknowledged, partial(amtool, *shlex.split(stops_later)[1:])


def test_everybody_is_told_exactly_what_the_ladder_says(pair: Pair, sink: Sink, tmp_path: Path) -> None:
    """Fourteen incidents at once: each audience hears of each of them what its table says, and nothing else."""
    clock = Clock(SCALE)
    signals = Signals(clock, {name: periods for one in INCIDENTS for name, periods in one.failing.items()})
    port = free_port()
    declared = platform(sink, SCALE, alertmanager={"externalUrl": f"http://127.0.0.1:{port}"})
    compiled = build(tmp_path / "repository", declared, [one.service for one in INCIDENTS])
    (manager,) = new_alertmanagers(pair.alertmanager, tmp_path, compiled.alertmanager, [port])
    server = new_prometheus(
        pair.prometheus,
        tmp_path / "prometheus",
        compiled.rules,
        targets={"services": signals.exporter.port},
        interval="300ms",
        alertmanagers=[manager],
    )
    wanted = expected({name: told for one in INCIDENTS for name, told in one.told.items()}, AUDIENCES)
    try:
        with running(manager, server):
            wait(lambda: server.value("count(slo:sli_total:rate5m)") == 6, 30, "all SLOs are measured")
            clock.start()
            for start, act in sorted(actions(manager, clock, compiled.routes), key=lambda one: one[0]):
                clock.sleep_until(start)
                act()
            clock.sleep_until(END)
            settle(lambda: not differences(wanted, seen(sink.told, clock), LATE), LATE * clock.minute)
    finally:
        signals.exporter.stop()
    found = seen(sink.told, clock)
    print(spelled(found))
    check(wanted, found, LATE)
