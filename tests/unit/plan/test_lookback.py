"""Placement rests on how far back rules read: what the plan declares is what the expressions say."""

from __future__ import annotations

from slogen.app.build import Outcome, load
from slogen.core import Duration
from slogen.plan.build import plan_service
from slogen.plan.rules import Evaluator
from slogen.promql.query import parse_query
from tests.conftest import ROOT


def test_declared_lookback_is_that_of_the_parsed_expression() -> None:
    """Every rule of ACGS-2, parsed by promql-parser; subqueries and offsets included."""
    outcome = Outcome(ROOT)
    catalog = load(ROOT, outcome)
    assert catalog is not None
    seen = 0
    for service in catalog.services:
        for group in plan_service(service, catalog.platform, outcome.report).groups:
            for rule in group.rules:
                real = parse_query(rule.expr).lookback
                assert rule.lookback == real, (service.name, group.name, rule)
                assert group.evaluator is Evaluator.THANOS or real <= Duration.of("6h")
                seen += 1
    assert seen > 400
