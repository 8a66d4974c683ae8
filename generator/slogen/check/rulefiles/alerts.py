"""Alerts: what fires always, too often or for each of too many, and what people are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from slogen.check.rulefiles.analysed import RATES, Analysed, bare, contains, number
from slogen.core import Problem
from slogen.promql.shape import alternatives, is_bool, is_comparison, shape
from slogen.promql.tree import is_vector, nodes, operator_of, parts_of_selector

_FANS = frozenset({"cpu", "mode", "le"})
_LABEL = re.compile(r"(?:\$labels|\$\.Labels|\.Labels)\.([a-zA-Z_]\w*)")
_ACTION = re.compile(r"\{\{.*?\}\}", re.S)
_HOLDS: dict[str, Callable[[float, float], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le, "==": eq, "!=": ne}
_MAYBE = re.compile(r"\{\{-?\s*(?:else )?(?:if|with)\b")


def always_fires(rule: Analysed) -> Iterator[Problem]:
    """SLO314: an alert without a condition."""
    if not rule.rule.alerts or not contains(rule.tree, "VectorSelector"):
        return
    part = _unconditional(rule.tree)
    if part is None:
        return
    if operator_of(part) and is_bool(part):
        yield rule.error(part, "SLO314", "bool gives 0 or 1, and an alert fires for both", "leave bool out")
    elif type(part).__name__ == "Call" and part.func.name == "vector":
        yield rule.error(part, "SLO314", "vector(…) is always there: the alert fires always", "compare the whole of it")
    else:
        yield rule.warning(
            part, "SLO314", "this has no condition: the alert fires as long as a series is there", "compare it"
        )


def _unconditional(tree: Any) -> Any:
    """Return a part that is there without anything being wrong; None when there is none."""
    tree = bare(tree)
    match type(tree).__name__:
        case "BinaryExpr":
            return _of_operator(tree)
        case "AggregateExpr" | "SubqueryExpr":
            return None if _unconditional(tree.expr) is None else tree
        case "Call" if tree.func.name in ("absent", "absent_over_time"):
            return None
        case "Call":
            return tree if all(_unconditional(one) is not None for one in tree.args if is_read(one)) else None
        case "VectorSelector":
            # What somebody records may well be a condition, and so are alerts.
            name = parts_of_selector(tree)[0]
            return None if ":" in name or name == "ALERTS" else tree
        case "MatrixSelector":
            return None if _unconditional(tree.vector_selector) is None else tree
    return None


def _of_operator(tree: Any) -> Any:
    operator = operator_of(tree)
    if is_comparison(operator):
        return tree if is_bool(tree) else _true_by_itself(tree)
    if operator in ("and", "unless"):
        return None
    if operator == "or":
        for side in (tree.lhs, tree.rhs):
            constant = bare(side)
            if type(constant).__name__ == "Call" and constant.func.name == "vector":
                return constant
            if (found := _unconditional(side)) is not None:
                return found
        return None
    sides = [side for side in (tree.lhs, tree.rhs) if is_read(side)]
    return tree if all(_unconditional(side) is not None for side in sides) else None


def _true_by_itself(comparison: Any) -> Any:
    """Return a vector(…) on the left that the comparison is true for, and that no series beside it hides."""
    limit, sides = number(comparison.rhs), list(alternatives(comparison.lhs))
    for side in sides if limit is not None else ():
        constant = bare(side)
        if type(constant).__name__ == "Call" and constant.func.name == "vector":
            value = number(constant.args[0])
            seen = all(shape(one).has for one in sides if one is not side)
            if value is not None and limit is not None and seen and _HOLDS[operator_of(comparison)](value, limit):
                return constant
    return None


def is_read(tree: Any) -> bool:
    """Return whether series are read in an expression."""
    return contains(tree, "VectorSelector")


def objective_as_threshold(rule: Analysed) -> Iterator[Problem]:
    """SLO318: an alert that comes when the objective is missed already."""
    windows = {id(node) for both in rule.nodes("BinaryExpr") if operator_of(both) == "and" for node in nodes(both)}
    for node in rule.nodes("BinaryExpr") if rule.rule.alerts else ():
        objective = _objective(node, alone=id(node) not in windows)
        if objective is None or not 0.9 < objective < 1:
            continue
        if contains(node.lhs, "Call", *RATES) and "/" in _operators(node.lhs):
            yield rule.warning(
                node.rhs,
                "SLO318",
                "the objective is the threshold: this fires when the budget of the range is gone, and for as long",
                "alert on burn rates of a long and a short range",
            )


def _objective(node: Any, *, alone: bool) -> float | None:
    """Return the number in `… < 0.999`, and in `… > 1 - 0.999` when no second range is looked at."""
    if operator_of(node) in ("<", "<="):
        return number(node.rhs)
    limit = bare(node.rhs)
    if alone and operator_of(node) in (">", ">=") and operator_of(limit) == "-" and number(limit.lhs) == 1:
        return number(limit.rhs)
    return None


def _operators(tree: Any) -> set[str]:
    tree = bare(tree)
    if not operator_of(tree):
        return set()
    return {operator_of(tree)} | _operators(tree.lhs) | _operators(tree.rhs)


def fan_out(rule: Analysed) -> Iterator[Problem]:
    """SLO319: an alert for each processor, mode or bucket."""
    if rule.rule.alerts:
        found = shape(rule.tree)
        fans = sorted((found.has & _FANS) - found.fixed.keys()) if found.open else []
        if fans:
            hint = "aggregate them: avg by (instance) (…), or name what is meant in by (…)"
            yield rule.warning(rule.tree, "SLO319", f"one alert for every value of {' and '.join(fans)}", hint)


def label_not_there(rule: Analysed) -> Iterator[Problem]:
    """SLO320: a template names a label that the result cannot have."""
    if not rule.rule.alerts:
        return
    found = shape(rule.tree)
    for _, value in (*rule.rule.annotations, *rule.rule.labels):
        if _MAYBE.search(value.text):
            continue
        for named in (
            one for action in _ACTION.finditer(value.text) for one in _LABEL.finditer(value.text, *action.span())
        ):
            if found.cannot_have(named[1]):
                yield rule.warning(
                    value.place(*named.span()),
                    "SLO320",
                    f"the result has no label {named[1]}: nothing is written here",
                    "keep it in by (…), or leave it out",
                )


def no_summary(rule: Analysed) -> Iterator[Problem]:
    """SLO327: an alert that says nothing."""
    if rule.rule.alerts and not any(rule.rule.annotation(name) for name in ("summary", "description", "message")):
        told = f"whoever gets {rule.rule.name.text} is told nothing"
        yield rule.warning(rule.rule.span, "SLO327", told, "add annotations: {summary: …}")


def no_runbook(rule: Analysed) -> Iterator[Problem]:
    """SLO328: a page without instructions."""
    severity = {key.text: value.text for key, value in rule.rule.labels}.get("severity")
    if rule.rule.alerts and severity in ("critical", "page") and not rule.rule.annotation("runbook_url"):
        told = f"whoever {rule.rule.name.text} wakes has no runbook"
        yield rule.info(rule.rule.span, "SLO328", told, "add the annotation runbook_url")


def naked_counter(rule: Analysed) -> Iterator[Problem]:
    """SLO329: the value of a counter, which depends on the last restart."""
    for node in rule.nodes("BinaryExpr") if rule.rule.alerts else ():
        limit = number(node.rhs)
        if not is_comparison(operator_of(node)) or limit is None or (limit == 0 and operator_of(node) in ("==", "!=")):
            continue
        counter = bare(node.lhs)
        if type(counter).__name__ == "AggregateExpr" and str(counter.op) in ("sum", "max", "avg"):
            counter = bare(counter.expr)
        if type(counter).__name__ == "VectorSelector" and parts_of_selector(counter)[0].endswith("_total"):
            yield rule.warning(
                counter,
                "SLO329",
                "a counter grows until its process restarts: its value says nothing",
                "compare its increase(…) or rate(…)",
            )


def absent_at_once(rule: Analysed) -> Iterator[Problem]:
    """SLO331: one missed scrape, or a restart of Prometheus, is an alert."""
    if rule.rule.alerts and not (rule.rule.for_ and rule.rule.for_.ms):
        for call in rule.calls("absent"):
            told = "absent fires at once when a single scrape fails or Prometheus restarts"
            yield rule.warning(call, "SLO331", told, "add for: of two scrapes or more")


def changing_set(rule: Analysed) -> Iterator[Problem]:
    """SLO332: which alerts there are changes with every evaluation."""
    if not rule.rule.alerts:
        return
    tree = bare(rule.tree)
    while is_comparison(operator_of(tree)) or operator_of(tree) in ("*", "/", "+", "-"):
        tree = bare(tree.lhs if is_vector(tree.lhs) else tree.rhs)
    if type(tree).__name__ == "AggregateExpr" and str(tree.op) in ("topk", "bottomk"):
        told = f"what is among the {tree.op} changes: alerts end and begin anew, and `for` with them"
        yield rule.warning(tree, "SLO332", told, "compare all series with a threshold")
