"""SLO2xx, SLO5xx and SLO6xx: what can fire, what servers keep, dashboards, tests."""

from __future__ import annotations

from tests.lint.making import Cases, platform, service

_OBJECTIVE = "objective: 99.9\n"
_KEPT = "{retention: 12h}"
_BUCKET = "thanos: {objectStorage: {type: S3, config: {bucket: b, endpoint: e}}, retention: "
_WALL = "apiVersion: slogen/v1\nkind: Service\nmetadata: {name: %s, team: core}\n" + (
    "slos: [{name: up, objective: 99, sli: {boolean: up}}]\n"
)
_TESTS = 'tests: [{series: {up: 1x9}, fires: 5m}, {series: {up: "0x9"}, quiet: 5m}]'

CASES: dict[str, tuple[Cases, ...]] = {
    # 14.4 times 7 % are more than 1, 14.4 times 6.9 % are 0.9936.
    "SLO201": (
        service(
            _OBJECTIVE,
            {"objective: «93»\n": "the critical alert over 5m and 1h can never fire"},
            ["objective: 93.1\n"],
        ),
    ),
    # Nothing pages at 6 times 20 %.
    "SLO202": (
        service(
            _OBJECTIVE,
            {"objective: «80»\n": "objective 80 over 30d can never page"},
            ["objective: 80\n    alerting: {critical: false}\n"],
        ),
    ),
    "SLO203": (
        platform(
            _KEPT,
            {"{retention: 12h, scrapeInterval: «76s»}": "a 5m window holds fewer than 4 scrapes"},
            ["{retention: 12h, scrapeInterval: 75s}"],
        ),
    ),
    "SLO204": (
        platform(
            _KEPT,
            {"{retention: «5h58m»}": "Prometheus keeps 5h58m, but rules that page look back 6h"},
            ["{retention: 12h}"],
        ),
    ),
    "SLO205": (
        platform(
            f"{_KEPT}\nthanos: {{}}\n",
            {"{retention: «29d»}\n": "budget rules look back 30d, but Prometheus keeps 29d and there is no Thanos"},
            ["{retention: 60d}\n"],
        ),
    ),
    "SLO206": (
        platform(
            _KEPT, {"{retention: «11h»}": "Prometheus keeps 11h, just enough for rules that look back 6h"}, [_KEPT]
        ),
    ),
    "SLO208": (
        platform(
            "thanos: {}", {_BUCKET + "{raw: «29d»}}": "the bucket keeps raw data for 29d"}, [_BUCKET + "{raw: 33d}}"]
        ),
    ),
    "SLO209": (
        platform(
            "thanos: {}",
            {_BUCKET + "{raw: «32d»}}": "the bucket keeps raw data for 32d, hardly longer than"},
            [_BUCKET + "{raw: 33d}}"],
        ),
    ),
    "SLO210": (
        platform(
            "thanos: {}",
            {_BUCKET + "{raw: 33d, 5m: «9d»}}": "5m data is downsampled when it is 10d old, and kept for 9d"},
            [_BUCKET + "{raw: 33d, 5m: 33d}}"],
        ),
    ),
    "SLO211": (
        platform(
            "thanos: {}",
            {_BUCKET + "{raw: 33d, 5m: «32d»}}": "5m data is kept for 32d, and raw data, which takes more room, 33d"},
            [_BUCKET + "{raw: 33d, 5m: 33d}}"],
        ),
    ),
    # A month at 99.9 % has 43.2 minutes.
    "SLO212": (
        service(
            _OBJECTIVE,
            {_OBJECTIVE + "    recovery: {within: «44m»}\n": "an outage of 44m is 101.9 % of the budget"},
            [_OBJECTIVE + "    recovery: {within: 43m}\n"],
        ),
    ),
    "SLO213": (
        service(
            _OBJECTIVE,
            {"objective: «99.99999»\n": "99.99999 % allows one bad event in 10,000,000"},
            ["objective: 99.9999\n"],
        ),
    ),
    "SLO501": (
        service(
            "quiet: 10m}\n",
            {"quiet: 10m}\n---\n«a»" + (_WALL % "wall")[1:]: "would have the uid of the page of the wall"},
            ["quiet: 10m}\n---\n" + _WALL % "hall"],
        ),
    ),
    "SLO601": (
        service(
            'up: "0x30"',
            {'«upp»: "0x30"': "the alert Down reads no series upp"},
            ["'up{job=\"a\"}': '0x30'"],
        ),
    ),
    "SLO602": (
        service(
            "expr: up == 0",
            {'expr: up == 0 or «slo:objective:ratio»{service="wbe"} > 1': "there is no service 'wbe' in this build"},
            ['expr: up == 0 or slo:objective:ratio{service="web"} > 1'],
        ),
    ),
    "SLO603": (
        service(
            "alerts:\n",
            {
                "alerts:\n  - «{»name: Few, severity: info, for: 1m, expr: up == 1, summary: few}\n": (
                    "no test says when Few fires and when it stays quiet"
                )
            },
            [f"alerts:\n  - {{name: Few, severity: info, for: 1m, expr: up == 1, summary: few, {_TESTS}}}\n"],
        ),
    ),
}
