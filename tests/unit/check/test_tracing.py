"""SLO114: a threshold of spans that nothing makes a bucket."""

from __future__ import annotations

import pytest

from slogen.check import check_catalog
from slogen.core import Report
from tests.unit.plan.test_tracing import STORAGE, catalog

SLOW = "{spans: {service: web, threshold: 300ms}}"


def problems(sli: str, jaeger: str) -> list[str]:
    """Return what is said of spans on a platform with this Jaeger."""
    report = Report()
    check_catalog(catalog(sli, jaeger=jaeger), report)
    return [f"{one.severity} {one.message}" for one in report if one.code == "SLO114"]


@pytest.mark.parametrize("jaeger", ["url: 'https://j'", STORAGE + ", version: '1'"])
def test_a_threshold_is_warned_of_where_somebody_else_configures_the_collector(jaeger: str) -> None:
    """Without storage slogen writes no configuration, and version 1 counts no spans."""
    assert problems(SLOW, jaeger) == ["warning nothing here makes sure that span metrics have a bucket at 300ms"]


@pytest.mark.parametrize(
    ("sli", "jaeger"),
    [
        (SLOW, STORAGE),
        (SLOW, STORAGE + ", version: '2.13'"),
        ("{spans: {service: web}}", "url: 'https://j'"),
        ("{latency: {histogram: d_seconds, threshold: 300ms}}", "url: 'https://j'"),
    ],
)
def test_where_the_bucket_is_made_or_not_needed_nothing_is_said(sli: str, jaeger: str) -> None:
    """The histogram of a `latency` SLO is the service's own."""
    assert problems(sli, jaeger) == []
