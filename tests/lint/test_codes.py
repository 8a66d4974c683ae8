"""Each code: what is wrong and where, under which carets, and the closest thing that is right.

A new code needs a row in one of the tables beside this file, or the last test here fails.
"""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import pytest

from slogen.cli.problems import show
from slogen.cli.words import printable
from tests.lint import alerting, model, plan, promql, reading, routing, silent
from tests.lint.making import Cases, linted, marked
from tests.unit.test_docs import codes

TABLE: dict[str, tuple[Cases, ...]] = {
    **reading.CASES,
    **model.CASES,
    **plan.CASES,
    **promql.CASES,
    **alerting.CASES,
    **routing.CASES,
}
# Codes that take more than a text: the test in which they are told, and the one in which they are not.
ELSEWHERE = {
    "SLO011": (
        "cli.test_bad_input.test_an_unreadable_file_is_told",
        "cli.test_robust.test_a_link_to_a_folder_is_refused_and_one_to_a_file_followed",
    ),
    "SLO012": (
        "cli.test_bad_input.test_a_file_over_5_mb_is_not_read",
        "cli.test_lint_hostile.test_10_mb_of_rules_are_read",
    ),
    "SLO013": (
        "cli.test_bad_input.test_a_file_that_is_not_utf_8_is_told_with_the_byte",
        "cli.test_lint_hostile.test_a_byte_order_mark_moves_nothing",
    ),
    "SLO014": (
        "cli.test_build.test_a_file_that_slogen_does_not_own_is_never_overwritten",
        "cli.test_build.test_a_second_build_changes_nothing",
    ),
    "SLO015": (
        "cli.test_bad_output.test_a_manifest_that_slogen_did_not_write_is_refused",
        "cli.test_build.test_a_second_build_changes_nothing",
    ),
    "SLO016": (
        "cli.test_bad_output.test_a_folder_in_the_place_of_a_rule_file_is_told",
        "cli.test_robust.test_a_link_within_the_repository_is_followed",
    ),
    "SLO017": (
        "cli.test_build.test_a_folder_without_a_platform_says_how_to_begin",
        "cli.test_build.test_several_documents_may_stand_in_one_file",
    ),
    "SLO019": (
        "cli.test_robust.test_a_build_does_not_wait_for_ever",
        "cli.test_robust.test_a_forked_process_does_not_keep_the_lock",
    ),
    "SLO207": (
        "unit.check.test_invariants.test_two_rules_of_one_name_are_told",
        "unit.check.test_invariants.test_a_good_plan_is_left_alone_on_every_platform",
    ),
    "SLO334": (
        "cli.test_lint_rules.test_a_promtool_as_new_as_the_servers_has_the_last_word",
        "cli.test_lint_rules.test_a_promtool_as_new_as_the_servers_has_the_last_word",
    ),
    "SLO502": (
        "unit.check.test_dashboards.test_what_nobody_makes_is_told",
        "unit.check.test_dashboards.test_dashboards_of_every_kind_of_sli_ask_for_what_is_made",
    ),
    "SLO503": (
        "unit.check.test_rulefiles.test_links_lead_to_dashboards_of_the_build",
        "unit.check.test_rulefiles.test_links_lead_to_dashboards_of_the_build",
    ),
    "SLO901": (
        "unit.check.test_invariants.test_a_broken_plan_is_told",
        "unit.check.test_invariants.test_a_good_plan_is_left_alone_on_every_platform",
    ),
}
ROWS = [(code, cases) for code, rows in TABLE.items() for cases in rows]
WRONG = [(code, cases, *case) for code, cases in (*ROWS, *silent.CASES) for case in cases.wrong.items()]
RIGHT = [(code, cases, text) for code, cases in ROWS for text in cases.right]


@pytest.mark.parametrize(("code", "cases", "text", "says"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_told_at_its_place(
    code: str, cases: Cases, text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its code, its words, line and column, and carets under what is marked; nothing else is told."""
    written, places = marked(cases.file, cases.text(text))
    report = linted(tmp_path, cases.file, written)
    found = [problem for problem in report if problem.code == code]
    assert {problem.code for problem in report} == {code} | cases.besides
    assert [problem.span.line for problem in found] == [place.line for place in places]
    assert [problem.span.col for problem in found] == [place.col for place in places]
    assert all(says in problem.message for problem in found), [problem.message for problem in found]
    show(found, tmp_path, files=[cases.file], outcome="", notes=True)
    told = [line for line in capsys.readouterr().err.split("\n") if " | " in line]
    for place, source, carets in zip(places, told[::2], told[1::2], strict=True):
        start = carets.index("^")
        width = len(carets) - len(carets[start:].lstrip("^")) - start
        shown = source[start : start + width].removesuffix("…")
        meant = printable(written.split("\n")[place.line - 1][place.col - 1 : place.end - 1])
        assert shown == meant or (source.endswith("…") and meant.startswith(shown))


@pytest.mark.parametrize(("code", "cases", "text"), RIGHT, ids=[row[0] for row in RIGHT])
def test_what_is_nearly_wrong_is_left_alone(code: str, cases: Cases, text: str, tmp_path: Path) -> None:
    """Nothing at all is told of it."""
    assert [str(problem) for problem in linted(tmp_path, cases.file, cases.text(text))] == []


SILENT = [row for row in WRONG if row[1].file == "rules.yaml" and "SLO304" < row[0] < "SLO334"]


@pytest.mark.parametrize(("code", "cases", "text", "says"), SILENT, ids=[row[0] for row in SILENT])
def test_promtool_has_nothing_against_what_fails_silently(
    code: str, cases: Cases, text: str, says: str, promtool: str, tmp_path: Path
) -> None:
    """Its exit code is 0, whatever it may print of duplicates."""
    (tmp_path / "rules.yaml").write_text(marked("rules.yaml", cases.text(text))[0], "utf-8")
    ran = subprocess.run(
        [promtool, "check", "rules", "rules.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_each_failure_that_the_facts_rank_has_codes() -> None:
    """28 of them, and each code has its cases here."""
    assert list(silent.RANKED) == list(range(1, 29))
    assert {code for found in silent.RANKED.values() for code in found} <= set(TABLE) | set(ELSEWHERE)


def test_every_code_has_a_wrong_and_a_right_case() -> None:
    """In the tables, or in tests of other files, which must be there."""
    assert set(TABLE) | set(ELSEWHERE) == codes()
    assert set(TABLE) & set(ELSEWHERE) == set()
    for code, rows in TABLE.items():
        assert any(cases.wrong for cases in rows), code
        assert any(cases.right for cases in rows), code
        assert all("«" in text for cases in rows for text in cases.wrong), code
    for name in (name for names in ELSEWHERE.values() for name in names):
        module, _, function = f"tests.{name}".rpartition(".")
        assert hasattr(importlib.import_module(module), function), name
