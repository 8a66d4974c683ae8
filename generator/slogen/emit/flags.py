"""Files of flags, one a line: Prometheus and Thanos read them themselves, from `@FILE` on their command line."""

from __future__ import annotations

from collections.abc import Iterable

from slogen.emit.artifact import header
from slogen.emit.yamltext import comment
from slogen.plan.topology import DATA, ROOT, Flag


def flag(name: str, value: str | None) -> str:
    """Return a flag as an argument of its own; nothing is quoted, no shell reads it."""
    return f"--{name}" if value is None else f"--{name}={value}"


def flags_text(source: str, start: str, flags: Iterable[Flag], purpose: str = "") -> str:
    """Return a file of flags; `start` is the command that reads it, in the folder that the tree lies in."""
    said = f"Start, in {ROOT} where this tree lies: {start}"
    head = [purpose[:1].upper() + purpose[1:]] if purpose else []
    head += [said, f"The folder {DATA} must be there, and be the server's."]
    return header(source) + "".join(comment(line, "") for line in head) + "".join(f"{flag(*one)}\n" for one in flags)
