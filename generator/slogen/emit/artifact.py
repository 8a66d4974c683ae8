"""What an emitter gives: a path below the root and the text of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from slogen.model import Catalog, Platform
from slogen.plan.rules import ServicePlan

Asks = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A generated file; `rules` counts what it holds, for the summary; `asks` is the PromQL that a dashboard asks."""

    path: str
    text: str
    rules: int
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitter:
    """A target: its name for `--only`, the folder that it owns, what it writes, and what that counts.

    `also` are further folders, and single files, that it owns; a folder may lie in that of another emitter.
    `service` writes what follows from one service, `platform` what follows from all of them and the platform.
    """

    name: str
    folder: str
    also: tuple[str, ...] = ()
    service: Callable[[ServicePlan, Platform], Iterable[Artifact]] | None = None
    platform: Callable[[Catalog], Iterable[Artifact]] | None = None
    counts: str = "rules"


def owner(path: str, emitters: Iterable[Emitter]) -> Emitter | None:
    """Return whose file it is: the emitter with the innermost folder around it, or with the file itself."""
    around = [
        (len(place), emitter)
        for emitter in emitters
        for place in (emitter.folder, *emitter.also)
        if PurePosixPath(path).is_relative_to(place)
    ]
    return max(around, key=lambda one: one[0], default=(0, None))[1]


def header(source: str) -> str:
    """Return the first line of a generated file."""
    return f"# Generated from {source} by slogen. Do not edit: change the source and run `slogen build`.\n"
