"""`slogen lint FILE...`: rule files that anybody wrote, read, judged by promtool, checked."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from slogen.app.build import Outcome, build, load
from slogen.app.inputs import PLATFORM_FILE, read_text
from slogen.app.judge import verdicts
from slogen.app.processes import Progress
from slogen.check import asked, judge
from slogen.check.dashboards import dashboard_uids
from slogen.check.expressions import expressions, written
from slogen.check.rulefiles import Servers, check_rules, recorders
from slogen.core import Report, Span
from slogen.model import Platform
from slogen.model.rulefile import WrittenGroup
from slogen.source.documents import read_file
from slogen.source.rulefile import read_rules

MAX_BYTES = 20_000_000
_ENDINGS = (".yaml", ".yml")


def _silent(*_: object) -> None:
    pass


def rule_files(root: Path, paths: Iterable[str]) -> list[str]:
    """Return the files that paths name: of a folder, all .yaml files below it.

    A folder where none is found, or that cannot be read, stands for itself: nobody should take it for right.
    """
    found: list[str] = []
    for path in paths:
        found += (_below(root, path) or [path]) if (root / path).is_dir() else [path]
    return list(dict.fromkeys(found))


def _below(root: Path, path: str) -> list[str]:
    found: list[str] = []

    def place(folder: str) -> str:
        return os.path.normpath(os.path.join(path, os.path.relpath(folder, root / path)))

    def unreadable(error: OSError) -> None:
        found.append(place(error.filename))

    for folder, folders, files in os.walk(root / path, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names = sorted(name for name in files if name.endswith(_ENDINGS))
        found += [os.path.normpath(f"{place(folder)}/{name}") for name in names]
    return found


def lint_slos(
    root: Path,
    progress: Progress = _silent,
    *,
    promtool: str | None = None,
    tell: Callable[[str], None] = _silent,
) -> Outcome:
    """Return everything that is wrong or doubtful with `slogen.yaml` and `slos/`, and what is worth knowing."""
    outcome = build(root, check=True, emit=False, progress=progress)
    catalog, report = outcome.catalog, outcome.report
    version = catalog.platform.prometheus.version if catalog else None
    found = [written(one) for service in (catalog.services if catalog else ()) for one in expressions(service)]
    unread = [problem.about for problem in report.problems if problem.about]
    judged = verdicts(map(asked, (*found, *unread)), root, version, promtool, tell)
    if judged is not None:
        judge(found, judged, report)
    return outcome


def lint_rules(
    root: Path,
    files: Sequence[str],
    progress: Progress = _silent,
    *,
    promtool: str | None = None,
    tell: Callable[[str], None] = _silent,
) -> Report:
    """Return everything that is wrong or doubtful with some rule files; of `slogen.yaml` the servers are known."""
    report = Report()
    gc.disable()  # trees and nodes form no cycles, and there are millions in a large file
    try:
        read: list[list[WrittenGroup]] = []
        for done, file in enumerate(files, 1):
            text = None
            if (root / file).is_dir():
                hint = "it has no file that ends in .yaml or .yml, or its permissions forbid it"
                report.error(Span(file), "SLO011", "no rule file can be read in this folder", hint)
            else:
                text = read_text(root, file, report, most=MAX_BYTES)
            read.append(read_rules(file, text, report) if text is not None else [])
            progress("reading", done, len(files))
        servers = _servers(root)
        if servers.grafana and any(f"{servers.grafana}/d/" in text for text in _annotations(read)):
            catalog = load(root, Outcome(root))
            servers = replace(servers, dashboards=dashboard_uids(catalog) if catalog else frozenset())
        texts = (rule.expr.text for groups in read for group in groups for rule in group.rules)
        judged = verdicts(texts, root, servers.version, promtool, tell)
        recorded = recorders(read)
        for done, groups in enumerate(read, 1):
            check_rules(groups, servers, judged, report, recorded)
            progress("checking", done, len(files))
    finally:
        gc.enable()
    return report


def _servers(root: Path) -> Servers:
    """Return what the platform says of its servers; nothing when there is no valid one."""
    report = Report()
    text = read_text(root, PLATFORM_FILE, report)
    found = [] if text is None else read_file(PLATFORM_FILE, text, report)
    platform = next((one for one in found if isinstance(one, Platform)), None)
    if platform is None:
        return Servers()
    prometheus, thanos = platform.prometheus, platform.thanos
    return Servers(
        version=prometheus.version,
        scrape_interval=platform.scaled(prometheus.scrape_interval),
        evaluation_interval=platform.scaled(prometheus.evaluation_interval),
        retention=prometheus.retention,
        thanos_retention=thanos.raw if thanos else None,
        external_labels=frozenset(platform.external_labels),
        selected=dict(platform.kubernetes.labels) if platform.kubernetes else {},
        namespace=platform.namespace,
        grafana=platform.grafana_url or "",
    )


def _annotations(files: Iterable[Sequence[WrittenGroup]]) -> Iterator[str]:
    for groups in files:
        yield from (value.text for group in groups for rule in group.rules for _, value in rule.annotations)
