"""Whether missing data can be told from data: SLO120."""

from __future__ import annotations

from slogen.check.expressions import promql, written
from slogen.core import Report
from slogen.model import Boolean, Freshness, Platform, QuerySli, Sli, Threshold
from slogen.plan.rules import ServicePlan
from slogen.promql.query import Query, needs_series


def out_of_nothing(plan: ServicePlan, _: Platform, report: Report) -> None:
    """Report SLIs that count events when nothing is there to be read: their SLONoData could never fire."""
    for slo in plan.service.slos:
        query = _counted(slo.sli)
        if query is not None and not query.selector and not needs_series(promql(query)):
            report.error(
                written(query).place(),
                "SLO120",
                "this gives a value when no series is there: missing data would count as events",
                "instead of `or vector(0)` write `or 0 * …` of what is there whenever the target is",
            )


def _counted(sli: Sli) -> Query | None:
    """Return the expression that tells how many events there are."""
    match sli:
        case Boolean() | Threshold():
            return sli.metric
        case Freshness():
            return sli.timestamp
        case QuerySli():
            return sli.total
    return None
