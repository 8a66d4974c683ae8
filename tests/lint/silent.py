"""The silent failures of ../shared/facts/lint.md, in its order; the guide is ../shared/seed's.

Not among them, because nothing in a rule file tells it: a bucket that does not exist (SLO108 asks the SLO for its
buckets), and a counter that is born at 50.
"""

from __future__ import annotations

from tests.lint.making import Cases, expr

_PART = 'sum(rate(http_requests_total{status=~"5.."}[30d])) by (service)'
_ALL = "sum(rate(http_requests_total[30d])) by (service)"
_QUANTILE = "histogram_quantile(0.99, rate(http_request_duration_seconds_bucket[30d]))"

# Each with its code; a failure of several faults has one row a fault.
CASES: tuple[tuple[str, Cases], ...] = (
    (
        "SLO313",
        expr(
            {f"1 - «({_PART})» / {_ALL} < 0.9999": "without such a series the whole result is missing, not 0"},
            [],
            "SLO309",
            "SLO318",
        ),
    ),
    (
        "SLO309",
        expr(
            {
                f'1 - (sum(rate(«http_requests_total{{status=~"5.."}}[30d]»)) by (service)) / {_ALL} < 0.9999': (
                    "this reads 30d back, and Prometheus keeps 12h"
                )
            },
            [],
            "SLO313",
            "SLO318",
        ),
    ),
    (
        "SLO318",
        expr({f"1 - ({_PART}) / {_ALL} < «0.9999»": "the objective is the threshold"}, [], "SLO309", "SLO313"),
    ),
    (
        "SLO312",
        expr(
            {_QUANTILE.replace("rate(", "«rate(").replace("])", "])»") + " > 5": "one quantile for each series"},
            [],
            "SLO309",
            "SLO310",
        ),
    ),
    (
        "SLO310",
        expr(
            {f"{_QUANTILE} > «5»": "http_request_duration_seconds is in seconds: this is 5 s"}, [], "SLO309", "SLO312"
        ),
    ),
    (
        "SLO311",
        expr(
            {"histogram_quantile(0.99, «sum by (service) (rate(d_seconds_bucket[5m]))») > 0.5": "needs the label le"},
            [],
        ),
    ),
    (
        "SLO319",
        expr(
            {'«(1 - rate(node_cpu_seconds_total{mode="idle"}[5m])) * 100 > 90»': "one alert for every value of cpu"}, []
        ),
    ),
    ("SLO305", expr({"«sum by (service) (a) / sum(b)» > 1": "the right side has no label service"}, [])),
    (
        "SLO307",
        expr({'«rate(x_total{code=~"5.."}[5m]) / rate(x_total[5m])» > 0.1': "each series is divided by itself"}, []),
    ),
    (
        "SLO305",
        expr({'«rate(d_bucket{le="0.3"}[5m]) / rate(d_count[5m])» < 0.9': "the right side has no label le"}, []),
    ),
    (
        "SLO305",
        expr(
            {"(sum by (service) (a) or «vector(0)») / sum by (service) (b) > 1": "has no labels and matches nothing"},
            [],
        ),
    ),
    (
        "SLO305",
        expr(
            {'«ratio5m{window="5m"} > 0.1 and ratio1h{window="1h"} > 0.1»': 'window="5m", the right side window="1h"'},
            [],
        ),
    ),
    ("SLO315", expr({"«rate(sum(x_total)[5m:1m])» > 1": "rate of a sum"}, [])),
    (
        "SLO317",
        expr({"sum(rate(«x_total[30s]»)) > 1": "30s is less than two scrapes of 30s: rate needs two samples"}, []),
    ),
)

# What the page ranks, and the codes that tell it: of SLOs and of rule files.
RANKED: dict[int, tuple[str, ...]] = {
    1: ("SLO301", "SLO308"),
    2: ("SLO305",),
    3: ("SLO204", "SLO205", "SLO208", "SLO309"),
    4: ("SLO104", "SLO201", "SLO202"),
    5: ("SLO107", "SLO108", "SLO310"),
    6: ("SLO311", "SLO312"),
    7: ("SLO307",),
    8: ("SLO313",),
    9: ("SLO314",),
    10: ("SLO402", "SLO405", "SLO414"),
    11: ("SLO404", "SLO412"),
    12: ("SLO315", "SLO316"),
    13: ("SLO203", "SLO317"),
    14: ("SLO213",),
    15: ("SLO203", "SLO901"),
    16: ("SLO318",),
    17: ("SLO319",),
    18: ("SLO111", "SLO303", "SLO320"),
    19: ("SLO321",),
    20: ("SLO322", "SLO323"),
    21: ("SLO102", "SLO207", "SLO324", "SLO501"),
    22: ("SLO325",),
    23: ("SLO112", "SLO304", "SLO408"),
    24: ("SLO106", "SLO110", "SLO326"),
    25: ("SLO327", "SLO328"),
    26: ("SLO602",),
    27: ("SLO329", "SLO330", "SLO331", "SLO332"),
    28: ("SLO601", "SLO602", "SLO603"),
}
