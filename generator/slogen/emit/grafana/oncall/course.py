"""What was: the objective, events and times, the budget of the period, and the alerts of a week."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from slogen.emit.grafana.common import DASHED, FIRED
from slogen.emit.grafana.kit import IDLE, PAGE, TICKET, Look, Panel, Place, Query, Step
from slogen.emit.grafana.oncall.watched import INTERVAL, Watched
from slogen.emit.grafana.panels import graph, states
from slogen.model import Latency
from slogen.promql import panels
from slogen.promql.template import Expr


def kept(on: Watched, place: Place) -> Panel:
    """Return the share of good events beside the objective."""
    good = {window: panels.GOOD.fill(window=Expr(window), of=on.of) for window in ("5m", "1h")}
    return graph(
        "Is the objective kept?",
        "Share of good events in five minutes and in an hour, and the objective of "
        f"{on.slo.objective.target.percent} %.",
        place,
        [
            *(Query(expr, f"last {window}") for window, expr in good.items()),
            Query(panels.OBJECTIVE.fill(of=on.of), "objective"),
        ],
        Look(unit="percentunit", high=1.0),
        [
            ("byName", "last 5m", Look(colour=IDLE)),
            ("byName", "last 1h", Look(colour="dark-blue", custom={"lineWidth": 3})),
            ("byName", "objective", Look(colour=TICKET, custom={"lineStyle": {"fill": "dash", "dash": [10, 10]}})),
        ],
    )


def events(on: Watched, place: Place) -> Panel:
    """Return all events and bad ones."""
    return graph(
        "How many events are there?",
        "All events and bad ones, a second. When all of them fall, callers may have given up; when none are left, "
        "the share says nothing.",
        place,
        [Query(panels.EVENTS.fill(of=on.of), "all"), Query(panels.FAILED.fill(of=on.of), "bad")],
        Look(unit="short", low=0),
        [("byName", "all", Look(colour=IDLE)), ("byName", "bad", Look(colour=PAGE))],
    )


def times(on: Watched, place: Place) -> Iterator[Panel]:
    """Yield how long events take, of a histogram."""
    sli = on.counters
    if not isinstance(sli, Latency) or sli.native:
        return
    buckets = on.here(sli.histogram.histogram_part("_bucket"))
    seconds = sli.histogram.name.endswith("_seconds")
    shares = {
        f"{name} of events take less": (Decimal(share), colour)
        for share, name, colour in (
            ("0.5", "half", "light-blue"),
            ("0.95", "95 %", "blue"),
            ("0.99", "99 %", "dark-blue"),
        )
    }
    yield graph(
        "How long do they take?",
        "Quantiles as the buckets show them, with traces of single requests. The objective counts what takes "
        f"longer than {sli.spelled}.",
        place,
        [
            Query(panels.QUANTILE.fill(share=share, buckets=buckets, interval=INTERVAL), name, exemplar=True)
            for name, (share, _) in shares.items()
        ],
        Look(
            unit="s" if seconds else "short",
            low=0,
            steps=(Step(None, "transparent"), Step(float(sli.threshold), TICKET)),
            custom=DASHED,
        ),
        [("byName", name, Look(colour=colour)) for name, (_, colour) in shares.items()],
    )


def budget(on: Watched) -> Panel:
    """Return what was left of the budget, beside one that is spent evenly."""
    window = on.slo.objective.window
    seconds = window.ms // 1000
    since = panels.LEFT_SINCE.fill(of=on.of, period=window, seconds=seconds)
    return graph(
        "Budget left",
        f"Of the {window} budget. Thick: what was left at each moment of the last {window}, of what was spent "
        "in it; it ends where the stat above stands. Dashed: a budget that is spent evenly. Thin: what "
        "was left at that moment, with what it had spent before.",
        (0, 30, 12, 8),
        [
            Query(since, f"of these {window}"),
            Query(panels.SPENT_EVENLY.fill(of=on.of, seconds=seconds), "spent evenly"),
            Query(panels.LEFT_OVER_TIME.fill(of=on.of), "at that moment"),
        ],
        Look(
            unit="percentunit",
            high=1.0,
            steps=(Step(None, "transparent"), Step(0.0, PAGE)),
            custom={"axisSoftMin": 0, **DASHED},
        ),
        [
            ("byName", f"of these {window}", Look(colour=IDLE, custom={"lineWidth": 3})),
            (
                "byName",
                "spent evenly",
                Look(colour=TICKET, custom={"lineStyle": {"fill": "dash", "dash": [10, 10]}}),
            ),
            ("byName", "at that moment", Look(colour="light-blue")),
        ],
        time_from=str(window),
        every=f"{seconds // 3600 // 60}h" if seconds >= 60 * 3600 else None,
    )


def history(on: Watched) -> Panel:
    """Return the alerts of a week."""
    fired = panels.FIRED.fill(labels=Expr("alertname"), matchers=on.matchers, interval=Expr("$__interval"))
    return states(
        "When did alerts fire?",
        "Pages and tickets of this SLO in the last seven days.",
        (12, 30, 12, 8),
        [Query(fired, "{{alertname}}")],
        FIRED,
        time_from="7d",
    )
