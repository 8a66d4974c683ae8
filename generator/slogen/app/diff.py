"""`slogen diff`: loads both sides, compiles what may differ, and compares."""

from __future__ import annotations

import gc
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from slogen.app.build import Outcome, assemble, read_all
from slogen.app.foreign import foreign_expressions
from slogen.app.git import extract, revision
from slogen.app.inputs import MAX_BYTES, PLATFORM_FILE, input_files
from slogen.app.processes import Progress, spread
from slogen.check.expressions import expressions, promql, written
from slogen.core import Report, Severity
from slogen.emit import EMITTERS
from slogen.model import Catalog, Platform, Service, Slo
from slogen.plan.build import plan_service
from slogen.plan.routing import RoutingPlan, plan_routing
from slogen.plan.rules import ServicePlan
from slogen.plan.tiers import tiers
from slogen.plan.watch import platform_groups
from slogen.prove.card import card
from slogen.prove.routing import matching
from slogen.review.changes import Files, Review
from slogen.review.compare import compare
from slogen.review.side import Detection, Figures, Side

_ERRORS = tuple(Fraction(1, number) for number in (1, 10, 100, 1000))
# What makes a file worth reading though it did not change: it may read recorded series, mute pages, be the platform.
_DEPENDS = re.compile(r"'([^']*)', which is not declared")
_TELLING = rb"slo:|slogen[:_]|ALERTS|mutes|Platform"


@dataclass(slots=True)
class Loaded:
    """One side as it was found: what it is called, where its files are, and what is wrong with them."""

    name: str
    outcome: Outcome
    texts: dict[str, bytes | None] = field(default_factory=dict)  # of each input file; None: it cannot be read
    note: str = ""  # what is easily misread about it
    whole: bool = False  # a directory, or everything that may read series: not only the input


@dataclass(slots=True)
class Compared:
    """Both sides, and what differs; None when one of them has errors."""

    before: Loaded
    after: Loaded
    review: Review | None = None

    @property
    def failed(self) -> bool:
        """Whether a side has errors, or something reads what is gone."""
        return self.review is None or bool(self.review.broken)


def _silent(*_: object) -> None:
    pass


@contextmanager
def compared(root: Path, base: str | None, head: str | None, progress: Progress = _silent) -> Iterator[Compared]:
    """Give the comparison of two sides; each is a directory or a revision of git, without a name the working tree.

    Raises GitError when a revision cannot be read. What was extracted is there until the end of the context.
    """
    gc.freeze()
    with tempfile.TemporaryDirectory(prefix="slogen-diff-") as folder:
        before = _find(root, base, Path(folder) / "base", everything=False, of=head)
        if head is None:
            after = Loaded(name="working tree", outcome=Outcome(root), whole=True)
        else:
            after = _find(root, head, Path(folder) / "head", everything=True)
        yield _compare(before, after, progress)


def _find(root: Path, given: str | None, folder: Path, *, everything: bool, of: str | None = None) -> Loaded:
    """Return a side; a base is compared with `of`."""
    if given is not None and (root / given).is_dir():
        return Loaded(name=given, outcome=Outcome(root / given), whole=True)
    found = revision(root, given, None if of is None or (root / of).is_dir() else of)
    folder.mkdir()
    extract(root, found.commit, folder, everything=everything)
    return Loaded(name=found.name, outcome=Outcome(folder), whole=everything, note=found.note)


def _compare(before: Loaded, after: Loaded, progress: Progress) -> Compared:
    result = Compared(before, after)
    for side in (before, after):
        side.outcome.files = input_files(side.outcome.root, side.outcome.report)
        side.texts = {file: _content(side.outcome.root / file) for file in side.outcome.files}
    files = _files(before, after)
    catalogs = _catalogs(before, after, progress)
    if catalogs is None:
        return result
    old, new = catalogs
    names = _differing(old, new)
    one, other = (
        _side(side, catalog, names, progress) for side, catalog in zip((before, after), catalogs, strict=True)
    )
    if one is None or other is None:
        return result
    result.review = compare(one, other, files, list(_expressions(after, new)))
    return result


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_BYTES else None
    except OSError:
        return None


def _files(before: Loaded, after: Loaded) -> Files:
    old, new = before.texts, after.texts
    return Files(
        added=tuple(file for file in new if file not in old),
        removed=tuple(file for file in old if file not in new),
        changed=tuple(file for file in new if file in old and not _same(file, before, after)),
    )


def _same(file: str, before: Loaded, after: Loaded) -> bool:
    return before.texts.get(file) is not None and before.texts.get(file) == after.texts.get(file)


def _catalogs(before: Loaded, after: Loaded, progress: Progress) -> tuple[Catalog, Catalog] | None:
    """Return what both sides declare, as far as it can differ.

    A file that is byte-equal on both sides is read once; on an equal platform only when it may have to do with what
    changed: it names one of those services, or reads what rules record.
    """
    same = [file for file in after.texts if _same(file, before, after)]
    values = [_read(side, [file for file in side.texts if file not in same], progress) for side in (before, after)]
    shared: list[Service | Platform] = []
    if PLATFORM_FILE in same:
        shared += _read(after, [PLATFORM_FILE], progress)
        same.remove(PLATFORM_FILE)
    platforms = [next((one for one in (*mine, *shared) if isinstance(one, Platform)), None) for mine in values]
    if platforms[0] is not None and platforms[0] == platforms[1]:
        related = re.compile(b"|".join([_TELLING, *(re.escape(name.encode()) for name in _names(*values))]))
        shared += _read(after, [file for file in same if related.search(after.texts[file] or b"")], progress)
    else:
        shared += _read(after, same, progress)
    if not before.texts and platforms[1] is not None:  # everything is new, on the platform that is new too
        values[0] = [platforms[1]]
    touched = set(_names(*values))
    catalogs = [_assembled(side, [*mine, *shared], touched) for side, mine in zip((before, after), values, strict=True)]
    if any(side.outcome.report.failed for side in (before, after)) or None in catalogs:
        return None
    return catalogs[0], catalogs[1]  # type: ignore[return-value]


def _read(side: Loaded, files: Sequence[str], progress: Progress) -> list[Service | Platform]:
    return read_all(side.outcome.root, files, side.outcome.report, progress)


def _names(*sides: Sequence[Service | Platform]) -> Iterator[str]:
    for service in (one for side in sides for one in side if isinstance(one, Service)):
        yield service.name
        yield from (dependency.service for dependency in service.depends_on)


def _assembled(side: Loaded, values: Sequence[Service | Platform], touched: set[str]) -> Catalog | None:
    """Return the catalog of a side; that services which were not read are not there is no problem of it."""
    scratch = Outcome(side.outcome.root, report=Report(list(side.outcome.report.problems)))
    catalog = assemble(values, scratch)
    unread = bool(set(side.texts) - {value.span.file for value in values})
    for problem in scratch.report:
        missing = _DEPENDS.search(problem.message) if problem.code == "SLO103" else None
        guessed = unread and missing is not None and missing[1] not in touched
        nothing = problem.code == "SLO017" and catalog is not None  # no service is left, or none was read
        if problem.severity is Severity.ERROR and not guessed and not nothing:
            side.outcome.report.extend([problem])
    return catalog


def _differing(old: Catalog, new: Catalog) -> tuple[str, ...]:
    """Return the services whose rules may differ: all of them when the platform does."""
    one, other = ({service.name: service for service in side.services} for side in (old, new))
    names = sorted({*one, *other})
    if old.platform != new.platform:
        return tuple(names)
    return tuple(name for name in names if not _alike(one.get(name), other.get(name)))


def _alike(one: Service | None, other: Service | None) -> bool:
    return one is not None and one == other and one.span.file == (other.span.file if other else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What every process needs to know to compile services of a side."""

    platform: Platform
    services: Sequence[Service]


@dataclass(slots=True)
class _Planned:
    """What a process tells of the services that it compiled."""

    report: Report
    plans: dict[str, ServicePlan] = field(default_factory=dict)
    figures: dict[tuple[str, str], Figures] = field(default_factory=dict)
    dashboards: dict[str, str] = field(default_factory=dict)


def _side(side: Loaded, catalog: Catalog, names: Sequence[str], progress: Progress) -> Side | None:
    platform = catalog.platform
    services = [service for service in catalog.services if service.name in set(names)]
    job = _Job(platform=platform, services=services)
    plans: dict[str, ServicePlan] = {}
    figures: dict[tuple[str, str], Figures] = {}
    dashboards = _pages(platform)
    for planned in spread(_plan_chunk, job, range(len(services)), "comparing", progress):
        side.outcome.report.extend(one for one in planned.report if one.severity is Severity.ERROR)
        plans |= planned.plans
        figures |= planned.figures
        dashboards |= planned.dashboards
    if side.outcome.report.failed:
        return None
    routing = plan_routing(catalog) if platform.alertmanager is not None else None
    return Side(
        platform=platform,
        services={service.name: service for service in catalog.services},
        plans=plans,
        figures=figures,
        groups=platform_groups(platform),
        routing=routing,
        told=_told(routing),
        dashboards=dashboards,
    )


def _plan_chunk(job: _Job, places: Sequence[int]) -> _Planned:
    planned = _Planned(Report())
    for place in places:
        service = job.services[place]
        planned.plans[service.name] = plan = plan_service(service, job.platform, planned.report)
        for slo in service.slos:
            planned.figures[service.name, slo.name] = _figures(service, slo, job.platform)
        for emitter in EMITTERS:
            if emitter.name == "grafana" and emitter.service and not planned.report.failed:
                planned.dashboards |= {one.path: _digest(one.text) for one in emitter.service(plan, job.platform)}
    return planned


def _pages(platform: Platform) -> dict[str, str]:
    """Return the pages that are about all services, by path."""
    nobody = Catalog(platform=platform, services=())
    made = [emitter.platform(nobody) for emitter in EMITTERS if emitter.name == "grafana" and emitter.platform]
    return {one.path: _digest(one.text) for artifacts in made for one in artifacts if "/SLOs/" in one.path}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _figures(service: Service, slo: Slo, platform: Platform) -> Figures:
    burning = tiers(slo, platform, Report())
    told = card(service, slo, burning, platform)
    return Figures(
        tiers=burning,
        traffic=told.traffic,
        detections=tuple(
            Detection(
                errors=outage.errors,
                page=outage.page.after if outage.page else None,
                ticket=outage.ticket.after if outage.ticket else None,
            )
            for outage in told.outages
            if outage.errors in _ERRORS
        ),
    )


def _told(routing: RoutingPlan | None) -> Callable[[Mapping[str, str]], tuple[str, ...]]:
    """Return what tells who is told of an alert with these labels: `boss`, `boss in office-hours`."""
    if routing is None:
        return lambda labels: ()
    audiences = {receiver.name: [one.name for one in receiver.audiences] for receiver in routing.receivers}

    def told(labels: Mapping[str, str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for route in matching(routing.root, labels):
            during = f" in {route.during}" if route.during else ""
            found |= dict.fromkeys(name + during for name in audiences[route.receiver or ""])
        return tuple(found)

    return told


def _expressions(side: Loaded, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield every expression of a side that may read recorded series, with its place."""
    for service in catalog.services:
        for expression in expressions(service):
            yield str(written(expression).place()), promql(expression)
    if side.whole:
        yield from foreign_expressions(side.outcome.root, set(side.texts))
