"""Histograms: quantiles, their buckets and their unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from slogen.check.rulefiles.analysed import Analysed, bare, contains, number
from slogen.core import Problem
from slogen.promql.shape import is_comparison, shape
from slogen.promql.tree import nodes, operator_of, parts_of_selector


def quantile_without_le(rule: Analysed) -> Iterator[Problem]:
    """SLO311: a quantile of buckets without their bounds: always empty."""
    for buckets in _quantiles(rule):
        if shape(buckets).cannot_have("le"):
            hint = "keep le: sum by (le, …) (rate(…))"
            yield rule.error(buckets, "SLO311", "histogram_quantile needs the label le, and this has none", hint)


def quantile_of_each(rule: Analysed) -> Iterator[Problem]:
    """SLO312: a quantile of every single series."""
    for buckets in _quantiles(rule):
        if not contains(buckets, "AggregateExpr"):
            yield rule.warning(
                buckets,
                "SLO312",
                "one quantile for each series, of however few requests, and an alert for each",
                "add the buckets up first: sum by (le, …) (rate(…))",
            )


def seconds(rule: Analysed) -> Iterator[Problem]:
    """SLO310: a latency above one second as a threshold may have been meant in milliseconds."""
    for node in rule.nodes("BinaryExpr"):
        limit = number(node.rhs)
        if limit is None or limit < 1 or not is_comparison(operator_of(node)):
            continue
        call = bare(node.lhs)
        if type(call).__name__ == "Call" and call.func.name == "histogram_quantile":
            named = [name for name in _names(call) if name.endswith("_seconds_bucket")]
            if named:
                told = f"{named[0].removesuffix('_bucket')} is in seconds: this is {limit:g} s"
                yield rule.info(
                    node.rhs, "SLO310", told, "for milliseconds write 0.005; the largest bucket caps a quantile"
                )


def integer_bound(rule: Analysed) -> Iterator[Problem]:
    """SLO325: `le` of a whole number, which Prometheus 2 and 3 spell in two ways."""
    for node in rule.nodes("VectorSelector"):
        for label, operator, value in parts_of_selector(node)[1]:
            if label == "le" and operator == "=" and re.fullmatch("[0-9]+", value):
                yield rule.warning(
                    rule.place_of_matcher(node, label, operator),
                    "SLO325",
                    f'le="{value}" is le="{value}.0" in Prometheus 3',
                    f'write le=~"{value}(\\\\.0)?"',
                )


def _quantiles(rule: Analysed) -> Iterator[Any]:
    """Yield what quantiles of classic histograms are taken of."""
    for call in rule.calls("histogram_quantile"):
        if any(name.endswith("_bucket") and ":" not in name for name in _names(call)):
            yield call.args[1]


def _names(tree: Any) -> list[str]:
    return [parts_of_selector(node)[0] for node in nodes(tree) if type(node).__name__ == "VectorSelector"]
