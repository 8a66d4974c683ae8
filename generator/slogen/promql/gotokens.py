"""Go's templates: one action, the text between {{ and }}, to tokens."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

DEEPEST = 50  # parentheses or blocks inside each other
CLOSED = "}}"
SPACE = " \t\r\n"
_ENDS_WORD = re.compile(r"[ \t\r\n.,|:)(]|\}\}|\Z")
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<string>"(?:\\[^\n]|[^"\\\n])*"|`[^`]*`)
    |(?P<char>'(?:\\[^\n]|[^'\\\n])*')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
        |(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?))
    |(?P<field>\.\w+)|(?P<dot>\.)
    |(?P<variable>\$\w*)
    |(?P<word>[^\W\d]\w*)
    |(?P<mark>:=|[=|(),])""",
    re.VERBOSE,
)
STRING = re.compile(r"""`[^`]*`|"(?:\\[^\n]|[^"\\\n])*"|'(?:\\[^\n]|[^'\\\n])*'""")
_ESCAPE = re.compile(r"""\\(?:[abfnrtv\\"']|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3})|[^\\]""")
_KEYWORDS = frozenset({
    "block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with",
})  # fmt: skip


class TemplateError(Exception):
    """A template that Prometheus would refuse; `hint` says what to write instead. Never leaves the reader."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an action."""

    kind: str  # a group of _TOKEN; words are "function", "bool", or their own name
    text: str


END = Token("end of action", CLOSED)


def tokens_of(action: str, shown: str) -> list[Token]:
    """Return the tokens of what stands between {{ and }}, white space between them as well."""
    found, place, opened = [], 0, 0
    while place < len(action):
        match = _TOKEN.match(action, place)
        if match is None:
            raise TemplateError(f"{action[place]!r} cannot stand there", f"correct {shown}")
        kind, text, place = str(match.lastgroup), match.group(), match.end()
        if kind in ("word", "field", "variable", "number") and not _ENDS_WORD.match(action + CLOSED, place):
            raise TemplateError(f"{action[place]!r} cannot follow {text}", f"correct {shown}")
        if kind == "word":
            kind = text if text in _KEYWORDS else "bool" if text in ("true", "false") else "function"
        elif kind == "string" and text[0] == '"' and _ESCAPE.sub("", text[1:-1]):
            raise TemplateError(f"{text} has an unknown escape", "write a backslash twice")
        elif kind == "number" and not _is_number(text):
            raise TemplateError(f"{text} is not a number", f"correct {shown}")
        elif kind == "char" and not _ESCAPE.fullmatch(text[1:-1]):
            raise TemplateError(f"{text} is not one character", "write text in double quotes")
        opened += {"(": 1, ")": -1}.get(text, 0) if kind == "mark" else 0
        if opened < 0 or opened > DEEPEST:
            raise TemplateError("too many parentheses", f"correct {shown}")
        found.append(Token(kind, text))
    if opened:
        raise TemplateError("a parenthesis is not closed", f"close it in {shown}")
    return [*found, END]


def _is_number(text: str) -> bool:
    """Return whether Go reads it: as an integer of 64 bits, or as a floating-point number that is not infinite."""
    digits = text.lstrip("+-")
    try:
        if re.fullmatch("[0-9_]+|0[xXbBoO].*", digits):
            value = int("0o" + digits[1:] if re.fullmatch("0[0-9_]+", digits) else digits, 0)
            return -(1 << 63) <= (-value if text[0] == "-" else value) < 1 << 64
        return "_" not in digits and not math.isinf(float(digits))
    except ValueError:
        return False
