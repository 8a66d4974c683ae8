"""The first row: is it real, how fast, how much, what is left, until when, since when."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.grafana.common import GONE_IN, LEFT, MISSING, NO_DATA, STATES
from slogen.emit.grafana.kit import FINE, PLAIN, Look, Panel, Query, Step
from slogen.emit.grafana.oncall.watched import Watched
from slogen.emit.grafana.panels import stat
from slogen.promql import panels
from slogen.promql.template import By


def six_stats(on: Watched) -> Iterator[Panel]:
    """Yield the stats that answer six questions in one look."""
    yield stat(
        "Is it real?",
        "What fires now: PAGE (fast burn), TICKET (slow burn), OK. NO TRAFFIC: there are no events, so nothing "
        "fails. NO DATA: it is not measured; that is not OK.",
        (0, 0, 4, 4),
        [Query(panels.STATE.fill(states=panels.STATES.fill(of=on.of, matchers=on.matchers)))],
        STATES,
        filled=True,
    )
    yield stat(
        "How fast does it burn?",
        f"Times faster than allowed: 1 spends exactly the budget in {on.slo.objective.window}. {on.colours()}",
        (4, 0, 4, 4),
        [Query(on.burn(window), f"last {window}") for window in ("5m", "1h")],
        Look(unit="none", decimals=1, steps=on.burn_steps(FINE), said=(MISSING,), missing=NO_DATA),
    )
    yield stat(
        "How much fails now?",
        f"In the last five minutes: the share of all {on.called}, and how many {on.pace}. Bad are those that {on.bad}.",
        (8, 0, 4, 4),
        [
            Query(panels.FAILING.fill(of=on.of), f"of {on.called}"),
            Query(on.paced(panels.FAILED.fill(of=on.of)), on.pace),
        ],
        Look(unit="percentunit", decimals=2, steps=(Step(None, PLAIN),), said=(MISSING,), missing=NO_DATA),
        [("byFrameRefID", "B", Look(unit="short"))],
    )
    left = panels.LEFT.fill(of=on.of)
    yield stat(
        "How much budget is left?",
        f"Of the {on.slo.objective.window} budget: the share, and the time of total outage that this allows. "
        "Below 0 more was spent than there is; old failures leave the window again day by day.",
        (12, 0, 4, 4),
        [Query(left, "share"), Query(panels.TIME_LEFT.fill(left=left, seconds=on.budget), "time")],
        LEFT,
        [("byFrameRefID", "B", Look(unit="s", decimals=0))],
    )
    yield stat(
        "When is the budget gone?",
        "If it goes on as in the last hour. It does not count what flows back as old failures leave the window.",
        (16, 0, 4, 4),
        [Query(panels.GONE_IN.fill(seconds=on.slo.objective.window.ms // 1000, of=on.of))],
        GONE_IN,
    )
    yield stat(
        "Since when?",
        "When the page began; without one, the oldest ticket or note of this SLO.",
        (20, 0, 4, 4),
        [Query(panels.SINCE.fill(by=By(), matchers=on.matchers))],
        Look(unit="dateTimeFromNow", steps=(Step(None, PLAIN),), missing="nothing fires", colour=PLAIN),
    )
