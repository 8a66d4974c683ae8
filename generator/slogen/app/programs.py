"""Finds and starts the programs that judge what slogen makes: promtool and amtool."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Version = tuple[int, int]

_VERSION = re.compile(r"version v?(\d+)\.(\d+)")
_PATIENCE = 30  # seconds that a program may take to say its version


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that slogen needs, the oldest version that will do, and where to get it."""

    name: str
    least: Version
    package: str
    releases: str

    @property
    def install(self) -> str:
        """How to get the program."""
        return (
            f"install it with `apt-get install {self.package}` (Debian 12 or newer, Ubuntu 24.04 or newer),\n"
            f"or unpack the release tarball from {self.releases} and put {self.name} on the PATH"
        )


PROMTOOL = Tool(
    name="promtool", least=(2, 42), package="prometheus", releases="https://github.com/prometheus/prometheus/releases"
)
AMTOOL = Tool(
    name="amtool",
    least=(0, 25),
    package="prometheus-alertmanager",
    releases="https://github.com/prometheus/alertmanager/releases",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that was found: its absolute path and its version."""

    path: str
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A program that is not there, or that does not start."""

    tool: Tool
    reason: str

    @property
    def message(self) -> str:
        """What is wrong and how to install the program; the first line stands alone."""
        return f"{self.reason}\n{self.tool.install}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TooOld:
    """A program that is there, in a version that cannot do the work."""

    tool: Tool
    path: str
    version: Version

    @property
    def message(self) -> str:
        """What is wrong and how to install a newer program; the first line stands alone."""
        return (
            f"{self.path} is version {dotted(self.version)}; slogen needs {self.tool.name} "
            f"{dotted(self.tool.least)} or newer\n{self.tool.install}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a program ended. `code` is None when it was stopped after its time; seconds are of the wall."""

    code: int | None
    out: str
    err: str
    seconds: float


def find(tool: Tool, root: Path, given: str | None = None) -> Program | Missing | TooOld:
    """Return the program that `given` names, else the one on the PATH, if its version will do.

    A name with a slash is a path, relative to `root` where it is not absolute.
    """
    wanted = given or tool.name
    path = shutil.which(str(root.resolve() / wanted) if "/" in wanted else wanted)
    if path is None:
        where = f"{wanted} is no program that can be started" if "/" in wanted else f"{wanted} is not on the PATH"
        return Missing(tool=tool, reason=where)
    path = os.path.abspath(path)
    ran = run(path, ["--version"], root, _PATIENCE)
    told = _VERSION.search(ran.out + ran.err)
    if ran.code != 0 or told is None:
        said = " ".join((ran.err or ran.out).split())[:200] or "it said nothing"
        return Missing(tool=tool, reason=f"`{path} --version` does not tell a version: {said}")
    version = (int(told[1]), int(told[2]))
    if version < tool.least:
        return TooOld(tool=tool, path=path, version=version)
    return Program(path=path, version=version)


def run(
    path: str,
    arguments: Sequence[str],
    folder: Path,
    timeout: float,
    *,
    together: bool = False,
    temporary: Path | None = None,
) -> Ran:
    """Start a program in `folder` and wait, at most `timeout` seconds; it is killed after that.

    A program that cannot be started ends with code 127, as in a shell. With `together` what it says of errors stands
    in `out`, where it was said. What it writes meanwhile goes below `temporary`.
    """
    started = time.monotonic()
    try:
        done = subprocess.run(
            [path, *arguments],
            cwd=folder,
            # These are Go programs of seconds, one for each processor: collecting garbage less often saves a fifth of
            # the time, and threads that wait for each other cost another tenth.
            env={"GOGC": "400", "GOMAXPROCS": "1", **os.environ, **({"TMPDIR": str(temporary)} if temporary else {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if together else subprocess.PIPE,
            timeout=timeout,
            check=False,
        )
        code, out, err = done.returncode, done.stdout, done.stderr or b""
    except subprocess.TimeoutExpired as late:
        code, out, err = None, late.stdout or b"", late.stderr or b""
    except OSError as error:
        code, out, err = 127, b"", f"cannot start {path}: {error.strerror}".encode()
    return Ran(
        code=code,
        out=out.decode("utf-8", "replace"),
        err=err.decode("utf-8", "replace"),
        seconds=time.monotonic() - started,
    )


def dotted(version: Version) -> str:
    """Return a version as people write it."""
    return ".".join(str(part) for part in version)
