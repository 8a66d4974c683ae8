"""The ladder on real servers, a hundred times as fast: who is told what, when, and nothing besides.

All incidents happen at once, one service each. The times of the tables are declared minutes; `+15` is told at minute
15 that it fires, `-70` at minute 70 that it is over. Only the names of the audiences and the addresses of their
receivers are the test's: rules, routes and timings are those that slogen compiles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.compiled import AUDIENCES, build, cause, platform, service
from tests.e2e.conftest import Pair
from tests.e2e.notified import Sink, differences, expected, seen, spelled
from tests.e2e.server import new_alertmanagers, new_prometheus, running, wait
from tests.e2e.signals import Clock, Periods, Signals

SCALE = 100  # a minute is 0.6 s
LATE = 12.0  # minutes, 7 s: what scraping, evaluating, grouping and a busy machine may add
END = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What fails when, what somebody does about it, and who is told."""

    what: str
    failing: dict[str, Periods]
    told: dict[str, dict[str, str]]
    silence: tuple[float, float, tuple[str, ...]] | None = None  # from, for so many minutes, matchers
    slos: tuple[str, ...] = ()
    escalate: bool = True
    alerts: tuple[str, ...] = field(default=("Down",))


def always(events: str, *rungs: str) -> dict[str, str]:
    """Return that the same is told to each rung."""
    return dict.fromkeys(rungs, events)


INCIDENTS = {
    "steady": Incident(
        what="an incident of four hours: each rung once, the first again after 4h, and all when it is over",
        failing={"steady": [(0, 250)]},
        told={"steady/Down": {"page": "+0 +240 -250", "15m": "+15 -250", "1h": "+60 -250", "4h": "+240 -250"}},
    ),
    "short": Incident(
        what="an incident of nine minutes is nobody's above the first rung",
        failing={"short": [(0, 9)]},
        told={"short/Down": {"page": "+0 -9"}},
    ),
    "gap": Incident(
        what="a pause shorter than the hold: the same incident, its rung is due when it is back",
        failing={"gap": [(0, 10), (20, 70)]},
        told={"gap/Down": {"page": "+0 -10 +20 -70", "15m": "+20 -70", "1h": "+60 -70"}},
    ),
    "pause": Incident(
        what="a pause longer than the hold: another incident, with a ladder of its own",
        failing={"pause": [(0, 10), (40, 110)]},
        told={"pause/Down": {"page": "+0 -10 +40 -110", "15m": "+55 -110", "1h": "+100 -110"}},
    ),
    "pair": Incident(
        what="another alert of the service during the first: a ladder of its own",
        failing={"first": [(0, 70)], "second": [(30, 70)]},
        alerts=("First", "Second"),
        told={
            "pair/First": {"page": "+0 -70", "15m": "+15 -70", "1h": "+60 -70"},
            "pair/Second": {"page": "+30 -70", "15m": "+45 -70"},
        },
    ),
    "modest": Incident(
        what="a page that does not climb",
        failing={"modest": [(0, 70)]},
        escalate=False,
        told={"modest/Down": {"page": "+0 -70"}},
    ),
    "acked": Incident(
        what="acknowledged after the first rung: the others hear nothing, those who were told hear the end",
        failing={"acked": [(0, 245)]},
        silence=(25, 300, ("alertname=Down", "service=acked", 'escalation=~"1h|4h"')),
        told={"acked/Down": {"page": "+0 +240 -245", "15m": "+15 -245"}},
    ),
    "silenced": Incident(
        what="the page is silenced: its rungs are too",
        failing={"silenced": [(0, 100)]},
        silence=(6, 300, ("alertname=Down", "service=silenced", "severity=critical", "team=core")),
        told={"silenced/Down": {"page": "+0"}},
    ),
    "expired": Incident(
        what="a silence that ends in mid-incident does not stop the clock: the rungs that are due are told then",
        failing={"expired": [(0, 100)]},
        silence=(6, 70, ("alertname=Down", "service=expired")),
        told={"expired/Down": {"page": "+0 -100", **always("+76 -100", "15m", "1h")}},
    ),
    # An SLO's page outlasts a total outage by half an hour, the window of its second branch, and keeps for 5m.
    "burn": Incident(
        what="a burn from scrape to webhook; its budget of 43 minutes is gone after as many",
        failing={"burn-up": [(0, 212)]},
        slos=("up",),
        alerts=(),
        told={
            "burn/up": {"page": "+0 +240 -247", "15m": "+15 -247", "1h": "+60 -247", "4h": "+240 -247", "info": "+40"},
        },
    ),
    "flap": Incident(
        what="a burn that pauses for ten minutes is told as if it had not",
        failing={"flap-up": [(0, 10), (20, 40)]},
        slos=("up",),
        alerts=(),
        told={"flap/up": {"page": "+0 -75", "15m": "+15 -75", "1h": "+60 -75"}},
    ),
    "flaps": Incident(
        what="one that is well a minute of every four, too",
        failing={"flaps-up": [(4 * n, 4 * n + 3) for n in range(10)]},
        slos=("up",),
        alerts=(),
        told={"flaps/up": {"page": "+0 -74", "15m": "+15 -74", "1h": "+60 -74"}},
    ),
    "other": Incident(
        what="another SLO of the service during the first: a ladder of its own",
        failing={"other-one": [(0, 30)], "other-two": [(20, 30)]},
        slos=("one", "two"),
        alerts=(),
        told={
            "other/one": {"page": "+0 -65", "15m": "+15 -65", "1h": "+60 -65"},
            "other/two": {"page": "+20 -65", "15m": "+35 -65"},
        },
    ),
}


def test_everybody_is_told_exactly_what_the_ladder_says(pair: Pair, sink: Sink, tmp_path: Path) -> None:
    """Thirteen incidents at once: each audience hears of each of them what its table says, and nothing else."""
    clock = Clock(SCALE)
    failing = {name: periods for one in INCIDENTS.values() for name, periods in one.failing.items()}
    signals = Signals(clock, failing)
    services = [
        service(
            name,
            slos=one.slos,
            alerts=[
                cause(alert, of, escalate=one.escalate)
                for alert, of in zip(one.alerts, one.failing, strict=bool(one.alerts))
            ],
        )
        for name, one in INCIDENTS.items()
    ]
    compiled = build(tmp_path / "repository", platform(sink, SCALE), services)
    (manager,) = new_alertmanagers(pair.alertmanager, tmp_path, compiled.alertmanager)
    server = new_prometheus(
        pair.prometheus,
        tmp_path / "prometheus",
        compiled.rules,
        targets={"services": signals.exporter.port},
        interval="300ms",
        alertmanagers=[manager],
    )
    try:
        with running(manager, server):
            wait(lambda: server.value("count(slo:sli_total:rate5m)") == 5, 30, "all SLOs are measured")
            clock.start()
            for start, minutes, matchers in sorted(one.silence for one in INCIDENTS.values() if one.silence):
                clock.sleep_until(start)
                manager.silence(*matchers, seconds=minutes * clock.minute)
            clock.sleep_until(END + LATE)
    finally:
        signals.exporter.stop()
    found = seen(sink.told, clock)
    print(spelled(found))
    assert (
        differences(expected({k: v for one in INCIDENTS.values() for k, v in one.told.items()}, AUDIENCES), found, LATE)
        == []
    )
