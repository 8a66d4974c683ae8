"""Reads the input as it was at a revision of git, without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from slogen.app.inputs import MAX_BYTES

_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_PATIENCE = 60  # seconds that git may take
_REGULAR, _LINK = ("100644", "100755"), "120000"


class GitError(Exception):
    """Why a revision cannot be read; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit, and how it is called: `merge base with origin/main, 1a2b3c4`."""

    commit: str
    name: str


def revision(root: Path, given: str | None) -> Revision:
    """Return the commit that is meant, without a name the merge base with the main branch; raises GitError."""
    if _git(root, "rev-parse", "--is-inside-work-tree", check=False).strip() != "true":
        told = _said(root, "rev-parse", "--is-inside-work-tree")
        raise GitError(f"no git repository to compare with: {told}", "name two directories: slogen diff OLD NEW")
    if given is not None:
        commit = _commit(root, given)
        if commit is None:
            raise GitError(f"git knows no revision {given!r}, and it is no directory", _fetch(root, given))
        return Revision(commit=commit, name=_named(given, commit))
    head = _commit(root, "HEAD")
    if head is None:
        raise GitError("there is no commit yet", "commit first, or name two directories")
    main = next((name for name in _MAIN if _commit(root, name)), None)
    if main is None:
        raise GitError(f"none of {', '.join(_MAIN)} is there", "name the revision to compare with: slogen diff BASE")
    base = _git(root, "merge-base", "HEAD", main, check=False).strip()
    if not base:
        raise GitError(f"HEAD and {main} have no commit in common here", _fetch(root, main))
    return Revision(commit=base, name=f"merge base with {main}, {base[:7]}")


def _named(given: str, commit: str) -> str:
    return commit[:7] if commit.startswith(given) else f"{given}, {commit[:7]}"


def _fetch(root: Path, name: str) -> str:
    if _git(root, "rev-parse", "--is-shallow-repository", check=False).strip() == "true":
        return "this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` in actions/checkout"
    return "`git fetch origin` if it is a branch of the remote; `git log --oneline` lists commits"


def _commit(root: Path, name: str) -> str | None:
    if name.startswith("-"):
        return None
    found = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False).strip()
    return found or None


def extract(root: Path, commit: str, into: Path, places: Sequence[str]) -> None:
    """Write the files below `places` as they are in a commit; raises GitError.

    Blobs are read one by one: `git archive` would leave out what an attribute says, or put keywords in. A link becomes
    a copy of what it leads to inside the commit.
    """
    prefix = _git(root, "rev-parse", "--show-prefix").rstrip("\n")
    listed = _bytes(root, ["ls-tree", "-r", "-z", "--long", commit, "--", *places])
    wanted: list[tuple[Path, str]] = []
    for entry in filter(None, listed.split(b"\0")):
        about, _, raw = entry.partition(b"\t")
        mode, _, blob, size = about.decode().split()
        path = os.fsdecode(raw)
        parts = PurePosixPath(path).parts
        if ".." in parts or ".git" in parts or path.startswith("/"):
            continue
        if size.isdigit() and int(size) > MAX_BYTES:  # as large, so that reading it says what is wrong
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            with open(into / path, "wb") as file:
                file.truncate(int(size))
            continue
        if mode in _REGULAR:
            wanted.append((into / path, blob))
        elif mode == _LINK and "\n" not in path:
            wanted.append((into / path, f"{commit}:{prefix}{path}"))
    asked = "".join(f"{name}\n" for _, name in wanted)
    told = _bytes(root, ["cat-file", "--batch", "--follow-symlinks"], os.fsencode(asked))
    at = 0
    for target, _ in wanted:
        end = told.index(b"\n", at)
        head = told[at:end].split()
        at = end + 1
        if len(head) == 3 and head[1] == b"blob":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(told[at : at + int(head[2])])
            at += int(head[2]) + 1
        elif head[0] in (b"symlink", b"dangling", b"loop", b"notdir"):
            at += int(head[-1]) + 1
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to("it-leads-out-of-the-commit")  # reading it says that the link leads nowhere
        elif len(head) == 3:
            at += int(head[2]) + 1


def _git(root: Path, *arguments: str, check: bool = True) -> str:
    return _bytes(root, arguments, check=check).decode("utf-8", "replace")


def _said(root: Path, *arguments: str) -> str:
    done = _run(root, arguments)
    return " ".join(done.stderr.decode("utf-8", "replace").split())[:200] or "this is not its work tree"


def _bytes(root: Path, arguments: Sequence[str], given: bytes = b"", *, check: bool = True) -> bytes:
    done = _run(root, arguments, given)
    if done.returncode and check:
        told = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        raise GitError(f"git {arguments[0]} failed: {told}")
    return b"" if done.returncode else done.stdout


def _run(root: Path, arguments: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("git")
    if program is None:
        raise GitError("git is not on the PATH", "install git, or name two directories: slogen diff OLD NEW")
    try:
        return subprocess.run(
            [program, "-C", str(root), *arguments],
            input=given,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            env={**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]} took longer than {_PATIENCE} s") from None
    except OSError as error:
        raise GitError(f"cannot start {program}: {error.strerror}") from None
