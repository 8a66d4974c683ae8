"""A planner that is wrong in a likely way is caught by the tests that it generates: they have tables of their own."""

from __future__ import annotations

import subprocess
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from slogen.core import Report
from slogen.emit.prometheus import groups_text
from slogen.emit.promtool import suite_text
from slogen.model import Objective, Platform, Service
from slogen.plan import alerts, sli, tiers
from slogen.plan.build import plan_service
from slogen.plan.rules import Evaluator, ServicePlan
from slogen.plan.scenarios import Suite, suites
from slogen.promql import burn
from slogen.promql.template import Promql
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM, SERVICE, availability

BODY = (
    availability("99.9", more="traffic: 20/h")
    + """
  - name: alive
    objective: 99.5
    by: [region]
    sli: {boolean: up}
  - name: fast
    objective: 99
    sli: {latency: {histogram: dur_seconds, threshold: 5ms}}
"""
)


def planned(body: str = BODY) -> tuple[ServicePlan, Platform]:
    """Return the plan of a service on a platform whose Thanos Ruler has the slow rules."""
    text = PLATFORM.replace("365d", "6h").format(scrape="30s", evaluation="30s", more="thanos: {}")
    where, service = read_file("test.yaml", text + "---" + SERVICE.format(body=body), Report())
    assert isinstance(where, Platform)
    assert isinstance(service, Service)
    return plan_service(service, where, Report()), where


def notices(layer: str, folder: Path, body: str = BODY) -> bool:
    """Return whether the tests of a layer fail on the rules that the planner now makes."""
    plan, where = planned(body)
    return failures(plan, tuple(suite for suite in suites(plan, where) if (suite.layer or "fast") == layer), folder)


def failures(plan: ServicePlan, tried: tuple[Suite, ...], folder: Path) -> bool:
    """Run the tests of `tried` on the rules of `plan`; return whether any fails."""
    for evaluator in Evaluator:
        rules = folder / evaluator / "web.yaml"
        rules.parent.mkdir(exist_ok=True)
        rules.write_text("groups:\n" + groups_text(plan.on(evaluator)), "utf-8")
    assert tried
    failed = False
    for suite in tried:
        test = folder / f"test-{suite.layer}.yaml"
        test.write_text(suite_text(suite, plan, folder=""), "utf-8")
        done = subprocess.run(
            ["promtool", "test", "rules", test.name], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            assert "got:" in done.stdout + done.stderr, done.stdout + done.stderr
            failed = True
    return failed


def test_the_planner_as_it_is_passes(tmp_path: Path) -> None:
    """Else the cases below would prove nothing."""
    plan, where = planned()
    assert not failures(plan, suites(plan, where), tmp_path)


PLAIN_AVERAGE = Promql("""
avg_over_time(slo:sli_errors:rate5m$of[$tail] offset $half)
/
(avg_over_time(slo:sli_total:rate5m$of[$tail] offset $half) > 0 * $rest)
""")
MEAN_OF_RATIOS = Promql("avg_over_time(slo:sli_error:ratio_rate5m$of[$window])")
AGAINST_NOTHING = Promql("slo:sli_errors:rate5m$of\n/\nslo:sli_total:rate5m$of")
TWICE_AS_LONG = Promql(
    "1 - slo:period_burn_rate:ratio$of * clamp_max(count_over_time(slo:sli_total:avg_rate5m$of[60d]) / $parts, 1)"
    " + 0 * count_over_time(slo:sli_total:avg_rate5m$of[$period])"
)
NO_FILL = Promql("sum$by(rate($series)) + 0 * sum$by(rate($total))")


@pytest.mark.parametrize(
    ("module", "name", "broken", "layer"),
    [
        pytest.param(burn, "RATIO_HEAD_AND_TAIL", PLAIN_AVERAGE, "windows", id="a plain average for head and tail"),
        pytest.param(burn, "RATIO_SLOW", MEAN_OF_RATIOS, "slow", id="a mean of ratios for a ratio of sums"),
        pytest.param(burn, "RATIO_NOW", AGAINST_NOTHING, "windows", id="a division that gives NaN"),
        pytest.param(burn, "BUDGET_REMAINING", TWICE_AS_LONG, "periods", id="a budget that remembers the last period"),
        pytest.param(sli, "_ZERO_FILLED", NO_FILL, "fast", id="no zero for errors that were never seen"),
    ],
)
def test_a_wrong_formula_is_noticed(
    module: object, name: str, broken: Promql, layer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the layer that is about it."""
    monkeypatch.setattr(module, name, broken)
    assert notices(layer, tmp_path)


def test_factors_without_the_period_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests derive the level of each tier from the objective themselves: 13.44 for a month of 28 days, not 14.4."""
    monkeypatch.setattr(tiers, "burn_factor", lambda share, over, period: share * Fraction(720 * 3_600_000, over.ms))
    body = BODY.replace("objective: 99.9", "objective: 99.9\n    window: 28d")
    assert notices("fast", tmp_path, body)


def test_a_guard_that_asks_for_one_event_too_few_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests feed one event less than the plan says is enough; here the rule counts from there."""
    guard = alerts._guard_fast
    monkeypatch.setattr(alerts, "_guard_fast", lambda tier, scope, least: guard(tier, scope, least - Decimal(1)))
    assert notices("fast", tmp_path)


def test_a_page_that_forgets_its_data_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the branch that outlives the data a page ends when the pods that failed are gone."""
    gone = Promql(
        "slo:sli_error:ratio_rate5m$of > 2 * $threshold and on ($labels) absent(ALERTS{$matchers} offset $hour)"
    )
    monkeypatch.setattr(burn, "VANISHED", gone)
    assert notices("windows", tmp_path)


def test_a_swapped_constant_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget recorded as the objective."""
    monkeypatch.setattr(Objective, "budget", property(lambda objective: objective.target))
    plan, where = planned()
    monkeypatch.undo()
    windows = tuple(suite for suite in suites(plan, where) if suite.layer == "windows")
    assert failures(plan, windows, tmp_path)
