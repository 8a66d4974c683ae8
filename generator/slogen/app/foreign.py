"""Expressions in dashboards and rules of a repository that slogen did not write."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from slogen.app.inputs import MAX_BYTES
from slogen.app.outputs import MANIFEST
from slogen.core import Report
from slogen.source.tree import Node, load

_ENDINGS = (".json", ".yaml", ".yml")
_TELLING = re.compile(rb"slo:|slogen[:_]|ALERTS")
_KEYS = ("expr", "query", "definition", "expression")
# Grafana's variables where only a duration can stand.
_INTERVAL = re.compile(r"\[(\$\w+|\$\{[^}]*\})")
_SKIPPED = ("node_modules", "tests")


def foreign_expressions(root: Path, without: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the expressions over series of slogen in files that it does not own, with the file's path."""
    owned = _owned(root)
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(files):
            path = Path(folder) / name
            place = path.relative_to(root).as_posix()
            if name.endswith(_ENDINGS) and not name.startswith(".") and place not in owned and place not in without:
                yield from ((place, _INTERVAL.sub("[5m", text)) for text in _in_file(path, place))


def _owned(root: Path) -> set[str]:
    try:
        found = json.loads((root / MANIFEST).read_text("utf-8"))["files"]
        return {one for one in found if isinstance(one, str)}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()


def _in_file(path: Path, place: str) -> Iterator[str]:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
            return
        data = path.read_bytes()
    except OSError:
        return
    if not _TELLING.search(data):
        return
    text = data.decode("utf-8", "replace")
    if path.suffix == ".json":
        try:
            yield from _of_json(json.loads(text))
        except (ValueError, RecursionError):
            return  # what reads it complains
    else:
        for node in load(place, text, Report()):
            yield from _of_yaml(node)


def _of_json(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _KEYS and isinstance(inner, str):
                yield inner
            else:
                yield from _of_json(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_json(inner)


def _of_yaml(node: Node) -> Iterator[str]:
    for key, value in node.entries:
        if key.text in _KEYS and value.kind == "scalar":
            yield value.text
        else:
            yield from _of_yaml(value)
    for item in node.items:
        yield from _of_yaml(item)
