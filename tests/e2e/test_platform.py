"""The whole platform from its generated files, sixty times as fast: Prometheus, Thanos and Alertmanager.

Two services answer 100 requests a second each and begin to fail 5 % of them in the same second. One of them has pages,
the other only tickets, which need what happened days ago.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import current_tool
from tests.e2e import compiled
from tests.e2e.notified import Notification, Sink
from tests.e2e.server import Exporter, Prometheus, running, wait
from tests.e2e.signals import Clock
from tests.e2e.thanos import Programs, Stack, blocks, run, stack

SCALE = 60
CLUSTER = "eu"
RATE, FAILING = 100, 0.05
USUAL = 0.0005  # share of errors in the 30 days before
PERIOD = 43_200  # seconds: 30 days, sixty times as fast
STEP = 5  # seconds between two samples of the slow rules: 5 minutes
SERVICES = ("cart", "shop")


def programs(*, current: bool = False) -> Programs:
    """Return Thanos with Debian's Prometheus and Alertmanager, or current ones; skip the test where one is absent."""
    thanos = current_tool("thanos")
    if thanos is None:
        pytest.skip("no Thanos: run ../shared/tools/build thanos")
    names = ("prometheus", "prometheus-alertmanager", "promtool")
    found = {name: shutil.which(name) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        pytest.fail("install them first: apt-get install prometheus prometheus-alertmanager")
    server, teller, tool = (str(found[name]) for name in names)
    if current:
        newer = current_tool("prometheus3"), current_tool("alertmanager3")
        if newer[0] is None or newer[1] is None:
            pytest.skip("no current pair: run ../shared/tools/build prometheus3 alertmanager3")
        server, teller = newer[0], newer[1]
    return Programs(prometheus=server, alertmanager=teller, promtool=tool, thanos=thanos)


@dataclass
class Traffic:
    """Counters of both services, which fail from `broken` on, a reading of time.time."""

    started: float
    broken: float | None = None

    def bad(self, now: float) -> float:
        """Return the failed requests of a service so far."""
        return 0 if self.broken is None else RATE * FAILING * max(0.0, now - self.broken)

    def text(self) -> str:
        """Return them for a scrape."""
        now = time.time()
        lines = ["# TYPE requests_total counter"]
        for name in SERVICES:
            every, bad = RATE * (now - self.started), self.bad(now)
            lines.append(f'requests_total{{of="{name}",code="200"}} {every - bad:.3f}')
            lines.append(f'requests_total{{of="{name}",code="500"}} {bad:.3f}')
        return "\n".join(lines) + "\n"


def service(name: str, *, pages: bool, scrape: dict[str, Any]) -> dict[str, Any]:
    """Return a service that promises 99.9 %."""
    selector = f'requests_total{{of="{name}"%s}}'
    return {
        "apiVersion": "slogen/v1",
        "kind": "Service",
        "metadata": {"name": name, "team": "core"},
        "slos": [
            {
                "name": "availability",
                "objective": 99.9,
                "sli": {"events": {"total": selector % "", "bad": selector % ',code="500"'}},
                "traffic": "100/s",
                "noData": "off",
                "alerting": {"critical": pages},
            }
        ],
        **scrape,
    }


def past_of_the_ruler(now: float) -> Iterator[str]:
    """Yield what the ruler would have recorded in 30 days and an hour of ordinary operation, until now."""
    for metric, value in (("slo:sli_errors:avg_rate5m", RATE * USUAL), ("slo:sli_total:avg_rate5m", RATE)):
        yield f"# TYPE {metric} gauge"
        for name in SERVICES:
            labels = f'{{cluster="{CLUSTER}",service="{name}",slo="availability"}}'
            for place in range((PERIOD + 60) // STEP, 0, -1):
                yield f"{metric}{labels} {value:g} {now - place * STEP:.3f}"


def past_of_prometheus(now: float) -> Iterator[str]:
    """Yield what a Prometheus would have recorded in the last 6 hours and a half, every minute."""
    for metric, value in (("slo:sli_errors:rate5m", RATE * USUAL), ("slo:sli_total:rate5m", RATE)):
        yield f"# TYPE {metric} gauge"
        for name in SERVICES:
            for place in range(390, 0, -1):
                yield f'{metric}{{service="{name}",slo="availability"}} {value:g} {now - place:.3f}'


def built(folder: Path, sink: Sink, exporter: Exporter, programs: Programs, **thanos: Any) -> Stack:
    """Compile the platform and its two services, and lay it out on this machine."""
    platform = compiled.platform(
        sink,
        SCALE,
        rungs=(),
        clusters=[CLUSTER],
        prometheus={"retention": "6h", "scrapeInterval": "1m", "evaluationInterval": "1m"},
        alertmanager={"replicas": 2},
        thanos={"objectStorage": {"type": "FILESYSTEM", "config": {"directory": str(folder / "bucket")}}, **thanos},
    )
    scrape = {"scrape": {"job": "web", "targets": [f"127.0.0.1:{exporter.port}"]}}
    services = [service("cart", pages=False, scrape=scrape), service("shop", pages=True, scrape={})]
    compiled.build(folder / "repository", platform, services)
    return stack(folder / "repository", folder / "site", programs, platform, CLUSTER)


def with_past(here: Stack, now: float) -> None:
    """Put 30 days of the ruler into the bucket, and 6 hours of each Prometheus into its own folder."""
    own, site = here.site.programs, here.site
    blocks(own.promtool, site.folder / "past", past_of_the_ruler(now))
    run(
        *(own.thanos, "tools", "bucket", "upload-blocks", f"--path={site.folder / 'past'}"),
        f"--objstore.config-file={site.tree / 'thanos' / 'objstore.yaml'}",
        f'--label=thanos_ruler_replica="thanos-ruler-{site.name}-0"',
    )
    now = time.time()  # as late as can be: what the servers are not there to record is missing
    for place, server in enumerate(here.prometheus):
        left = ["# TYPE left_behind gauge", f"left_behind {place} {now - 60:.3f}"]
        blocks(own.promtool, server.folder / "prometheus", [*left, *past_of_prometheus(now)])


def healthy(here: Stack) -> None:
    """Wait until every server does its work."""
    for name in SERVICES:
        rate = f'slo:sli_total:rate5m{{service="{name}"}} > 90'
        for server in here.prometheus:
            wait(lambda server=server, rate=rate: server.value(rate) is not None, 60, "live rates")
        ratio = MONTH % name
        wait(lambda ratio=ratio: near(here.query.value(ratio), USUAL, 0.002), 60, "the month is remembered")
    time.sleep(2 * STEP)


MONTH = 'slo:sli_error:ratio_rate30d{service="%s"}'


def near(value: float | None, wanted: float, share: float) -> bool:
    """Return whether a value differs from what is wanted by no more than a share of it."""
    return value is not None and abs(value / wanted - 1) <= share


def minutes(told: Sequence[Notification], clock: Clock) -> dict[tuple[str, str], list[float]]:
    """Return when each audience was told that something fires, by service and audience; nothing may be over yet."""
    found: dict[tuple[str, str], list[float]] = {}
    for one in told:
        assert one.status == "firing", one
        for labels in one.alerts:
            assert labels["cluster"] == CLUSTER, one
            assert not any(name.endswith("_replica") for name in labels), one
            found.setdefault((labels["service"], one.audience), []).append(round(clock.at(one.at), 1))
    return found


def test_a_platform_pages_and_tickets_once_and_remembers(sink: Sink, tmp_path: Path) -> None:
    """The page comes from Prometheus and the ticket from the ruler, each when it must; one Prometheus dies between.

    By hand: 5 % fail where 0.1 % may. The page asks for 1.44 % in an hour, of which 0.05 % are usual: after
    (1.44 - 0.05) / (5 - 0.05) of an hour, 16.8 minutes, or an evaluation earlier; of an hour of which a part was not
    recorded it takes a smaller part. The ticket asks for 0.1 % in three
    days, which takes (0.1 - 0.05) / (5 - 0.05) of them, 43.6 minutes, before the one day's 0.3 % at 72.7. Then come
    the waits of the groups, half a minute and a minute.
    """
    traffic = Traffic(started=time.time())
    exporter, clock = Exporter(traffic.text), Clock(SCALE)
    here = built(tmp_path, sink, exporter, programs())
    replica, other = here.prometheus
    try:
        with_past(here, time.time())
        with running(*here.prometheus, *here.alertmanagers), running(*here.sidecars, *here.of_thanos):
            healthy(here)
            evaluated_once(here)
            # Seconds without a sample while the servers started, within the hour that the page will look at.
            gap = 43 - (other.value('count_over_time(slo:sli_total:rate5m{service="shop"}[43s])') or 0)
            clock.start()
            traffic.broken = time.time()
            wait(lambda: bool(sink.told), 60, "the page is told")
            clock.sleep_until(25)
            replica.kill()
            wait(lambda: any(one.rung == "warning" for one in sink.told), 60, "the ticket is told")
            clock.sleep_until(75)
            told = minutes(sink.told, clock)
            month, minute = here.thanos["query-frontend"][0].value(MONTH % "cart"), clock.at(time.monotonic())
            print(told, month, minute, gap)
            remembered(here, other)
    finally:
        exporter.stop()
    pages = {("shop", who): told.pop(("shop", who)) for who in compiled.AUDIENCES["page"]}
    soonest = 16.8 * (60 - gap) / 60 - 1 + 0.5
    assert all(len(at) == 1 and soonest <= at[0] <= 24 for at in pages.values()), (pages, soonest)
    (ticket,) = told.pop(("cart", "slack-core"))
    assert 43.6 <= ticket <= 70
    assert told == {}
    # 30 days of 0.05 %, and these minutes of 5 %, of which the last five or ten are not recorded yet. Without the
    # bucket it would be near 5 %, and 0.05 % without what is not in it yet.
    assert near(month, USUAL + (minute - 7.5) / 43_200 * (FAILING - USUAL), 0.05), (month, minute)


def evaluated_once(here: Stack) -> None:
    """Every group runs in one kind of server: in all of Prometheus, or in all rulers."""
    groups = [
        {group["name"] for group in server.get("rules")["groups"]}
        for server in (*here.prometheus, *here.thanos["rule"])
    ]
    assert groups[0] == groups[1]
    assert groups[2] == groups[3] == {"slogen-cart-slow", "slogen-shop-slow"}
    assert groups[0].isdisjoint(groups[2])


def remembered(here: Stack, other: Prometheus) -> None:
    """What only the dead Prometheus knew is read from the bucket, and so is what is older than any Prometheus keeps."""
    mine = 'last_over_time(left_behind{cluster="eu"}[10m])'
    replicas = [(one["metric"]["prometheus_replica"], one["value"][1]) for one in here.raw(mine)]
    assert replicas == [("prometheus-e2e-0", "0"), ("prometheus-e2e-1", "1")]
    old = 'count_over_time(slo:sli_total:avg_rate5m{service="cart"}[1h] offset 7h)'
    assert here.query.value(old) == 3600 / STEP
    assert other.value(old) is None
    # Both rulers fire the ticket, and their series are told apart.
    ticket = 'ALERTS{service="cart",severity="warning",alertstate="firing"}'
    rulers = sorted(one["metric"]["thanos_ruler_replica"] for one in here.raw(ticket))
    assert rulers == ["thanos-ruler-e2e-0", "thanos-ruler-e2e-1"]
    assert here.query.value(f"count({ticket})") == 1
    assert other.value("thanos_compact_halted") == 0
    assert other.value("thanos_compact_iterations_total > 0") is not None


@pytest.mark.parametrize("receive", [False, True])
def test_current_servers_and_a_ruler_that_keeps_nothing(receive: bool, sink: Sink, tmp_path: Path) -> None:
    """What the ruler records joins what Prometheus does, wherever it is kept: half of the budget's rate is spent.

    0.05 % of errors where 0.1 % may. Receive writes labels of its own, which must not get in the way.
    """
    exporter = Exporter(Traffic(started=time.time()).text)
    here = built(tmp_path, sink, exporter, programs(current=not receive), receive=receive)
    try:
        with_past(here, time.time())
        with running(*here.prometheus, *here.alertmanagers), running(*here.sidecars, *here.of_thanos):
            healthy(here)
            evaluated_once(here)
            rate = 'slo:period_burn_rate:ratio{service="cart"}'
            # On a busy machine a ruler may miss an evaluation, as it wants whole answers.
            wait(lambda: len(here.raw(rate)) >= (3 if receive else 1), 90, "the rulers record")
            burn = here.query.get("query", query=rate)["result"]
            copies = here.raw(rate)
    finally:
        exporter.stop()
    (found,) = burn
    assert found["metric"] == {
        "__name__": "slo:period_burn_rate:ratio",
        "cluster": CLUSTER,
        "service": "cart",
        "slo": "availability",
    }
    assert near(float(found["value"][1]), USUAL / 0.001, 0.002)
    kept_by = {one["metric"].get("receive_replica") for one in copies}
    assert kept_by == ({f"thanos-receive-{place}" for place in range(3)} if receive else {None})
    assert sink.told == ()
