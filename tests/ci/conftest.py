"""A package of slogen as CI installs it, and a user's repository with two commits."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import git, slogen
from tests.conftest import ROOT

# What slogen needs is taken from the environment of the tests: nothing is downloaded.
_NEEDED = ("click", "yaml", "promql_parser", "grafanalib", "rich", "tzdata", "setuptools")


def offline() -> dict[str, str]:
    """Return the environment in which pip installs slogen without the network."""
    found = [importlib.util.find_spec(name) for name in _NEEDED]
    places = dict.fromkeys(str(Path(spec.origin).parent.parent) for spec in found if spec and spec.origin)
    first = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # a python3 that can load them
    hidden = [name for name in os.environ if name.startswith(("GITHUB_", "CI_", "GIT_", "SLOGEN_"))]
    return {
        **{name: value for name, value in os.environ.items() if name not in hidden},
        "PATH": first,
        "PYTHONPATH": os.pathsep.join(places),
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # so it is spelled that there is none
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as it stands, with all that git does not ignore, in one commit."""
    copy = tmp_path_factory.mktemp("package")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    )
    for raw in filter(None, listed.stdout.split(b"\0")):
        path = os.fsdecode(raw)
        if (ROOT / path).is_file():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, copy / path)
    git(copy, "init", "-q", "-b", "main")
    git(copy, "add", "-A")
    git(copy, "commit", "-qm", "slogen")
    return copy


@pytest.fixture
def change(tmp_path: Path) -> Path:
    """What `slogen init` makes, on main, and a branch with a second commit: a stricter objective."""
    root = tmp_path / "user's repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    assert slogen(root, "init").code == 0
    git(root, "add", ".")
    git(root, "commit", "-qm", "init")
    git(root, "checkout", "-qb", "branch")
    stricter(root, "99.95")
    git(root, "commit", "-qam", "stricter")
    return root


def stricter(root: Path, objective: str) -> None:
    """Give the first SLO of `slogen init` another objective."""
    path = root / "slos" / "example.yaml"
    path.write_text(re.sub(r"objective: \S+", f"objective: {objective}", path.read_text("utf-8"), count=1), "utf-8")
