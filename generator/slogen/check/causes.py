"""Cause alerts, looked at as rule files are: `slogen lint` alone does, for not all that it tells is certain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from slogen.check.expressions import promql
from slogen.check.rulefiles import alerts, histograms, joins, ranges, text
from slogen.check.rulefiles.analysed import Analysed, Servers
from slogen.core import Problem, Report
from slogen.core.written import Written
from slogen.model import Alert, Platform
from slogen.model.rulefile import WrittenGroup, WrittenRule
from slogen.plan.rules import ServicePlan
from slogen.promql.query import QueryError, tree_of

# What a build does not find itself. Texts and links are slogen's, and so are retention and versions.
CAUSE_CHECKS: tuple[Callable[[Analysed], Iterator[Problem]], ...] = (
    joins.dead_match,
    joins.self_match,
    joins.vanishing_share,
    joins.nan_in_aggregate,
    histograms.seconds,
    histograms.quantile_without_le,
    histograms.quantile_of_each,
    histograms.integer_bound,
    ranges.rate_of_sum,
    ranges.not_a_counter,
    ranges.short_range,
    alerts.always_fires,
    alerts.objective_as_threshold,
    alerts.fan_out,
    alerts.label_not_there,
    alerts.naked_counter,
    alerts.absent_at_once,
    alerts.changing_set,
    text.patterns,
)


def check_causes(plan: ServicePlan, platform: Platform, report: Report) -> None:
    """Report what hardly does what it should in the cause alerts of a service; the place is the whole expression."""
    servers = Servers(scrape_interval=platform.prometheus.scrape_interval)
    for alert in plan.service.alerts:
        expr = promql(alert.expr)
        try:
            tree = tree_of(expr)
        except QueryError:
            continue  # told by the reader
        group = WrittenGroup(name=Written(plan.service.name, alert.span), rules=())
        analysed = Analysed(rule=_written(alert, expr), group=group, tree=tree, servers=servers)
        for check in CAUSE_CHECKS:
            report.extend(check(analysed))


def _written(alert: Alert, expr: str) -> WrittenRule:
    texts = {"summary": alert.summary, "description": alert.description}
    return WrittenRule(
        name=Written(alert.name, alert.span),
        alerts=True,
        expr=Written(expr, alert.expr_span),
        for_=alert.for_,
        annotations=tuple((Written(name, alert.span), Written(value, alert.span)) for name, value in texts.items()),
        span=alert.span,
    )
