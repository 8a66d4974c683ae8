"""Runs the generated tests on mutants of the rules: what no test notices is a hole in the proof."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from slogen.app.build import Outcome, load
from slogen.app.programs import Program, run
from slogen.core import Report
from slogen.emit.prometheus import groups_text
from slogen.emit.promtool import suite_text
from slogen.model import Platform
from slogen.plan.build import plan_service
from slogen.plan.rules import ServicePlan
from slogen.plan.scenarios import Scenario, Suite, suites
from slogen.prove.equivalent import reason
from slogen.prove.mutants import Mutant, mutants, mutated

_PATIENCE = 300  # seconds for a batch of tests
_FIRST = 120  # evaluations that the first, cheapest batch of tests may take; the second may take ten times as many


@dataclass(slots=True)
class Score:
    """How many mutants of a service the tests noticed; who survived, and who cannot be noticed and why.

    `refused` mutants are no rules at all: promtool does not load them. Survivors in PromQL that the owners wrote are
    told apart: what they notice depends on the tests that the owners declare.
    """

    service: str
    killed: int = 0
    killed_owned: int = 0
    refused: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    equivalent: list[tuple[Mutant, str]] = field(default_factory=list)
    seconds: float = 0.0
    unsound: list[str] = field(default_factory=list)  # what fails on the rules as they are: nothing was tried

    def surviving(self, owned: bool) -> list[Mutant]:
        """Return the survivors in what owners wrote, or in what slogen did."""
        return [mutant for mutant in self.survivors if mutant.owned is owned]

    def share(self, owned: bool) -> float:
        """Return the share of the mutants that were noticed, of those in what owners wrote or in what slogen did."""
        killed, left = self.killed_owned if owned else self.killed, len(self.surviving(owned))
        return killed / (killed + left) if killed + left else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Scenarios of one suite that are tried together."""

    suite: Suite
    slo: str | None
    scenarios: tuple[Scenario, ...]


def scores(
    root: Path,
    services: Sequence[str],
    promtool: Program,
    outcome: Outcome,
    progress: Callable[[str, int, int], None],
) -> Iterator[Score]:
    """Yield the score of each service named, of all when none is; problems of the input go into `outcome`."""
    catalog = load(root, outcome)
    if catalog is None or outcome.report.failed:
        return
    for service in catalog.services:
        if not services or service.name in services:
            plan = plan_service(service, catalog.platform, Report())

            def advance(done: int, total: int, name: str = service.name) -> None:
                progress(f"{name}: mutants", done, total)

            yield mutate(plan, catalog.platform, promtool, len(os.sched_getaffinity(0)), advance)


def mutate(
    plan: ServicePlan, platform: Platform, promtool: Program, workers: int, progress: Callable[[int, int], None]
) -> Score:
    """Try every mutant of a service."""
    started = time.monotonic()
    score, tried = Score(plan.service.name), suites(plan, platform)
    score.unsound = _unsound(plan, tried, promtool)
    if score.unsound:
        return score
    listed = list(mutants(plan))
    wanted = []
    for mutant in listed:
        why = reason(mutant)
        if why is None:
            wanted.append(mutant)
        else:
            score.equivalent.append((mutant, why))
    with ThreadPoolExecutor(workers) as pool:
        fates = pool.map(lambda mutant: _fate(plan, tried, mutant, promtool), wanted)
        for number, (mutant, fate) in enumerate(zip(wanted, fates, strict=True), 1):
            score.killed += fate == "killed" and not mutant.owned
            score.killed_owned += fate == "killed" and mutant.owned
            score.refused += fate == "refused"
            if fate == "survived":
                score.survivors.append(mutant)
            progress(number, len(wanted))
    score.seconds = time.monotonic() - started
    return score


def _unsound(plan: ServicePlan, tried: Sequence[Suite], promtool: Program) -> list[str]:
    """Return what the tests complain of on rules without any mistake, cut down as they are for a mutant."""
    found = []
    with tempfile.TemporaryDirectory(prefix="slogen-mutant-") as folder:
        for suite in tried:
            for slo in dict.fromkeys(scenario.slo for scenario in suite.scenarios):
                mine = tuple(scenario for scenario in suite.scenarios if scenario.slo == slo)
                said = _run(plan, _Batch(suite=suite, slo=slo, scenarios=mine), None, promtool, Path(folder))
                found += [] if said is None else [said]
    return found


def _fate(plan: ServicePlan, tried: Sequence[Suite], mutant: Mutant, promtool: Program) -> str:
    with tempfile.TemporaryDirectory(prefix="slogen-mutant-") as folder:
        for batch in _batches(plan, tried, mutant):
            output = _run(plan, batch, mutant, promtool, Path(folder))
            if output is not None:
                return "killed" if "got:" in output else "refused"
    return "survived"


def _run(plan: ServicePlan, batch: _Batch, mutant: Mutant | None, promtool: Program, folder: Path) -> str | None:
    """Return what promtool complains of, None when all scenarios hold."""
    groups = mutated(plan, mutant, batch.slo)
    for evaluator in batch.suite.evaluators:
        target = folder / str(evaluator) / f"{plan.service.name}.yaml"
        target.parent.mkdir(exist_ok=True)
        mine = tuple(group for group in groups if group.evaluator is evaluator)
        target.write_text("groups:\n" + groups_text(mine), "utf-8")
    suite = Suite(
        layer=batch.suite.layer,
        every=batch.suite.every,
        evaluators=batch.suite.evaluators,
        scenarios=batch.scenarios,
    )
    test = folder / "test.yaml"
    test.write_text(suite_text(suite, plan, folder=""), "utf-8")
    done = run(promtool.path, ["test", "rules", test.name], folder, _PATIENCE)
    return None if done.code == 0 else done.out + done.err


def _batches(plan: ServicePlan, tried: Sequence[Suite], mutant: Mutant) -> Iterator[_Batch]:
    """Yield the tests that look at what the mutated rule writes: cheap ones first, those of one SLO together."""
    evaluator = plan.groups[mutant.group].evaluator
    looking = [
        (_cost(suite, scenario), suite, scenario)
        for suite in tried
        if evaluator in suite.evaluators
        for scenario in suite.scenarios
        if (mutant.slo is None or scenario.slo in (mutant.slo, None)) and _names(scenario, mutant)
    ]
    for least, most in ((-1, _FIRST), (_FIRST, 10 * _FIRST), (10 * _FIRST, 10**9)):
        grades = [(suite, scenario) for cost, suite, scenario in looking if least < cost <= most]
        for suite in tried:
            for slo in dict.fromkeys(scenario.slo for other, scenario in grades if other is suite):
                scenarios = tuple(scenario for other, scenario in grades if other is suite and scenario.slo == slo)
                yield _Batch(suite=suite, slo=slo, scenarios=scenarios)


def _names(scenario: Scenario, mutant: Mutant) -> bool:
    """Return whether a scenario looks at what the mutated rule writes."""
    return any(
        mutant.name in expect.expr or any(mutant.name in labels for labels, _ in expect.samples)
        for expect in scenario.expects
    )


def _cost(suite: Suite, scenario: Scenario) -> int:
    """Return how many evaluations a scenario takes."""
    return max(expect.at.ms for expect in scenario.expects) // suite.every.ms
