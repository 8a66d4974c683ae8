"""How long events take, of a histogram: quantiles, and how many fall into each bucket."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from slogen.emit.grafana.common import DASHED
from slogen.emit.grafana.kit import NOWHERE, TICKET, Look, Panel, Query, Step
from slogen.emit.grafana.oncall.watched import INTERVAL, Watched
from slogen.emit.grafana.panels import graph, heat
from slogen.model import Latency
from slogen.promql import panels
from slogen.promql.template import Expr

# How many units of the histogram are a second, and what Grafana calls them.
_UNITS = {Decimal(1): "s", Decimal(1000): "ms", Decimal(1_000_000): "µs"}
# What share of events takes less, how it is said, and the colour of its line.
_QUANTILES = (
    (Decimal("0.5"), "half of events take less", "light-blue"),
    (Decimal("0.95"), "95 % of events take less", "blue"),
    (Decimal("0.99"), "99 % of events take less", "dark-blue"),
)


def times(on: Watched) -> Iterator[Panel]:
    """Yield two panels of a histogram, and none of an SLI that has none."""
    sli = on.counters
    if isinstance(sli, Latency):
        unit = _UNITS.get(sli.threshold / sli.seconds, "short")
        yield _quantiles(on, sli, unit)
        yield heat(
            f"How many take how long? Above {sli.spelled} is bad",
            "Events a second in each bucket of the histogram, the most where it is brightest. A bucket is named by its "
            "upper bound.",
            NOWHERE,
            Query(_buckets(on, sli), "{{le}}"),
            unit,
        )


def _quantiles(on: Watched, sli: Latency, unit: str) -> Panel:
    return graph(
        "How long do they take?",
        "Quantiles as the buckets show them, with traces of single requests. The objective counts what takes "
        f"longer than {sli.spelled}, the dashed line.",
        NOWHERE,
        [Query(_quantile(on, sli, share), name, exemplar=True) for share, name, _ in _QUANTILES],
        Look(
            unit=unit,
            low=0,
            steps=(Step(None, "transparent"), Step(float(sli.threshold), TICKET)),
            custom=DASHED,
        ),
        [("byName", name, Look(colour=colour)) for _, name, colour in _QUANTILES],
    )


def _quantile(on: Watched, sli: Latency, share: Decimal) -> Expr:
    if sli.native:
        return panels.QUANTILE_NATIVE.fill(share=share, histogram=on.here(sli.histogram), interval=INTERVAL)
    return panels.QUANTILE.fill(share=share, buckets=_of_buckets(on, sli), interval=INTERVAL)


def _buckets(on: Watched, sli: Latency) -> Expr:
    if sli.native:
        return panels.BUCKETS_NATIVE.fill(histogram=on.here(sli.histogram), interval=INTERVAL)
    return panels.BUCKETS.fill(buckets=_of_buckets(on, sli), interval=INTERVAL)


def _of_buckets(on: Watched, sli: Latency) -> Expr:
    return on.here(sli.histogram.histogram_part("_bucket"))
