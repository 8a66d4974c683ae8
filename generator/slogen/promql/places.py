"""Where the parts of an expression stand in its text: promql-parser's tree does not say.

A second reading of what promql-parser took, for places alone. Where the two do not agree on the shape, parts get the
place of what they are a part of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from slogen.promql.spelling import STRING
from slogen.promql.tree import below

_TOKEN = re.compile(
    rf"(?P<gap>\s+|\#[^\n]*)|(?P<string>{STRING})"
    r"""|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:[a-zA-Z]\w*)?)"""
    r"""|(?P<word>[a-zA-Z_:][\w:.]*)|(?P<mark>=~|!~|!=|==|>=|<=|.)""",
    re.S,
)
_LEVELS = {
    "or": 1, "and": 2, "unless": 2, "==": 3, "!=": 3, "<": 3, ">": 3, "<=": 3, ">=": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "atan2": 5, "^": 6,
}  # fmt: skip
_CLAUSES = ("on", "ignoring", "group_left", "group_right", "fill", "fill_left", "fill_right")
_GROUPING = ("by", "without")
_UNARY = 5

Place = tuple[int, int]


@dataclass(slots=True)
class _Part:
    start: int
    end: int
    below: list[_Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


_END = _Token("", 0, 0)


class _Unread(Exception):
    """The text is not as this reader expects."""


def places(text: str, tree: Any) -> dict[int, Place]:
    """Return start and end in `text` of every node of promql-parser's `tree` of it, by the node's `id`."""
    found: dict[int, Place] = {}
    try:
        part = _Reader(text).all()
    except (_Unread, RecursionError):
        part = _Part(0, len(text))
    _pair(tree, part, found)
    return found


def _pair(tree: Any, part: _Part, found: dict[int, Place]) -> None:
    found[id(tree)] = (part.start, part.end)
    inner = below(tree)
    parts = part.below if len(part.below) == len(inner) else [part] * len(inner)
    for node, place in zip(inner, parts, strict=True):
        _pair(node, place if place is not part else _Part(part.start, part.end), found)


class _Reader:
    def __init__(self, text: str) -> None:
        matches = _TOKEN.finditer(text)
        self.tokens = [_Token(m.group(), m.start(), m.end()) for m in matches if m.lastgroup != "gap"]
        self.at = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    @property
    def last(self) -> int:
        return self.tokens[self.at - 1].end

    def take(self) -> _Token:
        if self.at >= len(self.tokens):
            raise _Unread
        self.at += 1
        return self.tokens[self.at - 1]

    def all(self) -> _Part:
        part = self.binary(1)
        if self.at < len(self.tokens):
            raise _Unread
        return part

    def binary(self, level: int) -> _Part:
        left = self.operand()
        while (mine := _LEVELS.get(self.next.text.lower(), 0)) >= level:
            self.take()
            if self.next.text.lower() == "bool":
                self.take()
            while self.next.text.lower() in _CLAUSES:
                self.take()
                if self.next.text == "(":
                    self.bracket()
            right = self.binary(mine if mine == _LEVELS["^"] else mine + 1)
            left = _Part(left.start, right.end, [left, right])
        return left

    def operand(self) -> _Part:
        token = self.next
        if token.text in ("-", "+"):
            self.take()
            inner = self.binary(_UNARY + 1)
            return inner if token.text == "+" and not inner.below else _Part(token.start, inner.end, [inner])
        return self.suffixed(self.primary())

    def primary(self) -> _Part:
        token = self.take()
        if token.text == "(":
            inner = self.binary(1)
            return _Part(token.start, self.closed(), [inner])
        if token.text == "{":
            self.at -= 1
            self.bracket()
            return _Part(token.start, self.last)
        if not re.match(r"[\w:\"'`.]", token.text):
            raise _Unread
        if self.next.text.lower() in _GROUPING and re.match("[a-zA-Z_]", token.text):
            self.take()
            self.bracket()
        if self.next.text == "(" and re.match("[a-zA-Z_]", token.text):
            arguments = self.arguments()
            if self.next.text.lower() in _GROUPING:
                self.take()
                self.bracket()
            return _Part(token.start, self.last, arguments)
        if self.next.text == "{":
            self.bracket()
        return _Part(token.start, self.last)

    def arguments(self) -> list[_Part]:
        self.take()
        found = []
        while self.next.text != ")":
            found.append(self.binary(1))
            if self.next.text == ",":
                self.take()
        self.take()
        return found

    def suffixed(self, part: _Part) -> _Part:
        while True:
            word = self.next.text.lower()
            if word == "[":
                self.bracket()
                part = _Part(part.start, self.last, [part])
            elif word == "offset" or word == "@":
                self.take()
                if self.next.text in ("-", "+"):
                    self.take()
                self.take()
                if self.next.text == "(":
                    self.bracket()
                part.end = self.last
            else:
                return part

    def bracket(self) -> None:
        """Read over what stands in brackets."""
        depth = 0
        while True:
            text = self.take().text
            depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            if depth == 0:
                return

    def closed(self) -> int:
        token = self.take()
        if token.text != ")":
            raise _Unread
        return token.end
