"""What an emitter gives: a path below the root and the text of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from slogen.model import Catalog, Platform
from slogen.plan.rules import ServicePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A generated file; `rules` counts what it holds, for the summary."""

    path: str
    text: str
    rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitter:
    """A target: its name for `--only`, the folder that it owns, what it writes, and what that counts.

    `service` writes what follows from one service, `platform` what follows from all of them and the platform.
    """

    name: str
    folder: str
    service: Callable[[ServicePlan, Platform], Iterable[Artifact]] | None = None
    platform: Callable[[Catalog], Iterable[Artifact]] | None = None
    counts: str = "rules"


def header(source: str) -> str:
    """Return the first line of a generated file."""
    return f"# Generated from {source} by slogen. Do not edit: change the source and run `slogen build`.\n"
