"""Lists, maps and records of fields: the shape of a document, for the reader and for the schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slogen.core import Report, Span, closest
from slogen.core.written import Written
from slogen.source.fields import KINDS, Field, Json, nearest, whole
from slogen.source.tree import Node


def _wrong_kind(node: Node, wanted: str, hint: str, report: Report) -> None:
    written = "but nothing is written" if node.is_null else f"not {KINDS[node.kind]}"
    report.error(node.span, "SLO004", f"{wanted} is wanted here, {written}", hint)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind of value; `unique` refuses repeated ones."""

    item: Field
    least: int = 0
    unique: bool = False

    def read(self, node: Node, report: Report) -> tuple[Any, ...] | None:
        """Return the values."""
        if node.kind != "list":
            _wrong_kind(node, "a list", "write - before each value", report)
            return None
        if len(node.items) < self.least:
            report.error(node.span, "SLO004", "the list is empty", "add a value")
            return None
        values = [self.item.read(item, report) for item in node.items]
        if self.unique:
            scalars = [item for item in node.items if item.kind == "scalar"]
            for place, item in enumerate(scalars):
                if any(item.text == other.text for other in scalars[:place]):
                    report.error(item.span, "SLO003", f"{item.text!r} is written twice", "remove one")
        return None if any(value is None for value in values) else tuple(values)

    def schema(self) -> Json:
        """Return an array schema."""
        schema: Json = {"type": "array", "items": self.item.schema()}
        return (
            schema | ({"minItems": self.least} if self.least else {}) | ({"uniqueItems": True} if self.unique else {})
        )


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """One value, or a list of them: a tuple either way."""

    item: Field

    def read(self, node: Node, report: Report) -> tuple[Any, ...] | None:
        """Return the values."""
        if node.kind == "list":
            return ListOf(self.item, least=1).read(node, report)
        value = self.item.read(node, report)
        return None if value is None else (value,)

    def schema(self) -> Json:
        """Return both schemas."""
        return {"anyOf": [self.item.schema(), ListOf(self.item, least=1).schema()]}


@dataclass(frozen=True, slots=True)
class Placed:
    """A value together with its place."""

    field: Field

    def read(self, node: Node, report: Report) -> tuple[Any, Span] | None:
        """Return the value and its place."""
        value = self.field.read(node, report)
        return None if value is None else (value, node.span)

    def schema(self) -> Json:
        """Return the schema of the value."""
        return self.field.schema()


@dataclass(frozen=True, slots=True)
class AsWritten:
    """A text each of whose characters can be found in the file."""

    field: Field

    def read(self, node: Node, report: Report) -> Written | None:
        """Return the text and how it is written."""
        return None if self.field.read(node, report) is None else node.written

    def schema(self) -> Json:
        """Return the schema of the text."""
        return self.field.schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Words that match `pattern`; `{}` in the message stands for the word."""

    pattern: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Except:
    """A text of `field`, save refused ones."""

    field: Field
    refused: Refused

    def read(self, node: Node, report: Report) -> str | None:
        """Return the text."""
        text: str | None = self.field.read(node, report)
        if text is None or not re.fullmatch(self.refused.pattern, text):
            return text
        report.error(node.span, self.refused.code, self.refused.message.format(repr(text)), self.refused.hint)
        return None

    def schema(self) -> Json:
        """Return the schema of the field without the refused ones."""
        return self.field.schema() | {"not": {"pattern": whole(self.refused.pattern)}}


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map from words that match `key`, save refused ones, to one kind of value, as pairs in the order written."""

    key: str
    value: Field
    what: str
    hint: str
    refused: Refused | None = None
    least: int = 0

    def read(self, node: Node, report: Report) -> tuple[tuple[str, Any], ...] | None:
        """Return pairs of key and value."""
        if node.kind != "map":
            _wrong_kind(node, "a map", "write key: value", report)
            return None
        if len(node.entries) < self.least:
            report.error(node.span, "SLO004", "the map is empty", f"add {self.what}")
            return None
        pairs, failed = [], False
        for key, inner in node.entries:
            value = self.value.read(inner, report)
            failed |= value is None
            if self.refused and re.fullmatch(self.refused.pattern, key.text):
                report.error(
                    key.span, self.refused.code, self.refused.message.format(repr(key.text)), self.refused.hint
                )
            elif not re.fullmatch(self.key, key.text):
                report.error(key.span, "SLO005", f"{key.text!r} is not {self.what}", self.hint)
            pairs.append((key.text, value))
        return None if failed else tuple(pairs)

    def schema(self) -> Json:
        """Return an object schema with checked property names."""
        names: Json = {"pattern": whole(self.key)}
        if self.refused:
            names["not"] = {"pattern": whole(self.refused.pattern)}
        made: Json = {"type": "object", "propertyNames": names, "additionalProperties": self.value.schema()}
        return made | ({"minProperties": self.least} if self.least else {})


@dataclass(frozen=True, slots=True)
class KeysPlaced:
    """The pairs of a map together with the places of its keys."""

    field: MapOf

    def read(self, node: Node, report: Report) -> tuple[tuple[tuple[str, Any], ...], tuple[Span, ...]] | None:
        """Return the pairs and the places."""
        pairs = self.field.read(node, report)
        return None if pairs is None else (pairs, tuple(key.span for key, _ in node.entries))

    def schema(self) -> Json:
        """Return the schema of the map."""
        return self.field.schema()


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


def _comma(node: Node, key: Node) -> str:
    """Return the hint for a decimal comma between braces, which begins a new key there: {objective: 99,9}."""
    place = next(place for place, (name, _) in enumerate(node.entries) if name is key)
    before = node.entries[place - 1][1] if place else key
    if not re.fullmatch("[0-9]+", key.text) or not re.fullmatch("[0-9]+", before.text) or not before.plain:
        return ""
    return f"a number has a point, no comma: write {before.text}.{key.text}"


def _not_one(of: tuple[str, ...], given: list[str]) -> str:
    """Return what is wrong when none, or more than one, of some keys is given."""
    if not given:
        return f"neither {of[0]} nor {of[1]} is given" if len(of) == 2 else f"none of {', '.join(of)} is given"
    if len(of) == 2:
        return f"both {given[0]} and {given[1]} are given"
    return f"{', '.join(given[:-1])} and {given[-1]} are given, only one may be"


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

    Of the keys in `one_of` exactly one must be given, of those in `together` all or none.
    """

    keys: tuple[Key, ...]
    build: Callable[..., Any]
    one_of: tuple[str, ...] = ()
    together: tuple[str, ...] = ()

    def read(self, node: Node, report: Report) -> Any:
        """Return what `build` returns."""
        if node.kind != "map":
            _wrong_kind(node, "a map", "known keys: " + ", ".join(self._known()), report)
            return None
        table = {key.name: key for key in self.keys}
        values: dict[str, Any] = {key.name: key.default for key in self.keys if not isinstance(key.field, Later)}
        spans: dict[str, Span] = {}
        told: set[str | None] = set()  # keys whose absence needs no second problem
        failed = False
        for name, inner in node.entries:
            key = table.get(name.text)
            if key is None:
                hint = _comma(node, name) or nearest(name.text, self._known())
                report.error(name.span, "SLO008", f"unknown key {name.text!r}", hint)
                told.add(closest(name.text, self._known()))
                continue
            spans[name.text] = inner.span
            if isinstance(key.field, Later):
                key.field.read(name, report)
                told.update(self.one_of)
                continue
            value = key.field.read(inner, report)
            values[name.text] = value
            failed |= value is None
        for key in self.keys:
            needed = key.required or (key.name in self.together and not spans.keys().isdisjoint(self.together))
            if needed and key.name not in spans:
                if key.name not in told:
                    report.error(node.span, "SLO009", f"the key {key.name!r} is missing", f"add {key.name}: {key.doc}")
                failed = True
        failed |= not self._one_chosen(node, told, report)
        return None if failed else self.build(values, node.span, spans, report)

    def _one_chosen(self, node: Node, told: set[str | None], report: Report) -> bool:
        """Return whether one key of `one_of` is given; report it otherwise, save when it is told already."""
        chosen = [name for name, _ in node.entries if name.text in self.one_of]
        if not self.one_of or len(chosen) == 1:
            return True
        if chosen or told.isdisjoint(self.one_of):
            at = chosen[1].span if chosen else node.span
            message = _not_one(self.one_of, [name.text for name in chosen])
            report.error(at, "SLO010", message, "give exactly one of " + ", ".join(self.one_of))
        return False

    def _known(self) -> list[str]:
        return [key.name for key in self.keys if not isinstance(key.field, Later)]

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
        if self.together:
            schema["dependentRequired"] = {
                name: [other for other in self.together if other != name] for name in self.together
            }
        return schema


def table(*keys: Key, one_of: tuple[str, ...] = (), together: tuple[str, ...] = ()) -> Record:
    """Return a record whose value is the table of its keys' values."""
    return Record(keys, lambda values, span, spans, report: values, one_of, together)
