"""SLO3xx: expressions and templates, of services and of rule files.

The silent failures of ../shared/facts/lint.md stand in test_silent_failures.py; these are further ones.
"""

from __future__ import annotations

from tests.lint.making import Cases, expr, rules, service

_QUANTILE = "histogram_quantile(0.9, sum by (le) (rate(d_seconds_bucket[5m])))"
_ALERT = "  - alert: ShopErrors\n    expr: |\n      sum(rate(errors_total[5m])) > 1\n"
_SUMMARY = "summary: Something is wrong"
_SHARE = 'sum by (s) (rate(req_total{code=~"5.."}[5m]))'
_ALL = "sum by (s) (rate(req_total[5m]))"

CASES: dict[str, tuple[Cases, ...]] = {
    "SLO301": (
        service("expr: up == 0", {"expr: «up ==»": "not valid PromQL"}, ["expr: up == (0)"]),
        expr(
            {
                "sum(rate(errors_total[5m]) «by» (job)) > 1": "unexpected <by> in aggregation",
                "«errors_total[5m]»": "a rule needs an instant vector",
            },
            ["sum(rate(errors_total[5m])) by (job) > 1"],
        ),
    ),
    "SLO302": (
        service(
            "{events: {total: req_total, bad: err_total}}",
            {"{latency: {histogram: «d_seconds_bucket», threshold: 1s}}": "d_seconds_bucket is one series of"},
            ["{latency: {histogram: d_buckets_seconds, threshold: 1s}}"],
        ),
    ),
    "SLO303": (
        service(
            "summary: It is down",
            {"summary: «'{{ $labls.job }}'»": "there is no variable $labls"},
            ["summary: '{{ $labels.job }}'"],
        ),
        rules(
            _SUMMARY,
            {"summary: «'{{ if $value }}much'»": "{{ if $value }} has no end"},
            ["summary: '{{ if $value }}much{{ end }}'", "summary: '{{ `{{` }}'"],
        ),
    ),
    "SLO304": (
        service(
            "expr: up == 0",
            {"expr: «first_over_time»(up[5m]) == 0": "first_over_time needs Prometheus 3.14, the platform's is 2.42"},
            ["expr: last_over_time(up[5m]) == 0"],
        ),
        rules(
            "- name: shop\n",
            {"- name: shop\n  «query_offset»: 1m\n": "query_offset needs Prometheus 2.53"},
            ["- name: shop\n  limit: 10\n"],
        ),
    ),
    "SLO305": (
        expr(
            {
                "«sum by (s) (rate(a[5m]))»\n      * sum by (t) (rate(b[5m])) > 1": "the right side has no label s",
                "up == 0 and «h_sum / h_bucket» > 1": "the left side has no label le",
            },
            [
                "sum by (s) (rate(a[5m]))\n      * on (s) group_left sum by (s, t) (rate(b[5m])) > 1",
                "up == 0 and h_sum / on (job) h_count > 1",
                "sum by (s) (a) > 0 unless sum(b)",
                "sum by (s) (rate(a[5m])) / on () group_left sum(rate(b[5m])) > 1",
                'r:r{window="5m"} > 1 and ignoring (window) r:r{window="1h"} > 1',
                'rate(h_bucket{le="0.3"}[5m]) / ignoring (le) rate(h_count[5m]) > 1',
                "predict_linear(x[1h], 4 * 3600) < 0 and predict_linear(y[1h], 3600) < 0",
                'label_replace(sum by (a) (x), "b", "$1", "a", "(.*)") / sum by (a, b) (y) > 1',
            ],
        ),
    ),
    "SLO306": (
        service(
            "expr: up == 0",
            {"expr: «max by (service) (up) == 0»": "the result keeps the label service"},
            ["expr: max by (instance) (up) == 0", "expr: count(max by (service) (up) == 0) > 0"],
        ),
    ),
    "SLO307": (
        expr(
            {
                'sum(«increase(req_total{code="500"}[5m]) / increase(req_total[5m])») > 1': (
                    "each series is divided by itself: the result is 1"
                )
            },
            [
                'rate(req_total{code=~"5.."}[5m]) / ignoring (code) group_left rate(req_total[5m]) > 1',
                'rate(req_total{code=~"5.."}[5m]) / rate(all_total[5m]) > 1',
                'rate(req_total{code="500"}[5m]) / on (job) group_left sum by (job) (rate(req_total[5m])) > 1',
            ],
            "SLO321",
        ),
    ),
    "SLO308": (
        expr(
            {f"«{'abs(' * 201}up{')' * 201} > 1»": "slogen does not: the expression is too large"},
            [f"{'abs(' * 200}up{')' * 200} > 1"],
        ),
    ),
    "SLO309": (
        expr(
            {
                "sum(increase(«errors_total[13h]»)) > 1": "this reads 13h back, and Prometheus keeps 12h",
                "sum(max_over_time(«x_ratio[10h:5m] offset 3h»)) > 1": "this reads 13h back",
                "sum(a_ratio > «b_ratio offset 13h») > 1": "this reads 13h back",
            },
            [
                "sum(increase(errors_total[12h])) > 1",
                "sum(max_over_time(x_ratio[9h:5m] offset 3h)) > 1",
                "sum(a_ratio offset -13h) > 1",
            ],
        ),
    ),
    "SLO310": (
        expr(
            {f"{_QUANTILE} > «250»": "d_seconds is in seconds: this is 250 s"},
            [f"{_QUANTILE} > 0.25", f"{_QUANTILE.replace('_seconds', '_milliseconds')} > 250"],
        ),
    ),
    "SLO311": (
        expr(
            {
                "histogram_quantile(0.9, «sum without (le) (rate(d_bucket[5m]))») > 0.1": (
                    "histogram_quantile needs the label le, and this has none"
                )
            },
            [
                "histogram_quantile(0.9, sum without (instance) (rate(d_bucket[5m]))) > 0.1",
                "histogram_quantile(0.9, sum by (s) (rate(native[5m]))) > 0.1",
            ],
        ),
    ),
    "SLO312": (
        expr(
            {"histogram_quantile(0.9, «rate(d_bucket[5m])») > 0.1": "one quantile for each series"},
            ["histogram_quantile(0.9, sum by (le, instance) (rate(d_bucket[5m]))) > 0.1"],
        ),
    ),
    "SLO313": (
        expr(
            {f"«{_SHARE}» / {_ALL} < 0.1": "without such a series the whole result is missing, not 0"},
            [f"({_SHARE} or 0 * {_ALL}) / {_ALL} < 0.1", f"{_SHARE} / {_ALL} > 0.1"],
        ),
        rules(
            "avg by (job) (up)",
            {f"«{_SHARE}» / {_ALL}": "the whole result is missing, not 0"},
            [f"({_SHARE} or 0 * {_ALL}) / {_ALL}"],
        ),
    ),
    "SLO314": (
        expr(
            {
                "«rate(errors_total[5m])»": "this has no condition: the alert fires as long as a series is there",
                "up == 0 or «up»": "this has no condition",
                "«sum(up == bool 0)»": "this has no condition",
                "«up == bool 0»": "bool gives 0 or 1, and an alert fires for both",
                "sum(rate(errors_total[5m])) > 5 or «vector(1)»": "vector(…) is always there",
                "(sum by (job) (up) or «vector(0)») < 1": "vector(…) is always there",
            },
            [
                "rate(errors_total[5m]) > 0",
                "vector(1)",
                "ALERTS{alertstate='firing'}",
                "sum(up == 0)",
                "count(up == 0) > 2 or absent(up)",
                "time() - max(x_timestamp_seconds) > 60",
                "sum(rate(errors_total[5m])) > 5 or vector(1) > 2",
                "(sum(up) or vector(0)) < 1",
                "(sum by (job) (up) or vector(9)) < 1",
            ],
        ),
    ),
    "SLO315": (
        expr(
            {
                "«increase(max by (job) (errors_total)[1h:1m])» > 1": "increase of a max: when one counter restarts",
                "sum(rate(x_total[5m]))\n      > 1 and absent(y)\n      and on ()\n"
                "        («rate(sum(x_total)[5m:])» > 1)": "rate of a sum",
            },
            ["sum(increase(errors_total[1h])) > 1", "deriv(sum(x_bytes)[1h:1m]) > 1"],
        ),
        rules(
            _ALERT,
            {
                "  - {record: job:errors:sum, expr: sum(errors_total)}\n  - alert: ShopErrors\n"
                "    expr: «rate(job:errors:sum[5m])» > 1\n": "rate of a sum"
            },
            [
                "  - {record: job:errors:rate5m, expr: 'sum(rate(errors_total[5m]))'}\n  - alert: ShopErrors\n"
                "    expr: avg_over_time(job:errors:rate5m[5m]) > 1\n"
            ],
        ),
    ),
    "SLO316": (
        expr(
            {
                "rate(«x_memory_bytes[5m]») > 1": "x_memory_bytes is a gauge by its name: rate takes every fall",
                "increase(«up[5m]») > 1": "up is a gauge by its name",
            },
            ["deriv(x_memory_bytes[5m]) > 1", "rate(x_memory_bytes_total[5m]) > 1", "resets(x_total[1h]) > 3"],
        ),
    ),
    "SLO317": (
        expr(
            {'irate(«errors_total{job="a"}[59s]») > 1': "59s is less than two scrapes of 30s: irate needs two samples"},
            ["irate(errors_total[1m]) > 1", "max_over_time(x_ratio[30s]) > 1"],
        ),
    ),
    "SLO318": (
        expr(
            {
                "sum(rate(good_total[5m])) / sum(rate(all_total[5m])) < «0.999»": "the objective is the threshold",
                "sum(rate(bad_total[1h])) / sum(rate(all_total[1h])) > «(1 - 0.999)»": "the objective is the threshold",
            },
            [
                "sum(rate(good_total[5m])) / sum(rate(all_total[5m])) < 0.5",
                "disk_free_ratio < 0.95",
                "sum(rate(bad_total[5m])) / sum(rate(all_total[5m])) > 0.0144",
                "(sum(rate(b[1h])) / sum(rate(a[1h])) > 1 - 0.999)"
                " and (sum(rate(b[5m])) / sum(rate(a[5m])) > 1 - 0.999)",
            ],
        ),
    ),
}
