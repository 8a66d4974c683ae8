"""SLO0xx: text, types, keys."""

from __future__ import annotations

from tests.lint.making import Cases, rules, service

_OBJECTIVE = "objective: 99.9\n"

CASES: dict[str, tuple[Cases, ...]] = {
    "SLO001": (
        service("team: core", {"team: «'»core": "found unexpected end of stream"}, ["team: 'core'"]),
        rules("name: shop", {"name: «!!str shop»": "the tag !!str is not supported"}, ["name: '!!str shop'"]),
    ),
    "SLO002": (
        service(
            "team: core",
            {"team: core, labels: &all {a: «*»all}": "the alias *all contains itself"},
            ["team: core, labels: {a: &one x, b: *one}"],
        ),
    ),
    "SLO003": (
        service(
            _OBJECTIVE,
            {"objective: 99.9\n    «objective»: 99.99\n": "the key 'objective' is written twice"},
            ["objective: 99.9\n    description: 'objective: 99.99'\n"],
        ),
        rules(
            "for: 5m", {"for: 5m\n    «for»: 10m": "the key 'for' is written twice"}, ["for: 5m\n    labels: {for: x}"]
        ),
    ),
    "SLO004": (
        service(
            _OBJECTIVE,
            {"objective: «99,9»\n": "'99,9' is not a number", 'objective: «"99.9"»\n': "'99.9' is not a number"},
            ["objective: 99.90\n"],
        ),
        rules(
            "avg by (job) (up)",
            {
                '«""»': "PromQL is wanted, but nothing is written",
                "«null»": "PromQL is wanted, but nothing is written",
            },
            ["avg by (job) (null)"],
        ),
        rules(
            "alert: ShopErrors",
            {
                'alert: «""»': "a name is wanted, but nothing is written",
                "alert: «~»": "a name is wanted, but nothing is written",
            },
            ['alert: "null"'],
        ),
    ),
    "SLO005": (
        service(
            _OBJECTIVE,
            {"objective: 99.9\n    traffic: «50»\n": "a rate such as 50/s is wanted here"},
            ["objective: 99.9\n    traffic: 50/s\n"],
        ),
    ),
    "SLO006": (
        service(
            _OBJECTIVE,
            {"objective: 99.9\n    window: «28 days»\n": "'28 days' is not a duration"},
            ["objective: 99.9\n    window: 28d\n"],
        ),
        rules("for: 5m", {"for: «5 minutes»": "'5 minutes' is not a duration"}, ["for: 5m0s", "for: 0s"]),
    ),
    "SLO007": (
        service(
            _OBJECTIVE,
            {"objective: 99.9\n    «calendar»: {month: true}\n": "a calendar window is not supported yet"},
            ["objective: 99.9\n    window: 30d\n"],
        ),
    ),
    "SLO008": (
        service(
            _OBJECTIVE,
            {"objective: 99.9\n    «nodata»: critical\n": "unknown key 'nodata'"},
            ["objective: 99.9\n    noData: critical\n"],
        ),
        rules("for: 5m", {"«For»: 5m": "unknown key 'For'"}, ["keep_firing_for: 5m"]),
    ),
    "SLO009": (
        service(
            "name: up\n    objective: 99.9\n",
            {"«n»ame: up\n": "the key 'objective' is missing"},
            ["objective: 99.9\n    name: up\n"],
        ),
    ),
    "SLO010": (
        service(
            "bad: err_total",
            {"bad: err_total, «good»: ok_total": "both bad and good are given"},
            ["good: ok_total"],
        ),
        rules(
            "alert: ShopErrors\n",
            {"«r»ecord: a\n    alert: ShopErrors\n": "both record and alert are given"},
            ["'alert': ShopErrors\n"],
        ),
    ),
    "SLO018": (
        service(
            _OBJECTIVE,
            {
                "objective: 99.9\n    window: «23h»\n": "23h is not between 1d and 366d",
                "objective: 99.9\n    window: «367d»\n": "367d is not between 1d and 366d",
            },
            ["objective: 99.9\n    window: 2d\n"],
        ),
    ),
    "SLO020": (
        service(
            "summary: It is down",
            {'summary: «"a\\u202eb"»': "the character U+202E turns text around"},
            ['summary: "a\\u05d0b"', "summary: aאb"],
        ),
        rules(
            "summary: Something is wrong",
            {"summary: Some«\u2028»thing": "the character U+2028 ends a line here, though not in an editor"},
            ['summary: "Some\\u2028thing"'],
        ),
    ),
}
