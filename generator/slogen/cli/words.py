"""Numbers and texts as a terminal may show them."""

from __future__ import annotations


def count(number: int, what: str) -> str:
    """Return so many of something: `1 file`, `1,000 files`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """Return text without characters that would move a terminal's cursor."""
    return "".join(char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
