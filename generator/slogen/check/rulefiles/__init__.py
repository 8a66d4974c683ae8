"""What rule files must hold, whoever wrote them: one function a code, in explicit tuples."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from slogen.check.rulefiles import alerts, groups, histograms, joins, ranges, text
from slogen.check.rulefiles.analysed import Analysed, Servers
from slogen.check.syntax import Verdict, parsed
from slogen.core import Problem, Report
from slogen.model.rulefile import WrittenGroup, WrittenRule

__all__ = ["GROUP_CHECKS", "RULE_CHECKS", "Servers", "Verdict", "check_rules", "recorders"]

RULE_CHECKS: tuple[Callable[[Analysed], Iterator[Problem]], ...] = (
    text.templates,
    text.value_in_label,
    text.newer,
    joins.dead_match,
    joins.self_match,
    ranges.beyond_retention,
    histograms.seconds,
    histograms.quantile_without_le,
    histograms.quantile_of_each,
    joins.vanishing_share,
    alerts.always_fires,
    ranges.rate_of_sum,
    ranges.not_a_counter,
    ranges.short_range,
    alerts.objective_as_threshold,
    alerts.fan_out,
    alerts.label_not_there,
    joins.nan_in_aggregate,
    histograms.integer_bound,
    text.external_label,
    alerts.no_summary,
    alerts.no_runbook,
    alerts.naked_counter,
    text.patterns,
    alerts.absent_at_once,
    alerts.changing_set,
    groups.read_elsewhere,
    text.dead_link,
)
GROUP_CHECKS: tuple[Callable[[Sequence[WrittenGroup], Sequence[Analysed]], Iterator[Problem]], ...] = (
    groups.long_interval,
    groups.read_before,
    groups.not_selected,
    groups.twice,
)


def recorders(files: Iterable[Sequence[WrittenGroup]]) -> dict[str, list[WrittenGroup]]:
    """Return the groups of some files that record a series, by its name."""
    found: dict[str, list[WrittenGroup]] = {}
    for group in itertools.chain.from_iterable(files):
        for name in dict.fromkeys(rule.name.text for rule in group.rules if not rule.alerts):
            found.setdefault(name, []).append(group)
    return found


def check_rules(
    found: Sequence[WrittenGroup],
    servers: Servers,
    verdicts: Mapping[str, Verdict] | None,
    report: Report,
    recorded: Mapping[str, Sequence[WrittenGroup]] | None = None,
) -> None:
    """Check the groups of one file. `verdicts` are promtool's, by expression; None when it was not asked.

    `recorded` are the `recorders` of all files, else those of this one.
    """
    recorded = recorders([found]) if recorded is None else recorded
    rules: list[Analysed] = []
    records: dict[str, object] = {}
    for group in found:
        _needs(group, servers, report)
        for rule in group.rules:
            tree = _parsed(rule, verdicts, report)
            if tree is not None:
                rules.append(
                    Analysed(rule=rule, group=group, tree=tree, servers=servers, records=records, recorders=recorded)
                )
                if not rule.alerts:
                    records[rule.name.text] = tree
    for check in RULE_CHECKS:
        for analysed in rules:
            report.extend(check(analysed))
    for check_group in GROUP_CHECKS:
        report.extend(check_group(found, rules))


def _needs(group: WrittenGroup, servers: Servers, report: Report) -> None:
    oldest = servers.version
    for what, since, span in group.needs:
        if oldest is not None and since > oldest:
            told = f"{what} needs Prometheus {text.spelt(since)}, the platform's is {text.spelt(oldest)}"
            report.error(span, "SLO304", told, "leave it out, or raise prometheus.version")


def _parsed(rule: WrittenRule, verdicts: Mapping[str, Verdict] | None, report: Report) -> Any:
    """Return the tree of an expression; report what promtool, or without it promql-parser, does not read."""
    expr = rule.expr
    tree = parsed(expr, verdicts.get(expr.text) if verdicts is not None else None, report)
    if type(tree).__name__ in ("MatrixSelector", "SubqueryExpr", "StringLiteral"):
        report.error(expr.place(), "SLO301", "a rule needs an instant vector, not a range or a text", "leave [ ] out")
        return None
    return tree
