"""Ctrl-C: it ends a command before anything is written, or comes too late for that."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Interrupted(BaseException):
    """Somebody pressed Ctrl-C. It is no KeyboardInterrupt, because click answers that one by itself."""


@dataclass(slots=True)
class _State:
    came: bool = False  # remembered, because an exception that is raised in a destructor is lost
    held: int = 0
    wrote: bool = False


_STATE = _State()


def listen() -> None:
    """Raise Interrupted from now on when Ctrl-C is pressed, unless the shell wants it to be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _hear)


def _hear(*_: object) -> None:
    _STATE.came = True
    if not _STATE.held:
        check()


def check() -> None:
    """Raise Interrupted when Ctrl-C was pressed; another Ctrl-C then ends the process at once."""
    if _STATE.came:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise Interrupted


@contextmanager
def held() -> Iterator[None]:
    """Only remember a Ctrl-C that comes meanwhile; what runs inside asks `check` when it can be interrupted."""
    _STATE.held += 1
    try:
        yield
    finally:
        _STATE.held -= 1


@contextmanager
def writing() -> Iterator[None]:
    """Let what changes files finish: a Ctrl-C that was missed is raised before it, one that comes later is too late."""
    with held():
        check()
        _STATE.wrote = True
        yield


def wrote() -> bool:
    """Return whether anything may have been written."""
    return _STATE.wrote
