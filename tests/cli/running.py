"""Runs slogen as a user does, in a repository of its own."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from slogen.cli.root import group

PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
prometheus: {retention: 90d}
receivers:
  sre: {pagerduty: {routingKeyFile: /secrets/pagerduty}}
  boss: {email: {to: boss@example.com}}
routing:
  critical:
    - {after: 0s, notify: [sre]}
    - {after: 1h, notify: [boss]}
kubernetes: {labels: {prometheus: main}}
"""
SERVICE = """\
apiVersion: slogen/v1
kind: Service
metadata:
  name: web
  team: core
slos:
  - name: up
    objective: 99.9
    sli:
      events:
        total: 'req_total{job="web"}'
        bad: 'req_total{job="web",code=~"5.."}'
"""
_PROBLEM = re.compile(r"(?:error|warning)\[(SLO\d{3})\]: (.*)\n *--> (.*)")


@dataclass(frozen=True)
class Ran:
    """How a command ended: exit code, both outputs."""

    code: int
    out: str
    err: str

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Place, code and message of every problem that was printed."""
        return [(place, code, message) for code, message, place in _PROBLEM.findall(self.err)]

    @property
    def places(self) -> list[tuple[str, str]]:
        """Place and code of every problem that was printed."""
        return [(place, code) for place, code, _ in self.problems]


def slogen(root: Path, *arguments: str, **environment: str) -> Ran:
    """Run `slogen -C root …` and wait for it."""
    done = subprocess.run(
        [sys.executable, "-m", "slogen", "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def on_terminal(root: Path, *arguments: str, stream: str) -> tuple[int, bytes]:
    """Return how `slogen -C root …` ends and what it writes to a stream, `stdout` or `stderr`, that is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "slogen", "-C", str(root), *arguments]
    done = subprocess.run(command, check=False, **{stream: theirs})  # type: ignore[call-overload]
    os.close(theirs)
    written = os.read(ours, 65536)
    os.close(ours)
    return done.returncode, written


def repository(root: Path, *, platform: str = PLATFORM, service: str = SERVICE) -> Path:
    """Make a platform and the service `web`; return the folder."""
    (root / "slos").mkdir(parents=True, exist_ok=True)
    (root / "slogen.yaml").write_text(platform, "utf-8")
    (root / "slos" / "web.yaml").write_text(service, "utf-8")
    return root


def git(root: Path, *arguments: str) -> str:
    """Run git in a repository, with a user and without the machine's configuration."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    user = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(root), *user, *arguments], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.strip()


def output(root: Path) -> dict[str, bytes]:
    """Return every file that is no input, by its path: what a build made."""
    made = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {
        name: path.read_bytes()
        for path in made
        if not (name := path.relative_to(root).as_posix()).startswith("slos/") and name != "slogen.yaml"
    }


def unprivileged(root: Path, *arguments: str) -> Ran:
    """Run slogen in a fork that is nobody; root, who ignores permissions, gives the folder away first.

    A first run before the fork imports everything: nobody may be unable to read the Python of this machine.
    """
    warm = repository(root.parent / "warm")
    for service in (SERVICE, SERVICE.replace("99.9", "100")):
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


def repository_of_nobody(folder: Path) -> Path:
    """Make and build a repository of an unprivileged user, who can change it; return it."""
    root = repository(folder / "theirs")
    for above in (root, *root.parents):
        if above.owner() == "root" and above.is_relative_to(folder.parent.parent):
            above.chmod(0o755)
    ran = unprivileged(root, "build")
    assert ran.code == 0, ran.err
    return root
