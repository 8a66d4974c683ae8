"""Which labels the result of an expression has, may have and cannot have, as far as its text tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from slogen.promql.tree import is_vector, operator_of, parts_of_selector

_AGGREGATES_KEEPING = ("topk", "bottomk", "limitk", "limit_ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The labels of a result. An open one may also have any label that is not in `lacks`.

    `has` are labels that it is made to have, `may` those that it could, `fixed` those with one known value.
    """

    open: bool = True
    has: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    fixed: Mapping[str, str] = field(default_factory=dict)

    def cannot_have(self, label: str) -> bool:
        """Return whether no series of the result has the label."""
        return label in self.lacks or (not self.open and label not in self.has | self.may)

    def only(self, labels: frozenset[str]) -> Shape:
        """Return the shape when these labels are kept and no others."""
        kept = frozenset(label for label in labels if not self.cannot_have(label))
        fixed = {label: value for label, value in self.fixed.items() if label in kept}
        return Shape(open=False, has=kept, fixed=fixed)

    def without(self, labels: frozenset[str]) -> Shape:
        """Return the shape when these labels are dropped."""
        fixed = {label: value for label, value in self.fixed.items() if label not in labels}
        return replace(
            self, has=self.has - labels, may=self.may - labels, lacks=self.lacks | labels if self.open else self.lacks,
            fixed=fixed,
        )  # fmt: skip

    def adding(self, label: str, *, sure: bool = False) -> Shape:
        """Return the shape when a label may have been set to any value."""
        fixed = {name: value for name, value in self.fixed.items() if name != label}
        has = self.has | {label} if sure else self.has - {label}
        return replace(self, has=has, may=self.may | {label}, lacks=self.lacks - {label}, fixed=fixed)


EMPTY = Shape(open=False)


def shape(tree: Any) -> Shape:
    """Return the labels of an instant vector, range vector or number (none at all)."""
    match type(tree).__name__:
        case "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            return shape(tree.expr)
        case "VectorSelector":
            return _of_selector(tree)
        case "MatrixSelector":
            return _of_selector(tree.vector_selector)
        case "AggregateExpr":
            return _of_aggregation(tree)
        case "BinaryExpr":
            return _of_binary(tree)
        case "Call":
            return _of_call(tree)
    return EMPTY


def alternatives(tree: Any) -> Iterator[Any]:
    """Yield the sides of `or`, or the expression itself."""
    if type(tree).__name__ == "ParenExpr":
        yield from alternatives(tree.expr)
    elif operator_of(tree) == "or":
        yield from alternatives(tree.lhs)
        yield from alternatives(tree.rhs)
    else:
        yield tree


@dataclass(frozen=True, slots=True)
class Matching:
    """The labels that the two sides of an operator are matched on: those of `on`, or all but those of `ignoring`."""

    labels: frozenset[str]
    on: bool

    def uses(self, label: str) -> bool:
        """Return whether a label must be equal on both sides."""
        return (label in self.labels) == self.on


def matching(tree: Any) -> Matching:
    """Return what a binary operator matches on."""
    told = tree.modifier.matching if tree.modifier is not None else None
    if told is None:
        return Matching(frozenset(), False)
    return Matching(frozenset(told.labels), str(told.type).endswith("Include"))


def apart(left: Shape, right: Shape, on: Matching) -> str:
    """Return why no series of two sides can match, empty when some may."""
    for label in sorted(left.has | right.has | left.fixed.keys() | right.fixed.keys()):
        if not on.uses(label):
            continue
        one, other = left.fixed.get(label), right.fixed.get(label)
        if one is not None and other is not None and one != other:
            return f'the left side has {label}="{one}", the right side {label}="{other}"'
        if label in left.has and right.cannot_have(label):
            return f"the right side has no label {label}, the left side has"
        if label in right.has and left.cannot_have(label):
            return f"the left side has no label {label}, the right side has"
    return ""


def _of_selector(tree: Any) -> Shape:
    name, wanted = parts_of_selector(tree)
    fixed = {label: value for label, operator, value in wanted if operator == "=" and value}
    lacks = frozenset(label for label, operator, value in wanted if operator == "=" and not value)
    has = frozenset(fixed) | frozenset(label for label, operator, value in wanted if operator == "!=" and not value)
    if name == "node_cpu_seconds_total":
        has |= {"cpu", "mode"}
    if name.endswith("_bucket"):
        has |= {"le"}
    elif name.endswith(("_count", "_sum")) and ":" not in name:
        lacks |= {"le"}
    return Shape(has=has, lacks=lacks, fixed=fixed)


def _of_aggregation(tree: Any) -> Shape:
    inner, operator = shape(tree.expr), str(tree.op)
    if operator in _AGGREGATES_KEEPING:
        return inner
    labels = frozenset(tree.modifier.labels) if tree.modifier is not None else frozenset()
    dropped = tree.modifier is not None and not str(tree.modifier.type).endswith("By")
    kept = inner.without(labels) if dropped else inner.only(labels)
    if operator == "count_values" and type(tree.param).__name__ == "StringLiteral":
        return kept.adding(tree.param.val, sure=True)
    return kept


def _of_binary(tree: Any) -> Shape:
    if not is_vector(tree.lhs) or not is_vector(tree.rhs):
        return shape(tree.lhs if is_vector(tree.lhs) else tree.rhs)
    left, right, operator = shape(tree.lhs), shape(tree.rhs), operator_of(tree)
    if operator == "or":
        fixed = {label: value for label, value in left.fixed.items() if right.fixed.get(label) == value}
        both = left.open or right.open
        lacks = frozenset(label for label in left.lacks | right.lacks if _neither(label, left, right))
        may = left.has | left.may | right.has | right.may
        return Shape(open=both, has=left.has & right.has, may=may, lacks=lacks, fixed=fixed)
    if operator in ("and", "unless"):
        return left
    card, on = str(tree.modifier.card) if tree.modifier is not None else "", matching(tree)
    if card.endswith("OneToMany"):
        left, right = right, left
    if card.endswith(("ManyToOne", "OneToMany")):
        for label in tree.modifier.group_labels or ():
            left = left.adding(label)
        return left
    return left.only(on.labels) if on.on else left.without(on.labels)


def is_comparison(operator: str) -> bool:
    """Return whether an operator compares."""
    return operator in ("==", "!=", "<", ">", "<=", ">=")


def is_bool(tree: Any) -> bool:
    """Return whether an expression is a comparison that gives 0 and 1 instead of filtering."""
    return bool(operator_of(tree)) and tree.modifier is not None and bool(tree.modifier.return_bool)


def _neither(label: str, left: Shape, right: Shape) -> bool:
    return left.cannot_have(label) and right.cannot_have(label)


def _is_range(tree: Any) -> bool:
    while type(tree).__name__ == "ParenExpr":
        tree = tree.expr
    return type(tree).__name__ in ("MatrixSelector", "SubqueryExpr")


def _of_call(tree: Any) -> Shape:
    name, arguments = tree.func.name, list(tree.args)
    if name in ("absent", "absent_over_time"):
        inner = shape(arguments[0])
        return Shape(open=False, may=frozenset(inner.fixed), fixed=inner.fixed)
    vectors = [argument for argument in arguments if is_vector(argument) or _is_range(argument)]
    if name in ("vector", "time", "scalar", "pi") or not vectors:
        return EMPTY
    inner = shape(vectors[0])
    if name in ("histogram_quantile", "histogram_fraction"):
        return inner.without(frozenset({"le"}))
    if name in ("label_replace", "label_join") and type(arguments[1]).__name__ == "StringLiteral":
        return inner.adding(arguments[1].val)
    if name == "info":
        return Shape()
    return inner
