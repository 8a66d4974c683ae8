"""Every mistake is told with its place and its code, exit 1, and leaves the output on disk as it was."""

from __future__ import annotations

import os
import sys
import traceback
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from slogen.cli import group
from tests.cli.running import PLATFORM, SERVICE, Ran, output, repository, slogen

BILLION_LAUGHS = (
    "\n".join(
        ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
        + [f"{name}: &{name} [{', '.join(['*' + before] * 10)}]" for before, name in pairwise("abcdefghi")]
    )
    + "\n"
)


def changed(old: str, new: str) -> str:
    """Return the good service with `new` in place of `old`, which stands there once."""
    assert SERVICE.count(old) == 1
    return SERVICE.replace(old, new)


# The text of slos/web.yaml, then place, code and a part of the message of every problem.
MISTAKES = {
    "broken YAML": (
        changed("kind: Service", "kind: [Service"),
        [("slos/web.yaml:3:9", "SLO001", "not valid YAML")],
    ),
    "a tab": (
        changed("  team: core", "\tteam: core"),
        [("slos/web.yaml:5:1", "SLO001", "a tab")],
    ),
    "a repeated key": (
        changed("    objective: 99.9", "    objective: 99.9\n    objective: 99.5"),
        [("slos/web.yaml:9:5", "SLO003", "'objective' stands twice")],
    ),
    "an unknown key": (
        changed("objective:", "objektive:"),
        [
            ("slos/web.yaml:7:5", "SLO009", "'objective' is missing"),
            ("slos/web.yaml:8:5", "SLO008", "unknown key 'objektive'"),
        ],
    ),
    "an objective of 100": (
        changed("99.9", "100"),
        [("slos/web.yaml:8:16", "SLO104", "objective 100 leaves no error budget")],
    ),
    "an objective of 0": (
        changed("99.9", "0"),
        [("slos/web.yaml:8:16", "SLO104", "objective 0 promises nothing")],
    ),
    "a negative objective": (
        changed("99.9", "-1"),
        [("slos/web.yaml:8:16", "SLO104", "objective -1 promises nothing")],
    ),
    "a decimal comma": (
        changed("99.9", "99,9"),
        [("slos/web.yaml:8:16", "SLO004", "'99,9' is not a number")],
    ),
    "a word for a number": (
        changed("99.9", '"high"'),
        [("slos/web.yaml:8:16", "SLO004", "'high' is not a number")],
    ),
    "a negative window": (
        changed("99.9", "99.9\n    window: -30d"),
        [("slos/web.yaml:9:13", "SLO006", "'-30d' is not a duration")],
    ),
    "a window of zero": (
        changed("99.9", "99.9\n    window: 0d"),
        [("slos/web.yaml:9:13", "SLO006", "the duration is zero")],
    ),
    "good and bad": (
        changed("        bad:", "        good: req_total\n        bad:"),
        [("slos/web.yaml:11:9", "SLO010", "bad and good given")],
    ),
    "a selector with a syntax error": (
        changed("'req_total{job=\"web\"}'", "'req_total{job=}'"),
        [("slos/web.yaml:11:16", "SLO301", "not valid PromQL")],
    ),
    "an expression where a selector belongs": (
        changed("'req_total{job=\"web\"}'", "'sum(req_total)'"),
        [("slos/web.yaml:11:16", "SLO301", "a plain selector is wanted")],
    ),
    "a name with a slash": (
        changed("name: web", "name: web/api"),
        [("slos/web.yaml:4:9", "SLO101", "'web/api' is not a name")],
    ),
    "a name that climbs": (
        changed("name: web", 'name: ".."'),
        [("slos/web.yaml:4:9", "SLO101", "'..' is not a name")],
    ),
    "a label of Prometheus' own": (
        changed("team: core", "team: core\n  labels: {__name__: x}"),
        [("slos/web.yaml:6:12", "SLO106", "the label '__name__' is reserved")],
    ),
    "a label of slogen's own": (
        changed("team: core", "team: core\n  labels: {severity: x}"),
        [("slos/web.yaml:6:12", "SLO106", "the label 'severity' is reserved")],
    ),
    "an external label kept": (
        changed("99.9", "99.9\n    by: [prometheus_replica]"),
        [("slos/web.yaml:9:9", "SLO110", "'prometheus_replica' is added by Prometheus")],
    ),
    "aliases that blow up": (
        BILLION_LAUGHS,
        [("slos/web.yaml:6:4", "SLO002", "holds more than 200000 values")],
    ),
    "an alias of itself": (
        "a: &a [*a]\n",
        [("slos/web.yaml:1:8", "SLO002", "the alias *a contains itself")],
    ),
    "two SLOs of one name": (
        SERVICE + "  - {name: up, objective: 99, sli: {boolean: up}}\n",
        [("slos/web.yaml:13:5", "SLO102", "a second SLO is named up")],
    ),
    "a threshold that is no bucket": (
        SERVICE.split("    sli:")[0] + "    sli: {latency: {histogram: d_seconds, threshold: 3s, buckets: [1s, 5s]}}\n",
        [("slos/web.yaml:9:54", "SLO108", "3s is no bucket of this histogram")],
    ),
    "an objective that can never page": (
        changed("99.9", "80"),
        [("slos/web.yaml:8:16", "SLO202", "objective 80 over 30d can never page")],
    ),
    "what comes later": (
        SERVICE + "  - {name: calendar, objective: 99, calendar: month, sli: {slices: {}}}\n",
        [
            ("slos/web.yaml:13:37", "SLO007", "a calendar window is not supported yet"),
            ("slos/web.yaml:13:60", "SLO007", "an SLI by time slices is not supported yet"),
        ],
    ),
    "an alert whose PromQL does not parse": (
        SERVICE + "alerts:\n  - {name: Down, severity: critical, expr: 'up ==', summary: down}\n",
        [("slos/web.yaml:14:44", "SLO301", "not valid PromQL")],
    ),
    "an empty file": ("", [("slos", "SLO017", "there is no service")]),
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A repository with output on disk."""
    repository(tmp_path)
    assert slogen(tmp_path, "build").code == 0
    assert len(output(tmp_path)) == 3
    return tmp_path


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_nothing_is_written(built: Path, name: str) -> None:
    """Exactly the problems that are there, each at its line and column; the old output stays, byte for byte."""
    text, expected = MISTAKES[name]
    before = output(built)
    (built / "slos" / "web.yaml").write_text(text, "utf-8")
    ran = slogen(built, "build")
    assert ran.code == 1, ran.err
    assert sorted(ran.places) == sorted(
        (place if ":" in place else f"{place}:1:1", code) for place, code, _ in expected
    )
    for _, _, part in expected:
        assert any(part in message for _, _, message in ran.problems), ran.err
    assert ran.err.rstrip().endswith("nothing was written")
    assert ran.out == ""
    assert output(built) == before


def test_all_problems_of_all_files_are_told_at_once(built: Path) -> None:
    """Three mistakes in two files, sorted by place, and one line that counts them."""
    repository(built, platform=PLATFORM.replace("notify: [boss]", "notify: [bos]"), service=changed("99.9", "100"))
    (built / "slos" / "api.yaml").write_text(changed("99.9", "0"), "utf-8")
    ran = slogen(built, "build")
    assert ran.code == 1
    assert ran.places == [
        ("slogen.yaml:11:7", "SLO402"),
        ("slos/api.yaml:8:16", "SLO104"),
        ("slos/web.yaml:8:16", "SLO104"),
    ]
    assert ran.err.endswith("3 errors in 3 of 3 files; nothing was written\n")


def test_the_place_is_shown_with_a_caret_and_what_to_change(built: Path) -> None:
    """The line, carets under the word, the fix beside them, and the page that explains the code."""
    (built / "slos" / "web.yaml").write_text(changed("99.9", "100"), "utf-8")
    assert slogen(built, "build").err == (
        "error[SLO104]: objective 100 leaves no error budget\n"
        " --> slos/web.yaml:8:16\n"
        "  |\n"
        "8 |     objective: 100\n"
        "  |                ^^^ use a value below 100, such as 99.99\n"
        "  |\n"
        "  = docs/lint/SLO104.md\n"
        "1 error in 1 of 2 files; nothing was written\n"
    )


@pytest.mark.parametrize(
    ("written", "nearest"),
    [("objektive", "objective"), ("windows", "window"), ("alertting", "alerting"), ("desc", "description")],
)
def test_an_unknown_key_is_answered_with_the_nearest_known_one(built: Path, written: str, nearest: str) -> None:
    """Also when it is only the beginning of one."""
    (built / "slos" / "web.yaml").write_text(SERVICE + f"    {written}: 1\n", "utf-8")
    assert f"did you mean {nearest!r}?" in slogen(built, "build").err


def test_two_services_of_one_name_are_refused_in_two_files(built: Path) -> None:
    """The second one is named, with the place of the first."""
    (built / "slos" / "zweb.yaml").write_text(SERVICE, "utf-8")
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("slos/zweb.yaml:1:1", "SLO102")])
    assert "the first one stands at slos/web.yaml:1:1" in ran.err


def test_a_file_over_5_mb_is_not_read(built: Path) -> None:
    """A megabyte more than any reader of rules could bear."""
    (built / "slos" / "big.yaml").write_text("# " + "x" * 5_000_000, "utf-8")
    before = output(built)
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("slos/big.yaml:1:1", "SLO012")])
    assert output(built) == before


def test_a_file_that_is_not_utf_8_is_told_with_the_byte(built: Path) -> None:
    """A Latin-1 ü in the third line, at the seventh place."""
    (built / "slos" / "latin.yaml").write_bytes(b"# one\n# two\nname: \xfc\n")
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("slos/latin.yaml:3:7", "SLO013")])
    assert "the byte 0xfc is not UTF-8" in ran.err


def unprivileged(root: Path, *arguments: str) -> Ran:
    """Run slogen in a fork that is nobody; root, who ignores permissions, gives the folder away first.

    A first run before the fork imports everything: nobody may be unable to read the Python of this machine.
    """
    warm = repository(root.parent / "warm")
    for service in (SERVICE, changed("99.9", "100")):
        (warm / "slos" / "web.yaml").write_text(service, "utf-8")
        CliRunner().invoke(group, ["-C", str(warm), "build"])
    if os.geteuid() == 0:
        for path in (root, *root.rglob("*")):
            os.chown(path, 65534, 65534)
    logs = root.parent / "out.txt", root.parent / "err.txt"
    with logs[0].open("w") as out, logs[1].open("w") as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            os.chdir(root)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            code = 70
            try:
                group(["-C", ".", *arguments], prog_name="slogen", standalone_mode=False)
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
    _, status = os.waitpid(child, 0)
    return Ran(os.waitstatus_to_exitcode(status), logs[0].read_text(), logs[1].read_text())


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A built repository of an unprivileged user, who can change it."""
    root = repository(tmp_path / "theirs")
    for folder in (root, *root.parents):
        if folder.owner() == "root" and folder.is_relative_to(tmp_path.parent.parent):
            folder.chmod(0o755)
    ran = unprivileged(root, "build")
    assert ran.code == 0, ran.err
    return root


def test_an_unreadable_file_is_told(theirs: Path) -> None:
    """As an unprivileged user: root reads everything."""
    (theirs / "slos" / "web.yaml").chmod(0)
    ran = unprivileged(theirs, "build")
    assert (ran.code, ran.places) == (1, [("slos/web.yaml:1:1", "SLO011")])
    assert "cannot read the file: Permission denied" in ran.err


@pytest.mark.parametrize("folder", ["rules/kubernetes", "rules", "."])
def test_a_read_only_output_folder_is_told_and_nothing_changes(theirs: Path, folder: str) -> None:
    """Whichever of them it is: not one file is new while another is old."""
    before = output(theirs)
    (theirs / "slos" / "web.yaml").write_text(changed("99.9", "99.5"), "utf-8")
    if folder == "rules":
        (theirs / "slos" / "api.yaml").write_text(changed("name: web", "name: api"), "utf-8")
        for inner in ("prometheus", "kubernetes"):
            (theirs / "rules" / inner).chmod(0o555)
    (theirs / folder).chmod(0o555)
    ran = unprivileged(theirs, "build")
    assert ran.code == 1, ran.err
    assert {code for _, code in ran.places} == {"SLO016"}
    assert "nothing was written" in ran.err
    assert output(theirs) == before


def test_a_folder_in_the_place_of_a_rule_file_is_told(built: Path) -> None:
    """It cannot be replaced: nothing else is written either."""
    file = built / "rules" / "prometheus" / "web.yaml"
    file.unlink()
    file.mkdir()
    (built / "slos" / "web.yaml").write_text(changed("99.9", "99.5"), "utf-8")
    ran = slogen(built, "build")
    assert (ran.code, ran.places) == (1, [("rules/prometheus/web.yaml:1:1", "SLO016")])
