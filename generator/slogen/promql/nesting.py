"""How deep and how large the tree of an expression would be, told from its text: a parser may not survive it."""

from __future__ import annotations

import re

# Functions over trees call themselves up to three times a level, and Python ends at a thousand.
DEEPEST = 200
LARGEST = 2000
# What users write for SLOs and cause alerts stands in rules around it, more than once, and these are read again.
DEEPEST_INPUT = 100
LARGEST_INPUT = 500

_TOKEN = re.compile(
    r"""\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`"""
    r"""|(?P<mark>[()\[\],]|[-+*/%^]|[=!<>]=|[<>]|\b(?:and|or|unless|atan2)\b)""",
    re.I | re.S,
)


def too_large(text: str, deepest: int = DEEPEST, largest: int = LARGEST) -> str:
    """Return in which way an expression is larger than one that people write, empty when it is not.

    Every bracket and operator is taken for a level, those in brackets on top of those around them.
    """
    if len(text) <= deepest:
        return ""
    levels, depth, marks = [0], 0, 0
    for found in _TOKEN.finditer(text):
        mark = found["mark"]
        if mark is None:
            continue
        marks += mark not in ",)]"
        if mark in "([":
            levels.append(0)
            depth += 1
        elif mark in ")]":
            if len(levels) > 1:
                depth -= levels.pop() + 1
        elif mark == ",":
            depth, levels[-1] = depth - levels[-1], 0
        else:
            levels[-1] += 1
            depth += 1
        if depth > deepest:
            return f"it is nested deeper than {deepest} levels"
    return f"it has more than {largest} operators and brackets" if marks > largest else ""
