"""promql-parser's trees: what stands in a node, below it, and how far back it reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from slogen.core import Duration

_ZERO = Duration(0)
_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def nodes(tree: Any) -> Iterator[Any]:
    """Yield the tree and all below it, in the order of the text."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        left += reversed(below(node))


def below(tree: Any) -> list[Any]:
    """Return the parts of a node of the tree, in the order of the text."""
    match type(tree).__name__:
        case "BinaryExpr":
            return [tree.lhs, tree.rhs]
        case "Call":
            return list(tree.args)
        case "MatrixSelector":
            return [tree.vector_selector]
        case "AggregateExpr" if tree.param is not None:
            return [tree.param, tree.expr]
        case "SubqueryExpr" | "ParenExpr" | "UnaryExpr" | "AggregateExpr":
            return [tree.expr]
    return []


_SCALAR_CALLS = {"time", "scalar", "pi"}


def is_vector(tree: Any) -> bool:
    """Return whether an expression gives an instant vector, not a number or a range."""
    match type(tree).__name__:
        case "NumberLiteral" | "StringLiteral" | "MatrixSelector" | "SubqueryExpr":
            return False
        case "ParenExpr" | "UnaryExpr":
            return is_vector(tree.expr)
        case "BinaryExpr":
            return is_vector(tree.lhs) or is_vector(tree.rhs)
        case "Call":
            return tree.func.name not in _SCALAR_CALLS
    return True


def duration_of(value: timedelta | None) -> Duration:
    """Return a range of the tree."""
    return Duration(round(value.total_seconds() * 1000)) if value is not None else _ZERO


def reach(tree: Any) -> Duration:
    """Return how far back an expression reads: the largest range + offset, through subqueries."""
    match type(tree).__name__:
        case "VectorSelector":
            return max(duration_of(tree.offset), _ZERO)
        case "MatrixSelector":
            return duration_of(tree.range) + reach(tree.vector_selector)
        case "SubqueryExpr":
            return duration_of(tree.range) + max(duration_of(tree.offset), _ZERO) + reach(tree.expr)
        case "ParenExpr" | "UnaryExpr" | "AggregateExpr":
            return reach(tree.expr)
        case "BinaryExpr":
            return max(reach(tree.lhs), reach(tree.rhs))
        case "Call":
            return max((reach(argument) for argument in tree.args), default=_ZERO)
    return _ZERO


def parts_of_selector(tree: Any) -> tuple[str, list[tuple[str, str, str]]]:
    """Return the name of a selector of the tree, and label, operator and value of each of its matchers."""
    found = matchers_of(tree)
    named = next((value for label, operator, value in found if (label, operator) == ("__name__", "=")), "")
    return tree.name or named, [one for one in found if one[0] != "__name__"]


def operator_of(tree: Any) -> str:
    """Return the operator of a binary expression, empty for anything else."""
    return str(tree.op).split(" ")[0] if type(tree).__name__ == "BinaryExpr" else ""


def matchers_of(tree: Any) -> list[tuple[str, str, str]]:
    """Return label, operator and value of each matcher in the braces of a selector."""
    return [(one.name, _OPERATORS[str(one.op).split(".")[-1]], one.value) for one in tree.matchers.matchers]
