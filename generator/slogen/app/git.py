"""Reads the input as it was at a revision of git, without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from slogen.app.inputs import MAX_BYTES, PLATFORM_FILE, SERVICES_FOLDER

_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_INPUT = (PLATFORM_FILE, SERVICES_FOLDER)
_SHALLOW = "this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` in actions/checkout"
_PATIENCE = 60  # seconds that git may take
_REGULAR, _LINK, _SUBMODULE = ("100644", "100755"), "120000", "160000"


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
    note: str = ""  # what is easily misread about comparing with it


def revision(root: Path, given: str | None, head: str | None = None) -> Revision:
    """Return the commit that is meant; raises GitError.

    Without a name it is the merge base of `head` with the main branch, of `BRANCH...` that with BRANCH. `head` is the
    other side, None for the working tree.
    """
    inside = _git(root, "rev-parse", "--is-inside-work-tree", "--is-bare-repository", check=False)
    if "true" not in inside:
        told = _said(root, "rev-parse", "--is-inside-work-tree")
        raise GitError(f"no git repository to compare with: {told}", "name two directories: slogen diff OLD NEW")
    if given is not None and not given.endswith("..."):
        commit = _known(root, given)
        return Revision(commit=commit, name=_named(given, commit), note=_undone(root, given, commit, head))
    ours = head or "HEAD"
    if head is None and _commit(root, ours) is None:
        raise GitError("there is no commit yet", "commit first, or name two directories")
    mine = _known(root, ours)
    if given is None:
        main = next((name for name in _MAIN if _commit(root, name)), None)
        if main is None:
            hint = _SHALLOW if _shallow(root) else "name the revision to compare with: slogen diff BASE"
            raise GitError(f"none of {', '.join(_MAIN)} is there", hint)
    else:
        main = given.removesuffix("...")
    base = _git(root, "merge-base", mine, _known(root, main), check=False).strip()
    if not base:
        raise GitError(f"{ours} and {main} have no commit in common here", _fetch(root))
    return Revision(commit=base, name=f"merge base with {main}, {base[:7]}")


def _known(root: Path, name: str) -> str:
    commit = _commit(root, name)
    if commit is None:
        raise GitError(f"git knows no revision {name!r}, and it is no directory", _fetch(root))
    return commit


def _undone(root: Path, name: str, commit: str, head: str | None) -> str:
    """Return what to know when the other side lacks commits of this one: their changes look like undone ones."""
    ours = _commit(root, head or "HEAD")
    lacking = _git(root, "rev-list", "--count", f"{ours}..{commit}", check=False).strip() if ours else ""
    if lacking in ("", "0"):
        return ""
    commits = f"{lacking} commit{'s' if lacking != '1' else ''} of {name}"
    return f"{head or 'HEAD'} lacks {commits}: what they changed is told as undone; `{name}...` is the merge base"


def _named(given: str, commit: str) -> str:
    return commit[:7] if commit.startswith(given) else f"{given}, {commit[:7]}"


def _fetch(root: Path) -> str:
    return _SHALLOW if _shallow(root) else "`git fetch origin` if it is a branch of the remote; `git log` lists commits"


def _shallow(root: Path) -> bool:
    return _git(root, "rev-parse", "--is-shallow-repository", check=False).strip() == "true"


def _commit(root: Path, name: str) -> str | None:
    if name.startswith("-"):
        return None
    found = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False).strip()
    return found or None


def extract(root: Path, commit: str, into: Path, *, everything: bool) -> None:
    """Write the input as it is in a commit, or everything below `root`; raises GitError.

    Blobs are read one by one: `git archive` would leave out what an attribute says, or put keywords in. A link becomes
    a copy of what it leads to inside the commit; the folder of services itself may be one.
    """
    prefix = _git(root, "rev-parse", "--show-prefix").rstrip("\n")
    wanted = list(_listed(root, commit, "--", *(() if everything else _INPUT)))
    for link in [one for one in wanted if one.mode == _LINK and one.path == SERVICES_FOLDER]:
        kind, tree = _target(root, f"{commit}:{prefix}{link.path}")
        if kind == "tree":
            wanted.remove(link)
            wanted += _listed(root, "--full-tree", tree, below=f"{link.path}/")
    for one in wanted:
        (into / one.path).parent.mkdir(parents=True, exist_ok=True)
        if one.size > MAX_BYTES:  # as large, so that reading it says what is wrong
            with open(into / one.path, "wb") as file:
                file.truncate(one.size)
    names = [
        (into / one.path, f"{commit}:{prefix}{one.path}" if one.mode == _LINK else one.blob)
        for one in wanted
        if one.size <= MAX_BYTES
    ]
    _write(root, names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A file or a link of a commit."""

    mode: str
    blob: str
    size: int
    path: str


def _listed(root: Path, *arguments: str, below: str = "") -> Iterator[_Entry]:
    """Yield what `git ls-tree` lists; raises GitError at a submodule of the input."""
    for entry in filter(None, _bytes(root, ["ls-tree", "-r", "-z", "--long", *arguments]).split(b"\0")):
        about, _, raw = entry.partition(b"\t")
        mode, _, blob, size = about.decode().split()
        path = below + os.fsdecode(raw)
        parts = PurePosixPath(path).parts
        if mode == _SUBMODULE and parts[0] in _INPUT:
            told = f"{path} is a submodule, whose files are in another repository"
            raise GitError(told, "check both revisions out, and name two directories: slogen diff OLD NEW")
        if mode not in (*_REGULAR, _LINK) or ".." in parts or ".git" in parts or path.startswith("/"):
            continue
        if mode != _LINK or "\n" not in path:  # links are asked for by name, in lines
            yield _Entry(mode=mode, blob=blob, size=int(size), path=path)


def _target(root: Path, name: str) -> tuple[str, str]:
    """Return kind and object of what a link leads to inside its commit."""
    told = _bytes(root, ["cat-file", "--batch-check", "--follow-symlinks"], os.fsencode(f"{name}\n")).split()
    return (told[1].decode(), told[0].decode()) if len(told) == 3 else ("", "")


def _write(root: Path, wanted: Sequence[tuple[Path, str]]) -> None:
    """Write what these names of objects mean to their files."""
    asked = "".join(f"{name}\n" for _, name in wanted)
    told = _bytes(root, ["cat-file", "--batch", "--follow-symlinks"], os.fsencode(asked))
    at = 0
    for target, _ in wanted:
        end = told.index(b"\n", at)
        head = told[at:end].split()
        at = end + 1
        size = int(head[-1]) if head[-1].isdigit() else 0
        if len(head) == 3 and head[1] == b"blob":
            target.write_bytes(told[at : at + size])
        elif len(head) == 3:
            target.symlink_to(".")  # reading it says that it is a link to a folder
        else:
            target.symlink_to("it-leads-out-of-the-commit")  # reading it says that the link leads nowhere
        at += size + 1 if size or len(head) == 3 else 0


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
            env={**_environment(), "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]} took longer than {_PATIENCE} s") from None
    except OSError as error:
        raise GitError(f"cannot start {program}: {error.strerror}") from None


def _environment() -> dict[str, str]:
    """Return the environment without what git tells its hooks: alone, GIT_DIR takes `root` for the top of the tree."""
    hidden = () if "GIT_WORK_TREE" in os.environ else ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")
    return {name: value for name, value in os.environ.items() if name not in hidden}
