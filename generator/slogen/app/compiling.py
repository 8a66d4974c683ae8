"""Compiles some services in a process of their own: plans, checks, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slogen.app.outputs import Change, compare, diff, stage
from slogen.check import Made, Reading, check_owned, made_by, run_checks
from slogen.check.dashboards import declared, recorded, unmade
from slogen.core import Duration, Problem, Report
from slogen.emit import Artifact, Asks, Emitter
from slogen.model import Platform, Service
from slogen.plan.build import plan_service
from slogen.plan.placement import local_lookback
from slogen.plan.rules import ServicePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every process needs to know to compile a service."""

    root: Path
    platform: Platform
    services: tuple[Service, ...]
    emitters: tuple[Emitter, ...]
    owned: frozenset[str]
    staging: Path | None
    readings: tuple[Reading, ...]
    dashboards: frozenset[str]  # of the build, by uid
    lint: bool  # whether to look for what is not certain, too


@dataclass(slots=True)
class Compiled:
    """What a worker process tells of the services that it compiled."""

    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    longest: Duration = Duration(0)
    made: list[Made] = field(default_factory=list)  # when anything is read of it
    recorded: set[str] = field(default_factory=set)  # series, by name


def compile_services(job: Job, places: Sequence[int]) -> Compiled:
    """Return what is to be told of the services at these places."""
    compiled, report = Compiled(), Report()
    for place in places:
        found = Report()
        plan = plan_service(job.services[place], job.platform, found)
        run_checks(plan, job.platform, found)
        if job.lint:
            check_owned(plan, job.platform, job.dashboards, found)
        report.extend(found.problems)
        compiled.longest = max(compiled.longest, local_lookback(plan.groups))
        if job.readings:
            compiled.made.append(made_by(plan))
        series = recorded(plan)
        compiled.recorded |= series
        if not found.failed:  # what has errors is not written; it may hold what no emitter can make sense of
            asks = _emit(plan, job, compiled, report)
            unmade(asks, series | declared(plan.service), job.platform, plan.service.span, report)
    compiled.problems = report.problems
    return compiled


def _emit(plan: ServicePlan, job: Job, compiled: Compiled, report: Report) -> list[Asks]:
    """Write what follows from a service, and return what its dashboards ask."""
    asks: list[Asks] = []
    for emitter in job.emitters:
        artifacts = tuple(emitter.service(plan, job.platform)) if emitter.service else ()
        compiled.changes += [compare_file(job, emitter, artifact, report) for artifact in artifacts]
        asks += [(artifact.path, artifact.asks) for artifact in artifacts]
    return asks


def compare_file(job: Job, emitter: Emitter, artifact: Artifact, report: Report) -> Change:
    """Compare a generated file with what is on disk; stage it when it is to be written."""
    state = compare(job.root, artifact.path, artifact.text, artifact.path in job.owned)
    if state in ("new", "changed") and job.staging is not None:
        stage(job.staging, artifact.path, artifact.text, report)
    told = diff(job.root, artifact.path, artifact.text) if state == "changed" and job.staging is None else ""
    return Change(path=artifact.path, state=state, emitter=emitter.name, rules=artifact.rules, diff=told)
