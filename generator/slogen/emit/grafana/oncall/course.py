"""What was: the objective, events and times, the budget of the period, and the alerts of a week."""

from __future__ import annotations

from slogen.emit.grafana.common import DASHED, FIRED, WEEKLY
from slogen.emit.grafana.kit import IDLE, NOWHERE, PAGE, TICKET, Look, Panel, Query, Step
from slogen.emit.grafana.oncall.watched import Watched
from slogen.emit.grafana.panels import graph, states
from slogen.promql import panels
from slogen.promql.template import Expr


def kept(on: Watched) -> Panel:
    """Return the share of good events beside the objective."""
    good = {window: panels.GOOD.fill(window=Expr(window), of=on.of) for window in ("5m", "1h")}
    return graph(
        "Is the objective kept?",
        "Share of good events in five minutes and in an hour, and the objective of "
        f"{on.slo.objective.target.percent} %.",
        NOWHERE,
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


def events(on: Watched) -> Panel:
    """Return all events and bad ones."""
    return graph(
        f"How many {on.called} are there?",
        f"All {on.called} and bad ones, {on.pace}"
        + (
            ": the mean of all series. Gaps were not measured."
            if on.seldom
            else ". When all of them fall, callers may have given up; when none are left, the share says nothing."
        ),
        NOWHERE,
        [
            Query(on.paced(panels.EVENTS.fill(of=on.of)), "all"),
            Query(on.paced(panels.FAILED.fill(of=on.of)), "bad"),
        ],
        Look(unit="short", low=0),
        [("byName", "all", Look(colour=IDLE)), ("byName", "bad", Look(colour=PAGE))],
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
        NOWHERE,
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
    fired = panels.FIRED.fill(labels=Expr("alertname"), matchers=on.matchers, interval=WEEKLY)
    return states(
        "When did alerts fire?",
        "Pages and tickets of this SLO in the last seven days; what was shorter than an hour is drawn as one.",
        NOWHERE,
        [Query(fired, "{{alertname}}")],
        FIRED,
        time_from="7d",
    )
