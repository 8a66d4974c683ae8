"""Mistakes in compiled rules, and whether generated tests notice them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from slogen.app.mutate import mutate
from slogen.app.programs import Program
from slogen.core import Report
from slogen.model import Platform, Service
from slogen.plan.build import plan_service
from slogen.plan.rules import ServicePlan
from slogen.plan.scenarios import suites
from slogen.prove import mutants as module
from slogen.prove.mutants import mutants
from slogen.prove.slices import Slicer
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM, SERVICE, availability


def planned() -> tuple[ServicePlan, Platform]:
    """Return a service of one SLO whose slow rules run elsewhere."""
    text = PLATFORM.replace("365d", "6h").format(scrape="30s", evaluation="30s", more="thanos: {}")
    platform, service = read_file("test.yaml", text + "---" + SERVICE.format(body=availability()), Report())
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    return plan_service(service, platform, Report()), platform


def expressions(expr: str) -> dict[str, str]:
    """Return each mistake in an expression, by what is said of it."""
    return dict(module._expressions(expr))


def test_thresholds_windows_offsets_and_operators_are_changed_one_at_a_time() -> None:
    """Ten percent off, half and double, without and twice, and the opposite."""
    found = expressions('avg_over_time(a{x="> 1"}[1h] offset 5m) > 0.5 and b')
    assert found == {
        "'> 0.5' → '> 0.45'": 'avg_over_time(a{x="> 1"}[1h] offset 5m) > 0.45 and b',
        "'> 0.5' → '> 0.55'": 'avg_over_time(a{x="> 1"}[1h] offset 5m) > 0.55 and b',
        "'>' → '<'": 'avg_over_time(a{x="> 1"}[1h] offset 5m) < 0.5 and b',
        "'[1h]' → '[30m]'": 'avg_over_time(a{x="> 1"}[30m] offset 5m) > 0.5 and b',
        "'[1h]' → '[2h]'": 'avg_over_time(a{x="> 1"}[2h] offset 5m) > 0.5 and b',
        "'offset 5m' → ''": 'avg_over_time(a{x="> 1"}[1h]) > 0.5 and b',
        "'offset 5m' → 'offset 10m'": 'avg_over_time(a{x="> 1"}[1h] offset 10m) > 0.5 and b',
        "'and' → 'or'": 'avg_over_time(a{x="> 1"}[1h] offset 5m) > 0.5 or b',
        'without x="> 1"': "avg_over_time(a[1h] offset 5m) > 0.5 and b",
    }


def test_a_zero_fill_and_a_guard_are_dropped_whole() -> None:
    """Not only their operator."""
    zero = "sum(rate(bad[5m]))\nor\n0 * sum(rate(all[5m]))"
    assert "sum(rate(bad[5m]))" in expressions(zero).values()
    guard = 'a > 1\nand\nsum_over_time(slo:sli_errors:avg_rate5m{slo="x"}[1d]) * 300 > 1.5'
    assert "a > 1" in expressions(guard).values()


def test_every_rule_has_mutants_and_each_differs_from_the_rule() -> None:
    """A rule without any would be proven by nothing."""
    plan, _ = planned()
    found = list(mutants(plan))
    rules = {(number, place) for number, group in enumerate(plan.groups) for place in range(len(group.rules))}
    assert {(mutant.group, mutant.place) for mutant in found} == rules
    assert all(mutant.rule != mutant.original for mutant in found)
    assert len({str(mutant) for mutant in found}) > 200


def test_the_generated_tests_notice_mistakes_and_what_they_do_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """On real promtool: three mutants are noticed, one that no test looks at is told."""
    plan, platform = planned()
    wanted = (
        "SLOErrorBudgetBurn up critical: '> 0.0144' → '> 0.01296'",
        "slo:sli_errors:rate5m up: 'or 0 * sum(rate(req_total[5m]))' → ''",
        "slo:sli_error:ratio_rate6h: 'offset 2m30s' → 'offset 5m'",
    )
    some = [mutant for mutant in mutants(plan) if str(mutant) in wanted]
    assert {str(mutant) for mutant in some} == set(wanted)
    blind = next(mutant for mutant in mutants(plan) if mutant.name == "slogen_slo_info" and mutant.rule is None)
    monkeypatch.setattr("slogen.app.mutate.mutants", lambda _: [*some, blind])
    slices = Slicer.slices
    monkeypatch.setattr(
        Slicer, "slices", lambda self, mutant, all: () if mutant is blind else slices(self, mutant, all)
    )
    promtool = shutil.which("promtool")
    assert promtool is not None
    score = mutate(plan, platform, Program(path=promtool, version=(2, 42)), 2, lambda done, total: None)
    assert (score.killed, score.refused, score.survivors) == (len(some), 0, [blind])


def test_a_mutant_is_tried_on_no_more_than_it_can_change() -> None:
    """The ratio over 1h takes two rates from rules or as they are fed, and not the page that reads it."""
    plan, platform = planned()
    mutant = next(mutant for mutant in mutants(plan) if mutant.name == "slo:sli_error:ratio_rate1h")
    found = list(Slicer(plan).slices(mutant, suites(plan, platform)))
    assert found
    given = {
        "given": {"slo:sli_error:ratio_rate1h"},
        "made": {"slo:sli_error:ratio_rate1h", "slo:sli_errors:rate5m", "slo:sli_total:rate5m"},
    }
    for one in found:
        rules = {plan.groups[group].rules[place].record for group, place in one.places}
        fed = any(series.startswith("slo:sli_errors:rate5m") for series, _ in one.scenario.series)
        assert rules == given["given" if fed else "made"], one.scenario.name
        assert all("ratio_rate1h" in expect.expr or "{__name__" in expect.expr for expect in one.scenario.expects)


def test_no_mutant_is_tried_when_the_tests_fail_without_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every mutant would seem to be noticed."""
    plan, platform = planned()
    monkeypatch.setattr("slogen.app.mutate._Trial._said", lambda self, rules, tests: ["got: nil"])
    score = mutate(plan, platform, Program(path="promtool", version=(2, 42)), 2, lambda done, total: None)
    assert score.unsound
    assert (score.killed, score.survivors) == (0, [])


def test_a_promtool_that_does_not_judge_kills_no_mutant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is told as what it is, also when the tests on sound rules have passed before."""
    plan, platform = planned()
    promtool = tmp_path / "promtool"
    promtool.write_text('#!/bin/sh\n[ -d prometheus ] && exec promtool "$@"\nkill -9 $$\n', "utf-8")
    promtool.chmod(0o755)
    monkeypatch.setattr("slogen.app.mutate.mutants", lambda plan: list(mutants(plan))[:4])
    score = mutate(plan, platform, Program(path=str(promtool), version=(2, 42)), 2, lambda done, total: None)
    assert (score.killed, score.killed_owned, score.survivors) == (0, 0, [])
    assert score.unsound[0].startswith("promtool ended with -9, and judged 0 of ")
