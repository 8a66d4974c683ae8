"""YAML text to nodes that know their place. The only module that parses YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from slogen.core import Report, Span
from slogen.core.written import Written

MAX_DEPTH = 40
MAX_NODES = 200_000  # of one file, aliases counted as often as they are used

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_TEXT = re.compile(
    r"~|null|Null|NULL|true|True|TRUE|false|False|FALSE"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)

# What makes text look other than it is read: overrides and isolates of the writing direction, and line breaks of
# YAML 1.1 that editors do not show as such (a comment ends at them).
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MISLEADING = re.compile("[\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(slots=True, eq=False)
class Node:
    """A scalar, list or map of a file, with its place."""

    file: str
    line: int
    col: int
    end: int
    kind: str  # "scalar", "list" or "map"
    text: str = ""
    plain: bool = False  # a scalar without quotes
    style: str = ""  # of a scalar: a quote, | or >; empty without
    lines: Sequence[str] = field(default=(), repr=False)  # of the file, shared by all its nodes
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    size: int = 1

    @property
    def span(self) -> Span:
        """The place of the node; of a block, that of its first character."""
        return Span(self.file, self.line, self.col, self.end)

    @property
    def written(self) -> Written:
        """The text of a scalar, each of whose characters can be found in the file."""
        return Written(self.text, self.span, self.lines, self.style)

    @property
    def is_text(self) -> bool:
        """Whether YAML reads the scalar as a string, not as a number, boolean or null."""
        return self.kind == "scalar" and not (
            self.plain and (not self.text or _NOT_TEXT.fullmatch(self.text) is not None)
        )

    @property
    def is_null(self) -> bool:
        """Whether the scalar is empty or null."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


class _Refused(Exception):
    """Reading of this file stops here; the problem is reported already."""


def load(file: str, text: str, report: Report, *, most: int = MAX_NODES) -> list[Node]:
    """Return the root node of every document in `text`, of at most `most` values; report what is not YAML.

    Documents before a mistake are returned, the file's other problems can then be told too.
    """
    misleading = _MISLEADING.search(text)
    if misleading:
        _misleads(_place(file, text, misleading.start()), misleading.group(), report)
        return []
    roots: list[Node] = []
    try:
        _Composer(file, text, report, most).documents(roots)
    except _Refused:
        pass
    except yaml.MarkedYAMLError as error:
        _broken(file, text, error, report)
    except yaml.reader.ReaderError as error:
        span = _place(file, text, error.position if isinstance(error.position, int) else 0)
        report.error(span, "SLO001", f"not valid YAML: {error.reason}", "remove the character")
    return roots


def _place(file: str, text: str, index: int) -> Span:
    """Return the place of a character, with lines counted as editors do."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return Span(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _misleads(span: Span, character: str, report: Report) -> None:
    does = "ends a line here, though not in an editor" if character in "\x85\u2028\u2029" else "turns text around"
    report.error(span, "SLO020", f"the character U+{ord(character):04X} {does}", "remove it")


def _broken(file: str, text: str, error: yaml.MarkedYAMLError, report: Report) -> None:
    problem = (error.problem or "broken").replace("\\t", "tab")
    # A quote that is never closed is where it opens, not at the end of the file.
    unclosed = error.context_mark is not None and error.context == "while scanning a quoted scalar"
    unclosed = unclosed and problem.startswith(("found unexpected end", "found unexpected document"))
    mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
    line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    told = f"not valid YAML: {problem}" + (f" {error.context}" if error.context else "")
    here = text.split("\n")[line - 1 : line]
    tab = bool(here) and "\t" in here[0][: col + 1]
    hint = "close the quote" if unclosed else "indent with spaces, not tabs" if tab else "correct the YAML"
    report.error(Span(file, line, col), "SLO001", told, hint)


class _Composer:
    """Builds nodes from parser events without recursion into C, so that depth and size can be bounded."""

    def __init__(self, file: str, text: str, report: Report, most: int) -> None:
        self.file, self.report, self.most = file, report, most
        self.lines = re.split("\r\n|\r|\n", text)
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_Loader))
        self.anchors: dict[str, Node] = {}
        self.open: set[str] = set()
        self.nodes = 0

    def documents(self, roots: list[Node]) -> None:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors, self.open = {}, set()
                root = self.node(next(self.events), 0)
                if not root.is_null:
                    roots.append(root)

    def refuse(self, event: Any, code: str, message: str, hint: str) -> _Refused:
        self.report.error(self.span(event), code, message, hint)
        return _Refused()

    def span(self, event: Any) -> Span:
        mark = event.start_mark
        return Span(self.file, mark.line + 1, mark.column + 1)

    def node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.refuse(event, "SLO002", f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        start, end = event.start_mark, event.end_mark
        node = Node(
            self.file, start.line + 1, start.column + 1, end.column + 1 if end.line == start.line else 0, "scalar"
        )
        if event.tag is not None and event.tag != "!":
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.report.error(node.span, "SLO001", f"the tag {tag} is not supported", "leave it out")
        if event.anchor:
            self.anchors[event.anchor] = node
            self.open.add(event.anchor)
        if isinstance(event, yaml.ScalarEvent):
            node.text, node.plain, node.style = event.value, not event.style, event.style or ""
            node.lines = self.lines
            if event.style == '"' and (turning := _TURNING.search(node.text)):  # written as an escape
                _misleads(node.span, turning.group(), self.report)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.kind = "list"
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                node.items.append(item := self.node(inner, depth + 1))
                node.size += item.size
        else:
            node.kind = "map"
            self.mapping(node, depth)
        self.open.discard(event.anchor)
        if node.size > self.most:
            raise self.refuse(event, "SLO002", f"holds more than {self.most} values", "split the file")
        return node

    def mapping(self, node: Node, depth: int) -> None:
        seen: dict[str, Node] = {}
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            key = self.node(inner, depth + 1)
            value = self.node(next(self.events), depth + 1)
            node.size += key.size + value.size
            if key.kind != "scalar":
                self.report.error(key.span, "SLO001", "a key must be a single word", "write key: value")
                continue
            if key.plain and key.text == "<<":
                self.report.error(key.span, "SLO008", "merge keys are not supported", "write the keys out")
                continue
            first = seen.setdefault(key.text, key)
            if first is not key:
                self.report.error(
                    key.span, "SLO003", f"the key {key.text!r} is written twice", f"first at line {first.line}"
                )
                continue
            node.entries.append((key, value))

    def alias(self, event: Any) -> Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            raise self.refuse(event, "SLO001", f"no anchor &{event.anchor} before this alias", "define it first")
        if event.anchor in self.open:
            raise self.refuse(event, "SLO002", f"the alias *{event.anchor} contains itself", "write the value out")
        return target
