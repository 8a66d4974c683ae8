"""One build at a time in a repository."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slogen.core import Report, Span

_SILENT = 1.0  # seconds of waiting before it is told
_LONGEST = 60.0  # seconds of waiting
_PAUSE = 0.05  # seconds between two tries

_held: set[int] = set()  # the descriptors that carry a lock


def _let_go() -> None:
    """Close the locks that a forked process inherits: it would keep them after its parent was killed."""
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def locked(root: Path, report: Report, tell: Callable[[str], None]) -> Iterator[bool]:
    """Hold the repository, so that two builds do not write at once; give whether it could be had.

    A second build waits for the first, tells so after a second, and gives up after a minute. The lock ends with the
    process that took it.
    """
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        _failed(error, report)
        yield False
        return
    _held.add(handle)
    try:
        yield _take(handle, report, tell)
    finally:
        _held.discard(handle)
        os.close(handle)


def _take(handle: int, report: Report, tell: Callable[[str], None]) -> bool:
    started, told = time.monotonic(), False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            waited = time.monotonic() - started
        except OSError as error:
            _failed(error, report)
            return False
        if waited > _LONGEST:
            report.error(
                Span("."),
                "SLO019",
                "another build is running here",
                f"it was waited for {_LONGEST:.0f} s; wait until it is done, or end it",
            )
            return False
        if waited > _SILENT and not told:
            tell("another slogen build is running here; waiting")
            told = True
        time.sleep(_PAUSE)


def _failed(error: OSError, report: Report) -> None:
    report.error(
        Span("."), "SLO016", f"cannot lock this folder: {error.strerror}", "check the permissions of the folder"
    )
