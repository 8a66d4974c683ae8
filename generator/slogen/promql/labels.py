"""Which labels the result of an expression is sure to have, because its top names them."""

from __future__ import annotations

from typing import Any

from slogen.promql.tree import is_vector


def named_labels(tree: Any) -> frozenset[str]:
    """Return the labels that `by (…)`, `on (…)` or `group_left (…)` at the top of an expression keeps."""
    match type(tree).__name__:
        case "ParenExpr" | "UnaryExpr":
            return named_labels(tree.expr)
        case "AggregateExpr" if tree.modifier is not None and str(tree.modifier.type).endswith("By"):
            return frozenset(tree.modifier.labels)
        case "BinaryExpr":
            return _of_binary(tree)
    return frozenset()


def _of_binary(tree: Any) -> frozenset[str]:
    modifier = tree.modifier
    copied = frozenset((modifier.group_labels or ()) if modifier is not None else ())
    card = str(modifier.card) if modifier is not None else ""
    if card.endswith("OneToMany") or not is_vector(tree.lhs):
        return named_labels(tree.rhs) | copied
    if card.endswith("ManyToOne") or not is_vector(tree.rhs):
        return named_labels(tree.lhs) | copied
    operator = str(tree.op)
    if operator == "or":
        return named_labels(tree.lhs) | named_labels(tree.rhs)
    matching = modifier.matching if modifier is not None else None
    if operator not in ("and", "unless") and matching is not None and str(matching.type).endswith("Include"):
        return frozenset(matching.labels)
    return named_labels(tree.lhs)
