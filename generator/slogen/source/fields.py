"""Typed fields: each reads a node and describes itself as JSON Schema, so that both agree.

A field's `read` returns None when it has reported a problem; a user's mistake never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from slogen.core import Duration, Report, Span, closest
from slogen.core.number import DURATION_PATTERN
from slogen.source.tree import Node

Json = dict[str, Any]

DNS_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
LABEL_NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
KINDS = {"scalar": "a single value", "list": "a list", "map": "a map"}


def whole(pattern: str) -> str:
    """Return a pattern of JSON Schema for all of a text: `$` alone would let Python pass a line break after it."""
    return rf"^(?:{pattern})$(?![\s\S])"


class Field(Protocol):
    """What a value may be."""

    def read(self, node: Node, report: Report) -> Any:
        """Return the value, or None after reporting why there is none."""

    def schema(self) -> Json:
        """Return the JSON Schema of the accepted values."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or all of them."""
    known = tuple(known)
    close = closest(word, known)
    return f"did you mean {close!r}?" if close else "known: " + ", ".join(known)


def _scalar(node: Node, report: Report, wanted: str) -> bool:
    if node.kind == "scalar":
        return True
    report.error(node.span, "SLO004", f"{wanted} is wanted here, not {KINDS[node.kind]}", f"write {wanted}")
    return False


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `pattern` must match all of it."""

    pattern: str | None = None
    what: str = "text"
    hint: str = ""
    code: str = "SLO005"
    limit: int = 4096

    def read(self, node: Node, report: Report) -> str | None:
        """Return the text."""
        if not _scalar(node, report, self.what):
            return None
        if not node.text and not node.is_text:
            hint = self.hint or "write some text, or leave the key out"
            report.error(node.span, "SLO004", f"{self.what} is wanted, but nothing is written", hint)
            return None
        if not node.is_text:
            report.error(
                node.span, "SLO004", f"{self.what} is wanted, not {node.text}", f'put quotes around it: "{node.text}"'
            )
            return None
        if len(node.text) > self.limit or not node.text.strip():
            empty = "is wanted, but the text is empty"
            problem = empty if not node.text.strip() else f"is longer than {self.limit} characters"
            report.error(node.span, self.code, f"{self.what} {problem}", self.hint or "write some text")
            return None
        if self.pattern is not None and not re.fullmatch(self.pattern, node.text):
            report.error(node.span, self.code, f"{node.text!r} is not {self.what}", self.hint)
            return None
        return node.text

    def schema(self) -> Json:
        """Return a string schema."""
        schema: Json = {"type": "string", "maxLength": self.limit, "pattern": r"\S"}
        return schema | ({"pattern": whole(self.pattern)} if self.pattern else {})


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar, such as 2027-01-31."""

    def read(self, node: Node, report: Report) -> date | None:
        """Return the day."""
        try:
            if node.kind == "scalar" and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", node.text):
                return date.fromisoformat(node.text)
        except ValueError:
            pass
        report.error(node.span, "SLO005", f"{node.text!r} is not a day", "write one such as 2027-01-31")
        return None

    def schema(self) -> Json:
        """Return a string schema."""
        return {"type": "string", "pattern": whole("[0-9]{4}-[0-9]{2}-[0-9]{2}")}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, node: Node, report: Report) -> str | None:
        """Return the word."""
        if not _scalar(node, report, "one of " + ", ".join(self.words)):
            return None
        if node.text in self.words:
            return node.text
        report.error(
            node.span, "SLO005", f"{node.text!r} is none of {', '.join(self.words)}", nearest(node.text, self.words)
        )
        return None

    def schema(self) -> Json:
        """Return an enum."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    def read(self, node: Node, report: Report) -> bool | None:
        """Return the boolean."""
        if node.kind == "scalar" and node.plain and node.text in ("true", "false"):
            return node.text == "true"
        report.error(node.span, "SLO004", "true or false is wanted here", "write true or false")
        return None

    def schema(self) -> Json:
        """Return a boolean schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two bounds, both allowed; `zero` tells whether nought is one."""

    low: int
    high: int
    zero: bool = True

    def read(self, node: Node, report: Report) -> int | None:
        """Return the number."""
        if node.kind == "scalar" and node.plain and re.fullmatch("-?[0-9]{1,15}", node.text):
            if self.low <= int(node.text) <= self.high and (int(node.text) or self.zero):
                return int(node.text)
            report.error(
                node.span,
                "SLO005",
                f"{node.text} is not between {self.low} and {self.high}" + ("" if self.zero else ", or it is 0"),
                f"write {self.low} to {self.high}",
            )
            return None
        report.error(
            node.span, "SLO004", "a whole number is wanted here", f"write {self.low} to {self.high}, without quotes"
        )
        return None

    def schema(self) -> Json:
        """Return an integer schema."""
        schema: Json = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return schema if self.zero else schema | {"not": {"const": 0}}


@dataclass(frozen=True, slots=True)
class Percent:
    """An objective: percent of good events, more than 0 and less than 100, exact."""

    def read(self, node: Node, report: Report) -> Decimal | None:
        """Return the percentage."""
        if not _scalar(node, report, "a number such as 99.9"):
            return None
        text = node.text
        if not node.plain or not re.fullmatch(r"-?[0-9]{1,15}(?:\.[0-9]{1,20})?", text):
            hint = (
                f"write {text.replace(',', '.')}"
                if re.fullmatch("[0-9]+,[0-9]+", text)
                else "write a number such as 99.9, without quotes"
            )
            report.error(node.span, "SLO004", f"{text!r} is not a number", hint)
            return None
        value = Decimal(text)
        if value >= 100:
            told = "leaves no error budget" if value == 100 else "promises more than everything"
            report.error(node.span, "SLO104", f"objective {text} {told}", "use a value below 100, such as 99.99")
            return None
        if value <= 0:
            report.error(node.span, "SLO104", f"objective {text} promises nothing", "use a value above 0, such as 99.9")
            return None
        return value

    def schema(self) -> Json:
        """Return a number between 0 and 100."""
        return {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100}


@dataclass(frozen=True, slots=True)
class Length:
    """A Prometheus duration; `low` and `high` bound it, `zero` allows 0s."""

    low: Duration | None = None
    high: Duration | None = None
    zero: bool = False
    whole: Duration | None = None  # it must be a multiple of this

    def read(self, node: Node, report: Report) -> Duration | None:
        """Return the duration."""
        if not _scalar(node, report, "a duration such as 30d or 1h30m"):
            return None
        value = Duration.parse(node.text)
        if value is None:
            report.error(
                node.span,
                "SLO006",
                f"{node.text!r} is not a duration",
                "write a number and a unit, such as 30d, 1h30m or 15s",
            )
            return None
        if value.ms == 0 and not self.zero:
            report.error(node.span, "SLO006", "the duration is zero", "write a longer one, such as 5m")
            return None
        if (self.low and value < self.low) or (self.high and value > self.high):
            report.error(
                node.span,
                "SLO018",
                f"{node.text} is not between {self.low} and {self.high}",
                f"write {self.low} to {self.high}",
            )
            return None
        if self.whole and value.ms % self.whole.ms:
            report.error(
                node.span,
                "SLO018",
                f"{node.text} is not a multiple of {self.whole}",
                f"write a multiple of {self.whole}",
            )
            return None
        return value

    def schema(self) -> Json:
        """Return a string schema; bounds are the reader's."""
        nonzero = "" if self.zero else r"(?=.*[1-9])"
        return {"type": "string", "pattern": whole(nonzero + DURATION_PATTERN)}


@dataclass(frozen=True, slots=True)
class Rate:
    """Events per second, minute, hour or day, such as `50/s`; `zero` allows none at all."""

    zero: bool = False

    def read(self, node: Node, report: Report) -> Decimal | None:
        """Return events per second."""
        found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)/([smhd])", node.text) if node.kind == "scalar" else None
        if found is None or (Decimal(found[1]) == 0 and not self.zero):
            report.error(
                node.span,
                "SLO005",
                "a rate such as 50/s is wanted here",
                "write events per s, m, h or d, such as 50/s or 10/m",
            )
            return None
        return Decimal(found[1]) / {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]

    def schema(self) -> Json:
        """Return a string schema."""
        nonzero = "" if self.zero else "(?=.*[1-9].*/)"
        return {"type": "string", "pattern": whole(nonzero + r"[0-9]{1,12}(?:\.[0-9]{1,6})?/[smhd]")}


@dataclass(frozen=True, slots=True)
class Latency:
    """A latency such as `5ms` or `2.5s`, in seconds, with its spelling."""

    def read(self, node: Node, report: Report) -> tuple[Decimal, str, Span] | None:
        """Return seconds, the spelling and the place."""
        found = (
            re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(us|ms|s|m|h)", node.text) if node.kind == "scalar" else None
        )
        if found is None or Decimal(found[1]) == 0:
            report.error(
                node.span,
                "SLO005",
                "a latency such as 5ms is wanted here",
                "write a number and us, ms, s, m or h, such as 5ms or 2.5s",
            )
            return None
        scale = Decimal({"us": "0.000001", "ms": "0.001", "s": "1", "m": "60", "h": "3600"}[found[2]])
        return Decimal(found[1]) * scale, node.text, node.span

    def schema(self) -> Json:
        """Return a string schema."""
        return {"type": "string", "pattern": whole(r"(?=.*[1-9])[0-9]{1,12}(?:\.[0-9]{1,9})?(?:us|ms|s|m|h)")}
