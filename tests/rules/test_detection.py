"""When the page fires, against raw windows and worked out by hand. 15 s scrape and evaluation."""

from __future__ import annotations

import pytest

from tests.rules.harness import Case, availability, compiled, prove

# The rules everybody writes: the same tiers over raw windows.
RAW = (
    "".join(
        f"""  - record: raw:{window}
    expr: sum(rate(req_total{{code="500"}}[{window}])) / sum(rate(req_total[{window}]))
"""
        for window in ("5m", "30m", "1h", "6h")
    )
    + """  - alert: Raw
    expr: (raw:5m > 0.0144 and raw:1h > 0.0144) or (raw:30m > 0.006 and raw:6h > 0.006)
"""
)
HEALTHY = 1440  # scrapes of 15 s: 6 h, as long as the longest window
PAGE = 'alertname="SLOErrorBudgetBurn",severity="critical",escalation=""'


def outage(good: int, bad: int, scrapes: int, healthy: int = HEALTHY) -> dict[str, str]:
    """Return counters of 1,000 good events a scrape, then of `good` and `bad` ones."""
    return {
        'req_total{code="200"}': f"0+1000x{healthy} {1000 * healthy + good}+{good}x{scrapes}",
        'req_total{code="500"}': f"0x{healthy} {bad}+{bad}x{scrapes}",
    }


@pytest.mark.parametrize(
    ("share", "page_after", "raw_after"),
    [
        pytest.param(100, 60, 60, id="a total outage"),
        pytest.param(10, 525, 525, id="10 % errors"),
        pytest.param(2, 2595, 2595, id="2 % errors"),
    ],
)
def test_the_page_fires_as_raw_windows_would(promtool: str, share: int, page_after: int, raw_after: int) -> None:
    """At 99.9 %: 60 s after a total outage, 525 s at 10 % errors, 2595 s at 2 %; never later than raw windows."""
    plan = compiled(availability(more="traffic: 60/s"))
    case = Case(outage(1000 - 10 * share, 10 * share, page_after // 15 + 4))
    begin = HEALTHY * 15
    case.firing(PAGE, from_=begin + page_after)
    case.firing('alertname="Raw"', from_=begin + raw_after)
    prove(promtool, plan, [case], rules=RAW)


def test_burn_just_below_every_threshold_is_quiet(promtool: str) -> None:
    """0.59 % errors for 6 h are below 6 times 0.1 %."""
    plan = compiled(availability(more="traffic: 60/s"))
    case = Case({'req_total{code="200"}': "0+99410x720", 'req_total{code="500"}': "0+590x720"}, interval="30s")
    prove(promtool, plan, [case.quiet(PAGE, 3600, 7200, 21600)])


def test_a_service_born_failing_pages_in_two_evaluations(promtool: str) -> None:
    """The first scrape gives no rate, the second pages."""
    plan = compiled(availability())
    case = Case({'req_total{code="500"}': "0+100x20"})
    prove(promtool, plan, [case.quiet(PAGE, 0).firing(PAGE, from_=15)])


def test_an_error_series_born_during_the_outage_is_counted(promtool: str) -> None:
    """No 5xx series exists before; it is born with 500 errors a scrape and pages within 90 s."""
    plan = compiled(availability())
    case = Case(
        {
            'req_total{code="200"}': f"0+1000x{HEALTHY} {1000 * HEALTHY + 500}+500x40",
            'req_total{code="500"}': f"_x{HEALTHY} 500+500x40",
        }
    )
    begin = HEALTHY * 15
    case.value("slo:sli_error:ratio_rate5m", begin, 0).value("slo:sli_error:ratio_rate6h", begin, 0)
    case.quiet(PAGE, begin).count(f'ALERTS{{alertstate="firing",{PAGE}}}', begin + 150, 1)
    prove(promtool, plan, [case])


def test_the_page_ends_after_the_short_window_and_five_minutes(promtool: str) -> None:
    """A total outage of 10 m: 1 h still burns 20 minutes later, the 30 m window keeps the page, then it ends."""
    plan = compiled(availability(more="traffic: 60/s"))
    series = {
        'req_total{code="200"}': f"0+1000x{HEALTHY} {1000 * HEALTHY}x39 {1000 * HEALTHY + 1000}+1000x240",
        'req_total{code="500"}': f"0x{HEALTHY} 1000+1000x39 40000x240",
    }
    begin = HEALTHY * 15
    case = Case(series).firing(PAGE, from_=begin + 60)
    case.count(f'ALERTS{{alertstate="firing",{PAGE}}}', begin + 600 + 1800, 1)
    prove(promtool, plan, [case.quiet(PAGE, begin + 600 + 2400)])


def test_one_failed_request_of_ten_neither_pages_nor_tickets(promtool: str) -> None:
    """Ten requests in an hour, one of them failed: 10 % errors, but a single event."""
    plan = compiled(availability("99.9"))
    ok = " ".join(f"{n}x23" for n in range(10))
    case = Case(
        {'req_total{code="200"}': f"{ok} 9x480", 'req_total{code="500"}': "0x119 1x600"},
    )
    prove(promtool, plan, [case.quiet('alertname="SLOErrorBudgetBurn"', *range(1500, 7200, 60))])
    slow = Case(
        {
            'slo:sli_errors:rate5m{service="web",slo="up"}': "0x11 0.00333333 0x60",
            'slo:sli_total:rate5m{service="web",slo="up"}': "0.0333333x80",
            'slo:sli_error:ratio_rate6h{service="web",slo="up"}': "0x11 0.1x70",
            'slo:error_budget:ratio{service="web",slo="up"}': "0.001x80",
        },
        interval="5m",
    )
    slow.count("slo:sli_error:ratio_rate3d > 0.001", 7200, 1)
    prove(promtool, plan, [slow.quiet('alertname="SLOErrorBudgetBurn"', 3600, 7200, 14400)], speed="slow")


PROBE = """
slos:
  - {name: probe, objective: 99.9, sli: {boolean: probe_success}}
"""


def test_one_failed_probe_neither_pages_nor_tickets(promtool: str) -> None:
    """One probe in 30 s: a single failure is 10 % of 5 m and 0.8 % of 1 h."""
    plan = compiled(PROBE, scrape="30s", evaluation="30s")
    case = Case({"probe_success": "1x240 0 1x240"}, interval="30s")
    case.count("slo:sli_error:ratio_rate5m > 0.0144", 7200 + 60, 1)
    prove(promtool, plan, [case.quiet('alertname="SLOErrorBudgetBurn"', *range(7200, 14400, 30))])


def test_a_probe_that_goes_on_failing_pages(promtool: str) -> None:
    """The second failed probe in a row pages, 30 s after the first."""
    plan = compiled(PROBE, scrape="30s", evaluation="30s")
    case = Case({"probe_success": "1x240 0x30"}, interval="30s")
    prove(promtool, plan, [case.firing(PAGE, from_=7230 + 30, step=30)])
