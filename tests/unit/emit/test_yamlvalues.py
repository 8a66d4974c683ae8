"""Whole YAML values: what is written is what is read, and it is easy to read."""

from __future__ import annotations

import pytest
import yaml

from slogen.emit.yamlvalues import written
from slogen.plan.topology import Value

ODD: tuple[str, ...] = (
    *(
        "",
        " a",
        "a ",
        "true",
        "No",
        "~",
        "null",
        "1",
        "1.5",
        "0x1f",
        "1e3",
        "2024-01-01",
        "12:30",
        "=",
        "<<",
        "30s",
        "1_0",
    ),
    *(
        "a: b",
        "a #b",
        "- a",
        "[a]",
        "{a}",
        "*a",
        "&a",
        "!a",
        "|",
        "> 1",
        "%a",
        "@a",
        "`a`",
        "'",
        '"',
        "\\",
        "a\nb",
        "\t",
    ),
    *("é🔥", "\u2028", "__meta_a", "_1", "a,b", "a]b", "$1", "../*.yaml", "a:1", "svc:9093", "{{ .x }}", "0.0.0.0:1"),
)


@pytest.mark.parametrize("text", ODD)
def test_texts_stay_texts_wherever_they_stand(text: str) -> None:
    """As a value, in a list, in braces and as a key."""
    value: Value = {"a": text, "b": [text, text], "c": [{"d": text, "e": {"f": text}}], "g": {text: 1}}
    assert yaml.safe_load(written(value)) == value


def test_values_of_every_kind_survive_at_any_depth() -> None:
    """Numbers and booleans stay what they are; nothing is lost of empty ones and of long ones."""
    long: Value = ["x" * 50, "y" * 50, "z" * 50]
    value: Value = {
        "a": [{"b": 1, "c": [{"d": True, "e": long}, {"f": {"g": {"h": [1, [2, [3]]]}}}]}, [[1], []], {}, long],
        "i": {"j": {}, "k": [], "l": {"m": long, "n": False}},
    }
    assert yaml.safe_load(written(value)) == value
    assert yaml.safe_load(written([value, [value]])) == [value, [value]]


def test_a_key_that_begins_with_a_hash_is_a_comment() -> None:
    """In braces there is no room for one, however deep it stands."""
    value: Value = {"#": "why", "a": 1, "b": {"# more": "of b", "c": 2}}
    assert written(value) == "# why\na: 1\nb:\n  # of b\n  c: 2\n"
    assert written({"a": {"b": {"c": {"#": "why", "d": 1}}}}) == "a:\n  b:\n    c:\n      # why\n      d: 1\n"


def test_tuples_are_lists() -> None:
    """What cannot be changed is written as what can."""
    value: Value = {"a": ("b", ("c", {"d": ()}))}
    assert yaml.safe_load(written(value)) == {"a": ["b", ["c", {"d": []}]]}


def test_short_maps_stand_on_a_line_and_lists_of_maps_do_not() -> None:
    """A reader sees one target a line, and one rule a line."""
    value: Value = {"jobs": [{"name": "a", "rules": [{"from": ["b"], "to": "c"}], "targets": ["d:1", "e:2", "f:3"]}]}
    assert written(value) == ('jobs:\n- name: a\n  rules:\n  - {from: [b], to: c}\n  targets: ["d:1", "e:2", "f:3"]\n')
