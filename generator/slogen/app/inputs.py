"""Finds and reads the user's files; whatever is wrong with a file becomes a problem."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from slogen.core import Report, Span

PLATFORM_FILE = "slogen.yaml"
SERVICES_FOLDER = "slos"
MAX_BYTES = 5_000_000


def input_files(root: Path) -> list[str]:
    """Return the files to read, relative to `root` with forward slashes, the platform first."""
    found = [PLATFORM_FILE] if os.path.lexists(root / PLATFORM_FILE) else []
    services = []
    for folder, folders, files in os.walk(root / SERVICES_FOLDER):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        place = Path(folder).relative_to(root).as_posix()
        services += [
            f"{place}/{name}" for name in files if name.endswith((".yaml", ".yml")) and not name.startswith(".")
        ]
    return found + sorted(services)


def read_text(root: Path, file: str, report: Report) -> str | None:
    """Return the text of a file, or None after reporting why it cannot be read."""
    path = root / file
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            report.error(Span(file), "SLO011", "this is not a regular file", "remove it or rename it")
            return None
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / 1e6:.1f} MB"
            report.error(Span(file), "SLO012", f"the file has {size}, more than 5 MB", "split it: one file a service")
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
