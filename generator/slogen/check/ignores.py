"""SLO118 and SLO119: what the owners of services do not want to be told, for a reason and for a time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from slogen.core import Report, Severity, Span
from slogen.model import Alert, Ignore, Service, Slo

_Owner = tuple[Ignore, ...]


def settle(services: Iterable[Service], today: date, report: Report, *, thorough: bool = False) -> None:
    """Take warnings and notes out of a report that an object's `lint` ignores; tell what is expired or not used.

    Errors stay: what stops a build cannot be ignored. While there are any, warnings may be missing, so nothing is said
    to be unused. Of PromQL, only a `thorough` report, that of `slogen lint`, has everything.
    """
    areas = _areas(services)
    if not any(ignores for _, owners in areas.values() for ignores in owners):
        return
    used: set[Span] = set()
    kept = []
    for problem in report.problems:
        found = [one for one in _over(problem.span, areas) if one.code == problem.code and one.until >= today]
        if found and problem.severity is not Severity.ERROR:
            used.update(one.span for one in found)
        else:
            kept.append(problem)
    failed = report.failed
    report.problems[:] = kept
    for one in dict.fromkeys(one for _, owners in areas.values() for ignores in owners for one in ignores):
        if one.until < today:
            told = f"{one.code} was to be ignored until {one.until}: {one.reason}"
            report.warning(one.span, "SLO118", told, "mend it, or give a later day when the reason still holds")
        elif one.span not in used and not failed and (thorough or not one.code.startswith("SLO3")):
            report.warning(one.span, "SLO119", f"there is no {one.code} to be ignored here", "remove it")


_Areas = dict[str, tuple[list[tuple[int, int]], list[_Owner]]]


def _areas(services: Iterable[Service]) -> _Areas:
    """Return for each file where its objects begin, and what is ignored from there to the next."""
    by_file: dict[str, list[tuple[Span, _Owner]]] = defaultdict(list)
    for service in services:
        by_file[service.span.file].append((service.span, service.lint))
        inside: tuple[Slo | Alert, ...] = (*service.slos, *service.alerts)
        for inner in inside:
            by_file[inner.span.file].append((inner.span, (*service.lint, *inner.lint)))
    ordered = {file: sorted(found, key=lambda one: one[0]) for file, found in by_file.items()}
    return {
        file: ([(span.line, span.col) for span, _ in found], [owner for _, owner in found])
        for file, found in ordered.items()
    }


def _over(span: Span, areas: _Areas) -> Iterator[Ignore]:
    starts, owners = areas.get(span.file, ([], []))
    place = bisect_right(starts, (span.line, span.col))
    if place:
        yield from owners[place - 1]
