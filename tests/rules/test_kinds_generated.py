"""Kinds of SLI that slos/ has none of: their generated tests pass on both promtools, and notice mistakes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from slogen.app.mutate import mutate
from slogen.app.programs import Program
from slogen.check.duplicates import duplicate_rules
from slogen.core import Duration, Report
from slogen.emit.prometheus import groups_text
from slogen.emit.promtool import suite_text
from slogen.model import Platform
from slogen.plan.rules import Evaluator, ServicePlan
from slogen.plan.scenarios import Suite, suites
from slogen.promql import names
from slogen.prove import mutants as module
from slogen.prove.mutants import Mutant
from tests.rules.test_broken_planner import planned

KINDS = {
    "good events": 'events: {total: \'req_total{job="a"}\', good: \'req_total{job="a",code!~"5.."}\'}',
    "good events of another metric": "events: {total: 'all_total{job=\"a\"}', good: 'good_total{job=\"a\"}'}",
    "a sparse histogram": (
        "latency: {histogram: 'calls_seconds{job=\"a\"}', threshold: 4ms, sparse: true, buckets: [1ms, 2ms, 4ms, 8ms]}"
    ),
    "gauges that are 1 while all is well": 'boolean: \'up{job="x",zone!~"a|b"}\'',
    "one gauge": 'boolean: \'up{job="x",instance="me"}\'',
    "a threshold below 1": "threshold: {metric: 'free_ratio{job=\"x\"}', bad: '< 0.5'}",
    "a time stamp that may be a day old": "freshness: {timestamp: 'backup_time{job=\"b\"}', maxAge: 26h}",
    "a time stamp that may be a month old": "freshness: {timestamp: 'renewed_time', maxAge: 31d}",
    "spans that fail": "spans: {service: api, operation: 'GET /x'}",
    "spans that are slow": "spans: {service: api, kind: client, threshold: 250us}",
}


def slo(sli: str, more: str = "", window: str = "30d") -> str:
    """Return one SLO without pages."""
    return f"""
slos:
  - name: up
    objective: 99
    window: {window}
    sli: {{{sli}}}
    alerting: {{critical: false}}
    {more}
"""


def from_raw_series(body: str) -> tuple[ServicePlan, Platform, tuple[Suite, ...]]:
    """Return what is generated from raw series and for whole periods."""
    plan, platform = planned(body)
    found = tuple(suite for suite in suites(plan, platform) if suite.layer in ("", "ages", "periods"))
    return plan, platform, found


def run(promtool: str, plan: ServicePlan, tried: tuple[Suite, ...], folder: Path) -> Iterator[str]:
    """Yield what promtool says of the tests that fail."""
    for evaluator in Evaluator:
        rules = folder / evaluator / "web.yaml"
        rules.parent.mkdir()
        rules.write_text("groups:\n" + groups_text(plan.on(evaluator)), "utf-8")
    for suite in tried:
        test = folder / f"test-{suite.layer}.yaml"
        test.write_text(suite_text(suite, plan, folder=""), "utf-8")
        done = subprocess.run(
            [promtool, "test", "rules", test.name], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            yield done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_tests_from_raw_series_and_they_pass(kind: str, promtool: str, tmp_path: Path) -> None:
    """Five sentences at least, among them that bad events are counted."""
    plan, _, found = from_raw_series(slo(KINDS[kind]))
    told = [scenario.name for suite in found for scenario in suite.scenarios if "slo:sli_errors" in str(scenario)]
    assert len(told) >= 5
    assert any("three of ten events are bad" in name for name in told)
    assert list(run(promtool, plan, found, tmp_path)) == []


@pytest.mark.parametrize("by", ["region", "instance"])
def test_values_of_a_label_are_fed(by: str, promtool: str, tmp_path: Path) -> None:
    """Also of the label that tells gauges apart."""
    plan, _, found = from_raw_series(slo("boolean: up", f"by: [{by}]"))
    assert list(run(promtool, plan, found, tmp_path)) == []


def test_two_slos_of_a_service_may_promise_recovery(promtool: str, tmp_path: Path) -> None:
    """Each has an outage clock of its own: nothing is written twice, and what is generated passes."""
    one = slo("events: {total: req_total, bad: bad_total}", "recovery: {within: 5m}")
    plan, platform, found = from_raw_series(
        one + slo("boolean: up", "recovery: {within: 10m}").replace("slos:\n", "").replace("up\n", "down\n", 1)
    )
    report = Report()
    duplicate_rules(plan, platform, report)
    assert not report.failed
    assert list(run(promtool, plan, found, tmp_path)) == []


def test_errors_that_come_of_nothing_count_only_where_there_is_a_total(promtool: str, tmp_path: Path) -> None:
    """They would stand beside the recorded rates that tests of levels are fed with."""
    sli = "query: {errors: 'sum(rate(bad[$window])) or vector(0)', total: 'sum(rate(req[$window]))'}"
    tests = (
        "tests:\n      - {name: one, series: {req: 0+30x30}, at: 10m, errors: 0/m, total: 60/m}\n"
        "      - {name: none, series: {bad: 0+30x30}, at: 10m, noData: true}"
    )
    plan, _, found = from_raw_series(slo(sli, tests))
    assert len([one for suite in found for one in suite.scenarios if "of its owner" in one.name]) == 2
    assert list(run(promtool, plan, found, tmp_path)) == []


@pytest.mark.parametrize("window", ["1d", "7d", "180d"])
def test_periods_of_any_length_are_tried(window: str, promtool: str, tmp_path: Path) -> None:
    """Two samples a day: half a year takes a moment."""
    plan, _, found = from_raw_series(slo("events: {total: req_total, bad: bad_total}", window=window))
    (periods,) = [suite for suite in found if suite.layer == "periods"]
    assert max(expect.at for scenario in periods.scenarios for expect in scenario.expects) > Duration.of(window)
    assert list(run(promtool, plan, (periods,), tmp_path)) == []


def test_slos_of_several_periods_are_told_apart(promtool: str, tmp_path: Path) -> None:
    """Days are recorded for all of them, a period only for those that have it."""
    body = slo("events: {total: req_total, bad: bad_total}", window="1d") + "".join(
        slo("boolean: up", window=window).replace("name: up", f"name: {name}").replace("slos:\n", "")
        for name, window in (("week", "7d"), ("month", "30d"), ("another-month", "30d"))
    )
    plan, _, found = from_raw_series(body)
    (periods,) = [suite for suite in found if suite.layer == "periods"]
    assert list(run(promtool, plan, (periods,), tmp_path)) == []


def test_a_time_stamp_of_more_than_100_days_has_no_tests_from_raw_series() -> None:
    """promtool would have to be told of a million scrapes without one."""
    _, _, found = from_raw_series(slo("freshness: {timestamp: renewed_time, maxAge: 101d}"))
    assert "ages" not in {suite.layer for suite in found}


# What no test can notice: the comparison in a count of samples, whichever way it comes out, and a zero that is
# subtracted from a total which has ended before it.
SAME = {
    "slo:sli_errors:rate5m up: '[5m]' → '[10m]'",
    "slo:sli_errors:rate5m up: '> bool 93600' → '> bool 84240'",
    "slo:sli_errors:rate5m up: '> bool 93600' → '> bool 102960'",
    "slo:sli_errors:rate5m up: '>' → '<'",
}


@pytest.mark.parametrize(
    "sli",
    [
        pytest.param(KINDS["good events"], id="good events"),
        pytest.param("events: {total: 'all{job=\"a\"}', bad: 'bad{job=\"a\"}'}", id="bad events"),
        pytest.param("latency: {histogram: 'dur_seconds{job=\"a\"}', threshold: 5ms}", id="a histogram"),
        pytest.param(KINDS["a time stamp that may be a day old"], id="a time stamp"),
    ],
)
def test_a_mistake_in_what_is_counted_is_noticed(sli: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each matcher, window, zero-fill and operator of the two rates, and the windows of the period."""
    plan, platform, _ = from_raw_series(slo(sli))
    read = {names.ERRORS_RATE, names.TOTAL_RATE, names.ratio_rate(Duration.of("30d")), names.BUDGET_REMAINING}
    some = [mutant for mutant in module.mutants(plan) if mutant.name in read and "label" not in mutant.what]
    assert len(some) > 15
    monkeypatch.setattr("slogen.app.mutate.mutants", lambda _: some)
    path = shutil.which("promtool")
    assert path is not None
    score = mutate(plan, platform, Program(path=path, version=(2, 42)), 2, lambda done, total: None)
    assert score.unsound == []
    assert {str(mutant) for mutant in survivors(score.survivors)} <= SAME


def survivors(found: list[Mutant]) -> list[Mutant]:
    """Leave out the second of two that are told the same; more than one of a kind is too many."""
    told = [str(mutant) for mutant in found]
    assert len(told) == len(set(told))
    return found
