"""Thirty days of synthetic requests as TSDB blocks, and a Prometheus that serves them on loopback.

The raw series are `http_requests_total`, each instance with the codes 200, 404, 500 and 503, so that half of the
series are errors. The recorded series hold what slogen's rules record from them. `ALERTS` and the clock of incidents
are absent: nothing is firing.
"""

from __future__ import annotations

import json
import math
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, TextIO

END = 1_769_817_600  # the last sample: 2026-01-31 00:00 UTC
SCRAPE = 30  # seconds
PART = 10  # scrapes in 5m
DAY = 86_400 // SCRAPE  # scrapes in a day
CODES = ("200", "404", "500", "503")
BAD = {"500": 2, "503": 4}  # an instance fails once in so many scrapes
BUDGET = 0.01


@dataclass(frozen=True, slots=True)
class History:
    """What was counted until each scrape: by an instance, and the sums of all instances."""

    instances: int
    times: Sequence[int]
    good: dict[str, list[int]]
    errors: list[int]
    total: list[int]

    @property
    def samples(self) -> int:
        """How many samples the raw series have."""
        return len(self.times) * self.instances * len(CODES)

    def counter(self, instance: int, code: str) -> list[int]:
        """Return the values of one raw series."""
        return self.good[code] if code in self.good else _failures(code, instance, len(self.times))

    def ratio(self, place: int, scrapes: int) -> float:
        """Return the share of errors in the window of so many scrapes that ends at `place`."""
        before = max(place - scrapes, 0)
        return (self.errors[place] - self.errors[before]) / max(1, self.total[place] - self.total[before])

    def rate(self, counts: list[int], place: int) -> float:
        """Return the events per second in the 5 minutes before `place`."""
        return (counts[place] - counts[max(place - PART, 0)]) / (PART * SCRAPE)

    def average(self, counts: list[int], place: int) -> float:
        """Return the average of the 5m rates in the 5 minutes before `place`."""
        rates = [self.rate(counts, at) for at in range(max(place - PART, 0), place + 1)]
        return sum(rates) / len(rates)


def _failures(code: str, instance: int, scrapes: int) -> list[int]:
    """Return a counter that grows by one in every so many scrapes, each instance at another time."""
    every = BAD[code]
    phase = 7 * instance % every
    return [(place + phase) // every - phase // every for place in range(scrapes)]


def history(days: int, series: int) -> History:
    """Return days of about 50 requests a second with a daily wave; 0.5 % of them fail."""
    instances, scrapes = max(1, series // len(CODES)), days * DAY + 1
    a_scrape = 50 * SCRAPE / instances
    wave = (round(a_scrape * (1 + 0.4 * math.sin(2 * math.pi * place / DAY))) for place in range(scrapes - 1))
    good = {
        "200": list(accumulate(wave, initial=0)),
        "404": [place * round(a_scrape / 50) for place in range(scrapes)],
    }
    failing = [_failures(code, instance, scrapes) for code in BAD for instance in range(instances)]
    errors = [sum(at) for at in zip(*failing, strict=True)]
    return History(
        instances=instances,
        times=range(END - (scrapes - 1) * SCRAPE, END + 1, SCRAPE),
        good=good,
        errors=errors,
        total=[bad + instances * sum(at) for bad, *at in zip(errors, *good.values(), strict=True)],
    )


def write_openmetrics(file: TextIO, past: History, identities: Sequence[str]) -> None:
    """Write raw and recorded series; `identities` are the labels of the SLOs, such as `service="a",slo="b"`."""
    file.write("# TYPE http_requests counter\n")
    for instance in range(past.instances):
        for code in CODES:
            head = f'http_requests_total{{job="web",instance="i{instance}",code="{code}"}} '
            file.writelines(
                f"{head}{value} {at}\n" for value, at in zip(past.counter(instance, code), past.times, strict=True)
            )
    last = len(past.times) - 1
    for name, (places, value) in _recorded(past, last).items():
        file.write(f"# TYPE {name} gauge\n")
        lines = [f"{value(place)!r} {past.times[place]}\n" for place in places]
        for identity in identities:
            file.writelines(f"{name}{{{identity}}} {line}" for line in lines)
    file.write("# EOF\n")


def _recorded(past: History, last: int) -> dict[str, tuple[range, Callable[[int], float]]]:
    """Return which samples each recorded series has, and their values."""
    fast, slow = range(max(last - 2 * PART, 0), last + 1), range(last % PART, last + 1, PART)
    hours = range(max(last - 7 * 120, 0), last + 1)  # 7h of what the windows up to 6h read
    month = 30 * DAY

    def ratio(scrapes: int) -> Callable[[int], float]:
        return lambda place: past.ratio(place, scrapes)

    found: dict[str, tuple[range, Callable[[int], float]]] = {
        "slo:sli_errors:rate5m": (hours, lambda place: past.rate(past.errors, place)),
        "slo:sli_total:rate5m": (hours, lambda place: past.rate(past.total, place)),
        "slo:sli_errors:avg_rate5m": (slow, lambda place: past.average(past.errors, place)),
        "slo:sli_total:avg_rate5m": (slow, lambda place: past.average(past.total, place)),
        # The whole month: Sloth averages it.
        "slo:sli_error:ratio_rate5m": (range(last + 1), ratio(PART)),
        "slo:objective:ratio": (fast, lambda place: 1 - BUDGET),
        "slo:error_budget:ratio": (fast, lambda place: BUDGET),
        "slo:period_burn_rate:ratio": (slow[-3:], lambda place: past.ratio(place, month) / BUDGET),
        "slo:period_error_budget_remaining:ratio": (
            slow[-3:],
            lambda place: 1 - past.ratio(place, month) / BUDGET,
        ),
    }
    for window, scrapes in (("30m", 60), ("1h", 120), ("6h", 720)):
        found[f"slo:sli_error:ratio_rate{window}"] = (fast, ratio(scrapes))
    for window, scrapes in (("2h", 240), ("1d", DAY), ("3d", 3 * DAY), ("30d", month)):
        found[f"slo:sli_error:ratio_rate{window}"] = (slow[-3:], ratio(scrapes))
    return found


def backfill(promtool: str, text: Path, data: Path) -> None:
    """Turn an OpenMetrics file into blocks; the longest that there may be, one every two hours takes minutes."""
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics", str(text), str(data)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


class Server:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, **parameters: str) -> Any:
        """Return the data of an API answer; a query that fails raises RuntimeError with its text."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=180) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{error.read().decode()} for {parameters}") from error

    def query(self, expr: str) -> tuple[int, list[Any]]:
        """Return how many samples one evaluation at the end of the data reads, and its result."""
        data = self.get("query", query=expr, time=str(END), stats="all")
        result = data["result"] if data["resultType"] == "vector" else [data["result"]]
        return int(data["stats"]["samples"]["totalQueryableSamples"]), result

    def version(self) -> str:
        """Return the server's version."""
        return str(self.get("status/buildinfo")["version"])


@contextmanager
def serve(program: str, folder: Path) -> Iterator[Server]:
    """Serve the blocks in `folder`/data on a free loopback port, and stop the process afterwards."""
    (folder / "prometheus.yaml").write_text("global: {}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder}/prometheus.yaml",
                f"--storage.tsdb.path={folder}/data",
                "--storage.tsdb.retention.time=50y",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, port, folder / "log")
            yield Server(port)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"Prometheus does not start:\n{log.read_text()[-2000:]}")
