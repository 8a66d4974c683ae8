"""The kinds of service level indicators: how bad events and all events are counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from slogen.core import Duration, Span
from slogen.promql.query import Query, Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Counters of all events and of the bad or the good ones."""

    total: Selector
    bad: Selector | None = None
    good: Selector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A histogram; an event is bad when it took longer than `threshold`.

    `threshold` and `buckets` are in the unit of the histogram, so `threshold` is a bucket bound (`le`).
    """

    histogram: Selector
    threshold: Decimal
    spelled: str  # the threshold as the user wrote it, for texts
    seconds: Decimal  # the threshold in seconds
    buckets: tuple[Decimal, ...] = ()
    native: bool = False
    sparse: bool = False  # the exporter leaves empty buckets out


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    """A gauge that is 1 while all is well and 0 while not; each sample is an event."""

    metric: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A gauge whose samples are bad while they compare to `bound`, e.g. `> 60`."""

    metric: Query
    comparison: str
    bound: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """A gauge that holds a Unix time; a sample is bad while that time is longer ago than `max_age`."""

    timestamp: Query
    max_age: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Spans of a service as Jaeger's span metrics count them.

    A span is bad when its status is an error; with a threshold in seconds, when it took longer. `kind` is server,
    client, producer, consumer or internal.
    """

    service: str  # service.name of the traces
    operation: str | None = None  # span name; None: any
    kind: str = "server"
    threshold: Decimal | None = None
    spelled: str = ""  # the threshold as the user wrote it, for texts
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySli:
    """Two expressions over `$window`: bad events per second and all events per second."""

    errors: Query
    total: Query


SAMPLED = (Boolean, Threshold, Freshness)  # each sample of them is an event
Sli = Events | Latency | Boolean | Threshold | Freshness | Spans | QuerySli
