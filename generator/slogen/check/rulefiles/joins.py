"""Operators between two vectors: sides that never match, or match what they should not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slogen.check.rulefiles.analysed import Analysed, bare, contains
from slogen.core import Problem
from slogen.promql.shape import alternatives, apart, is_bool, matching, shape
from slogen.promql.tree import is_vector, nodes, operator_of, parts_of_selector

_AS_THEY_ARE = ("or", "unless")


def dead_match(rule: Analysed) -> Iterator[Problem]:
    """SLO305: no series of one side can match one of the other."""
    for node in rule.nodes("BinaryExpr"):
        if operator_of(node) in _AS_THEY_ARE or not (is_vector(node.lhs) and is_vector(node.rhs)):
            continue
        on = matching(node)
        left, right = list(alternatives(node.lhs)), list(alternatives(node.rhs))
        why = [[apart(shape(one), shape(other), on) for other in right] for one in left]
        if all(all(reasons) for reasons in why):
            hint = "match on the labels that both have: on (…), ignoring (…), or the same by (…)"
            yield rule.error(node, "SLO305", f"this never gives a result: {why[0][0]}", hint)
            continue
        lonely = [one for one, reasons in zip(left, why, strict=True) if all(reasons)]
        lonely += [one for place, one in enumerate(right) if all(reasons[place] for reasons in why)]
        for part in lonely:
            if type(part).__name__ == "Call" and part.func.name == "vector":
                told = "vector(…) has no labels and matches nothing on the other side"
                yield rule.error(part, "SLO305", told, "write `or 0 * …` with the expression of the other side")


def self_match(rule: Analysed) -> Iterator[Problem]:
    """SLO307: a share of series of which each is divided by itself."""
    for node in rule.nodes("BinaryExpr"):
        if operator_of(node) != "/" or matching(node).labels or matching(node).on:
            continue
        part, whole = _selector(node.lhs), _selector(node.rhs)
        if part is not None and whole is not None and _narrower(part, whole):
            yield rule.error(
                node,
                "SLO307",
                "each series is divided by itself: the result is 1 wherever there is one",
                "aggregate both sides: sum by (…) (…) / sum by (…) (…)",
            )


def vanishing_share(rule: Analysed) -> Iterator[Problem]:
    """SLO313: a share that is not there, instead of 0, while no series of its numerator is."""
    if rule.rule.alerts:
        below = (node for node in rule.nodes("BinaryExpr") if operator_of(node) in ("<", "<="))
        trees = [node.lhs for node in below]
    else:
        trees = [rule.tree]
    for tree in trees:
        for node in nodes(tree):
            if operator_of(node) != "/":
                continue
            if sums_some_of(node.lhs, node.rhs):
                yield rule.warning(
                    node.lhs,
                    "SLO313",
                    "without such a series the whole result is missing, not 0",
                    "add `or 0 * …` with the denominator to the numerator",
                )


def sums_some_of(part: Any, whole: Any) -> bool:
    """Return whether an expression sums some of the series that another one sums, and is not there without them."""
    some, every = _summed(part), _summed(whole)
    return some is not None and every is not None and _narrower(some, every)


def _selector(tree: Any) -> Any:
    """Return the selector of an expression that keeps its series one by one."""
    tree = bare(tree)
    match type(tree).__name__:
        case "VectorSelector":
            return tree
        case "MatrixSelector":
            return tree.vector_selector
        case "Call" if len(tree.args) == 1:
            return _selector(tree.args[0])
    return None


def _summed(tree: Any) -> Any:
    tree = bare(tree)
    if type(tree).__name__ != "AggregateExpr" or str(tree.op) != "sum":
        return None
    return _selector(tree.expr)


def _narrower(part: Any, whole: Any) -> bool:
    """Return whether one selector is another one with more matchers."""
    (name, more), (other, fewer) = parts_of_selector(part), parts_of_selector(whole)
    return bool(name) and name == other and set(more) > set(fewer)


def nan_in_aggregate(rule: Analysed) -> Iterator[Problem]:
    """SLO321: one quotient of 0 by 0 makes a whole sum or mean NaN."""
    for node in rule.nodes("AggregateExpr"):
        if str(node.op) in ("sum", "avg", "stddev", "stdvar"):
            quotient = _quotient(node.expr)
            if quotient is not None:
                yield rule.warning(
                    quotient,
                    "SLO321",
                    f"one division by 0 in here makes the whole {node.op} NaN, which no comparison is true for",
                    "divide the sums instead, or filter the denominator: (… > 0)",
                )


def _quotient(tree: Any) -> Any:
    """Return a quotient of two vectors that may be NaN, outside of comparisons: those drop NaN."""
    tree = bare(tree)
    if type(tree).__name__ == "Call":
        return next((found for one in tree.args if (found := _quotient(one)) is not None), None)
    operator = operator_of(tree)
    if operator in ("/", "%") and is_vector(tree.lhs) and is_vector(tree.rhs):
        below = bare(tree.rhs)
        filtered = operator_of(below) in (">", "!=", ">=") and not is_bool(below)
        if not filtered and contains(below, "Call", "rate", "increase", "irate"):
            return tree
    if operator in ("+", "-", "*", "/"):
        return next((found for one in (tree.lhs, tree.rhs) if (found := _quotient(one)) is not None), None)
    return None
