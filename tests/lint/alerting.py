"""SLO319 to SLO335: what alerts say, how many there are, groups and resources."""

from __future__ import annotations

from tests.lint.making import Cases, expr, rules

_ALERT = "  - alert: ShopErrors\n    expr: |\n      sum(rate(errors_total[5m])) > 1\n"
_RECORD = "  - record: job:up:avg\n    expr: avg by (job) (up)\n"
_SUMMARY = "summary: Something is wrong"
_SEVERITY = "for: 5m\n    labels: {severity: %s}\n    annotations: {summary: s%s}"
_LABELS = "labels: {prometheus: main, slogen.dev/evaluator: prometheus, more: x}"
_RESOURCE = """summary: Something is wrong}
---
apiVersion: monitoring.coreos.com/v1
kind: %s
metadata: {%s}
spec: {groups: [{name: shop, rules: [{record: 'job:up:max', expr: max by (job) (up)}]}]}
"""

_DOWN = "  - record: job:down:avg\n    expr: 1 - %s\n"
_SLOW = "- name: slow\n  interval: 5m\n  rules:\n"

CASES: dict[str, tuple[Cases, ...]] = {
    "SLO319": (
        expr(
            {"«rate(d_bucket[5m]) > 100»": "one alert for every value of le"},
            [
                '(1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))) * 100 > 90',
                'rate(node_cpu_seconds_total{cpu="0",mode="idle"}[5m]) > 0.9',
                "sum by (cpu, instance) (rate(node_cpu_seconds_total[5m])) > 0.9",
            ],
        ),
    ),
    "SLO320": (
        rules(
            "1\n    for: 5m\n    annotations: {summary: Something is wrong}",
            {"1\n    for: 5m\n    annotations: {summary: 'of {{ «$labels.pod» }}'}": "the result has no label pod"},
            [
                "1\n    for: 5m\n    annotations: {summary: 'of {{ if $labels.pod }}{{ $labels.pod }}{{ end }}'}",
                "1\n    for: 5m\n    annotations: {summary: 'of $labels.pod: {{ $value }}'}",
            ],
        ),
    ),
    "SLO321": (
        expr(
            {"avg by (s) («rate(a[5m]) / rate(b[5m])») > 1": "one division by 0 in here makes the whole avg NaN"},
            [
                "avg by (s) (rate(a[5m]) / (rate(b[5m]) > 0)) > 1",
                "max by (s) (rate(a[5m]) / rate(b[5m])) > 1",
                "avg by (s) (a / b) > 1",
            ],
        ),
    ),
    "SLO322": (
        rules(
            "- name: shop\n",
            {"- name: shop\n  interval: «6m»\n": "recorded every 6m, and Prometheus looks 5m back"},
            ["- name: shop\n  interval: 5m\n"],
        ),
    ),
    "SLO323": (
        rules(
            _RECORD,
            {
                "  - {alert: Few, expr: «job:up:avg» < 1, for: 5m, annotations: {summary: s}}\n" + _RECORD: (
                    "job:up:avg is recorded later in the group"
                )
            },
            [_RECORD + "  - {alert: Few, expr: job:up:avg < 1, for: 5m, annotations: {summary: s}}\n"],
        ),
    ),
    "SLO324": (
        rules(
            _RECORD,
            {_RECORD + "  - record: «job:up:avg»\n    expr: avg  by (job) (up)\n": "stands here a second time"},
            [_RECORD + "  - record: job:up:avg\n    expr: avg by (job) (up)\n    labels: {a: b}\n"],
        ),
    ),
    "SLO325": (
        expr(
            {'sum(rate(d_bucket{«le="1"»}[5m])) < 1': 'le="1" is le="1.0" in Prometheus 3'},
            ['sum(rate(d_bucket{le="0.5"}[5m])) < 1', 'sum(rate(d_bucket{le=~"1(\\\\.0)?"}[5m])) < 1'],
        ),
    ),
    "SLO326": (
        rules(
            "for: 5m",
            {"for: 5m\n    labels: {«cluster»: a}": "the label cluster is an external label of the servers"},
            ["for: 5m\n    labels: {clusters: a}"],
        ),
    ),
    "SLO327": (
        rules(
            "- alert: ShopErrors\n    expr: |\n      sum(rate(errors_total[5m])) > 1\n    for: 5m\n    annotations: {"
            + _SUMMARY,
            {
                "- alert: «ShopErrors»\n    expr: |\n      sum(rate(errors_total[5m])) > 1\n"
                "    for: 5m\n    annotations: {title: x": "whoever gets ShopErrors is told nothing"
            },
            ["- alert: ShopErrors\n    expr: |\n      sum(rate(errors_total[5m])) > 1\n    annotations: {message: x"],
        ),
    ),
    "SLO328": (
        rules(
            _ALERT,
            {
                _ALERT.replace("ShopErrors", "«ShopErrors»") + "    labels: {severity: page}\n": (
                    "whoever ShopErrors wakes has no runbook"
                )
            },
            [_ALERT + "    labels: {severity: warning}\n"],
        ),
        rules(
            "for: 5m\n    annotations: {summary: Something is wrong}",
            {},
            [_SEVERITY % ("critical", ", runbook_url: 'https://r'")],
        ),
    ),
    "SLO329": (
        expr(
            {"max by (job) («errors_total») > 100": "a counter grows until its process restarts"},
            ["increase(errors_total[1h]) > 100", "errors_total == 0", "errors_total unless errors_total offset 1h"],
        ),
    ),
    "SLO330": (
        expr(
            {
                'up{«job=~"shop"»} == 0': 'job=~"shop" has no pattern',
                'up{«job!~"^a.*"»} == 0': "anchored at both ends",
                "up{job='a',«instance=~'b'»} == 0": 'instance=~"b" has no pattern',
            },
            ['up{job=~"shop.*"} == 0', 'up{job="shop"} == 0', 'up{job=~"a|b"} == 0'],
        ),
    ),
    "SLO331": (
        rules(
            "sum(rate(errors_total[5m])) > 1\n    for: 5m\n",
            {"(«absent(up)») == 1\n": "absent fires at once when a single scrape fails"},
            ["absent(up)\n    for: 1m\n", "absent_over_time(up[5m])\n"],
        ),
    ),
    "SLO332": (
        expr(
            {"«topk(3, rate(errors_total[5m]))» > 1": "what is among the topk changes"},
            ["count(topk(3, errors_total)) > 5", "max(rate(errors_total[5m])) > 1"],
        ),
    ),
    "SLO333": (
        rules(
            _RECORD,
            {
                "  - record: job:down:avg\n    expr: 1 - «job:up:avg»\n- name: slow\n  interval: 5m\n  rules:\n"
                + _RECORD: ("recorded every 5m by another group, slow: this reads it up to 5m late"),
                _DOWN % "«job:up:avg»" + "- name: other\n  rules:\n" + _RECORD: (
                    "recorded every 30s by another group, other"
                ),
            },
            [
                _RECORD + _DOWN % "job:up:avg",
                _DOWN % "avg_over_time(job:up:avg[1h])" + _SLOW + _RECORD,
            ],
        ),
    ),
    "SLO335": (
        rules(
            "summary: Something is wrong}\n",
            {
                _RESOURCE % ("«PrometheusRule»", "name: a"): (
                    "they lack the labels prometheus: main, slogen.dev/evaluator: prometheus"
                ),
                _RESOURCE % ("«PrometheusRule»", f"name: a, namespace: b, {_LABELS}"): (
                    "it looks into the namespace monitoring alone"
                ),
            },
            [
                _RESOURCE % ("PrometheusRule", f"name: a, {_LABELS}"),
                _RESOURCE % ("PrometheusRule", f"name: a, namespace: monitoring, {_LABELS}"),
            ],
        ),
    ),
}
