"""Writes generated files, all or none, and knows which of them slogen owns."""

from __future__ import annotations

import difflib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from slogen.core import Report, Span

MANIFEST = ".slogen-manifest.json"
_STAGING = ".slogen-staging-"
_DURING = "during.json"  # the manifest while files are moved, in the staging folder
_DIFF_LINES = 60
_SUFFIXES = (".yaml", ".json", ".tmpl", ".md", ".flags")  # of all files that are ever written
_LONGEST = 255  # bytes of a name


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
    except (FileNotFoundError, NotADirectoryError):
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
    """Return the files that slogen owns; paths that it never writes are refused, they would be deleted one day."""

    def damaged(what: str) -> None:
        report.error(Span(MANIFEST), "SLO015", what, "restore it from git")

    try:
        content = json.loads((root / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        return set()
    except OSError as error:
        damaged(f"cannot read the manifest: {error.strerror}")
        return set()
    except (ValueError, RecursionError) as error:
        damaged(f"the manifest is damaged: {error}")
        return set()
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        damaged('the manifest has no list "files"')
        return set()
    for file in files:
        if not _is_ours(file, folders):
            damaged(f"the manifest names {file!r}, which slogen never writes")
    return set(files)


def _is_ours(file: str, folders: Iterable[str]) -> bool:
    """Return whether slogen may have written a file of this name."""
    path = PurePosixPath(file)
    return (
        file.isprintable()
        and path.suffix in _SUFFIXES
        and str(path) == file
        and ".." not in path.parts
        and all(len(part.encode()) <= _LONGEST for part in path.parts)
        and any(path.is_relative_to(folder) for folder in folders)
    )


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


def stage(folder: Path, path: str, text: str, report: Report) -> None:
    """Put a file into the staging folder."""
    target = folder / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
    except OSError as error:
        report.error(Span("."), "SLO016", f"cannot write the output: {error.strerror}", "make room, or raise the limit")


def commit(root: Path, folder: Path, changed: list[str], removed: list[str], owned: set[str], report: Report) -> bool:
    """Move staged files into place and delete removed ones, after making sure that all of it can be done.

    The manifest first names old and new files, so that a build that ends in between can be finished by the next.
    Return whether any file was touched; when that is not all of them, there is a problem.
    """
    after = owned - set(removed) | set(changed)
    stage(folder, _DURING, _manifest(after | set(removed)), report)
    stage(folder, MANIFEST, _manifest(after), report)
    if report.failed or not _all_writable(root, [*changed, *removed, MANIFEST], report):
        return False
    try:
        if changed or removed:
            os.replace(folder / _DURING, root / MANIFEST)
        for path in changed:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / path, root / path)
        for path in removed:
            (root / path).unlink(missing_ok=True)
            _remove_empty(root, (root / path).parent)
        if compare(root, MANIFEST, _manifest(after), owned=True) != "same":
            os.replace(folder / MANIFEST, root / MANIFEST)
    except OSError as error:
        report.error(
            Span("."), "SLO016", f"cannot write the output: {error.strerror}", "once it can be written, build again"
        )
    return True


def _manifest(files: set[str]) -> str:
    return json.dumps({"files": sorted(files)}, indent=1, ensure_ascii=False) + "\n"


def _all_writable(root: Path, paths: Sequence[str], report: Report) -> bool:
    refused = {}
    for folder in {(root / path).parent for path in paths}:
        while not os.path.lexists(folder):
            folder = folder.parent
        if hint := _obstacle(root, folder):
            refused[folder.relative_to(root).as_posix()] = hint
    for path in paths:
        if os.path.isdir(root / path):
            refused[path] = "it is a folder: move it away"
    for place, hint in sorted(refused.items()):
        report.error(Span(place), "SLO016", "cannot write here", hint)
    return not refused


def _obstacle(root: Path, folder: Path) -> str:
    """Return what is to be done before files can be moved from `root` into a folder; nothing, most of the time."""
    if not folder.is_dir():
        return "it is no folder: move it away"
    real = folder.resolve()
    if not real.is_relative_to(root.resolve()):
        return f"it leads to {real}, out of the repository: put a folder in its place"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "check the permissions of the folder"
    if folder.stat().st_dev != root.stat().st_dev:
        return "it is on another file system: put a folder in its place"
    return ""


def _remove_empty(root: Path, folder: Path) -> None:
    with suppress(OSError):  # a folder that is not empty, or not removed, harms nobody
        while folder != root:
            folder.rmdir()
            folder = folder.parent
