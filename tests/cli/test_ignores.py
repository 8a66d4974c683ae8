"""What owners do not want to be told: `lint` on SLOs, alerts and services."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import SERVICE, repository, slogen

EXACT = SERVICE.replace("objective: 99.9\n", "objective: 99.999999999\n")
LINT = "    lint: [{ignore: SLO213, reason: promised, until: %s}]\n"


def told(root: Path, service: str) -> list[str]:
    """Return code and place of what `slogen lint` tells."""
    ran = slogen(repository(root, service=service), "lint", "--format", "json", "--fail-on", "info")
    assert ran.code in (0, 1)
    return [f"{one['code']} {one['line']}:{one['column']}" for one in json.loads(ran.out)]


def test_a_code_is_not_told_until_a_day(tmp_path: Path) -> None:
    """Past that day both are told: the code, and that its time is over."""
    assert told(tmp_path / "a", EXACT) == ["SLO213 8:16"]
    assert told(tmp_path / "b", EXACT + LINT % "2999-01-01") == []
    assert told(tmp_path / "c", EXACT + LINT % "2020-01-01") == ["SLO213 8:16", "SLO118 13:21"]


def test_what_ignores_nothing_is_told(tmp_path: Path) -> None:
    """Another code is ignored, or there is nothing of it in this SLO."""
    assert told(tmp_path / "a", SERVICE + LINT % "2999-01-01") == ["SLO119 13:21"]
    other = EXACT + (LINT % "2999-01-01").replace("SLO213", "SLO212")
    assert told(tmp_path / "b", other) == ["SLO213 8:16", "SLO119 13:21"]


def test_a_service_may_ignore_a_code_for_all_of_it(tmp_path: Path) -> None:
    """And an SLO does not for its neighbour."""
    second = EXACT.split("slos:\n")[1].replace("name: up", "name: two")
    service = EXACT.replace("  team: core\n", "  team: core\n" + (LINT % "2999-01-01")[2:])
    assert told(tmp_path / "a", service + second) == []
    assert told(tmp_path / "b", EXACT + LINT % "2999-01-01" + second) == ["SLO213 15:16"]


def test_errors_are_told_whatever_is_ignored(tmp_path: Path) -> None:
    """They stop the build; nothing is said to be unused then."""
    service = SERVICE + "    traffic: 0.0001/s\n    recovery: {within: 2h}\n" + LINT % "2999-01-01"
    assert "SLO213" not in [one.split()[0] for one in told(tmp_path / "a", service)]
    broken = service.replace("objective: 99.9", "objective: 100")
    assert told(tmp_path / "b", broken + (LINT % "2999-01-01").replace("SLO213", "SLO104"))[0].startswith("SLO104")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{ignore: SLO213, until: 2999-01-01}", "SLO009"),
        ("{ignore: SLO213, reason: promised}", "SLO009"),
        ("{ignore: SLO213, reason: promised, until: 2999-02-30}", "SLO005"),
        ("{ignore: latency, reason: promised, until: 2999-01-01}", "SLO005"),
        ("{ignore: SLO213, reason: '', until: 2999-01-01}", "SLO005"),
    ],
)
def test_reason_and_day_are_wanted(written: str, code: str, tmp_path: Path) -> None:
    """Without them nobody knows whether it still holds."""
    assert [one.split()[0] for one in told(tmp_path, EXACT + f"    lint: [{written}]\n")] == [code]
