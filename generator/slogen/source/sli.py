"""The kinds of SLI: one table of fields each, and what of them makes sense together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from slogen.core import Duration, Report, Span
from slogen.model import (
    Boolean,
    Events,
    Freshness,
    QuerySli,
    Threshold,
)
from slogen.model import Latency as LatencySli
from slogen.model import Spans as SpansSli
from slogen.source.expressions import Querying, Selecting
from slogen.source.fields import Choice, Flag, Latency, Length, Text
from slogen.source.records import Key, Later, ListOf, Record

Values = Mapping[str, Any]
Spans = Mapping[str, Span]

_UNITS = {  # seconds in one unit of a histogram, by the ending of its name
    "seconds": Decimal(1),
    "milliseconds": Decimal("0.001"),
    "microseconds": Decimal("0.000001"),
    "nanoseconds": Decimal("0.000000001"),
    "minutes": Decimal(60),
    "hours": Decimal(3600),
    "ms": Decimal("0.001"),
    "us": Decimal("0.000001"),
    "usec": Decimal("0.000001"),
    "ns": Decimal("0.000000001"),
}
_NANOSECONDS = 1_000_000_000
_DAY = 86_400
_ONE_LINE = Text(r"(?=.*\S)[^\x00-\x1f\x7f]+", "text on one line", "write it on one line", limit=1000)
_FIVE_MINUTES = Duration.of("5m")
_COMPARISON = r"(>=|<=|==|!=|>|<)\s*(-?[0-9]{1,18}(?:\.[0-9]{1,12})?(?:[eE][+-]?[0-9]{1,2})?)"


def _events(values: Values, span: Span, spans: Spans, report: Report) -> Events:
    return Events(total=values["total"], bad=values["bad"], good=values["good"])


def _latency(values: Values, span: Span, spans: Spans, report: Report) -> LatencySli | None:
    histogram = values["histogram"]
    if not histogram.name:
        report.error(spans["histogram"], "SLO302", "a histogram is selected by its name", "write name{…}")
        return None
    if histogram.has_matcher("le"):
        report.error(
            spans["histogram"], "SLO302", "the selector has a matcher on le", "leave it out: le comes from threshold"
        )
        return None
    if re.search("_(bucket|count|sum)$", histogram.name):
        report.error(
            spans["histogram"],
            "SLO302",
            f"{histogram.name} is one series of a histogram",
            "name the histogram, without _bucket, _count or _sum",
        )
        return None
    ending = values["unit"] or histogram.name.rsplit("_", 1)[-1]
    if ending not in _UNITS:
        report.error(
            spans["histogram"],
            "SLO107",
            f"the name {histogram.name} does not tell its unit",
            "add unit: seconds or unit: milliseconds",
        )
        return None
    unit = _UNITS[ending]
    seconds, written, at = values["threshold"]
    buckets = tuple(bucket[0] / unit for bucket in values["buckets"])
    if buckets and seconds / unit not in buckets:
        lower = sorted(bucket for bucket in values["buckets"] if bucket[0] < seconds)[-1:]
        upper = sorted(bucket for bucket in values["buckets"] if bucket[0] > seconds)[:1]
        around = [spelled for _, spelled, _ in lower + upper]
        report.error(at, "SLO108", f"{written} is not a bucket bound of this histogram", "use " + " or ".join(around))
        return None
    if values["sparse"] and values["native"]:
        report.error(spans["sparse"], "SLO010", "a native histogram has no empty buckets to leave out", "remove sparse")
        return None
    return LatencySli(
        histogram=histogram,
        threshold=seconds / unit,
        spelled=written,
        seconds=seconds,
        buckets=buckets,
        native=values["native"],
        sparse=values["sparse"],
    )


def _threshold(values: Values, span: Span, spans: Spans, report: Report) -> Threshold:
    found = re.fullmatch(_COMPARISON, values["bad"])
    assert found is not None
    return Threshold(metric=values["metric"], comparison=found[1], bound=Decimal(found[2]))


def _freshness(values: Values, span: Span, spans: Spans, report: Report) -> Freshness:
    return Freshness(timestamp=values["timestamp"], max_age=values["maxAge"])


def _spans(values: Values, span: Span, spans: Spans, report: Report) -> SpansSli | None:
    seconds, written, at = values["threshold"] or (None, "", span)
    if seconds is not None and (seconds * _NANOSECONDS % 1 or seconds > _DAY):
        report.error(
            at,
            "SLO018",
            f"{written} is no duration that a bucket of spans can have",
            "write whole nanoseconds, up to 24h",
        )
        return None
    return SpansSli(
        service=values["service"],
        operation=values["operation"],
        kind=values["kind"],
        threshold=seconds,
        spelled=written,
        span=at,
    )


def _query(values: Values, span: Span, spans: Spans, report: Report) -> QuerySli:
    return QuerySli(errors=values["errors"], total=values["total"])


SLI = Record(
    (
        Key(
            "events",
            Record(
                (
                    Key("total", Selecting(), "counter of all events", required=True),
                    Key("bad", Selecting(), "counter of bad events"),
                    Key("good", Selecting(), "counter of good events"),
                ),
                _events,
                one_of=("bad", "good"),
            ),
            "counters of events",
        ),
        Key(
            "latency",
            Record(
                (
                    Key("histogram", Selecting(), "the histogram, without suffix", required=True),
                    Key("threshold", Latency(), "longer is bad, e.g. 5ms", required=True),
                    Key("unit", Choice(tuple(_UNITS)), "unit of the histogram, when its name does not tell"),
                    Key("buckets", ListOf(Latency(), least=1), "the bounds that exist", default=()),
                    Key("native", Flag(), "a native histogram", default=False),
                    Key("sparse", Flag(), "empty buckets are left out by the exporter", default=False),
                ),
                _latency,
            ),
            "a histogram and the longest good duration",
        ),
        Key("boolean", Querying(), "a gauge that is 1 while all is well"),
        Key(
            "threshold",
            Record(
                (
                    Key("metric", Querying(), "a gauge", required=True),
                    Key(
                        "bad",
                        Text(_COMPARISON, "a comparison such as > 60", 'write one such as "> 60"'),
                        "when it is bad",
                        required=True,
                    ),
                ),
                _threshold,
            ),
            "a gauge and when it is bad",
        ),
        Key(
            "freshness",
            Record(
                (
                    Key("timestamp", Querying(), "a gauge that holds a Unix time", required=True),
                    Key("maxAge", Length(), "older is bad", required=True),
                ),
                _freshness,
            ),
            "a time stamp and its greatest age",
        ),
        Key(
            "query",
            Record(
                (
                    Key("errors", Querying(window=_FIVE_MINUTES), "bad events per second over $window", required=True),
                    Key("total", Querying(window=_FIVE_MINUTES), "all events per second over $window", required=True),
                ),
                _query,
            ),
            "PromQL for bad and for all events",
        ),
        Key(
            "spans",
            Record(
                (
                    Key("service", _ONE_LINE, "service.name of its traces", required=True),
                    Key("operation", _ONE_LINE, "span name, such as GET /orders; without it any"),
                    Key(
                        "kind",
                        Choice(("server", "client", "producer", "consumer", "internal")),
                        "kind of the spans",
                        default="server",
                    ),
                    Key("threshold", Latency(), "longer is bad, e.g. 5ms; without it an error status is bad"),
                ),
                _spans,
            ),
            "spans of a service, from Jaeger's span metrics",
        ),
        Key("composite", Later("a composite SLI"), ""),
        Key("slices", Later("an SLI by time slices"), ""),
    ),
    lambda values, span, spans, report: next(
        (_boolean(name, value) for name, value in values.items() if value is not None), None
    ),
    one_of=("events", "latency", "boolean", "threshold", "freshness", "spans", "query"),
)


def _boolean(name: str, value: Any) -> Any:
    return Boolean(metric=value) if name == "boolean" else value
