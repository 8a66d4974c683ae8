"""The user's PromQL: parsed with promql-parser, carried as normalised text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from slogen.core import Duration
from slogen.core.written import Written
from slogen.promql.nesting import DEEPEST_INPUT, LARGEST_INPUT, too_large
from slogen.promql.portable import Version, complaint, needs
from slogen.promql.spelling import STRING
from slogen.promql.template import Expr
from slogen.promql.tree import below, duration_of, is_vector, matchers_of, nodes, operator_of, reach

_ZERO = Duration(0)
_STRING_OR_COMMENT = re.compile(rf"({STRING})|\#[^\n]*|\s+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class QueryError(Exception):
    """PromQL of the user that cannot be used; `hint` says what to write instead. Never leaves the reader."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UnreadableError(QueryError):
    """What promql-parser does not read. Most of it is wrong, and promtool can tell where."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A plain vector selector such as `http_requests_total{job="api"}`: no range, offset or `@`."""

    text: str
    needs: tuple[tuple[str, Version], ...] = ()  # what only newer servers read of it
    written: Written | None = field(default=None, compare=False, repr=False)  # as it stands in the file

    def over(self, window: Duration) -> Expr:
        """Return the range selector over `window`."""
        return Expr(f"{self.text}[{window}]")

    @property
    def name(self) -> str:
        """The metric name; empty when the selector gives it as a matcher."""
        found = _NAME.match(self.text)
        return found.group() if found else ""

    def has_matcher(self, label: str) -> bool:
        """Return whether it says anything about a label."""
        return any(matcher.name == label for matcher in parsed(self.text).matchers.matchers)

    def having(self, matcher: str) -> Selector:
        """Return the selector with one more matcher; an empty one adds nothing."""
        return self._written(self.name, matcher)

    def histogram_part(self, suffix: str, le: Expr | None = None) -> Selector:
        """Return the `_bucket` or `_count` series of a classic histogram, with a matcher on `le`."""
        return self._written(self.name + suffix, le.text if le else "")

    def _written(self, name: str, matcher: str) -> Selector:
        matchers = self.text[len(self.name) :].strip().removeprefix("{").removesuffix("}")
        parts = [part for part in (matchers.strip().rstrip(",").rstrip(), matcher) if part]
        return Selector(name + (f"{{{','.join(parts)}}}" if parts else ""))


@dataclass(frozen=True, slots=True)
class Query:
    """An instant-vector expression; `lookback` is how far back its own selectors reach."""

    text: str
    lookback: Duration
    selector: Selector | None = None  # when it is nothing but a plain selector
    needs: tuple[tuple[str, Version], ...] = ()  # what only newer servers read of it
    written: Written | None = field(default=None, compare=False, repr=False)  # as it stands in the file

    def with_window(self, window: Duration) -> Expr:
        """Return the expression with `$window` replaced."""
        return Expr(self.text.replace("$window", str(window)))


def normalise(text: str) -> str:
    """Return PromQL on one line: comments dropped and white space folded outside strings."""
    return _STRING_OR_COMMENT.sub(lambda found: found.group(1) or " ", text).strip()


def parse_selector(text: str) -> Selector:
    """Read a plain vector selector; raises QueryError."""
    text = normalise(text)
    tree = parsed(text)
    if type(tree).__name__ == "MatrixSelector":
        raise QueryError("a plain selector is wanted, not a range", "leave the range such as [5m] out")
    if type(tree).__name__ != "VectorSelector":
        raise QueryError(
            'a plain selector is wanted, such as http_requests_total{job="api"}',
            "use SLI kind `query` for an expression",
        )
    if tree.offset is not None or tree.at is not None:
        raise QueryError("a plain selector has no offset and no @", "leave it out")
    return Selector(text, needs(text))


def parse_query(text: str, *, window: Duration | None = None, one_line: bool = True) -> Query:
    """Read an expression that gives an instant vector; `$window` stands for `window` when one is given.

    Raises QueryError.
    """
    _refuse_unprintable(text)
    written = normalise(text)
    if window is not None and "$window" not in written:
        raise QueryError("the expression does not use $window", "write ranges as [$window]")
    tree = parsed(written.replace("$window", str(window)) if window else written)
    if not is_vector(tree):
        raise QueryError(
            "the expression gives a single number or a range, not an instant vector",
            "put a function such as rate() around a range, and vector() around a number",
        )
    plain_selector = type(tree).__name__ == "VectorSelector" and tree.offset is None and tree.at is None
    kept = written if one_line else "\n".join(line.rstrip() for line in _dedent(text))
    newer = needs(written)
    return Query(kept, reach(tree), Selector(written, newer) if plain_selector else None, newer)


def _dedent(text: str) -> list[str]:
    lines = [line.expandtabs(2) for line in text.strip("\n").split("\n")]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines).strip().split("\n")


def _refuse_large(told: str) -> None:
    if told:
        raise QueryError(f"the expression is too large: {told}", "record parts of it")


def _refuse_unprintable(text: str) -> None:
    found = _UNPRINTABLE.search(text)
    if found:
        raise QueryError(f"the character U+{ord(found.group()):04X} cannot stand in PromQL", "remove it")


def parse_series(text: str) -> dict[str, str]:
    """Read a series as tests name it, such as `up{job="api"}`, and return its labels; raises QueryError."""
    tree = tree_of(normalise(text))
    if type(tree).__name__ != _SELECTOR or tree.offset is not None or tree.at is not None:
        raise QueryError("this is no series", 'write one such as up{job="api"}')
    asked = matchers(Selector(normalise(text)))
    if any(operator != "=" for _, operator, _ in asked):
        raise QueryError("a series has labels, and no patterns of labels", 'write label="value"')
    return {name: value for name, _, value in asked}


@lru_cache(maxsize=4096)
def parsed(text: str) -> Any:
    """Return promql-parser's tree of what every Prometheus reads; raises QueryError."""
    _refuse_large(too_large(text, DEEPEST_INPUT, LARGEST_INPUT))
    tree = tree_of(text)
    told = complaint(text)
    if told:
        raise QueryError(*told)
    return tree


@lru_cache(maxsize=4096)
def tree_of(text: str) -> Any:
    """Return promql-parser's tree of an expression as it is written; raises QueryError."""
    import promql_parser

    _refuse_unprintable(text)
    if not text:
        raise QueryError("the expression is empty", "write PromQL")
    _refuse_large(too_large(text))
    try:
        return promql_parser.parse(text)
    except ValueError as error:
        gone = "Prometheus 3 has no holt_winters: use deriv or predict_linear" if "holt_winters" in text else ""
        raise UnreadableError(f"not valid PromQL: {error}", gone) from None
    except BaseException as error:  # a panic of the parser is no reason to die
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        raise UnreadableError("promql-parser cannot read this expression") from None


@lru_cache(maxsize=4096)
def selectors(text: str) -> tuple[Selector, ...]:
    """Return what an expression reads, as plain selectors: without ranges, offsets and `@`; raises QueryError."""
    return tuple(Selector(_selector_text(tree)) for tree in nodes(tree_of(text)) if type(tree).__name__ == _SELECTOR)


@lru_cache(maxsize=4096)
def normal_form(text: str) -> str:
    """Return PromQL as promql-parser writes it, matchers sorted: equal for expressions that differ in spelling only.

    What it cannot read comes back without comments and folded white space, so this never raises.
    """
    try:
        return str(tree_of(text).prettify())
    except QueryError:
        return normalise(text)


@dataclass(frozen=True, slots=True)
class Read:
    """A selector of an expression, the range that it reads, and how often a subquery around it does so."""

    selector: Selector
    over: Duration
    times: int


@lru_cache(maxsize=4096)
def reads(text: str) -> tuple[Read, ...]:
    """Return every selector of an expression with its range; a subquery without a step takes one of 1m.

    Raises QueryError.
    """
    return tuple(_reads(tree_of(text), 1))


def _reads(tree: Any, times: int) -> Iterator[Read]:
    match type(tree).__name__:
        case "VectorSelector":
            yield Read(Selector(_selector_text(tree)), _ZERO, times)
        case "MatrixSelector":
            yield Read(Selector(_selector_text(tree.vector_selector)), duration_of(tree.range), times)
        case "SubqueryExpr":
            step = duration_of(tree.step).ms or 60_000
            yield from _reads(tree.expr, times * max(1, duration_of(tree.range).ms // step))
        case _:
            for inner in below(tree):
                yield from _reads(inner, times)


def needs_series(text: str) -> bool:
    """Return whether an expression is sure to give nothing while nothing is there to be read; raises QueryError."""
    return _needs_series(tree_of(text))


def _needs_series(tree: Any) -> bool:
    match type(tree).__name__:
        case "VectorSelector" | "MatrixSelector":
            return True
        case "Call":
            return tree.func.name not in _OUT_OF_NOTHING and any(map(_needs_series, tree.args))
        case "BinaryExpr" if operator_of(tree) == "or":
            return _needs_series(tree.lhs) and _needs_series(tree.rhs)
        case "BinaryExpr" if operator_of(tree) == "unless":
            return _needs_series(tree.lhs)
        case "BinaryExpr":
            return _needs_series(tree.lhs) or _needs_series(tree.rhs)
        case "NumberLiteral" | "StringLiteral":
            return False
    return _needs_series(tree.expr)


_SELECTOR = "VectorSelector"
_OUT_OF_NOTHING = {"absent", "absent_over_time", "scalar", "vector"}


def matchers(selector: Selector) -> list[tuple[str, str, str]]:
    """Return label, operator and value of each matcher of a selector; the metric's name is one on `__name__`."""
    tree = tree_of(selector.text)
    return [("__name__", "=", tree.name), *matchers_of(tree)] if tree.name else matchers_of(tree)


def _selector_text(tree: Any) -> str:
    written = [f"{_label(label)}{operator}{_quoted(value)}" for label, operator, value in matchers_of(tree)]
    return (tree.name or "") + ("{" + ",".join(written) + "}" if written else "")


def _label(name: str) -> str:
    return name if _LABEL.fullmatch(name) else _quoted(name)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
