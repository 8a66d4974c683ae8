"""Nothing is ever green, or NaN, because data is missing."""

from __future__ import annotations

from tests.rules.harness import Case, availability, compiled, prove

PAGE = 'alertname="SLOErrorBudgetBurn",severity="critical",escalation=""'
NO_DATA = 'alertname="SLONoData"'


def test_no_ratio_is_nan_while_and_after_traffic_stops(promtool: str) -> None:
    """2 h of traffic with 1 % errors, an hour without any, traffic again: ratios are absent, then right."""
    plan = compiled(availability(more="traffic: 60/s"), evaluation="30s", scrape="30s")
    case = Case(
        {
            'req_total{code="200"}': "0+1980x240 475200x120 477180+1980x120",
            'req_total{code="500"}': "0+20x240 4800x120 4820+20x120",
        },
        interval="30s",
    )
    case.no_nan(*range(30, 14400, 300))
    case.value("slo:sli_error:ratio_rate5m", 7200, 0.01)
    case.count("slo:sli_error:ratio_rate5m", 9000, 0)
    case.value("slo:sli_total:rate5m", 9000, 0).quiet(NO_DATA, 9000, 10800)
    case.value("slo:sli_error:ratio_rate1h", 9000, 0.01)
    case.value("slo:sli_error:ratio_rate6h", 14100, 0.01)
    prove(promtool, plan, [case])


def test_the_month_is_right_after_quiet_nights(promtool: str) -> None:
    """10 days: 100/s with 1 % errors for 12 h, then 12 h of silence, each day; errors are 1 % of all events."""
    plan = compiled(availability())
    day = "1x143 0x143 "
    case = Case(
        {
            'slo:sli_errors:rate5m{service="web",slo="up"}': day * 10,
            'slo:sli_total:rate5m{service="web",slo="up"}': (day * 10).replace("1x", "100x"),
            'slo:error_budget:ratio{service="web",slo="up"}': "0.001x2880",
        },
        interval="5m",
    )
    last = 10 * 86400 - 300
    case.value("slo:sli_error:ratio_rate30d", last, 0.01)
    case.no_nan(last)
    # A third of the period has passed: 10 times too fast for a third of it is 3.33 budgets.
    case.near("slo:period_error_budget_remaining:ratio", last, 1 - 10 * 2880 / 8640, 1e-6)
    prove(promtool, plan, [case], speed="slow")


def test_the_month_is_the_share_of_events_not_of_time(promtool: str) -> None:
    """30 days: 2 h a day at 100/s, 22 h at 1/s, one total outage of 1 h at the peak of day 15.

    By hand: 30 * (2 * 3600 * 100 + 22 * 3600) = 23,976,000 events, 360,000 of them bad: 1.5015015 %.
    """
    plan = compiled(availability())
    total = "100x23 1x263 " * 30
    errors = "0x287 " * 14 + "100x11 0x11 0x263 " + "0x287 " * 15
    case = Case(
        {
            'slo:sli_errors:rate5m{service="web",slo="up"}': errors,
            'slo:sli_total:rate5m{service="web",slo="up"}': total,
            'slo:error_budget:ratio{service="web",slo="up"}': "0.001x8640",
        },
        interval="5m",
    )
    case.near("slo:sli_error:ratio_rate30d", 30 * 86400 - 300, 360_000 / 23_976_000, 0.001)
    prove(promtool, plan, [case], speed="slow")


def test_the_month_is_right_from_raw_counters_on(promtool: str) -> None:
    """Every rule of the chain, from counters to the 30d ratio: within a thousandth of the events counted by hand.

    30 m of silence; 6 h at 3,000 events in 30 s, an hour of them with 10 % errors; 2 h of silence; 3 h at 300 with
    5 % errors; 30 m of silence, so that no event stands at a window's edge:
    720 * 3,000 + 360 * 300 = 2,268,000 events, 120 * 300 + 360 * 15 = 41,400 of them bad: 1.8254 %.
    """
    plan = compiled(availability(more="traffic: 60/s"), evaluation="30s", scrape="30s")
    good = "9000x60 12000+3000x239 731700+2700x119 1056000+3000x359 2133000x239 2133285+285x359 2235600x59"
    bad = "500x60 500x239 800+300x119 36500x359 36500x239 36515+15x359 41900x59"
    case = Case({'req_total{code="200"}': good, 'req_total{code="500"}': bad}, interval="30s")
    case.near("slo:sli_error:ratio_rate30d", 43_200, 41_400 / 2_268_000, 0.001)
    prove(promtool, plan, [case.no_nan(43_200)], speed="")


def test_six_hours_of_uneven_traffic_are_within_three_percent(promtool: str) -> None:
    """5 h of 100/s with an hour of 10 % errors in the middle, then 1 h of 10/s: by hand, from raw counters.

    5 h * 360,000 + 36,000 = 1,836,000 events, 36,000 of them bad. The window's edges lie half a part apart.
    """
    plan = compiled(availability(more="traffic: 60/s"), evaluation="30s", scrape="30s")
    good = "0+3000x240 722700+2700x119 1047000+3000x239 1764300+300x119"
    bad = "0x240 300+300x119 36000x360"
    case = Case({'req_total{code="200"}': good, 'req_total{code="500"}': bad}, interval="30s")
    case.near("slo:sli_error:ratio_rate6h", 21600, 36_000 / 1_836_000, 0.03)
    prove(promtool, plan, [case])


def test_an_hour_old_slo_with_ten_bad_minutes_has_most_of_its_budget(promtool: str) -> None:
    """99.9 %: a sixth of an hour's events is bad, 23 % of a month's budget, not 166 budgets."""
    plan = compiled(availability())
    case = Case(
        {
            'slo:sli_errors:rate5m{service="web",slo="up"}': "0x4 100x1 0x4",
            'slo:sli_total:rate5m{service="web",slo="up"}': "100x11",
            'slo:error_budget:ratio{service="web",slo="up"}': "0.001x11",
        },
        interval="5m",
    )
    case.near("slo:period_error_budget_remaining:ratio", 3300, 1 - 2 / 12 / 0.001 * 12 / 8640, 0.001)
    case.near("slo:sli_error:ratio_rate30d", 3300, 2 / 12, 0.001)
    prove(promtool, plan, [case.quiet('alertname="SLOErrorBudgetExhausted"', 3300)], speed="slow")


def test_a_stopped_target_raises_no_data_and_never_looks_healthy(promtool: str) -> None:
    """The last scrape is at 30 m; rates end 5 m later at most, and the alert follows 10 m after that."""
    plan = compiled(availability(more="traffic: 60/s"))
    case = Case({'req_total{code="200"}': "0+1000x120 stale", 'req_total{code="500"}': "0x120 stale"})
    case.quiet(NO_DATA, 1800, 2400).count(f'ALERTS{{alertstate="firing",{NO_DATA}}}', 1800 + 900, 1)
    case.count("slo:sli_error:ratio_rate5m", 1800 + 330, 0).count("slo:sli_error:ratio_rate1h", 1800 + 330, 0)
    prove(promtool, plan, [case.quiet(PAGE, 2100, 2400, 2700)])


def test_an_slo_that_never_had_data_raises_no_data(promtool: str) -> None:
    """Nothing scrapes the service at all: 10 m after the rules are loaded."""
    case = Case({"other": "1x100"}).firing(NO_DATA, from_=600)
    prove(promtool, compiled(availability()), [case])


BY = """
slos:
  - name: up
    objective: 99.9
    by: [region]
    traffic: 60/s
    sli: {events: {total: 'req_total', bad: 'req_total{code="500"}'}}
"""


def test_one_vanished_by_value_raises_no_data_for_it_alone(promtool: str) -> None:
    """Region b ends at 30 m; a goes on. The alert names b."""
    plan = compiled(BY)
    case = Case(
        {
            'req_total{code="200",region="a"}': "0+1000x300",
            'req_total{code="200",region="b"}': "0+1000x120 stale",
        }
    )
    case.count(f'ALERTS{{alertstate="firing",{NO_DATA},region="b"}}', 2800, 1)
    case.quiet(NO_DATA + ',region="a"', 2800, 4400).quiet(PAGE, 2000, 2400, 4400)
    case.count('slo:sli_error:ratio_rate1h{region="a"}', 4400, 1).count(
        'slo:sli_error:ratio_rate1h{region="b"}', 4400, 0
    )
    prove(promtool, plan, [case])


def test_one_failing_by_value_pages_alone_and_climbs(promtool: str) -> None:
    """Region b fails from 30 m on; its page and its rung carry the region. A healthy one that vanishes is quiet."""
    plan = compiled(BY)
    case = Case(
        {
            'req_total{code="200",region="a"}': "0+1000x180 stale",
            'req_total{code="200",region="b"}': "0+1000x120 120000x200",
            'req_total{code="500",region="b"}': "0x120 1000+1000x200",
        }
    )
    case.count(f'ALERTS{{alertstate="firing",{PAGE},region="b"}}', 2000, 1)
    case.count('ALERTS{alertstate="firing",escalation="15m",region="b"}', 2000 + 900, 1)
    case.quiet('alertname="SLOErrorBudgetBurn",region="a"', 2000, 3000, 4000)
    prove(promtool, plan, [case])


LATENCY = """
slos:
  - name: fast
    objective: 99.9
    traffic: 60/s
    sli: {latency: {histogram: 'dur_seconds', threshold: 5ms}}
"""


def test_a_bucket_bound_that_a_deploy_removed_is_no_data_and_does_not_page(promtool: str) -> None:
    """Three pods are replaced one after the other by pods without the bucket of 5 ms."""
    plan = compiled(LATENCY)
    series = {}
    for place, pod in enumerate("abc"):
        end = 240 + 8 * place
        series[f'dur_seconds_count{{pod="{pod}"}}'] = f"0+1000x{end} stale"
        series[f'dur_seconds_bucket{{pod="{pod}",le="0.005"}}'] = f"0+1000x{end} stale"
        series[f'dur_seconds_count{{pod="{pod}2"}}'] = f"_x{end} 0+1000x300"
        series[f'dur_seconds_bucket{{pod="{pod}2",le="0.01"}}'] = f"_x{end} 0+1000x300"
    case = Case(series).quiet(PAGE, *range(3600, 6600, 15))
    prove(promtool, plan, [case.count(f'ALERTS{{alertstate="firing",{NO_DATA}}}', 256 * 15 + 1000, 1)])


def test_both_spellings_of_an_integral_bound_count(promtool: str) -> None:
    """A server upgrade changes le from 5 to 5.0; both stand in the window for a while."""
    plan = compiled(LATENCY.replace("threshold: 5ms", "threshold: 5s"))
    case = Case(
        {
            'dur_seconds_count{pod="a"}': "0+1000x200",
            'dur_seconds_bucket{pod="a",le="5"}': "0+990x100 stale",
            'dur_seconds_bucket{pod="a",le="5.0"}': "_x101 99990+990x99",
        }
    )
    case.value("slo:sli_error:ratio_rate5m", 1500, 0.01).value("slo:sli_error:ratio_rate5m", 2700, 0.01)
    prove(promtool, plan, [case.count("slo:sli_errors:rate5m", 1650, 1).quiet(NO_DATA, 2700)])


def test_an_outage_whose_pods_disappear_keeps_its_page_and_climbs(promtool: str) -> None:
    """Everything fails from 30 m on, the pods are gone at 40 m: the page stays for an hour, the manager is told."""
    plan = compiled(availability(more="traffic: 60/s\n    noData: critical"))
    case = Case(
        {
            'req_total{code="200"}': "0+1000x120 120000x40 stale",
            'req_total{code="500"}': "0x120 1000+1000x40 stale",
        }
    )
    begin = 1800
    for second in (begin + 300, begin + 900, begin + 1800, begin + 3600):
        case.count(f'ALERTS{{alertstate="firing",{PAGE}}}', second, 1)
    case.quiet('escalation="15m",alertname="SLOErrorBudgetBurn"', begin + 900)
    case.count('ALERTS{alertstate="firing",escalation="15m",alertname="SLOErrorBudgetBurn"}', begin + 1000, 1)
    case.count(f'ALERTS{{alertstate="firing",{NO_DATA},escalation=""}}', begin + 1800, 1)
    case.count(f'ALERTS{{alertstate="firing",{NO_DATA},escalation="15m"}}', begin + 2800, 1)
    prove(promtool, plan, [case.quiet(PAGE, begin + 600 + 3600 + 900)])
