"""How the SLO is measured, and whether its rules are evaluated."""

from __future__ import annotations

from slogen.emit.grafana.common import MISSING, NO_DATA
from slogen.emit.grafana.kit import FINE, TICKET, Fold, Look, Query, Step, literal
from slogen.emit.grafana.listings import text
from slogen.emit.grafana.oncall.watched import Watched
from slogen.emit.grafana.panels import stat
from slogen.plan.sli import rates
from slogen.promql import panels


def definition(on: Watched, below: int) -> Fold:
    """Return the row that says what is counted; it is closed at first."""
    errors, total = rates(on.service, on.slo, on.platform)
    height = 7 + len(f"{errors}\n{total}".splitlines()) // 2
    said = f"Bad events a second:\n\n```\n{errors}\n```\n\nAll events a second:\n\n```\n{total}\n```\n"
    return Fold(
        title="How it is measured",
        y=below,
        panels=(
            text(
                "What is counted",
                "The two expressions that everything on this page comes from.",
                (0, 0, 16, height),
                literal(said),
            ),
            stat(
                "Are the rules evaluated?",
                "Seconds since the rules were evaluated: the fast ones every "
                f"{on.platform.prometheus.evaluation_interval}, those of the budget every 5m.",
                (16, 0, 8, 5),
                [
                    Query(panels.FRESH.fill(of=on.of), "fast rules"),
                    Query(panels.FRESH_SLOW.fill(of=on.of), "budget"),
                ],
                Look(
                    unit="s",
                    decimals=0,
                    steps=(Step(None, FINE), Step(600.0, TICKET)),
                    said=(MISSING,),
                    missing=NO_DATA,
                ),
            ),
        ),
    )
