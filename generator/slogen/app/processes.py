"""Spreads work over processes that end with the one that started them."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from typing import Any, TypeVar

from slogen.app.interrupts import check, held

_CHUNK = 16  # items a process takes at a time
_MANY = 48  # fewer items than this are not worth a second process
_MOST = 8  # processes
_GLANCE = 0.1  # seconds between two looks whether Ctrl-C was pressed
_PR_SET_PDEATHSIG = 1  # prctl(2): the signal to get when the parent ends

Item = TypeVar("Item")
Result = TypeVar("Result")
Job = TypeVar("Job")
Progress = Callable[[str, int, int], None]
Work = Callable[[Job, Sequence[Item]], Result]

_shared: Any = None  # what forked processes inherit instead of receiving it with every task


def spread(
    work: Work[Job, Item, Result], job: Job, items: Sequence[Item], step: str, progress: Progress
) -> list[Result]:
    """Return the result of every chunk of `items`, in order, from as many processes as pay."""
    cores = min(len(os.sched_getaffinity(0)), _MOST)
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]

    def advance(results: list[Result]) -> None:
        check()
        progress(step, min(len(results) * _CHUNK, len(items)), len(items))

    if len(items) < _MANY or cores < 2:
        return _here(work, job, chunks, advance)
    with held():
        results = _in_processes(work, job, chunks, cores, advance)
    check()
    return results


def _here(
    work: Work[Job, Item, Result], job: Job, chunks: list[Sequence[Item]], advance: Callable[[list[Result]], None]
) -> list[Result]:
    results: list[Result] = []
    for chunk in chunks:
        results.append(work(job, chunk))
        advance(results)
    return results


def _in_processes(
    work: Work[Job, Item, Result],
    job: Job,
    chunks: list[Sequence[Item]],
    processes: int,
    advance: Callable[[list[Result]], None],
) -> list[Result]:
    global _shared
    _shared = (work, job)
    context = multiprocessing.get_context("fork")
    results: list[Result] = []
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(os.getpid(),)) as pool:
        try:
            for future in [pool.submit(_in_process, chunk) for chunk in chunks]:
                while not wait([future], timeout=_GLANCE).done:
                    check()
                results.append(future.result())
                advance(results)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return results


def _begin(parent: int) -> None:
    """Make this process end with its parent, and leave Ctrl-C, which the terminal sends to both, to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _in_process(chunk: Sequence[Any]) -> Any:
    work, job = _shared
    return work(job, chunk)
