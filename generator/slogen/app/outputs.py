"""Writes generated files, all or none, and knows which of them slogen owns."""

from __future__ import annotations

import difflib
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from slogen.core import Report, Span

MANIFEST = ".slogen-manifest.json"
_STAGING = ".slogen-staging-"
_DIFF_LINES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a generated file differs from what is on disk: `same`, `new`, `changed` or `foreign` (not slogen's)."""

    path: str
    state: str
    emitter: str
    rules: int
    diff: str = ""


def compare(root: Path, path: str, text: str, owned: bool) -> str:
    """Return how `text` relates to the file on disk."""
    try:
        current = (root / path).read_bytes()
    except FileNotFoundError:
        return "new"
    except OSError:
        return "changed" if owned else "foreign"
    if current == text.encode():
        return "same"
    return "changed" if owned else "foreign"


def diff(root: Path, path: str, text: str) -> str:
    """Return the unified diff from the file on disk to `text`, cut after some lines."""
    try:
        current = (root / path).read_text("utf-8", errors="replace")
    except OSError:
        current = ""
    lines = list(
        difflib.unified_diff(current.splitlines(), text.splitlines(), path, f"{path} (built)", lineterm="", n=2)
    )
    more = [f"… {len(lines) - _DIFF_LINES} more lines"] if len(lines) > _DIFF_LINES else []
    return "\n".join([*lines[:_DIFF_LINES], *more])


def read_manifest(root: Path, folders: Iterable[str], report: Report) -> set[str]:
    """Return the files that slogen owns; paths outside its folders are refused, they would be deleted one day."""
    try:
        text = (root / MANIFEST).read_text("utf-8")
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError) as error:
        report.error(Span(MANIFEST), "SLO015", f"cannot read the manifest: {error}", "restore it from git")
        return set()
    try:
        files = json.loads(text)["files"]
        if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
            raise TypeError("files is no list of paths")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        report.error(Span(MANIFEST), "SLO015", f"the manifest is damaged: {error}", "restore it from git")
        return set()
    for file in files:
        path = PurePosixPath(file)
        if ".." in path.parts or not any(path.is_relative_to(folder) and file != folder for folder in folders):
            report.error(
                Span(MANIFEST),
                "SLO015",
                f"the manifest names {file!r}, which slogen never writes",
                "restore it from git",
            )
    return set(files)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the repository, so that two builds do not write at once; released when the process ends."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def staging(root: Path, report: Report) -> Iterator[Path | None]:
    """Give a new folder beside the outputs; what a killed build left there is removed first."""
    for left in root.glob(_STAGING + "*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = root / f"{_STAGING}{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        report.error(Span("."), "SLO016", f"cannot write here: {error.strerror}", "check the permissions of the folder")
        yield None
        return
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stage(folder: Path, path: str, text: str) -> None:
    """Put a file into the staging folder."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())


def commit(root: Path, folder: Path, changed: list[str], removed: list[str], owned: set[str], report: Report) -> None:
    """Move staged files into place and delete removed ones, after making sure that all of it can be done.

    The manifest first names old and new files, so that a build killed in between can be finished by the next.
    """
    if not _all_writable(root, [*changed, *removed, MANIFEST], report):
        return
    before = owned - set(removed)
    if changed or removed:
        _write_manifest(root, folder, owned | set(removed) | set(changed))
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(folder / path, root / path)
    for path in removed:
        (root / path).unlink(missing_ok=True)
        _remove_empty(root, (root / path).parent)
    _write_manifest(root, folder, before | set(changed))


def _write_manifest(root: Path, folder: Path, files: set[str]) -> None:
    text = json.dumps({"files": sorted(files)}, indent=1, ensure_ascii=False) + "\n"
    if compare(root, MANIFEST, text, owned=True) != "same":
        stage(folder, MANIFEST, text)
        os.replace(folder / MANIFEST, root / MANIFEST)


def _all_writable(root: Path, paths: Iterable[str], report: Report) -> bool:
    refused = set()
    for path in paths:
        folder = (root / path).parent
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            refused.add(folder.relative_to(root).as_posix())
        elif (root / path).is_dir():
            refused.add(path)
    for place in sorted(refused):
        report.error(
            Span(place), "SLO016", "cannot write here", "check the permissions of the folder; nothing was written"
        )
    return not refused


def _remove_empty(root: Path, folder: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
