"""Young series, lone events, recovered outages and events that nothing measures."""

from __future__ import annotations

import pytest

from tests.rules.harness import Case, availability, compiled, prove

PAGE = 'alertname="SLOErrorBudgetBurn",severity="critical",escalation=""'


@pytest.mark.parametrize("objective", ["99", "99.9", "99.99"])
def test_the_first_scrape_of_a_new_instance_may_fail(promtool: str, objective: str) -> None:
    """One failed probe is one event also when it is the only one: it neither pages nor tickets."""
    body = f"slos:\n  - {{name: up, objective: {objective}, by: [instance], sli: {{boolean: up}}}}\n"
    plan = compiled(body, scrape="30s", evaluation="30s")
    series = {'up{instance="old"}': "1x200", 'up{instance="new"}': "_x20 0 1x180"}
    case = Case(series, interval="30s").quiet('alertname="SLOErrorBudgetBurn"', *range(600, 4200, 30))
    prove(promtool, plan, [case])


def test_one_of_ten_requests_of_a_young_service_may_fail(promtool: str) -> None:
    """Its traffic is said to be 1/s, and so it is soon: at 99 % one error of ten is above 6 times the budget."""
    plan = compiled(availability("99", more="traffic: 1/s"))
    case = Case({'req_total{code="200"}': "0+3x3 9x4 24+15x200", 'req_total{code="500"}': "0x3 1x204"})
    prove(promtool, plan, [case.quiet('alertname="SLOErrorBudgetBurn"', *range(0, 3000, 15))])


def test_a_page_that_had_recovered_is_not_held_when_its_data_vanish(promtool: str) -> None:
    """10 m of outage, all good again for 20 m; then the job is renamed while the page is still being kept."""
    plan = compiled(availability(more="traffic: 60/s"))
    case = Case(
        {
            'req_total{code="200"}': "0+1000x240 240000x40 241000+1000x140 stale",
            'req_total{code="500"}': "0x240 1000+1000x40 41000x140 stale",
        }
    )
    begin, gone = 3600, (241 + 41 + 141) * 15
    case.count(f'ALERTS{{alertstate="firing",{PAGE}}}', begin + 600, 1)
    case.count(f'ALERTS{{alertstate="firing",{PAGE}}}', gone, 1)
    prove(promtool, plan, [case.quiet(PAGE, gone + 900, gone + 2400)])


def test_requests_that_no_bucket_measures_are_not_counted_as_fast(promtool: str) -> None:
    """A tenth of the requests comes from pods with the bucket, 2 % of it slow; the others have other buckets."""
    body = "slos: [{name: fast, objective: 99, sli: {latency: {histogram: dur_seconds, threshold: 5ms}}}]"
    case = Case(
        {
            'dur_seconds_count{pod="a"}': "0+100x60",
            'dur_seconds_bucket{pod="a",le="0.005"}': "0+98x60",
            'dur_seconds_count{pod="b"}': "0+900x60",
            'dur_seconds_bucket{pod="b",le="0.01"}': "0+900x60",
        }
    )
    case.near("slo:sli_error:ratio_rate5m", 600, 0.02, 1e-6)
    prove(promtool, compiled(body), [case])


def test_time_without_a_verdict_is_not_counted_as_good(promtool: str) -> None:
    """All events go on for 40 m, but what is bad among them is known only for the first 20: still some 10 %, not 5."""
    body = """slos:
  - name: jobs
    objective: 99
    sli: {query: {errors: 'sum(rate(bad_total[$window]))', total: 'sum(rate(all_total[$window]))'}}
"""
    case = Case({"bad_total": "0+10x80 stale", "all_total": "0+100x160"})
    case.near("slo:sli_error:ratio_rate1h", 1200, 0.1, 1e-6)
    case.count("slo:sli_total:rate5m", 2400, 0).count("slo:sli_error:ratio_rate1h", 2400, 0)
    case.near("sum_over_time(slo:sli_errors:rate5m[1h]) / sum_over_time(slo:sli_total:rate5m[1h])", 2400, 0.1, 0.2)
    prove(promtool, compiled(body), [case])
