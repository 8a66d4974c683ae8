"""`slogen build`: every service through the pipeline, on all cores when there are many."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from slogen.app.compiling import Job, compare_file, compile_services
from slogen.app.inputs import PLATFORM_FILE, SERVICES_FOLDER, input_files, read_text
from slogen.app.interrupts import writing
from slogen.app.lock import locked
from slogen.app.outputs import MANIFEST, Change, commit, read_manifest, staging
from slogen.app.processes import Progress, spread
from slogen.app.routes import check_routes
from slogen.check import (
    Made,
    check_catalog,
    check_references,
    own_readings,
    settle,
)
from slogen.check.dashboards import dashboard_uids, unmade
from slogen.core import Duration, Problem, Report, Span
from slogen.emit import EMITTERS, Asks, Emitter, owner
from slogen.model import Catalog, Platform, Service
from slogen.plan.placement import check_retention
from slogen.source.documents import read_file
from slogen.source.fields import nearest


@dataclass(slots=True)
class Outcome:
    """What a build found and did."""

    root: Path
    files: list[str] = field(default_factory=list)
    catalog: Catalog | None = None
    services: int = 0
    slos: int = 0
    alerts: int = 0
    changes: list[Change] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    touched: bool = False  # whether output was written: all of it, or a part when the report has failed

    @property
    def drift(self) -> list[str]:
        """The generated files that differ from what is on disk."""
        return sorted([change.path for change in self.changes if change.state != "same"] + self.removed)


def _silent(*_: object) -> None:
    pass


def build(
    root: Path,
    *,
    only: str | None = None,
    check: bool = False,
    emit: bool = True,
    progress: Progress = _silent,
    tell: Callable[[str], None] = _silent,
) -> Outcome:
    """Compile what lies below `root`; write it, or with `check` only compare.

    Without `emit` nothing is generated, and what is not certain is told as well. Nothing is written when there is any
    problem of severity error. `tell` gets a sentence when something takes long.
    """
    gc.freeze()
    outcome = Outcome(root)
    emitters = tuple(emitter for emitter in EMITTERS if emit and only in (None, emitter.name))
    catalog = outcome.catalog = load(root, outcome, progress)
    if catalog is None or outcome.report.failed:
        return outcome
    if check:
        _compile(catalog, emitters, None, outcome, progress)
        settle(catalog.services, date.today(), outcome.report, thorough=not emit)
        return outcome
    with locked(root, outcome.report, tell) as ours:
        if ours:
            _compile_and_write(catalog, emitters, outcome, progress)
    return outcome


def _compile_and_write(catalog: Catalog, emitters: tuple[Emitter, ...], outcome: Outcome, progress: Progress) -> None:
    root, report = outcome.root, outcome.report
    with staging(root, report) as folder:
        if folder is None:
            return
        owned = _compile(catalog, emitters, folder, outcome, progress)
        settle(catalog.services, date.today(), report)
        if report.failed:
            return
        changed = [change.path for change in outcome.changes if change.state != "same"]
        known = owned | {change.path for change in outcome.changes}
        with writing():
            outcome.touched = commit(root, folder, changed, outcome.removed, known, report)


def load(root: Path, outcome: Outcome, progress: Progress = _silent) -> Catalog | None:
    """Return everything that is declared below `root`; problems go into the report of `outcome`."""
    files, report = input_files(root, outcome.report), outcome.report
    outcome.files = files
    return assemble(read_all(root, files, report, progress), outcome)


def read_all(
    root: Path, files: Sequence[str], report: Report, progress: Progress = _silent
) -> list[Service | Platform]:
    """Return what these files declare, in their order; problems go into the report."""
    found: list[Service | Platform] = []
    for values, problems in spread(_read_chunk, root, files, "reading", progress):
        report.extend(problems)
        found += values
    return found


def assemble(values: Sequence[Service | Platform], outcome: Outcome) -> Catalog | None:
    """Return the catalog of everything that is declared, and report what does not fit together."""
    report = outcome.report
    platforms = [value for value in values if isinstance(value, Platform)]
    services = [value for value in values if isinstance(value, Service)]
    _one_platform(platforms, report)
    _unique_services(services, report)
    outcome.services = len(services)
    outcome.slos = sum(len(service.slos) for service in services)
    outcome.alerts = sum(len(service.alerts) for service in services)
    if not platforms:
        return None
    if not services and not report.failed:
        report.error(Span(SERVICES_FOLDER), "SLO017", "there is no service", f"write {SERVICES_FOLDER}/<service>.yaml")
    catalog = Catalog(platform=platforms[0], services=tuple(sorted(services, key=lambda service: service.name)))
    if not report.failed:
        _dependencies(catalog, report)
        _teams(catalog, report)
        check_catalog(catalog, report)
    if not report.failed:
        check_routes(catalog, report)
    return catalog


def _read_chunk(root: Path, files: Sequence[str]) -> tuple[list[Service | Platform], list[Problem]]:
    report, values = Report(), []
    gc.disable()  # nothing that is read forms cycles; collecting would cost a third of the time
    for file in files:
        text = read_text(root, file, report)
        if text is not None:
            values += read_file(file, text, report)
    gc.enable()
    return values, report.problems


def _one_platform(platforms: list[Platform], report: Report) -> None:
    if not platforms and not report.failed:
        report.error(
            Span(PLATFORM_FILE), "SLO017", "there is no platform", "run `slogen init`, or name the folder with -C"
        )
    for second in platforms[1:]:
        report.error(
            second.span, "SLO102", "a second platform is declared", f"the first one stands at {platforms[0].span}"
        )


def _unique_services(services: list[Service], report: Report) -> None:
    first: dict[str, Service] = {}
    for service in sorted(services, key=lambda service: service.span):
        other = first.setdefault(service.name, service)
        if other is not service:
            report.error(
                service.span,
                "SLO102",
                f"a second service is named {service.name}",
                f"the first one stands at {other.span}",
            )


def _dependencies(catalog: Catalog, report: Report) -> None:
    known = {service.name for service in catalog.services}
    for service in catalog.services:
        for dependency in service.depends_on:
            if dependency.service == service.name or dependency.service not in known:
                told = (
                    "itself" if dependency.service == service.name else f"{dependency.service!r}, which is not declared"
                )
                report.error(
                    dependency.span, "SLO103", f"{service.name} depends on {told}", "name another service of slos/"
                )


def _teams(catalog: Catalog, report: Report) -> None:
    """Report teams that the platform does not declare, once it declares any: their warnings would reach nobody."""
    known = [name for name, _ in catalog.platform.teams]
    if not known:
        return
    for service in catalog.services:
        named = [(service.team, service.team_span)]
        named += [(alert.team, alert.team_span) for alert in service.alerts if alert.team]
        for team, span in named:
            if team not in known:
                report.error(span, "SLO403", f"the team {team!r} is not declared", nearest(team, known))


def _compile(
    catalog: Catalog, emitters: tuple[Emitter, ...], folder: Path | None, outcome: Outcome, progress: Progress
) -> set[str]:
    report, root = outcome.report, outcome.root
    owned = read_manifest(root, [place for one in EMITTERS for place in (one.folder, *one.also)], report)
    job = Job(
        root=root,
        platform=catalog.platform,
        services=catalog.services,
        emitters=emitters,
        owned=frozenset(owned),
        staging=folder,
        readings=own_readings(catalog.services),
        dashboards=dashboard_uids(catalog),
        lint=not emitters,
    )
    longest = Duration(0)
    made: list[Made] = []
    series: set[str] = set()
    places = range(len(catalog.services))
    for compiled in spread(compile_services, job, places, "compiling", progress):
        outcome.changes += compiled.changes
        report.extend(compiled.problems)
        longest = max(longest, compiled.longest)
        made += compiled.made
        series |= compiled.recorded
    asks: list[Asks] = []
    for emitter in emitters:
        artifacts = tuple(emitter.platform(catalog)) if emitter.platform else ()
        outcome.changes += [compare_file(job, emitter, artifact, report) for artifact in artifacts]
        asks += [(artifact.path, artifact.asks) for artifact in artifacts]
    unmade(asks, series, catalog.platform, catalog.platform.span, report)
    check_retention(longest, catalog.platform, report)
    check_references(job.readings, made, report)
    written = {change.path for change in outcome.changes}
    for change in outcome.changes:
        if change.state == "foreign":
            report.error(
                Span(change.path),
                "SLO014",
                f"the file exists, and {MANIFEST} does not say that slogen wrote it",
                "move it away, or delete it if it is an old build",
            )
    outcome.removed = sorted(path for path in owned - written if owner(path, EMITTERS) in emitters)
    return owned
