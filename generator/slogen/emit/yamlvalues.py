"""Whole YAML values: short ones on a line in braces, others as blocks.

A key that begins with # is no key: its text is a comment above the next one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from slogen.emit.yamltext import block, comment, flow, scalar
from slogen.plan.topology import Value

_WIDTH = 118  # what takes more goes over several lines
_FEW = 2
_HIDDEN = re.compile(r"__[a-z][a-z0-9_]*")  # labels of Prometheus that end with a scrape: no number begins so


def written(value: Value, indent: str = "") -> str:
    """Return a map or list as a block whose lines begin with `indent`; each line ends with a line break."""
    match value:
        case Mapping():
            return "".join(_entry(name, inner, indent) for name, inner in value.items())
        case str() | int():
            return f"{indent}{_alone(value)}\n"
    return "".join(_item(inner, indent) for inner in value)


def _entry(name: str, value: Value, indent: str) -> str:
    if name.startswith("#"):
        return comment(str(value), indent)
    return f"{indent}{_word(name)}:{_after(name, value, indent)}"


def _after(name: str, value: Value, indent: str) -> str:
    """Return what stands after a key."""
    if isinstance(value, str) and (lines := _lines(value, indent + "  ")):
        return lines
    if _short(value, len(indent) + len(name) + 2):
        return f" {_alone(value)}\n"
    return "\n" + written(value, indent + "  " if isinstance(value, Mapping) else indent)


def _lines(text: str, indent: str) -> str:
    """Return a text of several lines as a literal block; nothing where that would not be the same text."""
    body = text.removesuffix("\n")
    if "\n" not in body or body.endswith("\n") or body[0].isspace():
        return ""
    literal = block(body, indent)
    if not literal.startswith(" |-\n"):
        return ""
    return (literal.replace(" |-", " |", 1) if body != text else literal) + "\n"


def _item(value: Value, indent: str) -> str:
    if _short(value, len(indent) + 2):
        return f"{indent}- {_alone(value)}\n"
    return f"{indent}- {written(value, indent + '  ').removeprefix(indent + '  ')}"


def _short(value: Value, before: int) -> bool:
    """Return whether a value is easy to read on a line that `before` characters stand on already."""
    match value:
        case str() | int():
            return True
        case Mapping():
            easy = all(isinstance(one, Mapping | str | int) or _few(one) for one in value.values())
        case _:
            easy = all(map(_plain, value))
    return not value or (easy and not _commented(value) and before + len(in_line(value)) <= _WIDTH)


def _few(values: Sequence[Value]) -> bool:
    return len(values) <= _FEW and all(map(_plain, values))


def _plain(value: Value) -> bool:
    return isinstance(value, str | int)


def _commented(value: Value) -> bool:
    """Return whether there is a comment in a value, which braces cannot hold."""
    match value:
        case Mapping():
            return any(name.startswith("#") or _commented(inner) for name, inner in value.items())
        case str() | int():
            return False
    return any(map(_commented, value))


def _alone(value: Value) -> str:
    """Return what stands alone on the rest of a line: a text needs fewer quotes there than in braces."""
    short = in_line(value)
    return short if short == value or not isinstance(value, str) else scalar(value)


def in_line(value: Value) -> str:
    """Return a value on one line."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{_word(name)}: {in_line(inner)}" for name, inner in value.items()) + "}"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return _word(value)
    return "[" + ", ".join(map(in_line, value)) + "]"


def _word(text: str) -> str:
    return text if _HIDDEN.fullmatch(text) else flow(text)
