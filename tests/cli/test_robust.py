"""Killed, interrupted, locked out, out of room, led astray: slogen says so in a line, and the old output stays."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from slogen.app.lock import locked
from slogen.core import Report
from tests.cli.running import SERVICE, Ran, output, repository, repository_of_nobody, slogen, unprivileged
from tests.cli.test_build import many, staged, start

THIRD = SERVICE.replace("99.9", "99.5")
MAIN = "import slogen.cli; slogen.cli.main()"


def started(root: Path, program: str = MAIN, **environment: str) -> subprocess.Popen[str]:
    """Start `slogen build` in a process group of its own, by a Python program that may change slogen first."""
    return subprocess.Popen(
        [sys.executable, "-c", program, "-C", str(root), "build"],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def ended(process: subprocess.Popen[str]) -> Ran:
    """Wait for a process."""
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)


def alive(group: int) -> list[int]:
    """Return the processes of a process group that are no zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue  # it ended while it was looked at
            if int(its_group) == group and state != "Z":
                found.append(int(entry.name))
    return found


@contextmanager
def held(root: Path) -> Iterator[None]:
    """Hold the lock of a repository, as a build does."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield
    os.close(handle)


def compiling(root: Path, building: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Wait until some files are compiled."""
    while not staged(root):
        assert building.poll() is None, "the build was over too soon"
        time.sleep(0.002)


# Killed, and two at once


def test_workers_die_with_a_build_that_is_killed(tmp_path: Path) -> None:
    """kill -9 to the first process alone: soon none is left, and the next build does not wait for anybody."""
    building = start(many(tmp_path, "99.9"))
    compiling(tmp_path, building)
    assert len(alive(building.pid)) >= 2
    building.kill()
    building.wait()
    late = time.monotonic() + 10
    while left := alive(building.pid):
        assert time.monotonic() < late, f"{left} are still there"
        time.sleep(0.01)
    ran = slogen(tmp_path, "build")
    assert ran.code == 0
    assert "waiting" not in ran.err
    assert sum(name.startswith("rules/prometheus/web") for name in output(tmp_path)) == 160


def test_a_forked_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    """It is free again when the one that took it lets go, while the other still runs."""
    with locked(tmp_path, Report(), lambda _: None) as ours:
        assert ours
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        time.sleep(0.2)
    try:
        with locked(tmp_path, Report(), pytest.fail) as ours:
            assert ours
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_build_that_waits_for_another_says_so(tmp_path: Path) -> None:
    """After a second, in one line on stderr; it goes on when the other is done."""
    with held(repository(tmp_path)):
        building = started(tmp_path)
        assert building.stderr is not None
        assert building.stderr.readline() == "another slogen build is running here; waiting\n"
        assert building.poll() is None
    ran = ended(building)
    assert ran.code == 0
    assert "waiting" not in ran.err


def test_a_build_does_not_wait_for_ever(tmp_path: Path) -> None:
    """The minute is 1.2 seconds here; then it is a problem like any other."""
    with held(repository(tmp_path)):
        ran = ended(started(tmp_path, "import slogen.app.lock; slogen.app.lock._LONGEST = 1.2; " + MAIN))
    assert (ran.code, ran.problems) == (1, [(".:1:1", "SLO019", "another build is running here")])
    assert ran.err.endswith("1 error; nothing was written\n")
    assert output(tmp_path) == {}


def test_check_does_not_wait(tmp_path: Path) -> None:
    """It writes nothing, so it needs no lock."""
    assert slogen(repository(tmp_path), "build").code == 0
    with held(tmp_path):
        assert slogen(tmp_path, "build", "--check").code == 0


# Inputs that would be passed over


def test_a_folder_of_services_that_cannot_be_read_stops_the_build(tmp_path: Path) -> None:
    """The rules of the service in it stay; as an unprivileged user, for root reads everything."""
    root = repository_of_nobody(tmp_path)
    (root / "slos" / "team").mkdir()
    (root / "slos" / "team" / "api.yaml").write_text(SERVICE.replace("name: web", "name: api"), "utf-8")
    assert unprivileged(root, "build").code == 0
    before = output(root)
    assert "rules/prometheus/api.yaml" in before
    (root / "slos" / "team").chmod(0)
    ran = unprivileged(root, "build")
    (root / "slos" / "team").chmod(0o755)
    assert ran.code == 1, ran.err
    assert ran.problems == [("slos/team:1:1", "SLO011", "cannot read the folder: Permission denied")]
    assert "check its permissions" in ran.err
    assert {name: text for name, text in output(root).items() if name in before} == before


def test_slos_itself_that_cannot_be_read_is_told_as_that(tmp_path: Path) -> None:
    """Not as a repository without services."""
    root = repository_of_nobody(tmp_path)
    (root / "slos").chmod(0)
    ran = unprivileged(root, "build")
    (root / "slos").chmod(0o755)
    assert (ran.code, ran.places) == (1, [("slos:1:1", "SLO011")]), ran.err


def test_slos_that_is_a_file_is_told(tmp_path: Path) -> None:
    """A repository without slos/ is another thing: its services stand in slogen.yaml."""
    shutil.rmtree(repository(tmp_path) / "slos")
    (tmp_path / "slos").write_text("", "utf-8")
    ran = slogen(tmp_path, "build")
    assert (ran.code, ran.problems) == (1, [("slos:1:1", "SLO011", "cannot read the folder: Not a directory")])


def test_a_link_to_a_folder_is_refused_and_one_to_a_file_followed(tmp_path: Path) -> None:
    """Nobody goes in circles; `slos` itself may be a link."""
    elsewhere = repository(tmp_path / "elsewhere") / "slos"
    root = repository(tmp_path / "here")
    (root / "slos" / "web.yaml").unlink()
    (root / "slos" / "web.yaml").symlink_to(elsewhere / "web.yaml")
    assert slogen(root, "build").code == 0
    (root / "slos" / "team").symlink_to(elsewhere)
    ran = slogen(root, "build")
    assert (ran.code, ran.problems) == (1, [("slos/team:1:1", "SLO011", "a link to a folder is not followed")])
    assert "link its files one by one" in ran.err
    shutil.rmtree(root / "slos")
    (root / "slos").symlink_to(elsewhere)
    assert slogen(root, "build", "--check").code == 0


def test_a_link_to_nowhere_in_slos_is_told_whatever_its_name(tmp_path: Path) -> None:
    """It may have been a folder of services."""
    (repository(tmp_path) / "slos" / "team").symlink_to("gone")
    ran = slogen(tmp_path, "build")
    assert (ran.code, ran.problems) == (1, [("slos/team:1:1", "SLO011", "the link leads nowhere")])


@pytest.mark.parametrize("name", ["api.YAML", "api.Yml"])
def test_an_ending_in_capitals_is_told(tmp_path: Path, name: str) -> None:
    """Such a file was not read, and nobody noticed; files that are no YAML stay unmentioned."""
    (repository(tmp_path) / "slos" / name).write_text(SERVICE, "utf-8")
    (tmp_path / "slos" / "README.md").write_text("hello", "utf-8")
    ran = slogen(tmp_path, "build")
    assert (ran.code, ran.places) == (1, [(f"slos/{name}:1:1", "SLO011")])
    assert "rename it to .yaml" in ran.err


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a\nevil: 1 #.yaml", "slos/a\\nevil: 1 #.yaml"),
        (b"a\r.yaml", "slos/a\\r.yaml"),
        (b"a\x1b[31m.yaml", "slos/a\\x1b[31m.yaml"),
        (b"a\xe2\x80\xa8b.yaml", "slos/a\\u2028b.yaml"),
        (b"a\xff.yaml", "slos/a\\udcff.yaml"),
        (b"a\nb/c.yaml", "slos/a\\nb/c.yaml"),
    ],
)
def test_a_name_that_cannot_be_printed_is_refused(tmp_path: Path, name: bytes, shown: str) -> None:
    """A line break would put a line of its own into the first comment of the output."""
    file = Path(os.fsdecode(os.fsencode(repository(tmp_path) / "slos") + b"/" + name))
    file.parent.mkdir(exist_ok=True)
    file.write_text(SERVICE.replace("name: web", "name: api"), "utf-8")
    ran = slogen(tmp_path, "build")
    message = "the name has characters that cannot be printed"
    assert (ran.code, ran.problems) == (1, [(f"{shown}:1:1", "SLO011", message)])
    assert output(tmp_path) == {}


# Outputs that cannot be written


@pytest.mark.parametrize("link", ["rules", "rules/prometheus"])
def test_output_never_leaves_the_repository(tmp_path: Path, link: str) -> None:
    """Through a link nothing is written, nothing deleted."""
    outside = tmp_path / "outside"
    outside.mkdir()
    root = repository(tmp_path / "root")
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(outside)
    ran = slogen(root, "build")
    assert (ran.code, ran.problems) == (1, [(f"{link}:1:1", "SLO016", "cannot write here")])
    assert f"it leads to {outside}, out of the repository: put a folder in its place" in ran.err
    assert (list(outside.iterdir()), output(root)) == ([], {})


def test_a_link_within_the_repository_is_followed(tmp_path: Path) -> None:
    """rules may be another folder of it."""
    root = repository(tmp_path)
    (root / "deploy").mkdir()
    (root / "rules").symlink_to("deploy")
    assert slogen(root, "build").code == 0
    assert (root / "deploy" / "prometheus" / "web.yaml").is_file()


def test_an_output_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """As an unprivileged user: mode 0, so nothing in it can even be looked at."""
    root = repository_of_nobody(tmp_path)
    before = output(root)
    (root / "slos" / "web.yaml").write_text(THIRD, "utf-8")
    (root / "rules").chmod(0)
    ran = unprivileged(root, "build")
    (root / "rules").chmod(0o755)
    assert (ran.code, ran.problems) == (1, [("rules:1:1", "SLO016", "cannot write here")]), ran.err
    assert output(root) == before


@pytest.mark.parametrize("services", [1, 60])
def test_a_disk_that_takes_no_more_is_told_and_the_old_output_stays(tmp_path: Path, services: int) -> None:
    """No file may grow over 2 kB: one problem, however many files could not be written, by one process or more."""
    assert slogen(many(tmp_path, "99.9", services), "build").code == 0
    before = output(tmp_path)
    many(tmp_path, "99.5", services)
    done = subprocess.run(
        [sys.executable, "-m", "slogen", "-C", str(tmp_path), "build"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048)),
        check=False,
    )
    ran = Ran(done.returncode, done.stdout, done.stderr)
    assert (ran.code, ran.problems) == (1, [(".:1:1", "SLO016", "cannot write the output: File too large")])
    assert ran.err.endswith("1 error; nothing was written\n")
    assert output(tmp_path) == before


def test_a_disk_that_fails_while_files_are_moved_is_told_as_that(tmp_path: Path) -> None:
    """The third move fails; a part is written, the manifest knows all of it, and the next build finishes."""
    assert slogen(repository(tmp_path), "build").code == 0
    repository(tmp_path, service=THIRD)
    broken = """
import errno, os
move, moved = os.replace, []
def replace(*paths):
    moved.append(paths)
    if len(moved) == 3:
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    move(*paths)
os.replace = replace
"""
    ran = ended(started(tmp_path, broken + MAIN))
    assert (ran.code, ran.problems) == (1, [(".:1:1", "SLO016", "cannot write the output: Input/output error")])
    assert ran.err.endswith("1 error; a part of the output is written\n")
    assert slogen(tmp_path, "build").code == 0
    assert slogen(tmp_path, "build", "--check").code == 0


@pytest.mark.parametrize("command", ["schema", "build --check", "--help", "build --help"])
def test_a_full_stdout_is_no_bug(tmp_path: Path, command: str) -> None:
    """One line and exit 2, not 1, which would mean drift."""
    repository(tmp_path)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "slogen", "-C", str(tmp_path), *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.split("\n")[-2:] == ["error: cannot print: No space left on device", ""]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["schema", "build", "build --check", "build --nonsense"])
def test_a_full_stderr_is_no_bug_either(tmp_path: Path, command: str) -> None:
    """There is no place to say it, so the exit code alone does."""
    repository(tmp_path, service=SERVICE.replace("99.9", "100"))
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "slogen", "-C", str(tmp_path), *command.split()],
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
        )
    assert done.returncode == (0 if command == "schema" else 2)


@pytest.mark.parametrize(
    ("redirected", "code", "told"),
    [
        ("schema >&-", 2, "error: cannot print: Bad file descriptor\n"),
        ("build -q >&-", 0, ""),
        ("build >&- 2>&-", 0, ""),
        ("build <&- >&- 2>&-", 0, ""),
        ("build --check 2>&- >/dev/null", 1, ""),
    ],
)
def test_closed_streams_are_no_bug(tmp_path: Path, redirected: str, code: int, told: str) -> None:
    """What should have been printed and was not is an error; what is not printed is none."""
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m slogen -C "$1" {redirected}', sys.executable, str(repository(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", told)


def test_a_pipe_that_nobody_reads_ends_it_quietly() -> None:
    """`slogen schema | head`: by SIGPIPE, as other programs."""
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "slogen", "schema"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, "")


# Ctrl-C


@pytest.mark.parametrize("module", ["click", "promql_parser"])
def test_an_interrupt_while_slogen_is_imported_is_told_in_a_line(tmp_path: Path, module: str) -> None:
    """In the first 50 ms, before the command line is read, and when the command is imported."""
    (tmp_path / "early" / module).mkdir(parents=True)
    interrupts = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)\n"
    (tmp_path / "early" / module / "__init__.py").write_text(interrupts, "utf-8")
    ran = ended(started(repository(tmp_path / "root"), PYTHONPATH=str(tmp_path / "early")))
    assert (ran.code, ran.out, ran.err) == (130, "", "interrupted; nothing was written\n")


def test_an_interrupt_is_never_swallowed(tmp_path: Path) -> None:
    """Twelve builds, each interrupted at another time before all of 800 files are compiled: not one goes on."""
    many(tmp_path, "99.9")
    interrupted = 0
    for number in range(12):
        building = started(tmp_path)
        compiling(tmp_path, building)
        time.sleep(number * 0.01)
        os.killpg(building.pid, signal.SIGSTOP)  # lest it gets further between the look and the signal
        early = 0 < staged(tmp_path) < 800
        os.killpg(building.pid, signal.SIGINT)
        os.killpg(building.pid, signal.SIGCONT)
        ran = ended(building)
        if not early:
            break
        assert (ran.code, ran.out, ran.err) == (130, "", "interrupted; nothing was written\n")
        assert (output(tmp_path), alive(building.pid)) == ({}, [])
        interrupted += 1
    assert interrupted >= 3


@pytest.mark.parametrize(("module", "function"), [("compiling", "run_checks"), ("build", "check_retention")])
def test_an_interrupt_that_is_lost_in_a_destructor_still_ends_the_build(
    tmp_path: Path, module: str, function: str
) -> None:
    """Python drops exceptions there; the build notices while it compiles, or at the latest before it writes."""
    losing = f"""
import os, signal, sys, slogen.app.{module} as b
sys.unraisablehook = lambda _: None
class Interrupting:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
original = b.{function}
def interrupting(*arguments):
    Interrupting()
    return original(*arguments)
b.{function} = interrupting
"""
    ran = ended(started(repository(tmp_path), losing + MAIN))
    assert (ran.code, ran.out, ran.err) == (130, "", "interrupted; nothing was written\n")
    assert output(tmp_path) == {}


def test_an_interrupt_while_files_are_moved_comes_too_late(tmp_path: Path) -> None:
    """All of them are moved, and the build ends as if nothing had been."""
    late = """
import os, signal
move = os.replace
def replace(*paths):
    os.kill(os.getpid(), signal.SIGINT)
    move(*paths)
os.replace = replace
"""
    ran = ended(started(repository(tmp_path), late + MAIN))
    assert ran.code == 0, ran.err
    assert "✓ built" in ran.err
    assert slogen(tmp_path, "build", "--check").code == 0


def test_an_interrupt_after_the_output_is_written_does_not_say_otherwise(tmp_path: Path) -> None:
    """Only that it was interrupted."""
    later = """
import os, signal, slogen.cli.build as b
b._summary = lambda *_: os.kill(os.getpid(), signal.SIGINT)
"""
    ran = ended(started(repository(tmp_path), later + MAIN))
    assert (ran.code, ran.err) == (130, "interrupted\n")
    assert slogen(tmp_path, "build", "--check").code == 0


def test_a_build_that_waits_can_be_interrupted(tmp_path: Path) -> None:
    """Also that one ends at once."""
    with held(repository(tmp_path)):
        building = started(tmp_path)
        assert building.stderr is not None
        building.stderr.readline()
        building.send_signal(signal.SIGINT)
        ran = ended(building)
    assert (ran.code, ran.err) == (130, "interrupted; nothing was written\n")


def test_a_shell_that_ignores_interrupts_is_obeyed(tmp_path: Path) -> None:
    """`nohup` and the like: the signal does nothing."""
    command = ["sh", "-c", 'trap "" INT; exec "$0" -c "$1" -C "$2" build', sys.executable]
    ignoring = f"import os, signal; os.kill(os.getpid(), signal.SIGINT); {MAIN}"
    done = subprocess.run([*command, ignoring, str(repository(tmp_path))], capture_output=True, check=False)
    assert done.returncode == 0


# Folders that are none


def test_a_current_folder_that_was_deleted_is_told(tmp_path: Path) -> None:
    """Exit 2, and what to do."""
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" -m slogen build'
    command = ["sh", "-c", script, sys.executable]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cannot tell the current directory: No such file or directory; change into another" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_in_the_place_of_the_folder_is_a_usage_error(tmp_path: Path) -> None:
    """-C slogen.yaml names the file, and says that it is one."""
    ran = slogen(repository(tmp_path) / "slogen.yaml", "build")
    assert ran.code == 2
    assert f"Directory '{tmp_path}/slogen.yaml' is a file." in ran.err


# Expressions at the limit


def balanced(levels: int) -> str:
    """Return an expression of 2^levels selectors, two to a bracket."""
    return "up" if not levels else f"({balanced(levels - 1)} * {balanced(levels - 1)})"


@pytest.mark.parametrize("expr", ["-" * 99 + "up", balanced(7)], ids=["deep", "wide"])
def test_the_largest_expressions_go_through_every_command(tmp_path: Path, expr: str) -> None:
    """What is compiled around them is read again, by checks and the review; one level more is refused."""
    sli = SERVICE.split("    sli:")[0] + "    sli: {threshold: {metric: '%s', bad: '> 1'}}\n"
    root = repository(tmp_path, service=sli % expr)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    repository(tmp_path, service=(sli % expr).replace("99.9", "99.5"))
    for command in (["lint"], ["build"], ["explain", "web/up"], ["diff"]):
        ran = slogen(root, *command)
        assert ran.code == 0, (command, ran.err)
    repository(tmp_path, service=sli % ("-" * 101 + "up"))
    assert slogen(root, "build").places == [("slos/web.yaml:9:31", "SLO301")]
