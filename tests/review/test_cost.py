"""The samples that rules read a second, as the transcripts give them: counted by real Prometheus servers.

Each rule of both sides of every case is evaluated once, over data in which each raw selector finds one series and
each recorded series is there for as long as anything looks back. A second after the last sample no sample lies on the
edge of a range, so that both versions of Prometheus, which differ about edges, read the same ones.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import current_tool, required
from tests.e2e.server import Prometheus, free_port
from tests.review.cases import CASES
from tests.review.sides import SIDES, built, seconds, told
from tests.review.test_golden import written

END = 1_769_817_600  # divisible by 5m
SERVERS = {"2.42": shutil.which("prometheus"), "3": current_tool("prometheus3")}
HOURS, MONTH = 7 * 3600, 31 * 86400
SLOW = ("slo:sli_errors:avg_rate5m", "slo:sli_total:avg_rate5m")  # what windows of days read
RAW = (
    'req_total{job="JOB",code="500"',
    'took_seconds_count{job="JOB"',
    'took_seconds_bucket{job="JOB",le="0.3"',
    'took_seconds_bucket{job="JOB",le="0.25"',
    'up{job="JOB"',
)
OF_DB = ("queries_total{", "queries_failed_total{")


@dataclass(frozen=True)
class Measured:
    """A service as it is on one side: its groups under a name of their own, and what the diff says that they read."""

    name: str
    groups: list[dict[str, Any]]
    claimed: Decimal

    def series(self) -> Iterator[tuple[str, int, int]]:
        """Yield each recorded series with its interval and how far back it goes."""
        slos = {rule["labels"]["slo"] for group in self.groups for rule in group["rules"] if "slo" in rule["labels"]}
        for group in self.groups:
            for rule in (rule for rule in group["rules"] if "record" in rule):
                name = rule["record"]
                if name.startswith(("slogen:", "slo:outage")):
                    continue  # nothing is firing
                for slo in sorted({rule["labels"]["slo"]} if "slo" in rule["labels"] else slos):
                    back = MONTH if name in SLOW else HOURS
                    yield f'{name}{{service="{self.name}",slo="{slo}"', seconds(group["interval"]), back

    def raw(self) -> Iterator[str]:
        """Yield the raw series: where an SLO is of one verb, one of each."""
        verbs = [',verb="get"', ',verb="post"'] if "verb=" in json.dumps(self.groups).replace("\\", "") else [""]
        for series in RAW:
            yield from (series.replace("JOB", self.name) + verb for verb in (verbs if "req_" in series else [""]))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> list[Measured]:
    """Every service of every case, each of them once."""
    found: dict[str, Measured] = {}
    for case in CASES:
        folder = written(tmp_path_factory.mktemp(case.name), case)
        claims = {(service["name"], side): service for service in told(folder)["services"] for side in SIDES}
        for side in SIDES:
            sides = {name: _with_labels(groups) for name, groups in built(folder / side).items()}
            for (name, of), service in claims.items():
                known = service["was"] if side == "before" and service["was"] else name
                if of == side and known in sides:
                    text = json.dumps(sides[known])
                    unique = f"{known}-{len(found)}"
                    mine = re.sub(r'(service|job)=\\"(\w+)\\"', rf'\1=\\"{unique}\\"', text)
                    claimed = Decimal(service[f"cost_{side}"]["samples"])
                    found.setdefault(text, Measured(unique, json.loads(mine), claimed))
                    assert found[text].claimed == claimed
    return list(found.values())


def _with_labels(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [group | {"rules": [{"labels": {}} | rule for rule in group["rules"]]} for group in groups]


@pytest.fixture(scope="module")
def blocks(measured: list[Measured], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of all services, as blocks of Prometheus."""
    folder = tmp_path_factory.mktemp("blocks")
    wanted = [(series, 30, HOURS) for series in OF_DB]
    for one in measured:
        wanted += [*((series, 30, HOURS) for series in one.raw()), *one.series()]
    with (folder / "data.txt").open("w") as file:
        for name in dict.fromkeys(series.partition("{")[0] for series, _, _ in wanted):
            file.write(f"# TYPE {name} gauge\n")
            for series, interval, back in wanted:
                if series.partition("{")[0] == name:
                    file.writelines(f"{series}}} 1 {at}\n" for at in range(END - back, END + 1, interval))
        file.write("# EOF\n")
    promtool = required(shutil.which("promtool"), "promtool", current=False)
    command = [promtool, "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"]
    subprocess.run([*command, str(folder / "data.txt"), str(folder / "data")], check=True, capture_output=True)
    return folder / "data"


@pytest.fixture(params=sorted(SERVERS))
def server(request: pytest.FixtureRequest, blocks: Path, tmp_path: Path) -> Iterator[Prometheus]:
    """Debian's Prometheus and a current one, which have the data."""
    program = required(SERVERS[request.param], "prometheus", current=request.param != "2.42")
    shutil.copytree(blocks, tmp_path / "data")
    (tmp_path / "prometheus.yaml").write_text("global: {}\n")
    port = free_port()
    files = [f"--config.file={tmp_path}/prometheus.yaml", f"--storage.tsdb.path={tmp_path}/data"]
    where = [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=50y"]
    made = Prometheus([program, *files, *where], port, tmp_path / "server")
    made.start()
    made.started()
    yield made
    made.stop()


def test_prometheus_reads_as_many_samples_a_second_as_the_diff_says(
    server: Prometheus, measured: list[Measured]
) -> None:
    """To the one decimal that is shown; every recording rule but the clocks finds its data."""
    assert len(measured) > 15
    for one in measured:
        total = Fraction(0)
        for group in one.groups:
            for rule in group["rules"]:
                data = server.get("query", query=rule["expr"], time=str(END + 1), stats="all")
                total += Fraction(data["stats"]["samples"]["totalQueryableSamples"], seconds(group["interval"]))
                if not rule.get("record", "slogen:").startswith(("slogen:", "slo:outage")):
                    assert data["result"], (one.name, rule)
        assert Decimal(round(float(total), 1)).quantize(Decimal("0.1")) == one.claimed, (one.name, float(total))
