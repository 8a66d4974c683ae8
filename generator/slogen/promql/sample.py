"""Series that a selector matches, made from its matchers: what generated tests feed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from slogen.promql.query import Selector, matchers

Labels = dict[str, str]
Matcher = tuple[str, str, str]  # label, operator, value
_LETTERS = "0x-"
_CLASSES = {"CATEGORY_DIGIT": "0", "CATEGORY_WORD": "x", "CATEGORY_SPACE": " ", "CATEGORY_NOT_DIGIT": "x"}


def sample(selector: Selector, *more: Selector) -> Labels | None:
    """Return labels, `__name__` included, of a series that all the selectors match; None when none was found."""
    if not all(map(is_understood, (selector, *more))):
        return None
    return _search([matcher for one in (selector, *more) for matcher in matchers(one)])


def samples_outside(selector: Selector, other: Selector) -> dict[Matcher, Labels]:
    """Return, by a matcher of `other`, labels of a series that `selector` matches and that matcher alone keeps out.

    The first may be kept out by others too, when nothing else is found.
    """
    inside = matchers(selector)
    theirs = [matcher for matcher in matchers(other) if matcher not in inside]
    found: dict[Matcher, Labels] = {}
    for name, operator, value in theirs:
        outside = [*inside, (name, _OPPOSITE[operator], value)]
        labels = _search([*outside, *(matcher for matcher in theirs if matcher != (name, operator, value))])
        labels = labels if labels is not None or found else _search(outside)
        if labels is not None:
            found[name, operator, value] = labels
    return found


def beside(labels: Labels, *read: Selector) -> dict[Matcher, Labels]:
    """Return, for a matcher that lets a series in, labels that differ in one and match none of `read`.

    A matcher that something else keeps in, whatever the label is, has none.
    """
    found = {}
    for matcher in dict.fromkeys(matcher for one in read if matches(one, labels) for matcher in matchers(one)):
        name, operator, value = matcher
        candidates = ["another", value, "other", *_made(value), ""] if name != "__name__" else []
        fitting = [text for text in candidates if text != labels.get(name, "") and not _fits(text, operator, value)]
        other = {**labels, name: fitting[0]} if fitting else labels
        if not any(matches(one, other) for one in read):
            found[matcher] = other
    return found


def matches(selector: Selector, labels: Labels) -> bool:
    """Return whether a series with these labels is selected."""
    return all(_fits(labels.get(name, ""), operator, value) for name, operator, value in matchers(selector))


def is_understood(selector: Selector) -> bool:
    """Return whether its regular expressions are known to mean here what they mean in Prometheus."""
    patterns = [value for _, operator, value in matchers(selector) if operator in ("=~", "!~")]
    return all(not _FOREIGN.search(pattern) and _compiles(pattern) for pattern in patterns)


def may_match(selector: Selector, known: Mapping[str, str]) -> bool:
    """Return whether a series of which some labels are known may be selected; an empty value: it has no such label."""
    return all(_fits(known[name], operator, value) for name, operator, value in matchers(selector) if name in known)


def series(labels: Labels, **more: str) -> str:
    """Return labels in the notation of promtool; `more` is added where a label is not set."""
    rest = {name: value for name, value in {**labels, **more, **labels}.items() if name != "__name__"}
    return labels.get("__name__", "") + (braces(rest) if rest else "")


def braces(labels: Mapping[str, str]) -> str:
    """Return labels as PromQL writes them, in braces."""
    return "{" + ",".join([f'{name}="{_escaped(value)}"' for name, value in labels.items()]) + "}"


_OPPOSITE = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}


def _search(wanted: list[Matcher]) -> Labels | None:
    labels: Labels = {}
    for name in dict.fromkeys(name for name, *_ in wanted):
        mine = [(operator, value) for other, operator, value in wanted if other == name]
        candidates = ["", *(value for operator, value in mine if operator == "="), "other", "x", "1", "200"]
        candidates += [made for operator, value in mine if operator == "=~" for made in _made(value)]
        fitting = [value for value in candidates if all(_fits(value, *one) for one in mine)]
        if not fitting:
            return None
        if fitting[0]:
            labels[name] = fitting[0]
    return labels


def _fits(text: str, operator: str, value: str) -> bool:
    match operator:
        case "=":
            return text == value
        case "!=":
            return text != value
    try:
        return (re.fullmatch(value, text) is not None) == (operator == "=~")
    except re.error:
        return False


# Read otherwise by Python, or not at all: named classes, and a flag that is not Python's.
_FOREIGN = re.compile(r"\[\[:|\\[pPz]|\(\?[a-zA-Z]*U")


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _made(pattern: str) -> list[str]:
    """Return a few strings that a regular expression matches."""
    try:
        tree = _parser.parse(pattern)
    except re.error:
        return []
    return [_write(tree, choice) for choice in range(3)]


def _write(tree: Any, choice: int) -> str:
    return "".join(_one(str(operator), argument, choice) for operator, argument in tree)


def _one(operator: str, argument: Any, choice: int) -> str:
    match operator:
        case "LITERAL":
            return chr(argument)
        case "ANY" | "NOT_LITERAL":
            return _LETTERS[choice]
        case "SUBPATTERN":
            return _write(argument[3], choice)
        case "BRANCH":
            return _write(argument[1][choice % len(argument[1])], choice)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inner = argument
            return _write(inner, choice) * max(int(least), min(1, int(most)))
        case "IN":
            kind, value = argument[choice % len(argument)]
            if str(kind) == "RANGE":
                return chr(value[0])
            return chr(value) if str(kind) == "LITERAL" else str(_CLASSES.get(str(value), _LETTERS[choice]))
    return ""  # anchors and the like


@lru_cache(maxsize=4096)
def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
