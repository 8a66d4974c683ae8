"""Both sides of a case, read without the code under test: the input by PyYAML, rules from the files of a build."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from fractions import Fraction
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


def slos(folder: Path) -> dict[str, dict[tuple[str, str], tuple[Fraction, int]]]:
    """Return target and seconds of the window of each SLO, by side, read by PyYAML."""
    found: dict[str, dict[tuple[str, str], tuple[Fraction, int]]] = {}
    for side in SIDES:
        found[side] = {}
        for path in (folder / side / "slos").glob("*.yaml"):
            document = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
            for slo in document["slos"]:
                key = document["metadata"]["name"], slo["name"]
                found[side][key] = Fraction(Decimal(slo["objective"])) / 100, seconds(slo.get("window", "30d"))
    return found


def built(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the groups of each service as `slogen build` writes them for the servers."""
    ran = CliRunner().invoke(group, ["-C", str(root), "build"])
    if ran.exit_code:
        assert "SLO602" in ran.output  # the alert that reads what is gone: a build refuses it too
        return _built_without(root)
    groups: dict[str, list[dict[str, Any]]] = {}
    for path in (root / "rules").glob("*/*.yaml"):
        if path.parent.name in ("prometheus", "thanos"):
            groups.setdefault(path.stem, []).extend(yaml.safe_load(path.read_text("utf-8"))["groups"])
    return groups


def _built_without(root: Path) -> dict[str, list[dict[str, Any]]]:
    for path in (root / "slos").glob("*.yaml"):
        text = path.read_text("utf-8")
        path.write_text(text.replace("slo:error_budget:ratio", "other:error_budget:ratio"), "utf-8")
    return built(root)
