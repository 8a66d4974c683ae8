"""Measures what the compiled rules cost a real Prometheus: samples read per second, for one SLO.

Thirty days of synthetic data become TSDB blocks. Each expression is evaluated once at the end of the data, and
`totalQueryableSamples` of the API's statistics, divided by the interval of its group in seconds, is its cost. All
rules of the SLO count: windows, constants, alerts with their guards, clock and rungs. Nothing is firing, as on most
days: `ALERTS` and the clock are absent, so what reads only those costs nothing.

Measured are a service of one SLO and one of ten, whose windows are shared rules; and both without a traffic hint, when
every tier has a guard against a handful of bad events, and with one, when none has. Beside it, on the same data: the
same windows over raw series, and the rules of Sloth and Pyrra; a raw window of 30d stays below the server's default
`--query.max-samples`, for one series is loaded at a time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from peers import PEERS
from slogen.core import Report
from slogen.model import Platform, Service
from slogen.plan.build import plan_service
from slogen.plan.rules import RecordingRule, RuleGroup
from slogen.promql.names import INCIDENT_START
from slogen.source.documents import read_file
from tsdb import Server, backfill, history, serve, write_openmetrics

BAR = 250.0  # samples per second for one SLO with 40 raw series
MANY = 10
PLATFORM = """
apiVersion: slogen/v1
kind: Platform
metadata: {name: cost}
prometheus: {version: "2.42", scrapeInterval: 30s, evaluationInterval: 30s, retention: 90d}
receivers: {sre: {pagerduty: {routingKeyFile: /etc/alertmanager/secrets/pagerduty}}}
routing:
  critical:
    - {after: 0s, notify: [sre]}
    - {after: 15m, notify: [sre]}
    - {after: 1h, notify: [sre]}
    - {after: 4h, notify: [sre]}
---
apiVersion: slogen/v1
kind: Service
metadata: {name: NAME, team: core}
slos:
"""
SLO = """\
  - name: SLO
    objective: 99
    sli: {events: {total: 'http_requests_total{job="web"}', bad: 'http_requests_total{job="web",code=~"5.."}'}}
    noData: critical
"""
EXAMPLES = """examples:
  bench/cost.py                                  30 days, 40 series, the Prometheus on PATH
  bench/cost.py --program ~/prometheus-3/prometheus
  bench/cost.py --series 400 --json > cost.json

Exit codes: 0 the bar is met, 1 it is missed, 2 usage or a missing program.
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a rule reads per evaluation and per second."""

    group: str
    block: str
    rule: str
    samples: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Case:
    """A service that was measured; costs are for the whole service."""

    slos: int
    hint: bool
    rules: tuple[Cost, ...]

    @property
    def per_slo(self) -> float:
        """Samples per second for one SLO."""
        return sum(rule.per_second for rule in self.rules) / self.slos

    @property
    def name(self) -> str:
        """What was measured, in words."""
        service = "a service of one SLO" if self.slos == 1 else f"one of {self.slos} SLOs of a service"
        return f"{service}, {'with' if self.hint else 'without'} a traffic hint"


def log(text: str) -> None:
    """Tell on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)


def service_name(slos: int) -> str:
    """Return the name of the service with so many SLOs."""
    return f"web-{slos}"


def identities(slos: int) -> list[str]:
    """Return the labels of the service's SLOs."""
    return [f'service="{service_name(slos)}",slo="slo-{place}"' for place in range(slos)]


def compiled(slos: int, *, hint: bool) -> tuple[RuleGroup, ...]:
    """Return the groups of a service that has so many SLOs over the same raw series."""
    text = PLATFORM.replace("NAME", service_name(slos))
    for place in range(slos):
        text += SLO.replace("SLO", f"slo-{place}") + ("    traffic: 50/s\n" if hint else "")
    report = Report()
    platform, service = read_file("cost.yaml", text, report)
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    plan = plan_service(service, platform, report)
    assert not report.failed, [str(problem) for problem in report]
    return plan.groups


def measure(server: Server, slos: int, *, hint: bool) -> Case:
    """Evaluate every rule of a service once; a recording rule without a result means that the data is wrong."""
    costs = []
    for group in compiled(slos, hint=hint):
        speed = f"{group.name.rsplit('-', 1)[1]} {group.interval}"
        for comment, rule in ((block.comment, rule) for block in group.blocks for rule in block.rules):
            samples, result = server.query(rule.expr)
            name = rule.record if isinstance(rule, RecordingRule) else rule.alert
            if isinstance(rule, RecordingRule) and name != INCIDENT_START and not result:
                raise RuntimeError(f"{name} has no result: the data does not fit the rules\n{rule.expr}")
            costs.append(Cost(speed, comment, name, samples, samples / float(group.interval.seconds)))
    return Case(slos, hint, tuple(costs))


def peer_cost(server: Server, name: str) -> float:
    """Return the samples per second of a peer's rules for one SLO."""
    started = time.perf_counter()
    total = sum(server.query(expr)[0] / interval for interval, expr in PEERS[name])
    log(f"  {name}: each rule once took {time.perf_counter() - started:.2f} s")
    return total


def difference(server: Server) -> dict[str, float]:
    """Return by how much the recorded ratios differ from raw windows: the data is consistent, and the rules are."""
    rules = {
        rule.record: rule.expr
        for group in compiled(1, hint=True)
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    }
    found = {}
    for window in ("5m", "1h", "6h", "1d", "30d"):
        raw = 'sum(rate(http_requests_total{code=~"5.."}[W])) / sum(rate(http_requests_total[W]))'.replace("W", window)
        ours, exact = (
            float(server.query(expr)[1][0]["value"][1]) for expr in (rules[f"slo:sli_error:ratio_rate{window}"], raw)
        )
        found[window] = ours / exact - 1
    return found


def blocks(case: Case) -> dict[tuple[str, str], list[Cost]]:
    """Return the rules of a case by the block that they stand in."""
    found: dict[tuple[str, str], list[Cost]] = {}
    for rule in case.rules:
        found.setdefault((rule.group, rule.block), []).append(rule)
    return found


def show_case(case: Case) -> None:
    """Print what each block costs, and the dearest rules."""
    print(f"\n{case.name}\n  {'group':<9} {'block':<68} rules {'samples':>8} {'samples/s':>10}")
    for (group, block), rules in blocks(case).items():
        samples, cost = sum(rule.samples for rule in rules), sum(rule.per_second for rule in rules)
        print(f"  {group:<9} {block[:68]:<68} {len(rules):>5} {samples:>8,} {cost:>10.1f}")
    print(f"  {'total':<84} {case.per_slo * case.slos:>19.1f}")
    dearest = sorted(case.rules, key=lambda rule: -rule.per_second)[:5]
    print("  dearest: " + ", ".join(f"{rule.rule} {rule.per_second:.1f}" for rule in dearest))


def show(cases: list[Case], peers: dict[str, float], apart: dict[str, float]) -> None:
    """Print what each block costs where guards are needed, the totals, the peers and the verdict."""
    worst = max(case.per_slo for case in cases)
    show_case(cases[0])
    print(f"\n  {'samples/s for one SLO':<72} {'':>8}  ratio")
    for case in cases:
        print(f"  {case.name:<72} {case.per_slo:>8,.0f}")
    for name, cost in peers.items():
        print(f"  {name:<72} {cost:>8,.0f} {cost / worst:>6,.0f}")
    told = ", ".join(f"{window} {value:+.1e}" for window, value in apart.items())
    print(f"\n  error ratios against raw windows, relative: {told}")
    print("  nothing is firing: ALERTS and the clock of incidents are absent")
    verdict = "PASS" if worst <= BAR else "FAIL"
    print(f"{verdict}: {worst:.0f} samples/s for one SLO in the worst case, at most {BAR:.0f} allowed")


def program(name: str) -> str:
    """Return the path of a program; ends the benchmark when there is none."""
    found = shutil.which(name)
    if found is None:
        log(f"{name} is not here: run tests/install-programs")
        sys.exit(2)
    return found


def run(given: argparse.Namespace) -> tuple[str, list[Case], dict[str, float], dict[str, float]]:
    """Make the data, start the server and measure everything; the first value is a title."""
    promtool, prometheus = program("promtool"), program(given.program)
    with tempfile.TemporaryDirectory(prefix="slogen-cost-") as name:
        folder = Path(name)
        past = history(given.days, given.series)
        log(f"writing {past.samples:,} raw samples")
        with (folder / "data.txt").open("w") as file:
            write_openmetrics(file, past, identities(1) + identities(MANY))
        log(f"making blocks of {(folder / 'data.txt').stat().st_size / 1e6:,.0f} MB of text")
        backfill(promtool, folder / "data.txt", folder / "data")
        (folder / "data.txt").unlink()
        with serve(prometheus, folder) as server:
            version = server.version()
            log(f"evaluating on Prometheus {version}")
            cases = [measure(server, slos, hint=hint) for slos in (1, MANY) for hint in (False, True)]
            peers = {peer: peer_cost(server, peer) for peer in PEERS}
            apart = difference(server)
    series = past.samples // len(past.times)
    title = f"Prometheus {version}: {given.days} days, {series} raw series, scraped and evaluated every 30 s"
    return title, cases, peers, apart


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=30, help="days of data; fewer than 30 make all cheaper (30)")
    parser.add_argument("--series", type=int, default=40, help="raw series of the SLI, a multiple of 4 (40)")
    parser.add_argument("--program", default="prometheus", metavar="PATH", help="the server (prometheus on PATH)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    given = parser.parse_args()
    if given.days < 1 or given.series < 4:
        parser.error("--days is at least 1, --series at least 4")
    title, cases, peers, apart = run(given)
    worst = max(case.per_slo for case in cases)
    if given.json:
        document = {
            "title": title,
            "bar": BAR,
            "passed": worst <= BAR,
            "cases": [asdict(case) | {"per_slo": case.per_slo} for case in cases],
            "peers": peers,
            "difference": apart,
        }
        print(json.dumps(document, indent=2))
    else:
        print(title)
        show(cases, peers, apart)
    return 0 if worst <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
