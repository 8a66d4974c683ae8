"""Tests for promtool that prove the compiled rules: tests/promtool/<service>[.<layer>].yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from slogen.core import Duration
from slogen.emit.artifact import Artifact, Emitter, header
from slogen.emit.yamltext import block, scalar
from slogen.model import Catalog, Platform
from slogen.plan.rules import ServicePlan
from slogen.plan.scenarios import Expect, Scenario, Suite, suites, watch_scenarios
from slogen.plan.watch import platform_groups

FOLDER = "tests/promtool"


def _emit(plan: ServicePlan, platform: Platform) -> Iterator[Artifact]:
    for suite in suites(plan, platform):
        name = ".".join(part for part in (plan.service.name, suite.layer) if part)
        yield Artifact(
            path=f"{FOLDER}/{name}.yaml",
            text=header(plan.service.span.file) + suite_text(suite, plan),
            rules=len(suite.scenarios),
        )


def _platform(catalog: Catalog) -> Iterator[Artifact]:
    platform = catalog.platform
    scenarios = tuple(watch_scenarios(platform))
    if scenarios:
        order = [group.name for group in platform_groups(platform)]
        every = platform.prometheus.evaluation_interval
        yield Artifact(
            path=f"{FOLDER}/_platform.yaml",
            text=header(platform.span.file)
            + cases_text(["../../rules/prometheus/_platform.yaml"], every, order, scenarios),
            rules=len(scenarios),
        )


def suite_text(suite: Suite, plan: ServicePlan, folder: str = "../../rules/") -> str:
    """Return a file of tests; `folder` leads from it to the folders of the rule files."""
    files = [f"{folder}{evaluator}/{plan.service.name}.yaml" for evaluator in suite.evaluators]
    order = [group.name for group in plan.groups if group.evaluator in suite.evaluators]
    return cases_text(files, suite.every, order, suite.scenarios)


def cases_text(files: Sequence[str], every: Duration, order: Sequence[str], scenarios: Iterable[Scenario]) -> str:
    """Return a file of tests for rule files: promtool evaluates groups in an order of chance unless told one."""
    return (
        f"rule_files: [{', '.join(files)}]\nevaluation_interval: {every}\n"
        f"group_eval_order: [{', '.join(order)}]\ntests:\n" + "".join(_scenario(scenario) for scenario in scenarios)
    )


def _scenario(scenario: Scenario) -> str:
    text = f"\n- name: {scalar(scenario.name)}\n  interval: {scenario.interval}\n"
    text += "  input_series:\n" if scenario.series else "  input_series: []\n"
    text += "".join(
        f"  - series: {scalar(series)}\n    values: {scalar(values)}\n" for series, values in scenario.series
    )
    return text + "  promql_expr_test:\n" + "".join(_expect(expect) for expect in scenario.expects)


def _expect(expect: Expect) -> str:
    text = f"  - expr:{block(expect.expr, '      ')}\n    eval_time: {expect.at}\n"
    if not expect.samples:
        return text + "    exp_samples: []\n"
    return (
        text
        + "    exp_samples:\n"
        + "".join(f"    - labels: {scalar(labels)}\n      value: {value}\n" for labels, value in expect.samples)
    )


EMITTER = Emitter(name="promtool", folder=FOLDER, service=_emit, platform=_platform, counts="tests")
