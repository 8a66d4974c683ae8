"""What `slogen build` leaves on disk, and what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.running import PLATFORM, SERVICE, on_terminal, output, repository, slogen
from tests.conftest import ROOT

FILES = [
    ".slogen-manifest.json",
    "rules/kubernetes/web.yaml",
    "rules/prometheus/web.yaml",
    "tests/promtool/web.periods.yaml",
    "tests/promtool/web.slow.yaml",
    "tests/promtool/web.windows.yaml",
    "tests/promtool/web.yaml",
]
THIRD = SERVICE.replace("99.9", "99.5")


OF_SERVICES = r"\.slogen.*|(?:rules|tests)/.*/(?!kustomization)[^_].*"


def of_services(root: Path) -> list[str]:
    """Return what a build made of services, and the manifest."""
    return [name for name in sorted(output(root)) if re.fullmatch(OF_SERVICES, name)]


def test_a_build_writes_the_rules_and_names_what_it_owns(tmp_path: Path) -> None:
    """Messages go to stderr, nothing to stdout; the manifest lists all of the files but itself."""
    ran = slogen(repository(tmp_path), "build")
    assert (ran.code, ran.out) == (0, "")
    assert "1 service · 1 SLO" in ran.err
    assert of_services(tmp_path) == FILES
    assert json.loads((tmp_path / FILES[0]).read_text()) == {"files": sorted(output(tmp_path).keys() - {FILES[0]})}


def test_the_summary_counts_what_is_new_changed_and_removed(tmp_path: Path) -> None:
    """A line for each target: first two new files, then one changed and one new, then one removed."""
    assert "rules   2 new\n" in slogen(repository(tmp_path), "build").err
    repository(tmp_path, service=THIRD)
    (tmp_path / "slos" / "api.yaml").write_text(SERVICE.replace("name: web", "name: api"), "utf-8")
    assert "rules   1 new, 1 changed\n" in slogen(tmp_path, "build").err
    (tmp_path / "slos" / "api.yaml").unlink()
    assert "rules   1 removed\n" in slogen(tmp_path, "build").err


def test_quiet_and_verbose_stand_before_the_command_or_behind_it(tmp_path: Path) -> None:
    """Nothing is said, or every file is named."""
    repository(tmp_path)
    assert [slogen(tmp_path, *words).err for words in (("-q", "build"), ("build", "-q"), ("init", "-q", "new"))] == [
        ""
    ] * 3
    for words in (("-v", "build"), ("build", "--verbose")):
        assert "    same     rules/prometheus/web.yaml\n" in slogen(tmp_path, *words).err


def test_every_file_names_its_source_in_the_first_line(tmp_path: Path) -> None:
    """Whoever opens it knows what to edit instead."""
    slogen(repository(tmp_path), "build")
    for name in FILES[1:]:
        first = (tmp_path / name).read_text("utf-8").split("\n")[0]
        assert first == (
            "# Generated from slos/web.yaml by slogen. Do not edit: change the source and run `slogen build`."
        )


def test_a_second_build_changes_nothing(tmp_path: Path) -> None:
    """Not even the time of a file."""
    slogen(repository(tmp_path), "build")
    times = {name: (tmp_path / name).stat().st_mtime_ns for name in FILES}
    ran = slogen(tmp_path, "build")
    assert "unchanged" in ran.err
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in FILES} == times


def test_check_is_silent_about_a_fresh_output_and_shows_what_differs_of_a_stale_one(tmp_path: Path) -> None:
    """Exit 1, a diff on stdout, not one byte written."""
    slogen(repository(tmp_path), "build")
    assert slogen(tmp_path, "build", "--check").code == 0
    before = output(tmp_path)
    repository(tmp_path, service=THIRD)
    ran = slogen(tmp_path, "build", "--check")
    assert ran.code == 1
    assert "-    expr: vector(0.999)\n+    expr: vector(0.995)\n" in ran.out
    assert "6 files differ: run `slogen build` and commit the result" in ran.err
    assert output(tmp_path) == before


def test_check_notices_what_was_never_built_and_what_is_left_over(tmp_path: Path) -> None:
    """A missing file and one of a removed service are drift as well."""
    ran = slogen(repository(tmp_path), "build", "--check")
    assert ran.code == 1
    assert "missing: rules/prometheus/web.yaml" in ran.out
    assert output(tmp_path) == {}
    slogen(tmp_path, "build")
    (tmp_path / "slos" / "web.yaml").write_text(SERVICE.replace("name: web", "name: api"), "utf-8")
    ran = slogen(tmp_path, "build", "--check")
    assert ran.code == 1
    assert "left over: rules/prometheus/web.yaml" in ran.out


def test_check_notices_an_edit_by_hand(tmp_path: Path) -> None:
    """One space more in a rule file."""
    slogen(repository(tmp_path), "build")
    file = tmp_path / FILES[2]
    file.write_text(file.read_text("utf-8") + " ", "utf-8")
    assert slogen(tmp_path, "build", "--check").code == 1


def test_what_a_removed_service_left_is_deleted_and_foreign_files_stay(tmp_path: Path) -> None:
    """The files of `old` go, a rule file written by hand beside them stays."""
    repository(tmp_path)
    (tmp_path / "slos" / "old.yaml").write_text(SERVICE.replace("name: web", "name: old"), "utf-8")
    slogen(tmp_path, "build")
    by_hand = tmp_path / "rules" / "prometheus" / "by-hand.yaml"
    by_hand.write_text("groups: []\n", "utf-8")
    (tmp_path / "slos" / "old.yaml").unlink()
    assert slogen(tmp_path, "build").code == 0
    assert of_services(tmp_path) == sorted([*FILES, "rules/prometheus/by-hand.yaml"])


def test_a_file_that_slogen_does_not_own_is_never_overwritten(tmp_path: Path) -> None:
    """Someone's own rules/prometheus/web.yaml stops the build."""
    file = repository(tmp_path) / FILES[2]
    file.parent.mkdir(parents=True)
    file.write_text("groups: []\n", "utf-8")
    ran = slogen(tmp_path, "build")
    assert (ran.code, ran.places) == (1, [("rules/prometheus/web.yaml:1:1", "SLO014")])
    assert output(tmp_path) == {FILES[2]: b"groups: []\n"}


def test_only_writes_one_target_and_leaves_the_others(tmp_path: Path) -> None:
    """The Kubernetes resources are new, the plain rules old; both stay owned."""
    slogen(repository(tmp_path), "build")
    before = output(tmp_path)
    repository(tmp_path, service=THIRD)
    assert slogen(tmp_path, "build", "--only", "kubernetes").code == 0
    after = output(tmp_path)
    assert [name for name in FILES if before[name] != after[name]] == ["rules/kubernetes/web.yaml"]


def test_an_unknown_target_or_a_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    """Exit 2, with the targets that exist."""
    ran = slogen(repository(tmp_path), "build", "--only", "nagios")
    assert ran.code == 2
    assert "'prometheus'" in ran.err
    assert slogen(tmp_path / "nowhere", "build").code == 2


def test_a_folder_without_a_platform_says_how_to_begin(tmp_path: Path) -> None:
    """Not a traceback."""
    ran = slogen(tmp_path, "build")
    assert (ran.code, ran.places) == (1, [("slogen.yaml:1:1", "SLO017")])
    assert "run `slogen init`" in ran.err


def test_several_documents_may_stand_in_one_file(tmp_path: Path) -> None:
    """Two services and the platform, apart by ---."""
    (tmp_path / "slogen.yaml").write_text(
        PLATFORM + "---\n" + SERVICE + "---\n" + SERVICE.replace("name: web", "name: api"), "utf-8"
    )
    assert slogen(tmp_path, "build").code == 0
    assert (tmp_path / "rules" / "prometheus" / "api.yaml").exists()
    assert (tmp_path / "rules" / "prometheus" / "web.yaml").exists()


def test_init_makes_a_folder_that_builds_at_once_and_is_never_run_over_files(tmp_path: Path) -> None:
    """Two files, a clean build without warnings; a second init changes nothing and says so."""
    assert slogen(tmp_path, "init", "new").code == 0
    ran = slogen(tmp_path / "new", "build")
    assert (ran.code, ran.problems) == (0, [])
    assert (tmp_path / "new" / "rules" / "prometheus" / "example.yaml").exists()
    (tmp_path / "new" / "slos" / "example.yaml").write_text("mine", "utf-8")
    again = slogen(tmp_path, "init", "new")
    assert again.code == 1
    assert "nothing was written" in again.err
    assert (tmp_path / "new" / "slos" / "example.yaml").read_text("utf-8") == "mine"


def test_the_rules_that_init_leads_to_load(tmp_path: Path) -> None:
    """promtool, every lint fatal."""
    slogen(tmp_path, "init")
    slogen(tmp_path, "build")
    files = sorted((tmp_path / "rules" / "prometheus").glob("*.yaml"))
    assert files
    command = ["promtool", "check", "rules", "--lint=all", "--lint-fatal", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


SURROUNDINGS = [
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8", "TZ": "America/St_Johns"},
    {"PYTHONHASHSEED": "4294967295", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Chatham"},
    {"PYTHONHASHSEED": "77", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1", "COLUMNS": "20"},
]


def test_the_output_is_the_same_bytes_everywhere(tmp_path: Path) -> None:
    """ACGS-2 under four hash seeds, locales and time zones; it is also what is committed."""
    outputs = []
    for place, surroundings in enumerate(SURROUNDINGS):
        root = tmp_path / str(place)
        shutil.copytree(ROOT / "slos", root / "slos")
        shutil.copy(ROOT / "slogen.yaml", root)
        ran = slogen(root, "build", **surroundings)
        assert ran.code == 0, ran.err
        outputs.append(output(root))
    assert len(outputs[0]) > 30
    assert all(other == outputs[0] for other in outputs[1:])
    assert all((ROOT / name).read_bytes() == made for name, made in outputs[0].items())


def many(root: Path, objective: str, services: int = 160) -> Path:
    """Make so many services that more than one process compiles them."""
    repository(root).joinpath("slos", "web.yaml").unlink()
    for number in range(services):
        text = SERVICE.replace("name: web", f"name: web-{number:03}").replace("99.9", objective)
        (root / "slos" / f"web-{number:03}.yaml").write_text(text, "utf-8")
    return root


def start(root: Path) -> subprocess.Popen[bytes]:
    """Start a build in a process group of its own."""
    command = [sys.executable, "-m", "slogen", "-C", str(root), "build"]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def staged(root: Path) -> int:
    """Return how many files a build has compiled but not yet put into place."""
    return sum(len(files) for _, _, files in os.walk(next(root.glob(".slogen-staging-*"), root / "none")))


def test_a_build_killed_halfway_leaves_the_old_output_whole(tmp_path: Path) -> None:
    """kill -9 to all its processes after some of 800 files are compiled; the next build finishes the work."""
    assert slogen(many(tmp_path, "99.9"), "build").code == 0
    before = output(tmp_path)
    many(tmp_path, "99.5")
    building = start(tmp_path)
    while not staged(tmp_path):
        assert building.poll() is None, "the build was over before it could be killed"
        time.sleep(0.002)
    os.killpg(building.pid, signal.SIGSTOP)
    assert 0 < staged(tmp_path) < 800
    os.killpg(building.pid, signal.SIGKILL)
    building.wait()
    assert {name: text for name, text in output(tmp_path).items() if not name.startswith(".slogen-staging")} == before
    assert slogen(tmp_path, "build").code == 0
    assert slogen(tmp_path, "build", "--check").code == 0
    assert not list(tmp_path.glob(".slogen-staging-*"))
    assert output(tmp_path).keys() == before.keys()


def test_an_interrupted_build_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Ctrl-C: no traceback, no process, no staging folder, no output."""
    many(tmp_path, "99.9")
    building = subprocess.Popen(
        [sys.executable, "-m", "slogen", "-C", str(tmp_path), "build"],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not staged(tmp_path):
        assert building.poll() is None, "the build was over before it could be interrupted"
        time.sleep(0.002)
    os.killpg(building.pid, signal.SIGINT)
    out, err = building.communicate(timeout=30)
    assert (building.returncode, out, err) == (130, "", "interrupted; nothing was written\n")
    assert output(tmp_path) == {}


def test_two_builds_at_once_do_not_mix(tmp_path: Path) -> None:
    """Four start together; each waits for the one before it, and the output is right."""
    many(tmp_path, "99.9")
    assert [building.wait() for building in [start(tmp_path) for _ in range(4)]] == [0, 0, 0, 0]
    assert slogen(tmp_path, "build", "--check").code == 0


def test_there_is_no_colour_in_a_pipe_and_some_on_a_terminal(tmp_path: Path) -> None:
    """Escape sequences only where somebody can see them, or where they are asked for."""
    repository(tmp_path, service=SERVICE.replace("99.9", "100"))
    assert "\x1b[" not in slogen(tmp_path, "build").err
    assert "\x1b[31m" in slogen(tmp_path, "--color", "always", "build").err
    code, written = on_terminal(tmp_path, "build", stream="stderr")
    assert code == 1
    assert b"\x1b[31m" in written


def test_a_bug_is_told_as_a_bug(tmp_path: Path) -> None:
    """Exit 3, one sentence and where the traceback is."""
    repository(tmp_path)
    broken = "import slogen.app.build as b, slogen.cli as c; b.load = lambda *a: 1 / 0; c.main()"
    done = subprocess.run(
        [sys.executable, "-c", broken, "-C", str(tmp_path), "build"],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 3
    assert "slogen has a bug: ZeroDivisionError" in done.stderr
    traceback = next(tmp_path.glob("slogen-traceback-*.txt"))
    assert str(traceback) in done.stderr
    assert "ZeroDivisionError" in traceback.read_text("utf-8")


@pytest.mark.parametrize("command", [[], ["build"], ["init"], ["schema"]])
def test_help_shows_examples(tmp_path: Path, command: list[str]) -> None:
    """Of every command, and of slogen itself."""
    ran = slogen(tmp_path, *command, "--help")
    assert ran.code == 0
    assert "slogen " + (command[0] if command else "build") in ran.out.split("\n", 2)[2]
