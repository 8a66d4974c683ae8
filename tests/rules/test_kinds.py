"""What each kind of SLI counts, on real promtool."""

from __future__ import annotations

import pytest

from tests.conftest import PROMTOOLS
from tests.rules.harness import Case, compiled, prove

NO_DATA = 'alertname="SLONoData"'
RATIO = "slo:sli_error:ratio_rate5m"


def slo(sli: str, more: str = "") -> str:
    """Return one SLO of 99 % with this SLI."""
    return f"slos:\n  - name: up\n    objective: 99\n    sli: {sli}\n    {more}\n"


def scraped(sli: str, more: str = "") -> object:
    """Return the plan at 30 s scrape and evaluation."""
    return compiled(slo(sli, more), scrape="30s", evaluation="30s")


def test_good_events_are_what_is_not_bad(promtool: str) -> None:
    """90 of 100 are good; before the first good one everything is bad."""
    plan = scraped("{events: {total: all_total, good: good_total}}")
    case = Case({"all_total": "0+100x100", "good_total": "_x49 0+90x50"}, interval="30s")
    prove(promtool, plan, [case.value(RATIO, 1200, 1).near(RATIO, 3000, 0.1, 1e-6)])


def test_a_boolean_counts_one_event_a_scrape(promtool: str) -> None:
    """Two of three probers are up: a third of the checks fail, at one event in 30 s."""
    plan = scraped("{boolean: 'probe_success{job=\"p\"}'}")
    series = {
        f'probe_success{{job="p",instance="{name}"}}': f"{value}x60" for name, value in (("a", 1), ("b", 1), ("c", 0))
    }
    case = Case(series, interval="30s").near(RATIO, 1200, 1 / 3, 1e-9).near("slo:sli_total:rate5m", 1200, 1 / 30, 1e-9)
    prove(promtool, plan, [case])


def test_a_boolean_expression_is_evaluated_at_the_scrape_interval(promtool: str) -> None:
    """The best of two probers: one that fails does no harm."""
    plan = scraped("{boolean: 'max by (target) (probe_success)'}")
    case = Case(
        {'probe_success{target="t",prober="a"}': "1x60", 'probe_success{target="t",prober="b"}': "0x60"}, interval="30s"
    )
    prove(promtool, plan, [case.value(RATIO, 1200, 0).quiet(NO_DATA, 1800)])


def test_a_gauge_that_is_not_0_or_1_is_no_data(promtool: str) -> None:
    """A count of replicas given as a boolean would earn budget back."""
    case = Case({"replicas": "3x100"}, interval="30s").count(RATIO, 1200, 0).firing(NO_DATA, from_=600, step=30)
    prove(promtool, scraped("{boolean: replicas}"), [case])


def test_a_threshold_counts_samples_beyond_it(promtool: str) -> None:
    """Lag above 60 in the second half of an hour: all samples of the last 5 m are bad."""
    plan = scraped("{threshold: {metric: 'max(lag_seconds)', bad: '> 60'}}")
    case = Case({"lag_seconds": "60x60 61x60"}, interval="30s")
    prove(promtool, plan, [case.value(RATIO, 1800, 0).value(RATIO, 3300, 1)])


def test_nan_is_no_sample_of_a_threshold(promtool: str) -> None:
    """A gauge that is NaN is neither good nor bad: no data."""
    plan = scraped("{threshold: {metric: age_seconds, bad: '> 60'}}")
    case = Case({"age_seconds": "NaN " * 60}, interval="30s").count("slo:sli_total:rate5m", 1200, 0)
    prove(promtool, plan, [case.no_nan(60, 600, 1200).firing(NO_DATA, from_=600, step=30)])


def test_freshness_compares_the_age_and_zero_is_no_time(promtool: str) -> None:
    """A time stamp of 600 is 900 s old at 1500 s; 0 means that it never happened: no data."""
    plan = scraped("{freshness: {timestamp: backup_time, maxAge: 15m}}")
    old = Case({"backup_time": "600x100"}, interval="30s").value(RATIO, 1500, 0).value(RATIO, 1500 + 330, 1)
    never = Case({"backup_time": "0x100"}, interval="30s").firing(NO_DATA, from_=600, step=30)
    prove(promtool, plan, [old, never])


def test_a_query_that_gives_nan_or_infinity_is_no_data(promtool: str) -> None:
    """0 / 0 while nothing runs would spoil a month of sums."""
    plan = scraped(
        "{query: {errors: 'sum(rate(bad[$window])) / sum(rate(jobs[$window]))', total: 'sum(rate(all[$window]))'}}"
    )
    case = Case({"bad": "0x40 0+1x60", "jobs": "0x40 0+2x60", "all": "0+10x100"}, interval="30s")
    case.no_nan(*range(60, 3000, 60)).count("slo:sli_errors:rate5m", 900, 0).count("slo:sli_errors:rate5m", 2400, 1)
    prove(promtool, plan, [case])


def test_a_query_keeps_its_by_labels_and_no_others(promtool: str) -> None:
    """The expression gives one series an instance; they are added up by region."""
    plan = scraped("{query: {errors: 'rate(bad[$window])', total: 'rate(all[$window])'}}", "by: [region]")
    case = Case(
        {
            'bad{instance="1",region="a"}': "0+30x60",
            'all{instance="1",region="a"}': "0+300x60",
            'bad{instance="2",region="a"}': "0+30x60",
            'all{instance="2",region="a"}': "0+900x60",
        },
        interval="30s",
    )
    prove(promtool, plan, [case.near(RATIO + '{region="a"}', 1200, 0.05, 1e-9).count(RATIO, 1200, 1)])


def test_a_sparse_histogram_reads_the_highest_bound_that_is_there(promtool: str) -> None:
    """All calls took less than 2 ms, so the bucket of 4 ms was left out; later all take 8 ms."""
    plan = scraped("{latency: {histogram: calls_seconds, threshold: 4ms, sparse: true, buckets: [1ms, 2ms, 4ms, 8ms]}}")
    case = Case(
        {
            "calls_seconds_count": "0+10x200",
            'calls_seconds_bucket{le="0.002"}': "0+10x100 1000x100",
            'calls_seconds_bucket{le="0.008"}': "_x101 1010+10x98",
        },
        interval="30s",
    )
    prove(promtool, plan, [case.value(RATIO, 1500, 0).value(RATIO, 5400, 1)])


CALLS = "traces_span_metrics_calls_total"
DURATION = "traces_span_metrics_duration_seconds"
SERVER = 'service_name="api",span_kind="SPAN_KIND_SERVER"'


def test_spans_are_bad_when_their_status_is_an_error(promtool: str) -> None:
    """Two collectors count 180 good and 20 failed spans of the server; what it asks of others is not counted."""
    plan = scraped("{spans: {service: api}}")
    series = {
        f'{CALLS}{{{SERVER},span_name="GET /a",status_code="STATUS_CODE_UNSET",collector_instance_id="1"}}': "0+90x60",
        f'{CALLS}{{{SERVER},span_name="GET /a",status_code="STATUS_CODE_OK",collector_instance_id="2"}}': "0+90x60",
        f'{CALLS}{{{SERVER},span_name="GET /b",status_code="STATUS_CODE_ERROR",collector_instance_id="2"}}': "0+20x60",
        f'{CALLS}{{service_name="api",span_kind="SPAN_KIND_CLIENT",status_code="STATUS_CODE_ERROR"}}': "0+900x60",
        f'{CALLS}{{service_name="web",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"}}': "0+900x60",
    }
    case = Case(series, interval="30s").near(RATIO, 1200, 0.1, 1e-9).near("slo:sli_total:rate5m", 1200, 200 / 30, 1e-9)
    healthy = Case({name: values for name, values in series.items() if "ERROR" not in name}, interval="30s")
    prove(promtool, plan, [case, healthy.value(RATIO, 1200, 0).quiet(NO_DATA, 1800)])


def test_slow_spans_are_those_above_the_bound_in_either_spelling(promtool: str) -> None:
    """Of 100 spans a scrape 60 take up to a second: 40 % are slow. Failed or not does not matter."""
    plan = scraped("{spans: {service: api, kind: consumer, threshold: 1s}}")
    kind = 'service_name="api",span_kind="SPAN_KIND_CONSUMER"'
    for le in ("1", "1.0"):
        series = {
            f'{DURATION}_count{{{kind},status_code="STATUS_CODE_OK"}}': "0+50x60",
            f'{DURATION}_count{{{kind},status_code="STATUS_CODE_ERROR"}}': "0+50x60",
            f'{DURATION}_bucket{{{kind},status_code="STATUS_CODE_OK",le="{le}"}}': "0+40x60",
            f'{DURATION}_bucket{{{kind},status_code="STATUS_CODE_ERROR",le="{le}"}}': "0+20x60",
            f'{DURATION}_bucket{{{kind},status_code="STATUS_CODE_OK",le="5"}}': "0+50x60",
        }
        prove(promtool, plan, [Case(series, interval="30s").near(RATIO, 1200, 0.4, 1e-9)])


def test_no_bucket_of_the_threshold_is_no_data(promtool: str) -> None:
    """A collector that was configured by somebody else has other buckets."""
    plan = scraped("{spans: {service: api, threshold: 5ms}}")
    case = Case(
        {f"{DURATION}_count{{{SERVER}}}": "0+9x99", f'{DURATION}_bucket{{{SERVER},le="0.006"}}': "0+9x99"}, "30s"
    )
    prove(promtool, plan, [case.count("slo:sli_errors:rate5m", 1200, 0).firing(NO_DATA, from_=600, step=30)])


def test_the_name_of_an_operation_is_taken_literally(promtool: str) -> None:
    """Quotes, backslashes and what would be a pattern elsewhere."""
    plan = scraped(r"""{spans: {service: api, operation: 'GET /.*/"a\b"'}}""")
    name = r'span_name="GET /.*/\"a\\b\""'
    case = Case(
        {
            f'{CALLS}{{{SERVER},{name},status_code="STATUS_CODE_UNSET"}}': "0+3x60",
            f'{CALLS}{{{SERVER},{name},status_code="STATUS_CODE_ERROR"}}': "0+1x60",
            f'{CALLS}{{{SERVER},span_name="GET /x/",status_code="STATUS_CODE_ERROR"}}': "0+100x60",
        },
        interval="30s",
    )
    prove(promtool, plan, [case.near(RATIO, 1200, 0.25, 1e-9)])


@pytest.mark.skipif(PROMTOOLS["3"] is None, reason="promtool 2.42 cannot write native histograms in tests")
def test_a_native_histogram_is_cut_at_the_threshold() -> None:
    """Ten a scrape, six of them in the bucket (1, 2], four in (2, 4]: above 2 s are 40 %."""
    plan = scraped("{latency: {histogram: dur_seconds, threshold: 2s, native: true}}")
    first = "{{schema:0 count:0 sum:0 buckets:[0 0 0]}}"
    case = Case({"dur_seconds": f"{first}+{{{{schema:0 count:10 sum:20 buckets:[0 6 4]}}}}x60"}, interval="30s")
    idle = Case({"dur_seconds": "{{schema:0 count:10 sum:20 buckets:[0 6 4]}}x60"}, interval="30s")
    case.near(RATIO, 1200, 0.4, 1e-6)
    idle.no_nan(60, 600, 1200).value("slo:sli_errors:rate5m", 1200, 0).value("slo:sli_total:rate5m", 1200, 0)
    program = PROMTOOLS["3"]
    assert program is not None
    prove(program, plan, [case, idle])
