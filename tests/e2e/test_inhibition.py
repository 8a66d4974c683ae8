"""A dependency that is down mutes what depends on it: there and nowhere else, as declared, and never for good.

Two clusters, each with its Prometheus, tell one Alertmanager, sixty times as fast: a declared minute is a second.
"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.compiled import AUDIENCES, build, cause, platform, service
from tests.e2e.conftest import Pair
from tests.e2e.notified import Labels, Sink, check, differences, expected, seen, spelled, subject
from tests.e2e.server import free_port, new_alertmanagers, new_prometheus, running, settle, wait
from tests.e2e.signals import Clock, Periods, Signals

SCALE = 60
LATE = 10.0  # minutes, as many seconds

CRITICAL = {"mutes": "critical"}
SERVICES = [
    service("db", alerts=[cause("Down", "db")]),
    # Mutes warnings, the default.
    service("web", dependsOn=["db"], alerts=[cause("Down", "web"), cause("Slow", "web", "warning")]),
    # Mutes pages too, in the first half-hour.
    service("shop", dependsOn=[{"service": "db"} | CRITICAL], alerts=[cause("Down", "shop")]),
    service("brief", dependsOn=[{"service": "db"} | CRITICAL], alerts=[cause("Down", "brief")]),
    # Begin with the dependency, seen by the same scrape: which of the rules is evaluated first is chance.
    *(
        service(f"twin-{one}", dependsOn=[{"service": "db"} | CRITICAL], alerts=[cause("Down", "twin")])
        for one in "abcdef"
    ),
    service("early", dependsOn=[{"service": "db"} | CRITICAL], alerts=[cause("Down", "early")]),
    # A page mutes the ticket of its own SLO.
    service("api", slos=["up"], tickets=True),
    # Depends on nothing.
    service("other", alerts=[cause("Down", "other"), cause("Slow", "other", "warning")]),
    service("cache", alerts=[cause("Down", "cache")]),
    service("cart", dependsOn=[{"service": "cache"} | CRITICAL], alerts=[cause("Down", "cart")]),
    service("queue", alerts=[cause("Down", "queue")]),
    service("worker", dependsOn=[{"service": "queue"} | CRITICAL], alerts=[cause("Down", "worker")]),
]
EAST: dict[str, Periods] = {
    "db": [(5, 55)],
    "web": [(10, 70)],
    "shop": [(10, 70)],
    "brief": [(10, 15)],
    "twin": [(5, 20)],
    "early": [(0, 20)],
    "api-up": [(10, 20)],
    "other": [(10, 70)],
    "cache": [(5, 15)],
    "cart": [(10, 40)],
    "queue": [(5, 55)],
    "worker": [(10, 55)],
}
WEST: dict[str, Periods] = {"web": [(10, 70)], "shop": [(10, 70)], "brief": [(10, 15)]}
TOLD = {
    "east db/Down": {"page": "+5 -60", "15m": "+20 -60"},
    "east web/Down": {"page": "+10 -75", "15m": "+25 -75", "1h": "+70 -75"},
    "east web/Slow": {"warning": "+60 -70"},  # once the dependency is back, and it is still slow
    "east shop/Down": {"page": "+35 -75", "15m": "+35 -75", "1h": "+70 -75"},  # half an hour after the dependency
    "east early/Down": {"page": "+0 -25", "15m": "+15 -25"},  # it paged first: it is told as ever, and when it is over
    "east api/up": {"page": "+10 -55", "15m": "+25 -55", "warning": "+55"},  # two hours of ticket, half an hour of page
    "east other/Down": {"page": "+10 -75", "15m": "+25 -75", "1h": "+70 -75"},
    "east other/Slow": {"warning": "+10 -70"},
    "east cache/Down": {"page": "+5 -20"},
    "east cart/Down": {"page": "+20 -45", "15m": "+25 -45"},  # the dependency recovered, it did not
    # The dependency is silenced from the start: nobody hears of it, and of the dependant after half an hour.
    "east worker/Down": {"page": "+35 -60", "15m": "+35 -60"},
    "west web/Down": {"page": "+10 -75", "15m": "+25 -75", "1h": "+70 -75"},
    "west web/Slow": {"warning": "+10 -70"},
    "west shop/Down": {"page": "+10 -75", "15m": "+25 -75", "1h": "+70 -75"},
    "west brief/Down": {"page": "+10 -20"},
}
END = 75


def of_cluster(labels: Labels) -> str:
    """Return the cluster, the service and what of it fails."""
    return f"{labels['cluster']} {subject(labels)}"


def test_a_dependency_mutes_as_declared(debian: Pair, sink: Sink, tmp_path: Path) -> None:
    """Seventeen services in the east, three of them fail in the west, where the dependency is well."""
    clock = Clock(SCALE)
    sites = {
        cluster: Signals(clock, {name: failing.get(name, []) for name in EAST})
        for cluster, failing in (("east", EAST), ("west", WEST))
    }
    routing = {"timings": {"critical": {"groupWait": "1m"}}}
    compiled = build(tmp_path / "repository", platform(sink, SCALE, clusters=list(sites), routing=routing), SERVICES)
    (manager,) = new_alertmanagers(debian.alertmanager, tmp_path, compiled.alertmanager, [free_port()])
    servers = [
        new_prometheus(
            debian.prometheus,
            tmp_path / cluster,
            compiled.rules,
            targets={"services": signals.exporter.port},
            interval="500ms",
            alertmanagers=[manager],
            labels={"cluster": cluster},
        )
        for cluster, signals in sites.items()
    ]
    try:
        with running(manager, *servers):
            manager.silence("service=queue", "cluster=east", seconds=600)
            wait(lambda: all(one.value("count(healthy)") for one in servers), 60, "targets are scraped")
            clock.start()
            clock.sleep_until(END)
            wanted = expected(TOLD, AUDIENCES)
            settle(lambda: not differences(wanted, seen(sink.told, clock, of_cluster), LATE), LATE * clock.minute)
    finally:
        for signals in sites.values():
            signals.exporter.stop()
    found = seen(sink.told, clock, of_cluster)
    print(spelled(found))
    check(wanted, found, LATE)
