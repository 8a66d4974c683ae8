"""Runs the generated tests on mutants of the rules: what no test notices is a hole in the proof."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from slogen.app.build import Outcome, load
from slogen.app.programs import Program, run
from slogen.check.invariants import kept
from slogen.core import Report
from slogen.emit.prometheus import groups_text
from slogen.emit.promtool import cases_text, suite_text
from slogen.model import Platform
from slogen.plan.build import plan_service
from slogen.plan.rules import AlertRule, Block, RuleGroup, ServicePlan
from slogen.plan.scenarios import Suite, suites
from slogen.prove.equivalent import explained, reason
from slogen.prove.experience import Experience
from slogen.prove.mutants import Mutant, mutants
from slogen.prove.slices import Slice, Slicer, silent

_PATIENCE = 300  # seconds for a batch of tests
_TESTED = re.compile("^(?:Unit Testing|Processing test file): ", re.M)  # in Prometheus 2, and in 3
_TOGETHER = 32  # mutants that one start of promtool judges: starting it takes longer than most tests


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
    tried = suites(plan, platform)
    score = Score(plan.service.name)
    with (
        tempfile.TemporaryDirectory(prefix="slogen-mutants-", dir=_memory()) as folder,
        ThreadPoolExecutor(workers) as pool,
    ):
        trial = _Trial(plan, tried, promtool, Path(folder))
        try:
            score.unsound = [said for said in pool.map(trial.whole, tried) if said is not None]
        except _NoVerdict as failure:
            score.unsound = [str(failure)]
        if score.unsound:
            return score
        wanted = []
        for mutant in mutants(plan):
            why = reason(mutant)
            if why is not None:
                score.equivalent.append((mutant, why))
            elif _held(mutant, plan, platform):
                score.killed += 1
            else:
                wanted.append(mutant)
        experience = Experience(plan.service, wanted)
        wanted = experience.varied()
        together = [wanted[at : at + _TOGETHER] for at in range(0, len(wanted), _TOGETHER)]
        fates = itertools.chain.from_iterable(pool.map(partial(trial.fates, experience), together))
        try:
            for number, (mutant, fate) in enumerate(zip(wanted, fates, strict=True), 1):
                score.killed += fate == "killed" and not mutant.owned
                score.killed_owned += fate == "killed" and mutant.owned
                score.refused += fate == "refused"
                why = explained(mutant)
                if fate == "survived" and why is not None:
                    score.equivalent.append((mutant, why))
                elif fate == "survived":
                    score.survivors.append(mutant)
                progress(number, len(wanted))
        except _NoVerdict as failure:
            pool.shutdown(cancel_futures=True)
            score.unsound.append(str(failure))
    score.survivors.sort(key=lambda mutant: (mutant.group, mutant.place))
    score.seconds = time.monotonic() - started
    return score


def _memory() -> str | None:
    """Return a folder in memory, where there is one: promtool writes a database for every test."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None


class _NoVerdict(Exception):
    """promtool did not get as far as judging the tests: that is no mutant noticed."""


class _Trial:
    """Tests of a service, tried on its rules with and without a mistake.

    A mutant is tried on no more than a slice of rules and expectations, first where mistakes like it were noticed
    before. What promtool says of the same slice without the mistake need not be "success", for other alerts may be
    expected too: it is the difference that tells.
    """

    def __init__(self, plan: ServicePlan, tried: Sequence[Suite], promtool: Program, folder: Path) -> None:
        self._plan, self._tried, self._promtool, self._folder = plan, tried, promtool, folder
        self._slicer = Slicer(plan)
        self._without: dict[Slice, str] = {}  # what promtool says when there is no mistake
        self._numbers = itertools.count()

    def whole(self, suite: Suite) -> str | None:
        """Return what a file of tests complains of on all rules as they are, None when it does not."""
        name = self._plan.service.name
        rules = {
            f"{each}/{name}.yaml": _rules([silent(group, group.rules) for group in self._plan.on(each)])
            for each in suite.evaluators
        }
        (said,) = self._said(rules, [suite_text(suite, self._plan, folder="")])
        return None if said.strip() == "SUCCESS" else said or "promtool said nothing"

    def fates(self, experience: Experience, some: Sequence[Mutant]) -> list[str]:
        """Return what becomes of each mutant: killed, refused by promtool, or survived.

        In each round promtool starts once, with the next tests of every mutant whose fate is open.
        """
        left = {
            place: experience.batches(mutant, self._slicer.slices(mutant, self._tried))
            for place, mutant in enumerate(some)
        }
        fates = ["survived"] * len(some)
        while tests := [(place, one) for place, batches in left.items() for one in next(batches, ())]:
            noticing = self._noticed([(one, some[place]) for place, one in tests])
            for (place, one), noticed in zip(tests, noticing, strict=True):
                if noticed is not None and place in left:
                    del left[place]
                    experience.learn(some[place], one)
                    fates[place] = noticed
        return fates

    def _noticed(self, tests: Sequence[tuple[Slice, Mutant]]) -> Iterator[str | None]:
        """Yield what each test says of a mutant: it is killed, refused by promtool, or None when nothing is noticed.

        What promtool says of a slice without any mistake is asked once, in the same start.
        """
        new = [one for one in dict.fromkeys(one for one, _ in tests) if one not in self._without]
        said = self._tests([*((one, None) for one in new), *tests])
        self._without.update(zip(new, said[: len(new)], strict=True))
        for (one, _), with_it in zip(tests, said[len(new) :], strict=True):
            refused = "FAILED" in with_it and "got:" not in with_it and "err:" not in with_it
            yield None if with_it == self._without[one] else "refused" if refused else "killed"

    def _tests(self, tried: Iterable[tuple[Slice, Mutant | None]]) -> list[str]:
        """Return what promtool says of each slice, with a mistake or without any."""
        rules, tests = {}, []
        for number, (one, mutant) in enumerate(tried):
            groups = self._slicer.groups(one.places, mutant)
            name = f"{number}.rules.yaml"
            rules[name] = _rules(groups)
            tests.append(cases_text([name], one.every, [group.name for group in groups], [one.scenario]))
        return self._said(rules, tests)

    def _said(self, rules: dict[str, str], tests: Sequence[str]) -> list[str]:
        """Return what promtool says of each test."""
        folder = self._folder / str(next(self._numbers))
        files = rules | {f"{number}.test.yaml": text for number, text in enumerate(tests)}
        for name, text in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        arguments = ["test", "rules", *(f"{number}.test.yaml" for number in range(len(tests)))]
        done = run(self._promtool.path, arguments, folder, _PATIENCE, together=True, temporary=folder)
        shutil.rmtree(folder)
        said = [part.partition("\n")[2] for part in _TESTED.split(done.out)[1:]]
        if done.code not in (0, 1) or len(said) != len(tests):
            how = f"did not end within {_PATIENCE} s" if done.code is None else f"ended with {done.code}"
            raise _NoVerdict(f"promtool {how}, and judged {len(said)} of {len(tests)} tests\n{done.out + done.err}")
        return said


def _held(mutant: Mutant, plan: ServicePlan, platform: Platform) -> bool:
    """Return whether `build --check` refuses a cause alert that is kept too long or not at all.

    No test can be generated for it: when the condition of an owner's alert ends is the owner's to know.
    """
    rule, original = mutant.rule, mutant.original
    if not isinstance(rule, AlertRule) or not isinstance(original, AlertRule):
        return False
    if mutant.name not in {alert.name for alert in plan.service.alerts}:
        return False
    if replace(rule, keep_firing_for=original.keep_firing_for) != original:
        return False  # something else is wrong with it
    block = Block(comment="", rules=(rule,))
    alone = replace(plan, groups=(replace(plan.groups[mutant.group], blocks=(block,)),))
    return next(kept(alone, platform), None) is not None


def _rules(groups: Sequence[RuleGroup]) -> str:
    return "groups:\n" + groups_text(tuple(groups)) if groups else "groups: []\n"
