"""Scalars and blocks of YAML, written as a person would: plain where safe, quoted where not."""

from __future__ import annotations

import json
import re
from functools import lru_cache

# What no YAML reader takes for anything else: words, sentences and PromQL on a line of its own; the second
# pattern also holds inside { }.
_PLAIN = re.compile(
    r"(?:[A-Za-z/(]|[0-9]+ [*+/-] )(?:[A-Za-z0-9_./()+=~,;%'{}\[\]\"<>|*-]|:(?=[A-Za-z0-9_/])| (?=[^#\s]))*"
)
_PLAIN_IN_FLOW = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./()+~%-]| (?=[A-Za-z0-9_./()+~%]))*|(?:[0-9]+(?:ms|[dhms]))+")
_WORDS = re.compile(r"(?:true|false|yes|no|on|off|null|y|n)", re.IGNORECASE)
_ODD = re.compile(r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_ODD_IN_BLOCK = re.compile(r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


@lru_cache(maxsize=65536)
def scalar(text: str) -> str:
    """Return `text` as a YAML value on one line."""
    return text if _PLAIN.fullmatch(text) and not _WORDS.fullmatch(text) else _quoted(text)


@lru_cache(maxsize=65536)
def flow(text: str) -> str:
    """Return `text` as a YAML value inside `{ }`."""
    return text if _PLAIN_IN_FLOW.fullmatch(text) and not _WORDS.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    if _ODD.search(text):
        # JSON's escapes are YAML's; characters that YAML would not print are escaped by number.
        return _ODD.sub(_escape, json.dumps(text, ensure_ascii=False))
    if '"' in text or "\\" in text or "{{" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def block(text: str, indent: str) -> str:
    """Return `text` after a key: on the same line when it is one, else as a literal block."""
    if _ODD_IN_BLOCK.search(text):
        return " " + _quoted(text)
    if "\n" in text:
        return " |-\n" + "\n".join(indent + line if line else "" for line in text.split("\n"))
    return " " + scalar(text)


def comment(text: str, indent: str, width: int = 118) -> str:
    """Return `text` as comment lines, folded at `width`; what cannot be printed is dropped."""
    line, lines = indent + "#", []
    for word in _ODD.sub("", text).split():
        if len(line) + 1 + len(word) > width and line != indent + "#":
            lines.append(line)
            line = indent + "#"
        line += " " + word
    return "\n".join([*lines, line]) + "\n"
