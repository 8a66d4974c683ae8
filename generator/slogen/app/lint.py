"""`slogen lint FILE...`: rule files that anybody wrote, read, judged by promtool, checked."""

from __future__ import annotations

import gc
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from slogen.app.inputs import PLATFORM_FILE, read_text
from slogen.app.processes import Progress
from slogen.app.programs import PROMTOOL, Program, find, run
from slogen.check.rulefiles import Servers, Verdict, check_rules
from slogen.core import Report, Span
from slogen.model import Platform
from slogen.model.rulefile import WrittenGroup
from slogen.source.documents import read_file
from slogen.source.rulefile import read_rules

MAX_BYTES = 20_000_000
_ENDINGS = (".yaml", ".yml")
_PATIENCE = 120  # seconds that promtool may take to read all expressions
_ODD = re.compile(r"[^ !#-\[\]-~]")
_REFUSED = re.compile(
    r'rule \d+, "r(\d+)": could not parse expression: (?:(\d+):(\d+): )?(?:parse error: )?(.*)$', re.M
)


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


def lint_rules(root: Path, files: Sequence[str], progress: Progress = _silent) -> Report:
    """Return everything that is wrong or doubtful with some rule files; of `slogen.yaml` the servers are known."""
    report = Report()
    gc.disable()  # trees and nodes form no cycles, and there are millions in a large file
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
    expressions = [rule.expr.text for groups in read for group in groups for rule in group.rules]
    verdicts = _judged(list(dict.fromkeys(expressions)), root)
    for done, groups in enumerate(read, 1):
        check_rules(groups, servers, verdicts, report)
        progress("checking", done, len(files))
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
        retention=prometheus.retention,
        thanos_retention=thanos.raw if thanos else None,
        external_labels=frozenset(platform.external_labels),
        selected=dict(platform.kubernetes.labels) if platform.kubernetes else {},
        namespace=platform.namespace,
    )


def _judged(expressions: Sequence[str], root: Path) -> dict[str, Verdict] | None:
    """Return promtool's verdict on every expression; None when promtool is not there or does not get that far."""
    program = find(PROMTOOL, root) if expressions else None
    if not isinstance(program, Program):
        return None
    with tempfile.TemporaryDirectory(prefix="slogen-lint-") as folder:
        rules = [f"  - {{record: r{place}, expr: {quoted(text)}}}" for place, text in enumerate(expressions)]
        lines = ["groups:", "- name: expressions", "  rules:", *rules]
        (Path(folder) / "rules.yaml").write_text("\n".join(lines) + "\n", "ascii")
        ran = run(program.path, ["check", "rules", "--lint=none", "rules.yaml"], Path(folder), _PATIENCE)
    refused = {
        int(number): Verdict(message, int(line or 1), int(col or 1))
        for number, line, col, message in _REFUSED.findall(ran.err)
    }
    if ran.code != 0 and not refused:
        return None
    return {text: refused.get(place, Verdict()) for place, text in enumerate(expressions)}


def quoted(text: str) -> str:
    """Return text as YAML whatever is in it: one character that promtool does not read costs all verdicts."""
    return '"' + _ODD.sub(lambda odd: f"\\U{ord(odd.group()):08X}", text) + '"'
