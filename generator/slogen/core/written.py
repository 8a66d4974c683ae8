"""Text that stands in a file of the user, and where each of its characters stands there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from slogen.core.problem import Span

_ESCAPES = {"\n": "n", "\t": "t", "\r": "r", "\0": "0"}
_BY_NUMBER = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")


@dataclass(frozen=True, slots=True)
class Written:
    """The value of a YAML scalar. `span` is its place; `lines` are those of the file, shared by all values of it."""

    text: str
    span: Span
    lines: Sequence[str] = field(default=(), repr=False, compare=False)
    style: str = field(default="", compare=False)

    def place(self, start: int = 0, end: int | None = None) -> Span:
        """Return the place of a part of the text; of a part over several lines, that of its first line.

        What cannot be found, because the source spells it otherwise, has the place of the whole.
        """
        end = len(self.text) if end is None else end
        while start < end and self.text[start].isspace():
            start += 1
        found = self._aligned(start, end)
        if found is None:
            return self.span
        (line, col), (last, after) = found
        width = after + 1 if last == line else len(self.lines[line - 1].rstrip()) + 1
        return Span(self.span.file, line, col, width)

    def place_of(self, part: str) -> Span:
        """Return where a part first stands; the place of the whole when it is not spelt so."""
        at = self.text.find(part)
        return self.place(at, at + len(part)) if at >= 0 else self.place()

    def _aligned(self, start: int, end: int) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Return line and column of the first and of the last character of a part; None when they are not found."""
        row, col = self._begin()
        first = last = None
        for place, char in enumerate(self.text[:end]):
            if char.isspace() and self.style != '"':
                continue
            while row < len(self.lines) and (col >= len(self.lines[row]) or self.lines[row][col].isspace()):
                if col < len(self.lines[row]) and self.lines[row][col] == char:
                    break
                row, col = (row, col + 1) if col < len(self.lines[row]) else (row + 1, 0)
            if row >= len(self.lines):
                return None
            width = _spelt(self.lines[row], col, char, self.style)
            if not width:
                return None
            if place >= start:
                first = first or (row + 1, col + 1)
                last = (row + 1, col + width)
            col += width
        return None if first is None or last is None else (first, last)

    def _begin(self) -> tuple[int, int]:
        row, col = self.span.line - 1, self.span.col - 1
        if self.style in ("|", ">"):
            return row + 1, 0
        return row, col + (self.style != "")


def _spelt(line: str, col: int, char: str, style: str) -> int:
    """Return how many characters of the source at `col` stand for `char`; 0 when they do not."""
    if style == '"' and (found := _BY_NUMBER.match(line, col)):
        return len(found[0]) if int(found[found.lastindex or 0], 16) == ord(char) else 0
    if style == '"' and line.startswith("\\", col):
        return 2 if line[col + 1 : col + 2] == _ESCAPES.get(char, char) else 0
    if style == "'" and char == "'":
        return 2 if line.startswith("''", col) else 0
    return 1 if line.startswith(char, col) else 0
