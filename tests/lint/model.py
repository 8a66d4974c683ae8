"""SLO1xx: names, numbers, labels, histograms, secrets, scrapes."""

from __future__ import annotations

from tests.lint.making import Cases, platform, rules, service

_SLI = "{events: {total: req_total, bad: err_total}}"
_SCRAPE = "scrape:\n  - {selector: {app: web}, port: metrics}\n"


def _sli(text: str, *series: str) -> str:
    """Return an SLI that is an expression, with a test that feeds some series."""
    fed = ", ".join(f"{name}: 0+1x30" for name in series)
    return f"{{{text}}}\n    tests:\n      - {{name: it counts, series: {{{fed}}}, at: 10m, errors: 2/m, total: 2/m}}"


CASES: dict[str, tuple[Cases, ...]] = {
    "SLO101": (
        service("name: up", {"name: «Up»": "'Up' is not a valid name"}, ["name: up-2"]),
        rules("record: job:up:avg", {"record: «job-up»": "'job-up' is not a metric name"}, ["record: job_up:avg2"]),
    ),
    "SLO102": (
        service(
            "alerts:\n",
            {"  - «{»name: up, objective: 99, sli: {boolean: up}}\nalerts:\n": "a second SLO is named up"},
            ["  - {name: up-2, objective: 99, sli: {boolean: up}}\nalerts:\n"],
        ),
        rules(
            "- name: shop\n",
            {"- {name: a}\n- {name: «a»}\n- name: shop\n": "a second group is named a"},
            ["- {name: a}\n- {name: A}\n- name: shop\n"],
        ),
    ),
    "SLO103": (
        service(
            "team: core",
            {"team: core, dependsOn: [«sotre»]": "web depends on 'sotre', which is not declared"},
            ["team: core, dependsOn: [store]"],
        ),
        service("team: core", {"team: core, dependsOn: [«web»]": "web depends on itself"}, [], "SLO404"),
    ),
    "SLO104": (
        service(
            "objective: 99.9\n",
            {
                "objective: «100»\n": "objective 100 leaves no error budget",
                "objective: «0»\n": "objective 0 promises nothing",
            },
            ["objective: 99.9999\n"],
        ),
    ),
    "SLO105": (
        service("name: Down", {"name: «SLONoData»": "SLONoData is an alert that slogen writes"}, ["name: NoData"]),
    ),
    "SLO106": (
        service(
            "for: 2m",
            {"for: 2m\n    labels: {«severity»: page}": "the label 'severity' is reserved"},
            ["for: 2m\n    labels: {page: severity}"],
        ),
    ),
    "SLO107": (
        service(
            _SLI,
            {"{latency: {histogram: «req_latency», threshold: 250ms}}": "the name req_latency does not tell its unit"},
            [
                "{latency: {histogram: req_latency, threshold: 250ms, unit: milliseconds}}",
                "{latency: {histogram: req_latency_seconds, threshold: 250ms}}",
            ],
        ),
    ),
    "SLO108": (
        service(
            _SLI,
            {
                "{latency: {histogram: d_seconds, threshold: «300ms», buckets: [250ms, 500ms]}}": (
                    "300ms is not a bucket bound of this histogram"
                )
            },
            ["{latency: {histogram: d_seconds, threshold: 0.25s, buckets: [250ms, 500ms]}}"],
        ),
    ),
    "SLO109": (
        service(
            _SLI,
            {"{boolean: up}\n    traffic: «50/s»": "this SLI counts one event a scrape"},
            [_SLI + "\n    traffic: 50/s"],
        ),
    ),
    "SLO110": (
        service(
            "objective: 99.9\n",
            {"objective: 99.9\n    by: «[»cluster]\n": "'cluster' is an external label"},
            ["objective: 99.9\n    by: [region]\n"],
        ),
    ),
    "SLO111": (
        service(
            "for: 2m",
            {"for: 2m\n    labels: {a: «'{{ $value }}'»}": "a label cannot hold $value"},
            ["for: 2m\n    labels: {a: '{{ $labels.job }}'}"],
        ),
        rules(
            "for: 5m",
            {"for: 5m\n    labels: {a: '{{ «$value» }}'}": "the label a changes with the value"},
            ["for: 5m\n    labels: {a: $value}", "for: 5m\n    labels: {a: '{{ $externalLabels.zone }}'}"],
        ),
    ),
    "SLO112": (
        platform(
            "{retention: 12h}",
            {'{retention: 12h, version: «"2.41"»}': "Prometheus 2.41 lacks keep_firing_for"},
            ['{retention: 12h, version: "2.42"}'],
        ),
    ),
    "SLO113": (
        platform(
            "thanos: {}",
            {
                "thanos: {objectStorage: {type: S3, config: {bucket: b, endpoint: e, «secret_key»: x}}}": (
                    "'secret_key' holds a literal secret"
                )
            },
            ["thanos: {objectStorage: {type: S3, config: {bucket: secret, endpoint: e}}}"],
        ),
    ),
    "SLO114": (
        service(
            _SLI,
            {"{spans: {service: web, threshold: «300ms»}}": "nothing here makes sure that span metrics have a bucket"},
            ["{spans: {service: web}}"],
        ),
    ),
    "SLO115": (
        service(
            "slos:\n",
            {'probe: «{»module: http_2xx, targets: ["https://a"]}\nslos:\n': "a probe needs the blackbox exporter"},
            ['scrape: {targets: ["a:80"]}\nslos:\n'],
        ),
    ),
    "SLO116": (
        service(
            "slos:\n",
            {f"{_SCRAPE}  - «{{»job: b, selector: {{app: web}}, port: metrics}}\nslos:\n": "are scraped already"},
            [f"{_SCRAPE}  - {{job: b, selector: {{app: web}}, port: other}}\nslos:\n"],
        ),
    ),
    "SLO118": (
        service(
            "objective: 99.9\n",
            {
                "objective: 99.99999999\n    lint: [{ignore: «SLO213», reason: ten nines, until: 2025-06-30}]\n": (
                    "SLO213 was to be ignored until 2025-06-30: ten nines"
                )
            },
            ["objective: 99.99999999\n    lint: [{ignore: SLO213, reason: ten nines, until: 2999-06-30}]\n"],
            "SLO213",
        ),
    ),
    "SLO119": (
        service(
            "objective: 99.9\n",
            {
                "objective: 99.9\n    lint: [{ignore: «SLO213», reason: ten nines, until: 2999-06-30}]\n": (
                    "there is no SLO213 to be ignored here"
                )
            },
            ["objective: 99.99999999\n    lint: [{ignore: SLO213, reason: ten nines, until: 2999-06-30}]\n"],
        ),
    ),
    "SLO120": (
        service(
            "{events: {total: req_total, bad: err_total}}",
            {
                _sli("boolean: '«count(up == 1) or vector(1)»'", "up"): "missing data would count as events",
                _sli("freshness: {timestamp: «scalar(a) + vector(0)», maxAge: 1h}", "a"): "when no series is there",
                _sli("query: {errors: 'rate(e[$window])', total: '«rate(a[$window]) or vector(0)»'}", "a", "e"): (
                    "this gives a value when no series is there"
                ),
            },
            [
                _sli("boolean: 'min(up) or 0 * count(up)'", "up"),
                _sli("query: {errors: 'rate(e[$window]) or vector(0)', total: 'rate(a[$window])'}", "a", "e"),
            ],
        ),
    ),
}
