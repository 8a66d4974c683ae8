"""Queries of the committed dashboards on series of two clusters, by promtool: what on-call must not be told."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.dashboards.pages import expanded, panels

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "dashboards" / "grafana"
SLO = GRAFANA / "api-gateway" / "slogen-api-gateway-availability.json"
WALL, HEALTH, REPORT = (GRAFANA / "SLOs" / f"slogen-{name}.json" for name in ("wall", "health", "report"))
PAGES = "H"  # the column of the number of pages
OF = 'service="api-gateway",slo="availability"'
EAST, WEST = "us-east-1", "us-west-2"
Series = dict[str, str]
FOR = "x120"  # an hour, a sample every 30s


def ask(page: Path, title: str, ref: str = "A", cluster: str = ".*") -> str:
    """Return the query of a panel as Prometheus gets it."""
    (panel,) = [one for one in panels(json.loads(page.read_text("utf-8"))) if one["title"] == title]
    (target,) = [one for one in panel["targets"] if one["refId"] == ref]
    return expanded(target["expr"], variables={"cluster": cluster, "service": ".*"})


def well(cluster: str, *, ratio: str = "0", left: str = "0.9", measured: bool = True, lasts: str = FOR) -> Series:
    """Return what a cluster records of the SLO; `ratio` is of all windows, 0.0001 is allowed."""
    of = "{" + ",".join(filter(None, (OF, f'cluster="{cluster}"' if cluster else ""))) + "}"
    told = {
        f"slo:objective:ratio{of}": "0.9999",
        f"slo:error_budget:ratio{of}": "0.0001",
        f"slo:time_period:days{of}": "30",
        f"slo:period_error_budget_remaining:ratio{of}": left,
    }
    if measured:
        told |= {f"slo:sli_total:rate5m{of}": "10", f"slo:sli_errors:rate5m{of}": "0"}
        told |= {
            f"slo:sli_error:ratio_rate{window}{of}": ratio for window in ("5m", "30m", "1h", "6h", "2h", "1d", "3d")
        }
    return {series: value + lasts for series, value in told.items()}


def alert(cluster: str, severity: str, values: str, name: str = "SLOErrorBudgetBurn") -> Series:
    """Return a firing alert of the SLO."""
    return {f'ALERTS{{alertname="{name}",{OF},cluster="{cluster}",severity="{severity}",alertstate="firing"}}': values}


def servers(**changed: str) -> Series:
    """Return what the servers of two clusters tell when all is well, with some counters changed."""
    told = {
        "prometheus_rule_evaluation_failures_total": "0x120",
        "prometheus_rule_group_iterations_missed_total": "0x120",
        "prometheus_notifications_dropped_total": "0x120",
        "alertmanager_notifications_failed_total": "0x120",
    } | changed
    of = '{instance="a",rule_group="f;slogen-x"}'
    watchdogs = {
        f'ALERTS{{alertname="Watchdog",alertstate="firing",cluster="{one}"}}': "1" + FOR for one in (EAST, WEST)
    }
    return {name + of: values for name, values in told.items()} | watchdogs


TRUST = (WALL, "Rules and notifications")
STATE = (SLO, "Is it real?")
GONE = (SLO, "When is the budget gone?")
ROW = 'service="api-gateway", slo="availability"'
# What is recorded; the panel, at which minute, and the samples that it must show.
CASES: dict[str, tuple[Series, list[tuple[tuple[Path, str] | tuple[Path, str, str], int, dict[str, float]]]]] = {
    "a cluster of which nobody hears is no data, not fine": (
        well(EAST) | well(WEST, lasts="x20"),
        [
            (STATE, 5, {"{}": 0}),
            (STATE, 30, {"{}": 3}),
            ((WALL, "SLOs, the worst above"), 30, {f"{{{ROW}}}": 3}),
            ((WALL, "SLOs without data"), 30, {"{}": 1}),
        ],
    ),
    "what only one cluster measures is counted as no data, on the wall as on the page": (
        well(EAST) | well(WEST, measured=False),
        [
            (STATE, 10, {"{}": 3}),
            ((WALL, "SLOs without data"), 10, {"{}": 1}),
            ((WALL, "SLOs, the worst above"), 10, {f"{{{ROW}}}": 3}),
        ],
    ),
    "a ticket, recorded every five minutes, stays one when an evaluation is late": (
        well(EAST, ratio="0.0003") | alert(EAST, "warning", "1 _x9 1 _x9 1"),
        [
            (STATE, 10, {"{}": 2}),
            (STATE, 16, {"{}": 2}),
            ((WALL, "SLOs with a ticket"), 16, {"{}": 1}),
            (STATE, 21, {"{}": 0}),
        ],
    ),
    "the deadline is that of the cluster that reaches it first": (
        # East has little left and burns nothing, west has all and burns twice too fast: 15 days.
        well(EAST, left="0.1") | well(WEST, ratio="0.0002", left="1"),
        [
            (GONE, 10, {"{}": 1_296_000}),
            ((WALL, "SLOs, the worst above", "H"), 10, {f"{{{ROW}}}": 1_296_000}),
        ],
    ),
    "a budget that is gone has no deadline any more": (
        well(EAST, left="-0.5"),
        [(GONE, 10, {"{}": 0}), ((WALL, "SLOs, the worst above", "H"), 10, {f"{{{ROW}}}": 0})],
    ),
    "asked of a Prometheus itself, series have no cluster": (
        well(""),
        [(STATE, 10, {"{}": 0}), ((SLO, "How much budget is left?"), 10, {"{}": 0.9})],
    ),
    "the budget is not known when one of the rates is missing": (
        {series: values for series, values in well(EAST).items() if "sli_errors" not in series},
        [(STATE, 10, {"{}": 3}), ((SLO, "How much budget is left?"), 10, {})],
    ),
    "two windows of two clusters make no condition": (
        # East is above in the short window alone, west in the long one alone.
        well(EAST)
        | well(WEST)
        | {f'slo:sli_error:ratio_rate5m{{{OF},cluster="{EAST}"}}': "0.1" + FOR}
        | {f'slo:sli_error:ratio_rate1h{{{OF},cluster="{WEST}"}}': "0.1" + FOR},
        [
            (
                (SLO, "Which windows burn?", "D"),
                10,
                {f'{{windows="{name}"}}': 0 for name in ("page 5m/1h", "page 30m/6h", "ticket 2h/1d", "ticket 6h/3d")},
            )
        ],
    ),
    "rules that are stuck are seen for longer than Prometheus looks back": (
        {"slo:objective:ratio" + f'{{{OF},cluster="{EAST}"}}': "1x20"},
        [
            (
                (HEALTH, "Which rules were evaluated longest ago?"),
                40,
                {f'{{cluster="{EAST}", service="api-gateway"}}': 1800},
            )
        ],
    ),
    "the watchdog is on when it is in each cluster": (
        {f'ALERTS{{alertname="Watchdog",alertstate="firing",cluster="{EAST}"}}': "1" + FOR}
        | {f'ALERTS{{alertname="Watchdog",alertstate="firing",cluster="{WEST}"}}': "1x20"},
        [((HEALTH, "Watchdog"), 5, {"{}": 1}), ((HEALTH, "Watchdog"), 30, {"{}": 0})],
    ),
    "the wall can be believed when all is well in each cluster": (servers(), [(TRUST, 20, {"{}": 0})]),
    "the wall says that rules fail before it says that mail does": (
        servers(
            prometheus_rule_evaluation_failures_total="0x30 1x90", alertmanager_notifications_failed_total="0x10 1x110"
        ),
        [(TRUST, 4, {"{}": 0}), (TRUST, 10, {"{}": 1}), (TRUST, 20, {"{}": 3})],
    ),
    "the wall says that alerts are lost, those of a ruler too": (
        servers(thanos_alert_sender_alerts_dropped_total="0x20 1x100"),
        [(TRUST, 15, {"{}": 2})],
    ),
    "the wall cannot be believed when the watchdog of a cluster is gone": (
        servers() | {f'ALERTS{{alertname="Watchdog",alertstate="firing",cluster="{WEST}"}}': "1x20"},
        [(TRUST, 5, {"{}": 0}), (TRUST, 30, {"{}": 3})],
    ),
    "without the numbers of Alertmanager nothing is known": (
        {series: values for series, values in servers().items() if "alertmanager" not in series},
        [(TRUST, 20, {})],
    ),
    "an hour that burns less than the one before it is falling, the other way round rising": (
        # 20 times what is allowed for an hour, then 5 times; and the other way round.
        well(EAST)
        | {f'slo:sli_error:ratio_rate1h{{{OF},cluster="{EAST}"}}': "0.002x119 0.0005x119"}
        | {
            series.replace("availability", "latency"): values
            for series, values in well(EAST).items()
            if "error_budget:ratio" in series and "remaining" not in series
        }
        | {
            f'slo:sli_error:ratio_rate1h{{service="api-gateway",slo="latency",cluster="{EAST}"}}': (
                "0.0005x119 0.002x119"
            )
        },
        [
            ((WALL, "SLOs, the worst above", "G"), 50, {}),
            (
                (WALL, "SLOs, the worst above", "G"),
                62,
                {f"{{{ROW}}}": -15, f"{{{ROW.replace('availability', 'latency')}}}": 15},
            ),
        ],
    ),
    "pages are counted by their clocks, not by their samples": (
        {
            f'slogen:incident_start:timestamp_seconds{{alertname="SLOErrorBudgetBurn",{OF},cluster="{EAST}"}}': (
                "600x10 _x20 1800x30"
            )
        },
        [((REPORT, "Objectives of the month", PAGES), 50, {f"{{{ROW}}}": 2})],
    ),
    "a page that lasted seven minutes is seen in a graph of a week": (
        alert(EAST, "critical", "_x20 1x14"),
        [((SLO, "When did alerts fire?"), 17, {'{alertname="SLOErrorBudgetBurn"}': 2})],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_panels_show(name: str, tmp_path: Path) -> None:
    """Each sample of the table, and no other."""
    series, wanted = CASES[name]
    expects = [
        {
            "expr": ask(*which),
            "eval_time": f"{minute}m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
        }
        for which, minute, samples in wanted
    ]
    fed = [{"series": one, "values": values} for one, values in series.items()]
    test = {"interval": "30s", "input_series": fed, "promql_expr_test": expects}
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "30s", "tests": [test]}), "utf-8")
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install prometheus"
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
