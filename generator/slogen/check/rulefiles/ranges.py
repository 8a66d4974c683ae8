"""Ranges and what is read over them: counters, and how far back their samples are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slogen.check.rulefiles.analysed import RATES, Analysed, bare
from slogen.core import Problem
from slogen.promql.tree import duration_of, parts_of_selector, reach

_RANGES = ("MatrixSelector", "SubqueryExpr", "VectorSelector")
_GAUGES = ("_bytes", "_ratio", "_percent", "_celsius", "_info", "_timestamp", "_timestamp_seconds")
_KNOWN_GAUGES = ("up", "probe_success")


def beyond_retention(rule: Analysed) -> Iterator[Problem]:
    """SLO309: reads further back than the server keeps: a shorter range, without any error."""
    servers = rule.servers
    kept = servers.thanos_retention if rule.group.thanos else servers.retention
    back = reach(rule.tree)
    if kept is None or back <= kept:
        return
    furthest = max((node for node in rule.nodes() if type(node).__name__ in _RANGES), key=reach)
    yield rule.error(
        furthest,
        "SLO309",
        f"this reads {back} back, and {'the bucket' if rule.group.thanos else 'Prometheus'} keeps {kept}",
        f"it would be the result over {kept}: let Thanos Ruler evaluate it, or record shorter ranges",
    )


def short_range(rule: Analysed) -> Iterator[Problem]:
    """SLO317: fewer than two samples in a range: no rate."""
    every = rule.servers.scrape_interval
    if every is None:
        return
    for call, ranged, _ in _rates(rule):
        width = duration_of(ranged.range)
        if width.ms < every.ms * 2:
            yield rule.error(
                ranged,
                "SLO317",
                f"{width} is less than two scrapes of {every}: {call.func.name} needs two samples",
                f"use {every * 4} or more",
            )


def rate_of_sum(rule: Analysed) -> Iterator[Problem]:
    """SLO315: a rate of a sum takes the restart of one counter for a restart of all."""
    for call in rule.calls(*RATES):
        ranged = bare(call.args[0])
        if type(ranged).__name__ == "SubqueryExpr":
            summed = bare(ranged.expr)
        elif type(ranged).__name__ == "MatrixSelector":
            summed = bare(rule.records.get(parts_of_selector(ranged.vector_selector)[0]))
        else:
            continue
        if type(summed).__name__ == "AggregateExpr" and str(summed.op) in ("sum", "avg", "max", "min"):
            yield rule.error(
                call,
                "SLO315",
                f"{call.func.name} of a {summed.op}: when one counter restarts, all seem to",
                f"{summed.op} the rates instead: {summed.op} (rate(…))",
            )


def not_a_counter(rule: Analysed) -> Iterator[Problem]:
    """SLO316: a rate of what goes up and down."""
    for call, ranged, name in _rates(rule):
        if name.endswith(_GAUGES) or name in _KNOWN_GAUGES:
            yield rule.warning(
                ranged,
                "SLO316",
                f"{name} is a gauge by its name: {call.func.name} takes every fall for a restart",
                "use deriv or delta for a gauge",
            )


def _rates(rule: Analysed) -> Iterator[tuple[Any, Any, str]]:
    """Yield the rates of raw series: the call, what it reads, and the name of that."""
    for call in rule.calls(*RATES):
        ranged = call.args[0]
        if type(ranged).__name__ == "MatrixSelector":
            name = parts_of_selector(ranged.vector_selector)[0]
            if ":" not in name:
                yield call, ranged, name
