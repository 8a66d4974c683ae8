"""The PromQL of owners, looked at as rule files are: `slogen lint` alone does, for not all that it tells is certain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from slogen.check.expressions import of_sli, promql, written
from slogen.check.rulefiles import alerts, histograms, joins, ranges, text
from slogen.check.rulefiles.analysed import Analysed, Servers
from slogen.core import Problem, Report
from slogen.core.written import Written
from slogen.model import Alert, Platform, QuerySli, Service
from slogen.model.rulefile import WrittenGroup, WrittenRule
from slogen.plan.rules import ServicePlan
from slogen.promql.places import places
from slogen.promql.query import Query, Selector, tree_of

# What a build does not find itself. Texts and links are slogen's, and so are retention and versions.
OWNED_CHECKS: tuple[Callable[[Analysed], Iterator[Problem]], ...] = (
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
    text.dead_link,
)


def check_owned(plan: ServicePlan, platform: Platform, dashboards: frozenset[str], report: Report) -> None:
    """Report what hardly does what it should in the SLIs, cause alerts and links of a service.

    `dashboards` are those of the build, by uid.
    """
    servers = Servers(
        scrape_interval=platform.prometheus.scrape_interval,
        grafana=platform.grafana_url or "",
        dashboards=dashboards,
    )
    for _, url in plan.service.links:
        report.extend(text.dead_links(Written(url, plan.service.links_span), servers))
    group = WrittenGroup(name=Written(plan.service.name, plan.service.span), rules=())
    for expression, rule in _rules(plan.service):
        analysed = Analysed(rule=rule, group=group, tree=tree_of(promql(expression)), servers=servers)
        for check in OWNED_CHECKS:
            report.extend(check(analysed))
    vanishing_errors(plan.service, report)


def vanishing_errors(service: Service, report: Report) -> None:
    """SLO313: an SLI without data as long as nothing fails."""
    for slo in service.slos:
        if isinstance(slo.sli, QuerySli):
            errors, total = (tree_of(promql(query)) for query in (slo.sli.errors, slo.sli.total))
            if joins.sums_some_of(errors, total):
                query = written(slo.sli.errors)
                report.warning(
                    query.place(*places(query.text, errors)[id(errors)]),
                    "SLO313",
                    "without such a series nothing is measured, though nothing fails",
                    "add `or 0 * …` with the expression of total",
                )


def _rules(service: Service) -> Iterator[tuple[Query | Selector, WrittenRule]]:
    """Yield every expression of a service, and a rule that stands for it."""
    for slo in service.slos:
        for expression in of_sli(slo.sli):
            name = Written(slo.name, slo.span)
            yield expression, WrittenRule(name=name, alerts=False, expr=written(expression), span=slo.span)
    yield from ((alert.expr, _of_alert(alert)) for alert in service.alerts)


def _of_alert(alert: Alert) -> WrittenRule:
    links = ((name, Written(url, alert.links_span)) for name, url in alert.links)
    return WrittenRule(
        name=Written(alert.name, alert.span),
        alerts=True,
        expr=written(alert.expr),
        for_=alert.for_,
        labels=tuple(
            (Written(name, alert.labels_span), Written(value, alert.labels_span)) for name, value in alert.labels
        ),
        annotations=tuple((Written(name, alert.span), value) for name, value in (*alert.written, *links)),
        span=alert.span,
    )
