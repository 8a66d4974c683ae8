"""pre-commit itself in a user's repository: it clones slogen and installs it, from .pre-commit-hooks.yaml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.ci.conftest import offline, stricter
from tests.cli.running import git, slogen
from tests.conftest import ROOT

HOOKS = ("slogen-build-check", "slogen-lint", "slogen-test")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps what it installed, once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def user(change: Path, package: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built repository whose hooks are installed, with all of slogen's at the commit that is there."""
    for name, value in {**offline(), "PRE_COMMIT_HOME": str(cache)}.items():
        monkeypatch.setenv(name, value)
    hooks = [{"id": name} for name in HOOKS]
    repository = {"repo": f"file://{package}", "rev": git(package, "rev-parse", "HEAD"), "hooks": hooks}
    (change / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [repository]}), "utf-8")
    with monkeypatch.context() as ours:
        ours.setenv("PYTHONPATH", str(ROOT / "generator"), prepend=":")
        assert slogen(change, "build").code == 0
    git(change, "add", ".")
    git(change, "commit", "-qm", "built")
    assert pre_commit(change, "install", "--hook-type", "pre-commit", "--hook-type", "pre-push")[0] == 0
    return change


def pre_commit(root: Path, *arguments: str) -> tuple[int, str]:
    """Run pre-commit; return how it ends and what it says."""
    command = [sys.executable, "-m", "pre_commit", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def commit(root: Path) -> tuple[int, str]:
    """Commit all that is in the work tree, with the hooks; return how git ends and what they say."""
    git(root, "add", "-A")
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-m", "change"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_manifest_is_one() -> None:
    """As pre-commit judges it, and with the hooks that the documentation names."""
    manifest = ROOT / ".pre-commit-hooks.yaml"
    assert pre_commit(ROOT, "validate-manifest", str(manifest)) == (0, "")
    assert tuple(hook["id"] for hook in yaml.safe_load(manifest.read_text("utf-8"))) == HOOKS
    text = (ROOT / "docs" / "diff.md").read_text("utf-8")
    assert all(f"id: {name}" in text for name in HOOKS)


def test_all_hooks_pass_on_what_is_built(user: Path) -> None:
    """promtool and amtool run before a push."""
    code, said = pre_commit(user, "run", "--all-files")
    assert code == 0, said
    assert [line.split(".")[0] for line in said.split("\n") if line.endswith("Passed")] == [
        "slogen build --check",
        "slogen lint",
    ]
    code, said = pre_commit(user, "run", "--all-files", "--hook-stage", "pre-push", "--verbose")
    assert code == 0, said
    assert "slogen test" in said
    assert "passed" in said


def test_a_change_that_is_not_built_is_not_committed(user: Path) -> None:
    """Built, it is."""
    stricter(user, "99.5")
    code, said = commit(user)
    assert code == 1
    assert "rules/prometheus/example.yaml" in said
    assert (ROOT / "generator").as_posix() not in said
    command = [sys.executable, "-m", "slogen", "-C", str(user), "build"]
    subprocess.run(command, env={**offline(), "PYTHONPATH": _ours()}, check=True, capture_output=True)
    code, said = commit(user)
    assert code == 0, said


def _ours() -> str:
    return f"{ROOT / 'generator'}:{offline()['PYTHONPATH']}"


def test_a_mistake_is_not_committed(user: Path) -> None:
    """With its place, by the lint and by the build."""
    stricter(user, "100")
    code, said = commit(user)
    assert code == 1
    assert said.count("--> slos/example.yaml:13:16") == 2


def test_deleting_alone_is_looked_at(user: Path) -> None:
    """pre-commit hands a hook no deleted files: what compiled from them would be left."""
    (user / "slos" / "example.yaml").unlink()
    code, said = commit(user)
    assert code == 1
    assert "slogen build --check" in said


def test_a_generated_file_is_not_changed_by_hand(user: Path) -> None:
    """The next build would undo it."""
    path = user / "rules" / "prometheus" / "example.yaml"
    path.write_text(path.read_text("utf-8").replace("0.0072", "0.02"), "utf-8")
    code, said = commit(user)
    assert code == 1
    assert "rules/prometheus/example.yaml" in said


def test_a_push_whose_rules_cannot_be_tested_is_refused(user: Path, tmp_path: Path) -> None:
    """The hook of git runs the generated tests: without promtool it says what is missing."""
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    done = subprocess.run(
        ["git", "push", str(tmp_path / "remote.git"), "branch"],
        cwd=user,
        env={**os.environ, "SLOGEN_PROMTOOL": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "slogen test" in done.stdout + done.stderr
    assert "nowhere" in done.stdout + done.stderr
    assert git(tmp_path / "remote.git", "branch") == ""
