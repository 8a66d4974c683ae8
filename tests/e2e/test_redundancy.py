"""Two Prometheus and two or three Alertmanagers, sixty times as fast: whichever dies, nobody misses or hears it twice.

A declared minute is a second. Servers are killed as a power cut would, and come back with their disk.

Every server that dies in an incident stays away until it is over, except for an incident that never ends. Two servers
that see the end of one differently can tell it twice, as upstream has it: Prometheus of which one was away and has
other data, and Alertmanagers of which one was restarted, whose groups are then flushed at another time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.compiled import AUDIENCES, build, cause, platform, service
from tests.e2e.conftest import Pair
from tests.e2e.notified import Event, Sink, check, expected, seen, spelled
from tests.e2e.server import (
    Alertmanager,
    Prometheus,
    amtool,
    free_port,
    new_alertmanagers,
    new_prometheus,
    running,
    wait,
)
from tests.e2e.signals import Clock, Signals

SCALE = 60
LATE = 12.0  # minutes, as many seconds
ROUNDS = ("first", "second", "third")
LASTING = ("long", "acked")

ROUTING = {
    # Members of a cluster tell one after the other, a peer timeout apart; a group must wait for the last of them before
    # it says more. A second is a lot of time for gossip on loopback, even on a busy machine.
    "timings": {"critical": {"groupInterval": "3m"}, "escalation": {"groupInterval": "3m"}},
    # Prometheus looks for its targets five seconds after a start: minutes, here.
    "hold": "1h",
}
CLUSTER = (
    "--cluster.peer-timeout=1s",
    "--cluster.settle-timeout=10s",
    "--cluster.gossip-interval=100ms",
    "--cluster.pushpull-interval=1s",
)
# As fast as the rest: how long a sample is current, and how often an alert is sent again.
PROMETHEUS = ("--query.lookback-delta=5s", "--rules.alert.resend-delay=2s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Servers that run, and what they see and say."""

    clock: Clock
    signals: Signals
    sink: Sink
    managers: list[Alertmanager]
    replicas: list[Prometheus]

    def joined(self) -> None:
        """Wait until every Alertmanager sees all others, and every Prometheus its targets."""
        for one in (*self.managers, *self.replicas):
            one.started()
        wait(lambda: all(one.members() == len(self.managers) for one in self.managers), 60, "the cluster is complete")
        wait(lambda: all(one.value("count(healthy)") for one in self.replicas), 60, "targets are scraped")

    def heard(self, name: str, rung: str, events: str) -> None:
        """Wait until each audience of a rung has heard as much, and a second more, in which the news spreads."""
        wanted, until = [event.fires for event in Event.read(events)], time.monotonic() + 15 + LATE
        while True:
            table = seen(self.sink.told, self.clock)
            found = {line.audience: told for line, told in table.items() if line.subject == name and line.rung == rung}
            if all([event.fires for event in found.get(who, ())] == wanted for who in AUDIENCES[rung]):
                break
            assert time.monotonic() < until, f"{name} {rung} was not told as {events}, but:\n{spelled(table)}"
            time.sleep(0.1)
        time.sleep(1)


@contextmanager
def site(debian: Pair, sink: Sink, folder: Path, members: int) -> Iterator[Site]:
    """Run two Prometheus and so many Alertmanagers; all is well, and the clock was not started."""
    clock = Clock(SCALE)
    signals = Signals(clock, {name: [] for name in (*LASTING, *ROUNDS)})
    services = [service(name, alerts=[cause("Down", name)]) for name in (*LASTING, *ROUNDS)]
    declared = platform(sink, SCALE, rungs=("15m", "1h"), routing=ROUTING)
    compiled = build(folder / "repository", declared, services)
    ports = [free_port() for _ in range(members)]
    managers = new_alertmanagers(debian.alertmanager, folder, compiled.alertmanager, ports, flags=CLUSTER)
    replicas = [
        new_prometheus(
            debian.prometheus,
            folder / f"prometheus-{replica}",
            compiled.rules,
            targets={"services": signals.exporter.port},
            interval="500ms",
            alertmanagers=managers,
            labels={"prometheus_replica": replica},
            flags=PROMETHEUS,
        )
        for replica in ("a", "b")
    ]
    running_site = Site(clock=clock, signals=signals, sink=sink, managers=managers, replicas=replicas)
    try:
        with running(*managers, *replicas):
            running_site.joined()
            yield running_site
    finally:
        signals.exporter.stop()


@pytest.mark.parametrize("members", [2, 3])
def test_the_death_of_any_server_loses_and_doubles_nothing(
    members: int, debian: Pair, sink: Sink, tmp_path: Path
) -> None:
    """In each incident a Prometheus and an Alertmanager die between the page and the first rung.

    Another incident goes on through all of it, and one more, acknowledged at an Alertmanager that then dies.
    """
    told = {"long/Down": {"page": "+0", "15m": "+15", "1h": "+60"}, "acked/Down": {"page": "+0", "15m": "+15"}}
    with site(debian, sink, tmp_path, members) as here:
        here.clock.start()
        for name in LASTING:
            here.signals.fail(name)
        here.heard("acked/Down", "page", "+0")
        here.managers[0].silence("alertname=Down", "service=acked", 'escalation=~"1h|4h"', seconds=600)
        for place, name in enumerate(ROUNDS[:members]):
            killed = here.managers[place], here.replicas[place % 2]
            began = here.signals.fail(name)
            here.heard(f"{name}/Down", "page", "+0")
            if here.clock.at(time.monotonic()) > 57:
                here.heard("long/Down", "1h", "+60")  # nobody is killed while telling
            for one in killed:
                one.kill()
            here.heard("long/Down", "15m", "+15")
            here.heard(f"{name}/Down", "15m", "+15")
            ended = here.signals.recover(name)
            for rung in ("page", "15m"):
                here.heard(f"{name}/Down", rung, "+0 -15")
            for one in killed:
                one.start()
            here.joined()
            told[f"{name}/Down"] = {"page": f"+{began} -{ended + 5}", "15m": f"+{began + 15} -{ended + 5}"}
        here.clock.sleep_until(60)
        here.heard("long/Down", "1h", "+60")
        time.sleep(4)  # longer than a group waits, and its members
        found = seen(sink.told, here.clock)
    print(spelled(found))
    check(expected(told, AUDIENCES), found, LATE)


def test_a_restart_of_all_alertmanagers_forgets_nothing(debian: Pair, sink: Sink, tmp_path: Path) -> None:
    """They remember whom they told and what is silenced: nobody hears the page again, or what was acknowledged."""
    with site(debian, sink, tmp_path, 2) as here:
        here.clock.start()
        for name in LASTING:
            here.signals.fail(name)
        for name in LASTING:
            here.heard(f"{name}/Down", "page", "+0")
        here.managers[1].silence("alertname=Down", "service=acked", 'escalation=~"15m|1h|4h"', seconds=600)
        for one in here.managers:
            one.stop()
        for one in here.managers:
            one.start()
        here.joined()
        for one in here.managers:
            assert "acked" in amtool("silence", "query", f"--alertmanager.url=http://127.0.0.1:{one.port}")
        here.heard("long/Down", "15m", "+15")
        time.sleep(4)
        found = seen(sink.told, here.clock)
    told = {"long/Down": {"page": "+0", "15m": "+15"}, "acked/Down": {"page": "+0"}}
    check(expected(told, AUDIENCES), found, LATE)
