"""Finds and reads the user's files; whatever is wrong with a file becomes a problem."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from slogen.core import Report, Span

PLATFORM_FILE = "slogen.yaml"
SERVICES_FOLDER = "slos"
MAX_BYTES = 5_000_000
_ENDINGS = (".yaml", ".yml")


def input_files(root: Path, report: Report) -> list[str]:
    """Return the files to read, relative to `root` with forward slashes, the platform first.

    What may hide a service is reported: without it the rules of that service would be deleted.
    """
    services: list[str] = []

    def unreadable(error: OSError) -> None:
        if os.path.lexists(error.filename):  # a repository without slos/ has its services in slogen.yaml
            place = Path(error.filename).relative_to(root).as_posix()
            _refuse(place, f"cannot read the folder: {error.strerror}", "check its permissions", report)

    for folder, folders, files in os.walk(root / SERVICES_FOLDER, onerror=unreadable):
        place = Path(folder).relative_to(root).as_posix()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if os.path.islink(f"{folder}/{name}"):
                _refuse(f"{place}/{name}", "a link to a folder is not followed", "link its files one by one", report)
        services += [
            f"{place}/{name}"
            for name in files
            if not name.startswith(".") and _is_service(f"{place}/{name}", root, report)
        ]
    return [PLATFORM_FILE] * _is_there(root / PLATFORM_FILE) + sorted(services)


def read_text(root: Path, file: str, report: Report, *, most: int = MAX_BYTES) -> str | None:
    """Return the text of a file, or None after reporting why it cannot be read."""
    path = root / file
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            report.error(Span(file), "SLO011", "this is not a regular file", "remove it or rename it")
            return None
        if status.st_size > most:
            size = f"{status.st_size / 1e6:.1f} MB"
            report.error(
                Span(file),
                "SLO012",
                f"the file is {size}, larger than {most // 1_000_000} MB",
                "split it: one file a service",
            )
            return None
        data = path.read_bytes()
    except OSError as error:
        report.error(
            Span(file), "SLO011", f"cannot read the file: {error.strerror}", "check that it exists and its permissions"
        )
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, col = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        report.error(
            Span(file, line, col),
            "SLO013",
            f"the byte 0x{data[error.start]:02x} is not UTF-8",
            "save the file as UTF-8",
        )
        return None


def _is_there(path: Path) -> bool:
    """Return whether something has this name, also when it cannot be told: reading it says why."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _is_service(file: str, root: Path, report: Report) -> bool:
    """Return whether a file below slos/ is to be read; report it when it only seems not to be."""
    path = root / file
    if not file.endswith(_ENDINGS):
        if file.lower().endswith(_ENDINGS):
            _refuse(file, "only files in .yaml are read", "rename it to .yaml", report)
        elif path.is_symlink() and not os.path.exists(path):
            _refuse(file, "the link leads nowhere", "remove it, or check the permissions of what it leads to", report)
        return False
    if not file.isprintable():
        _refuse(file, "the name has characters that cannot be printed", "rename it", report)
        return False
    return True


def _refuse(file: str, message: str, hint: str, report: Report) -> None:
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in file)
    report.error(Span(shown), "SLO011", message, hint)
