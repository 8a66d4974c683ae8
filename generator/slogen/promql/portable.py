"""PromQL that the parser reads and a Prometheus may not: always refused, or only before a version."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from slogen.promql.spelling import STRING

Version = tuple[int, int]

# Functions newer than 2.42 and the first version that has them. Source: Prometheus' CHANGELOG.md.
SINCE: dict[str, Version] = {
    "histogram_stddev": (2, 47),
    "histogram_stdvar": (2, 47),
    "histogram_avg": (2, 51),
    "first_over_time": (3, 14),
}
QUOTED_NAMES: Version = (3, 0)
UNITS: Version = (2, 54)  # from which a number may stand for a duration, and a duration for a number
# What a server reads only with --enable-feature. Source: promql/parser/functions.go of 3.16.
EXPERIMENTAL = frozenset({
    "double_exponential_smoothing", "end", "fill", "fill_left", "fill_right", "histogram_quantiles", "info",
    "integral", "limit_ratio", "limitk", "mad_over_time", "max_of", "min_of", "range", "sort_by_label",
    "sort_by_label_desc", "start", "start_timestamp", "step", "ts_of_first_over_time", "ts_of_last_over_time",
    "ts_of_max_over_time", "ts_of_min_over_time",
})  # fmt: skip
_LONGEST_MS = 9_223_372_036_854  # of a duration: 2^63 ns

_TOKEN = re.compile(
    rf"(?P<string>{STRING})"
    r"""|(?P<duration>(?:[0-9]+(?:ms|[smhdwy]))+)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<word>:*[a-zA-Z_][a-zA-Z0-9_:]*)
    |(?P<mark>=~|!~|[(){}\[\],@])""",
    re.VERBOSE,
)
_NEWER = re.compile(
    "|".join(SINCE) + r"""|[{,(]\s*["'`]|\[[0-9.]+[\]:]|:[0-9.]+\]|offset -?[0-9.]+(?![0-9a-z.])|"""
    r"(?<![\w.\[:])(?<!offset )[0-9]+(?:ms|[smhdwy])(?![a-zA-Z_])"
)
_PART = re.compile(r"([0-9]+)(ms|[smhdwy])")
_MS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})

# Of a regular expression, what Rust's engine takes and Go's does not. Source: regexp/syntax.
_ESCAPED_OR_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
_TIMES = r"(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})"
_NOT_RE2 = (
    (re.compile(r"\(\?<[A-Za-z_]"), "a named group of this form", "write (?P<name>…)"),
    (re.compile(r"\(\?(?!P<|[imsU]*(?:-[imsU]+)?[:)])"), "a flag", "the flags are i, m, s and U"),
    (re.compile(rf"{_TIMES}(?:[*+]|\{{[0-9]|\?(?:[*+?]|\{{[0-9]))"), "a repeated repetition", "put it into (?:…)"),
)
_TOO_OFTEN = re.compile(r"\{(?:[0-9]+,)?(?:100[1-9]|10[1-9][0-9]|1[1-9][0-9]{2}|[2-9][0-9]{3}|[0-9]{5,})(?:,[0-9]*)?\}")
_UNICODE = re.compile(r"(?<!\\)(?:\\\\)*\\[uU]|\\[pP]\{[^}]*=")


class _Token(NamedTuple):
    kind: str
    text: str
    before: str  # the token before it, and the one after it
    after: str
    bracket: str  # the innermost open one, "list" within by (…)


def _tokens(text: str) -> Iterator[_Token]:
    found = [(str(match.lastgroup), match.group()) for match in _TOKEN.finditer(text)]
    open_, before = [""], ""
    for (kind, word), (_, after) in pairwise([*found, ("", "")]):
        if kind == "mark" and word in ")]}" and len(open_) > 1:
            open_.pop()
        yield _Token(kind, word, before, after, open_[-1])
        if kind == "mark" and word in "([{":
            open_.append("list" if before.lower() in _LISTS else word)
        before = word


def complaint(text: str) -> tuple[str, str] | None:
    """Return what no Prometheus, or not every one from 2.42 on, reads of a valid expression, and what to write."""
    for token in _tokens(text):
        kind, word, before, _, bracket = token
        if kind == "word":
            if word == "or" and bracket == "{":
                return "matchers cannot be joined with or", "write two selectors with or between them"
            if word.lower() in EXPERIMENTAL and _is_called(token):
                return f"{word} is experimental: Prometheus refuses it without a feature flag", "write it without"
        elif kind == "number" or kind == "duration":
            told = _wrong_number(token)
            if told:
                return told
        elif kind == "string" and before in ("=~", "!~"):
            told = _not_re2(word[1:-1] if word[0] == "`" else word[1:-1].replace("\\\\", "\\"))
            if told:
                return told
    return None


def _wrong_number(token: _Token) -> tuple[str, str] | None:
    text = token.text
    of_time = _is_time(token)
    if token.kind == "number":
        if of_time:
            return f"{text} has no unit", f"write {text}s"
        return (f"{text} is larger than any number", "write +Inf") if math.isinf(_value(text)) else None
    if not of_time:
        return f"{text} is a duration where a number belongs", f"write {_ms(text) / 1000:g}"
    return (f"{text} is longer than Prometheus can count", "write at most 292y") if _ms(text) > _LONGEST_MS else None


def _is_time(token: _Token) -> bool:
    """Return whether a duration belongs where a token is."""
    return token.bracket == "[" or token.before.lower() == "offset"


def needs(text: str) -> tuple[tuple[str, Version], ...]:
    """Return what in an expression only newer servers read, with the first version that does."""
    found: dict[str, Version] = {}
    for token in _tokens(text) if _NEWER.search(text) else ():
        if token.kind == "word" and token.text in SINCE and token.after == "(" and token.bracket != "list":
            found[token.text] = SINCE[token.text]
        elif token.kind == "string" and (
            token.bracket == "list" or (token.bracket == "{" and token.before in ("{", ",") and token.after != "")
        ):
            found[f"the name {token.text}"] = QUOTED_NAMES
        elif token.kind in ("number", "duration") and (token.kind == "number") is _is_time(token):
            before = {"offset": "offset ", "[": "["}.get(token.before.lower(), "")
            found[before + token.text] = UNITS
    return tuple(found.items())


def _value(text: str) -> float:
    return float(int(text, 16)) if text[:2].lower() == "0x" else float(text)


def _ms(text: str) -> int:
    return sum(int(number) * _MS[unit] for number, unit in _PART.findall(text))


def _is_called(token: _Token) -> bool:
    if token.bracket == "list" or token.before == "@":  # x @ start() is old
        return False
    return token.after == "(" or (token.text.lower() in ("limitk", "limit_ratio") and token.after in ("by", "without"))


def _not_re2(regex: str) -> tuple[str, str] | None:
    if _UNICODE.search(regex):
        return f"Prometheus does not know an escape in {regex!r}", "write the character itself"
    bare = _ESCAPED_OR_CLASS.sub("x", regex)
    if _TOO_OFTEN.search(bare):
        return "a repetition goes beyond 1000", "repeat at most 1000 times"
    for pattern, what, hint in _NOT_RE2:
        if pattern.search(bare):
            return f"Prometheus does not know {what} in {regex!r}", hint
    return None
