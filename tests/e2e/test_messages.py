"""What arrives: the watchdog again and again, and label values as they are, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from tests.e2e.compiled import AUDIENCES, build, cause, platform, service
from tests.e2e.conftest import Pair
from tests.e2e.notified import Sink
from tests.e2e.server import Prometheus, free_port, new_alertmanagers, new_prometheus, running, wait
from tests.e2e.signals import Clock, Signals

SCALE = 120  # a minute is half a second

# What is hard to carry through YAML, PromQL, JSON or templates.
HOSTILE = (
    '"double" \'single\' \\back\\ \n{{ .Labels }} {{ end }} {{ template "x" . }} $labels <b>&amp;</b> \u202eü 🔥\t%s'
)
STATIC = "\"double\" 'single' \\back $1 # no comment: <b>&amp;</b> ü 🔥 %s"


@contextmanager
def running_pair(
    debian: Pair, sink: Sink, signals: Signals, folder: Path, clusters: list[str], services: list[dict[str, Any]]
) -> Iterator[list[Prometheus]]:
    """Run a Prometheus for each cluster, and one Alertmanager."""
    compiled = build(folder / "repository", platform(sink, SCALE, clusters=clusters), services)
    (manager,) = new_alertmanagers(debian.alertmanager, folder, compiled.alertmanager, [free_port()])
    servers = [
        new_prometheus(
            debian.prometheus,
            folder / cluster,
            compiled.rules,
            targets={"services": signals.exporter.port},
            interval="250ms",
            alertmanagers=[manager],
            labels={"cluster": cluster},
            flags=["--rules.alert.resend-delay=2s"],  # the first may come before it knows where to send it
        )
        for cluster in clusters
    ]
    try:
        with running(manager, *servers):
            yield servers
    finally:
        signals.exporter.stop()


def test_the_watchdog_of_each_cluster_arrives_every_minute(debian: Pair, sink: Sink, tmp_path: Path) -> None:
    """Nobody else hears of it; when a server dies, its own stops coming, and the other's does not."""
    signals = Signals(Clock(SCALE), {"idle": []})
    services = [service("idle", alerts=[cause("Down", "idle")])]
    with running_pair(debian, sink, signals, tmp_path, ["east", "west"], services) as (east, _):

        def count(cluster: str) -> int:
            return len([one for one in sink.watchdogs if one.alerts[0]["cluster"] == cluster])

        wait(lambda: count("east") >= 5 and count("west") >= 5, 30, "five messages from each")
        east.kill()
        before = count("west")
        wait(lambda: count("west") >= before + 5, 30, "five more from the other")
    assert {(one.audience, one.status) for one in sink.watchdogs} == {("deadmans-switch", "firing")}
    assert {one.alerts[0]["alertname"] for one in sink.watchdogs} == {"Watchdog"}
    times = [one.at for one in sink.watchdogs if one.alerts[0]["cluster"] == "west"]
    assert 0.4 < median(after - at for at, after in pairwise(times)) < 0.8  # half a second, not every other one
    assert sink.told == ()


def test_hostile_label_values_arrive_unharmed(debian: Pair, sink: Sink, tmp_path: Path) -> None:
    """Quotes, newlines, template syntax and emoji, from a scrape and from the service's file, at the page and above."""
    escaped = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    signals = Signals(Clock(SCALE), {"idle": []}, more=f'hostile{{path="{escaped}"}} 1\n')
    alert = {
        "name": "Hostile",
        "severity": "critical",
        "expr": "hostile == 1",
        "summary": "At {{ $labels.path }}!",
        "labels": {"note": STATIC},
    }
    services = [service("web", alerts=[alert], labels={"motto": STATIC})]
    with running_pair(debian, sink, signals, tmp_path, ["east"], services):
        wait(lambda: len(sink.told) >= 4, 60, "the page and the first rung")
    assert {one.audience for one in sink.told} == {*AUDIENCES["page"], *AUDIENCES["15m"]}
    for one in sink.told:
        (labels,), (annotations,) = one.alerts, one.annotations
        assert (labels["path"], labels["note"], labels["motto"]) == (HOSTILE, STATIC, STATIC)
        if one.rung == "page":
            assert annotations["summary"] == f"At {HOSTILE}!"
