"""The expressions that the owner of a service wrote, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.core import Span
from slogen.model import Service, Slo
from slogen.plan.tiers import PART
from slogen.promql.query import Query, Selector, normalise


def expressions(service: Service) -> Iterator[tuple[Span, Query | Selector]]:
    """Yield every expression and selector of SLIs and cause alerts."""
    for slo in service.slos:
        for expression in of_sli(slo):
            yield slo.span, expression
    for alert in service.alerts:
        yield alert.expr_span, alert.expr


def of_sli(slo: Slo) -> Iterator[Query | Selector]:
    """Yield the expressions and selectors of an SLI."""
    for name in type(slo.sli).__dataclass_fields__:
        value = getattr(slo.sli, name)
        if isinstance(value, (Query, Selector)):
            yield value


def promql(expression: Query | Selector) -> str:
    """Return an expression as the parser reads it."""
    return normalise(expression.with_window(PART).text if isinstance(expression, Query) else expression.text)
