"""Lists, maps and records of fields: the shape of a document, for the reader and for the schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slogen.core import Report, Span
from slogen.source.fields import KINDS, Field, Json, nearest
from slogen.source.tree import Node


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind of value; `unique` refuses repeated ones."""

    item: Field
    least: int = 0
    unique: bool = False

    def read(self, node: Node, report: Report) -> tuple[Any, ...] | None:
        """Return the values."""
        if node.kind != "list":
            report.error(
                node.span, "SLO004", f"a list is wanted here, not {KINDS[node.kind]}", "write - before each value"
            )
            return None
        if len(node.items) < self.least:
            report.error(node.span, "SLO004", "the list is empty", "add a value")
            return None
        values = [self.item.read(item, report) for item in node.items]
        if self.unique:
            for place, item in enumerate(node.items):
                if any(item.text == other.text for other in node.items[:place]):
                    report.error(item.span, "SLO003", f"{item.text!r} stands twice", "remove one")
        return None if any(value is None for value in values) else tuple(values)

    def schema(self) -> Json:
        """Return an array schema."""
        schema: Json = {"type": "array", "items": self.item.schema()}
        return (
            schema | ({"minItems": self.least} if self.least else {}) | ({"uniqueItems": True} if self.unique else {})
        )


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map from words that match `key` to one kind of value, as pairs in the order written."""

    key: str
    value: Field
    what: str
    refused: frozenset[str] = frozenset()
    code: str = "SLO005"

    def read(self, node: Node, report: Report) -> tuple[tuple[str, Any], ...] | None:
        """Return pairs of key and value."""
        if node.kind != "map":
            report.error(node.span, "SLO004", f"a map is wanted here, not {KINDS[node.kind]}", "write key: value")
            return None
        pairs, failed = [], False
        for key, inner in node.entries:
            value = self.value.read(inner, report)
            failed |= value is None
            if key.text in self.refused or (self.what == "a label name" and key.text.startswith("__")):
                report.error(key.span, "SLO106", f"the label {key.text!r} is reserved", "choose another name")
            elif not re.fullmatch(self.key, key.text):
                report.error(key.span, self.code, f"{key.text!r} is not {self.what}", f"it must match {self.key}")
            pairs.append((key.text, value))
        return None if failed else tuple(pairs)

    def schema(self) -> Json:
        """Return an object schema with checked property names."""
        names: Json = {"pattern": f"^(?:{self.key})$"}
        if self.refused:
            names["not"] = {"anyOf": [{"enum": sorted(self.refused)}, {"pattern": "^__"}]}
        return {"type": "object", "propertyNames": names, "additionalProperties": self.value.schema()}


@dataclass(frozen=True, slots=True)
class Later:
    """A key that the format will have: refused until it does something."""

    what: str

    def read(self, node: Node, report: Report) -> None:
        """Report that the key is not supported yet."""
        report.error(node.span, "SLO007", f"{self.what} is not supported yet", "leave it out")

    def schema(self) -> Json:
        """Return the schema that nothing meets."""
        return {"not": {}}


@dataclass(frozen=True, slots=True)
class Constant:
    """Exactly one word."""

    word: str

    def read(self, node: Node, report: Report) -> str | None:
        """Return the word."""
        if node.kind == "scalar" and node.text == self.word:
            return self.word
        report.error(node.span, "SLO005", f"{node.text!r} is not {self.word!r}", f"write {self.word}")
        return None

    def schema(self) -> Json:
        """Return a constant."""
        return {"const": self.word}


@dataclass(frozen=True, slots=True)
class Either:
    """A single value or, when the node is a map, an object."""

    scalar: Field
    record: Field
    wrap: Callable[[Any, Span], Any]

    def read(self, node: Node, report: Report) -> Any:
        """Return what either reads; a single value is wrapped."""
        if node.kind == "map":
            return self.record.read(node, report)
        value = self.scalar.read(node, report)
        return None if value is None else self.wrap(value, node.span)

    def schema(self) -> Json:
        """Return both schemas."""
        return {"anyOf": [self.scalar.schema(), self.record.schema()]}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record."""

    name: str
    field: Field
    doc: str
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Record:
    """A map with known keys; `build` makes the value of them, with `span` and `spans` of the keys' values.

    Of the keys in `one_of` exactly one must be given.
    """

    keys: tuple[Key, ...]
    build: Callable[..., Any]
    one_of: tuple[str, ...] = ()

    def read(self, node: Node, report: Report) -> Any:
        """Return what `build` returns."""
        if node.kind != "map":
            report.error(
                node.span, "SLO004", f"a map is wanted here, not {KINDS[node.kind]}", "known keys: " + self._known()
            )
            return None
        table = {key.name: key for key in self.keys}
        values: dict[str, Any] = {key.name: key.default for key in self.keys if not isinstance(key.field, Later)}
        spans: dict[str, Span] = {}
        failed = later = False
        for name, inner in node.entries:
            key = table.get(name.text)
            if key is None:
                hint = nearest(name.text, [key.name for key in self.keys if not isinstance(key.field, Later)])
                report.error(name.span, "SLO008", f"unknown key {name.text!r}", hint)
                continue
            spans[name.text] = inner.span
            if isinstance(key.field, Later):
                key.field.read(name, report)
                later = True
                continue
            value = key.field.read(inner, report)
            values[name.text] = value
            failed |= value is None
        given = spans.keys()
        for key in self.keys:
            if key.required and key.name not in given:
                report.error(node.span, "SLO009", f"the key {key.name!r} is missing", f"add {key.name}: {key.doc}")
                failed = True
        if self.one_of:
            chosen = [name for name in self.one_of if name in given]
            if len(chosen) != 1 and not (later and not chosen):
                told = " and ".join(chosen) if chosen else "none of " + ", ".join(self.one_of)
                report.error(node.span, "SLO010", f"{told} given", "give exactly one of " + ", ".join(self.one_of))
            failed |= len(chosen) != 1
        return None if failed else self.build(values, node.span, spans, report)

    def _known(self) -> str:
        return ", ".join(key.name for key in self.keys if not isinstance(key.field, Later))

    def schema(self) -> Json:
        """Return an object schema that knows no other keys."""
        properties = {}
        for key in self.keys:
            if not isinstance(key.field, Later):
                properties[key.name] = key.field.schema()
                properties[key.name].setdefault("description", key.doc)
        schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
        required = [key.name for key in self.keys if key.required]
        if required:
            schema["required"] = required
        if self.one_of:
            schema["oneOf"] = [{"required": [name]} for name in self.one_of if name in properties]
        return schema
