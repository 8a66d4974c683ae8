"""A Thanos Ruler reads the series of every cluster at once: docs/decisions/0003-joins.md."""

from __future__ import annotations

from tests.rules.harness import Case, availability, compiled, prove


def test_each_cluster_has_a_budget_of_its_own(promtool: str) -> None:
    """Cluster east burns, west does not; both have a budget series, and neither rule nor join mixes them."""
    plan = compiled(availability(more="by: [region]"))
    series = {}
    for cluster, errors in (("east", 10), ("west", 0)):
        where = f'service="web",slo="up",cluster="{cluster}"'
        series[f'slo:sli_errors:rate5m{{{where},region="r"}}'] = f"{errors}x300"
        series[f'slo:sli_total:rate5m{{{where},region="r"}}'] = "100x300"
        series[f"slo:error_budget:ratio{{{where}}}"] = "0.001x300"
    case = Case(series, interval="5m")
    case.value('slo:period_burn_rate:ratio{cluster="east"}', 80_000, 100)
    case.value('slo:period_burn_rate:ratio{cluster="west"}', 80_000, 0)
    case.count('ALERTS{alertstate="firing",alertname="SLOErrorBudgetExhausted"}', 90_000, 1)
    prove(promtool, plan, [case], speed="slow")
