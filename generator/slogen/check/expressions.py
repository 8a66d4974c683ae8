"""The expressions that the owner of a service wrote, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.core.written import Written
from slogen.model import Service, Sli
from slogen.plan.tiers import PART
from slogen.promql.query import Query, Selector, normalise


def expressions(service: Service) -> Iterator[Query | Selector]:
    """Yield every expression and selector of SLIs and cause alerts."""
    for slo in service.slos:
        yield from of_sli(slo.sli)
    yield from (alert.expr for alert in service.alerts)


def of_sli(sli: Sli) -> Iterator[Query | Selector]:
    """Yield the expressions and selectors of an SLI."""
    for name in type(sli).__dataclass_fields__:
        value = getattr(sli, name)
        if isinstance(value, (Query, Selector)):
            yield value


def written(expression: Query | Selector) -> Written:
    """Return an expression as it stands in the file."""
    assert expression.written is not None  # the reader writes it down
    return expression.written


def promql(expression: Query | Selector) -> str:
    """Return an expression as the parser reads it."""
    return normalise(expression.with_window(PART).text if isinstance(expression, Query) else expression.text)
