"""What queries of dashboards ask for, with what Grafana fills in left as it is."""

from __future__ import annotations

import pytest

from slogen.promql.asked import metrics

QUERIES = {
    'sum by (le) (rate(a_bucket{job="$job",x="}"}[$__rate_interval])) > 1': {"a_bucket"},
    "count_over_time(a[$__range]) / ($__range_s / ${__interval_ms})": {"a"},
    "topk($most, a offset $__range) or sum by ($label) (rate(b[${width}])) or sum_over_time(c[1h:$step])": {
        "a", "b", "c",
    },
    'sum({__name__=~"a|b"}) + on () {__name__="c"}': {"c"},
    "vector(time() - $__from / 1000)": set(),
}  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_metrics_are_found_behind_variables(query: str) -> None:
    """Of times, numbers, labels and values of labels."""
    assert metrics(query) == QUERIES[query]
