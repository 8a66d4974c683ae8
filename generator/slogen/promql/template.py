"""PromQL with typed holes: a missing, unused or untyped hole is a bug that fails at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from slogen.core import Duration, Ratio, plain

_HOLE = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Expr:
    """A piece of PromQL, the only text that a hole takes."""

    text: str

    def __str__(self) -> str:
        return self.text

    def indented(self, by: int = 2) -> Expr:
        """Return the text with every line moved right."""
        return Expr("\n".join(" " * by + line for line in self.text.split("\n")))


@dataclass(frozen=True, slots=True)
class By:
    """The labels that an aggregation or a join keeps; written as `by (a, b) `, nothing when there are none."""

    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f" by ({', '.join(self.labels)}) " if self.labels else ""


Hole = Expr | By | Duration | Decimal | Ratio | int


class Promql:
    """A template: `Promql("rate($metric[$window])").fill(metric=..., window=...)`."""

    __slots__ = ("_holes", "_parts")

    def __init__(self, text: str) -> None:
        # Odd places of the split are the names of the holes.
        self._parts = tuple(_HOLE.split(text.strip("\n")))
        self._holes = frozenset(self._parts[1::2])

    def fill(self, **values: Hole) -> Expr:
        """Return the expression; raises TypeError when holes and values differ or a value is a bare string."""
        if values.keys() != self._holes:
            raise TypeError(f"holes {sorted(self._holes)}, values {sorted(values)}")
        written = {name: _write(value) for name, value in values.items()}
        parts = self._parts
        return Expr("".join(written[part] if place % 2 else part for place, part in enumerate(parts)))


def _write(value: Hole) -> str:
    match value:
        case Expr() | By() | Duration() | Ratio():
            return str(value)
        case Decimal() | int():
            return plain(value)
    raise TypeError(f"a hole takes no {type(value).__name__}: {value!r}")
