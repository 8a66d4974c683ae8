"""Groups and files: intervals, order, and rules that stand twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slogen.check.rulefiles.analysed import Analysed
from slogen.core import Duration, Problem, Severity
from slogen.model.rulefile import WrittenGroup
from slogen.promql.tree import parts_of_selector

# How far back an instant selector looks. Source: --query.lookback-delta,
# https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness
_LOOKBACK = Duration.of("5m")


def long_interval(groups: Sequence[WrittenGroup], rules: Sequence[Analysed]) -> Iterator[Problem]:
    """SLO322: what is recorded less often than Prometheus looks back has gaps."""
    for group in groups:
        if group.interval and group.interval_span and group.interval > _LOOKBACK:
            yield Problem(
                span=group.interval_span,
                code="SLO322",
                severity=Severity.WARNING,
                message=f"recorded every {group.interval}, and Prometheus looks {_LOOKBACK} back: series have gaps",
                hint="use 5m or less",
            )


def read_before(groups: Sequence[WrittenGroup], rules: Sequence[Analysed]) -> Iterator[Problem]:
    """SLO323: a rule reads what a later rule of its group records: an evaluation late."""
    recorded: dict[tuple[int, str], tuple[int, int]] = {}
    for place, rule in enumerate(rules):
        if not rule.rule.alerts:
            first, _ = recorded.get((id(rule.group), rule.rule.name.text), (place, place))
            recorded[id(rule.group), rule.rule.name.text] = (first, place)
    for place, rule in enumerate(rules):
        for node in rule.nodes("VectorSelector"):
            name = parts_of_selector(node)[0]
            first, _ = recorded.get((id(rule.group), name), (place, place))
            if first > place and name != rule.rule.name.text:
                yield rule.warning(
                    node,
                    "SLO323",
                    f"{name} is recorded later in the group: this reads it as it was an evaluation ago",
                    f"move it below line {rules[first].rule.span.line}",
                )


def read_elsewhere(rule: Analysed) -> Iterator[Problem]:
    """SLO333: a rule reads what another group records: no order holds between the two, so it may be an interval old.

    What is recorded more often than it is read is new enough, and a range is hardly changed by one sample.
    """
    ranged = {id(node.vector_selector) for node in rule.nodes("MatrixSelector")}
    for node in rule.nodes("VectorSelector"):
        name = parts_of_selector(node)[0]
        groups = rule.recorders.get(name, ())
        if id(node) in ranged or not groups or any(one is rule.group for one in groups):
            continue
        group = min(groups, key=lambda one: _interval(one, rule))
        every, mine = _interval(group, rule), _interval(rule.group, rule)
        if every < mine:
            continue
        told = f"{name} is recorded every {every} by another group, {group.name.text}: this reads it up to {every} late"
        yield (rule.warning if every > mine else rule.info)(node, "SLO333", told, "record it in this group, above")


def _interval(group: WrittenGroup, rule: Analysed) -> Duration:
    return group.interval or rule.servers.evaluation_interval


def not_selected(groups: Sequence[WrittenGroup], rules: Sequence[Analysed]) -> Iterator[Problem]:
    """SLO335: a resource that no server of the platform loads: nothing evaluates its rules, and nothing says so."""
    for rule in {id(rule.group.resource): rule for rule in rules}.values():
        resource, servers = rule.group.resource, rule.servers
        if resource is None or not servers.selected:
            continue
        lacks = [f"{name}: {value}" for name, value in servers.selected.items() if resource.labels.get(name) != value]
        if "slogen.dev/evaluator" not in resource.labels:
            lacks.append("slogen.dev/evaluator: prometheus")
        told = f"no server of slogen.yaml loads these rules: they lack the labels {', '.join(lacks)}" if lacks else ""
        hint = "add them to metadata, unless another server loads this"
        if not lacks and resource.namespace not in ("", servers.namespace):
            told = f"no server of slogen.yaml loads these rules: it looks into the namespace {servers.namespace} alone"
            hint = f"write namespace: {servers.namespace}, unless another server loads this"
        if told:
            yield Problem(span=resource.span, code="SLO335", severity=Severity.INFO, message=told, hint=hint)


def twice(groups: Sequence[WrittenGroup], rules: Sequence[Analysed]) -> Iterator[Problem]:
    """SLO324: two rules of one name, equal labels and the same expression."""
    seen: dict[object, Analysed] = {}
    for rule in rules:
        written = rule.rule
        labels = tuple(sorted((key.text, value.text) for key, value in written.labels))
        told = (written.alerts, written.name.text, labels, " ".join(written.expr.text.split()))
        first = seen.setdefault(told, rule)
        if first is not rule:
            what = "alert" if written.alerts else "record"
            hint = f"remove one: the first one stands at line {first.rule.span.line}"
            yield rule.error(written.span, "SLO324", f"the {what} {written.name.text} stands here a second time", hint)
