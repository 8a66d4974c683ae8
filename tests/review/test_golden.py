"""What `slogen diff` says of each change, against tests/golden/diff.

To write them anew, after a wanted change: `SLOGEN_UPDATE_GOLDEN=1 .venv/bin/pytest tests/review/test_golden.py`; then
read them. An absent one fails.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from slogen.cli.root import group
from tests.conftest import ROOT
from tests.review.cases import CASES, Case

GOLDEN = ROOT / "tests" / "golden" / "diff"
UPDATE = "SLOGEN_UPDATE_GOLDEN" in os.environ


def written(folder: Path, case: Case) -> Path:
    """Write both sides of a case below a folder."""
    for name, files in zip(("before", "after"), case.sides(), strict=True):
        for path, text in files.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
    return folder


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run `slogen diff before after` with more arguments; return its exit code and what it said."""
    ran = CliRunner().invoke(group, ["-C", str(folder), "diff", "before", "after", *arguments])
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, ran.output


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_change_is_told_as_it_was_read_and_approved(case: Case, tmp_path: Path) -> None:
    """The whole transcript, the lines that were derived by hand, and what must not be said."""
    code, told = run(written(tmp_path, case), "--exit-code")
    text = f"# {case.sentence}\n{told}"
    golden = GOLDEN / f"{case.name}.txt"
    if UPDATE:
        golden.write_text(text, "utf-8")
    assert golden.exists(), f"{golden} is absent"
    assert text == golden.read_text("utf-8")
    lines = [re.sub(r"\s+", " ", line).strip() for line in told.split("\n")]
    for line in case.told:
        assert any(line in one for one in lines), f"{line!r} is not told in\n{told}"
    for line in case.untold:
        assert not any(one.startswith(line) for one in lines), f"{line!r} is told in\n{told}"
    assert code == case.semantic


def test_every_golden_belongs_to_a_case() -> None:
    """One that is left over would be read as if it held."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {case.name for case in CASES}
