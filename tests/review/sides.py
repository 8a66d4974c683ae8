"""Both sides of a case, read without the code under test: the input by PyYAML, rules from the files of a build."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from slogen.cli.root import group

SIDES = ("before", "after")
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def seconds(text: str) -> int:
    """Return the seconds of a duration such as 1d12h5m."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", text))


def told(folder: Path) -> dict[str, Any]:
    """Return the diff of both sides as JSON."""
    ran = CliRunner().invoke(group, ["-C", str(folder), "diff", "before", "after", "--format", "json"])
    return json.loads(ran.stdout)


def built(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the groups of each service as `slogen build` writes them for the servers."""
    ran = CliRunner().invoke(group, ["-C", str(root), "build"])
    if ran.exit_code:
        assert "SLO602" in ran.output  # the alert that reads what is gone: a build refuses it too
        return _built_without(root)
    return _groups(root)


def _groups(root: Path) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path in (root / "rules").glob("*/*.yaml"):
        if path.parent.name in ("prometheus", "thanos"):
            groups.setdefault(path.stem, []).extend(yaml.safe_load(path.read_text("utf-8"))["groups"])
    return groups


def _built_without(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Build with another name in the place of the one that is refused, and put that back into what was built."""
    _renamed(root / "slos", "slo:error_budget:ratio", "other:error_budget:ratio")
    built(root)
    for folder in ("slos", "rules"):
        _renamed(root / folder, "other:error_budget:ratio", "slo:error_budget:ratio")
    return _groups(root)


def _renamed(folder: Path, old: str, new: str) -> None:
    for path in folder.rglob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
