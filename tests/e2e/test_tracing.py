"""Spans on a real Jaeger, from the generated configuration: all are counted, some are kept, and an SLO over them pages.

Thirty times as fast: a trace is decided on after a second, span metrics are told every second.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import current_tool, required
from tests.e2e.compiled import Compiled, build, platform
from tests.e2e.conftest import SERVERS
from tests.e2e.jaeger import Client, Jaeger
from tests.e2e.notified import Sink
from tests.e2e.server import Prometheus, new_prometheus, running, settle, wait

SCALE = 30
BASELINE = 10  # per cent
SHOP = {
    "apiVersion": "slogen/v1",
    "kind": "Service",
    "metadata": {"name": "shop", "team": "core"},
    "slos": [
        {"name": "answers", "objective": 99.9, "sli": {"spans": {"service": "shop"}}, "noData": "critical"},
        {"name": "fast", "objective": 99, "sli": {"spans": {"service": "shop", "threshold": "60ms"}}},
    ],
}


@pytest.fixture
def program() -> str:
    """Jaeger 1.76.0, whose binary is 2.13."""
    found = current_tool("jaeger")
    if found is None:
        pytest.skip("no Jaeger: run ../shared/tools/build jaeger")
    return found


@pytest.fixture(params=sorted(SERVERS))
def prometheus(request: pytest.FixtureRequest) -> str:
    """Debian's Prometheus and a current one, one after the other."""
    return required(SERVERS[request.param], "prometheus", current=request.param != "2.42")


def compiled(folder: Path, sink: Sink) -> Compiled:
    """Compile a platform whose Jaeger is the version at hand; its storage is not there, nor is it asked for."""
    jaeger = {
        "version": "2.13",
        "storage": {"elasticsearch": {"urls": ["http://127.0.0.1:1"]}},
        "baseline": BASELINE,
        "collectors": 1,
    }
    return build(folder, platform(sink, SCALE, jaeger=jaeger), [SHOP])


def calls(jaeger: Jaeger) -> Counter[tuple[str, str]]:
    """Return how many spans of the shop were counted, by kind and status."""
    found: Counter[tuple[str, str]] = Counter()
    for name, labels, value in jaeger.metrics():
        if name == "traces_span_metrics_calls_total" and labels["service_name"] == "shop":
            kind, status = labels["span_kind"].removeprefix("SPAN_KIND_"), labels["status_code"]
            found[kind, status.removeprefix("STATUS_CODE_")] += int(value)
    return found


def within(jaeger: Jaeger, le: str) -> int:
    """Return how many spans of the shop's server were counted up to a bound."""
    return sum(
        int(value)
        for name, labels, value in jaeger.metrics()
        if (name, labels.get("le")) == ("traces_span_metrics_duration_seconds_bucket", le)
        and (labels["service_name"], labels["span_kind"]) == ("shop", "SPAN_KIND_SERVER")
    )


def test_ten_thousand_spans_are_all_counted_and_some_are_kept(program: str, sink: Sink, tmp_path: Path) -> None:
    """5,000 traces of two spans: every failed and every slow one is kept, and about a tenth of the others.

    Of the 4,550 others 200 last as long as the slow ones, but in what they ask, which is not what the SLO measures.
    The number kept of them is binomial: 455 on average, standard deviation 20.2; five of those to either side leave
    one run in a million out. The ids are the same in every run, so that one that passes always does.
    """
    compiled(tmp_path / "built", sink)
    jaeger = Jaeger(program, tmp_path / "jaeger", tmp_path / "built" / "jaeger")
    with running(jaeger):
        client = Client("shop", jaeger.ports["otlp"])
        traces: dict[str, list[str]] = {"failed": [], "slow": [], "others": []}
        for number in range(5000):
            place = number % 100
            if place < 3:
                traces["failed"].append(client.request(10, failed=True, behind=5))
            elif place < 9:
                traces["slow"].append(client.request(60.000_001, behind=5))
            elif place < 13:
                traces["others"].append(client.request(20, behind=90))
            else:
                traces["others"].append(client.request(60 if place % 2 else 20, behind=5))
        client.flush()
        expected = {("SERVER", "UNSET"): 4850, ("SERVER", "ERROR"): 150, ("CLIENT", "UNSET"): 5000}
        wait(lambda: calls(jaeger).total() >= 10_000, 20, "all spans are counted")
        settle(lambda: False, 0)
        assert calls(jaeger) == expected
        assert within(jaeger, "+Inf") == 5000
        assert within(jaeger, "0.06") == 4700
        failed, slow, others = (set(traces[kind]) for kind in ("failed", "slow", "others"))
        assert [len(one) for one in (failed, slow, others)] == [150, 300, 4550]
        wait(lambda: {*failed, *slow} <= set(jaeger.traces("shop")), 20, "failed and slow traces are kept")
        settle(lambda: False, 0)
        kept = jaeger.traces("shop")
        assert len(kept) == len(set(kept))
        assert {*failed, *slow} <= set(kept) <= {*failed, *slow, *others}
        assert 455 - 101 <= len(others & set(kept)) <= 455 + 101
        client.stop()


class Traffic:
    """A hundred requests a second; when told so, every tenth fails, or half of them are slow."""

    def __init__(self, client: Client) -> None:
        self.failing = self.slow = False
        self.sent: set[str] = set()
        self._client, self._stop = client, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            for number in range(10):
                slow, failed = self.slow and number < 5, self.failing and number == 9
                self.sent.add(self._client.request(90 if slow else 20, failed=failed))

    def stop(self) -> None:
        """Send nothing more."""
        self._stop.set()
        self._thread.join()


@contextmanager
def traffic(jaeger: Jaeger) -> Iterator[Traffic]:
    """Send requests until the end."""
    client = Client("shop", jaeger.ports["otlp"])
    found = Traffic(client)
    try:
        yield found
    finally:
        found.stop()
        client.stop()


def page(server: Prometheus, slo: str, name: str = "SLOErrorBudgetBurn") -> bool:
    """Return whether a page fires."""
    fires = f'ALERTS{{alertname="{name}",slo="{slo}",severity="critical",alertstate="firing",escalation=""}}'
    return server.value(fires) == 1


def scraping(prometheus: str, jaeger: Jaeger, rules: list[Path], folder: Path) -> Prometheus:
    """Return a server that scrapes the counters and evaluates the rules, not started yet."""
    targets = {"jaeger": jaeger.ports["metrics"]}
    return new_prometheus(prometheus, folder, rules, targets=targets, flags=["--enable-feature=exemplar-storage"])


RATIO = 'slo:sli_error:ratio_rate5m{slo="%s"}'


def test_an_slo_over_spans_pages(program: str, prometheus: str, sink: Sink, tmp_path: Path) -> None:
    """Healthy for a while: quiet. A tenth fails: one page. Half is slow: the other. Exemplars are of what was sent."""
    rules = compiled(tmp_path / "built", sink).rules
    jaeger = Jaeger(program, tmp_path / "jaeger", tmp_path / "built" / "jaeger")
    server = scraping(prometheus, jaeger, rules, tmp_path / "prometheus")
    with running(jaeger, server), traffic(jaeger) as shop:
        server.wait(lambda: server.value(RATIO % "answers") == server.value(RATIO % "fast") == 0, 60, "data")
        server.wait(lambda: (server.value('slo:sli_total:rate5m{slo="answers"}') or 0) > 50, 30, "all traffic")
        assert not page(server, "answers")
        shop.failing = True
        server.wait(lambda: page(server, "answers"), 30, "failures page")
        assert not page(server, "fast")
        shop.slow = True
        server.wait(lambda: page(server, "fast"), 45, "slow answers page")
        server.wait(lambda: 0.07 < (server.value(RATIO % "answers") or 0) < 0.13, 30, "a tenth fails")
        found = server.get(
            "query_exemplars", query="traces_span_metrics_duration_seconds_bucket", start="0", end="9999999999"
        )
        exemplars = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
        assert exemplars
        assert exemplars <= shop.sent


def test_a_service_that_sends_no_spans_any_more_is_not_healthy(program: str, sink: Sink, tmp_path: Path) -> None:
    """Its counters end after 5 minutes and 4 scrapes, its rates 5 minutes later; 10 minutes without them page.

    Thirty times as fast that is 10 and 4, 10 and 20 seconds.
    """
    debian = required(SERVERS["2.42"], "prometheus", current=False)
    rules = compiled(tmp_path / "built", sink).rules
    jaeger = Jaeger(program, tmp_path / "jaeger", tmp_path / "built" / "jaeger")
    server = scraping(debian, jaeger, rules, tmp_path / "prometheus")
    with running(jaeger, server):
        with traffic(jaeger):
            server.wait(lambda: server.value(RATIO % "answers") == 0, 60, "data")
        waited = server.wait(lambda: page(server, "answers", "SLONoData"), 75, "silence pages")
        assert 40 < waited < 55
