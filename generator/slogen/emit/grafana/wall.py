"""The wall: every SLO of the platform, the worst above."""

from __future__ import annotations

from slogen.emit.grafana.common import FIRED, LEFT, alert_marks, choices, chosen
from slogen.emit.grafana.kit import (
    FINE,
    PAGE,
    PLAIN,
    TICKET,
    UNKNOWN,
    Choice,
    Link,
    Look,
    Page,
    Panel,
    Query,
    Said,
    Step,
)
from slogen.emit.grafana.panels import bars, stat, states
from slogen.emit.grafana.tables import slo_table
from slogen.model import Platform
from slogen.plan.texts import HEALTH, REPORT, WALL
from slogen.promql import panels
from slogen.promql.template import Expr

_MISSING = (Said(None, "NO DATA", UNKNOWN),)


def wall_page(platform: Platform) -> Page:
    """Return the wall; a variable chooses the service, and the cluster where there are several."""
    matching = Expr(",".join(filter(None, ('service=~"$service"', chosen(platform)))))
    of = Expr(f"{{{matching}}}")
    service = Choice(name="service", label="Service", query="label_values(slo:objective:ratio, service)")
    return Page(
        uid=WALL,
        title="SLO wall",
        description="Every SLO: what pages, what burns, how much budget is left.",
        tags=("slogen", "slo"),
        panels=(
            *_counts(of, matching),
            slo_table(
                "SLOs, the worst above",
                "A row for each SLO, from recorded series. `burn` is how many times faster than allowed the budget is "
                "spent. A click on the name opens its page.",
                (0, 3, 24, 14),
                matching,
                clusters=bool(platform.clusters),
            ),
            states(
                "When did which SLO page or raise a ticket?",
                "Pages and tickets, a lane for each SLO.",
                (0, 17, 12, 9),
                [
                    Query(
                        expr=panels.FIRED.fill(
                            labels=Expr("service, slo"),
                            matchers=Expr(f'alertname="SLOErrorBudgetBurn",{matching}'),
                            interval=Expr("$__interval"),
                        ).text,
                        legend="{{service}} {{slo}}",
                        instant=False,
                    )
                ],
                FIRED,
            ),
            bars(
                "Least budget left",
                "The ten SLOs with the least budget left of their period.",
                (12, 17, 12, 9),
                [Query(expr=panels.WORST.fill(lefts=panels.LEFTS.fill(of=of)).text, legend="{{service}} {{slo}}")],
                Look(unit="percentunit", decimals=1, low=0.0, high=1.0, steps=LEFT.steps, missing="NO DATA"),
            ),
        ),
        since="now-24h",
        refresh="1m",
        choices=(service, *choices(platform)),
        marks=alert_marks(matching.text),
        links=(Link("Are the rules evaluated?", f"/d/{HEALTH}"), Link("Monthly report", f"/d/{REPORT}")),
    )


def _counts(of: Expr, matching: Expr) -> list[Panel]:
    burning = Expr(f"{panels.BURNS.fill(of=of, window=Expr('1h'))} > 1")
    spent = Expr(f"{panels.LEFTS.fill(of=of)} <= 0")
    counted = (
        ("SLOs that page", "SLOs whose page fires.", panels.PAGING.fill(matchers=matching), PAGE),
        (
            "SLOs with a ticket",
            "SLOs that burn slowly, for the next working day.",
            panels.TICKETS.fill(matchers=matching),
            TICKET,
        ),
        ("SLOs that burn too fast", "SLOs that spent more than allowed in the last hour.", burning, TICKET),
        ("SLOs without budget", "SLOs whose budget of the period is gone.", spent, TICKET),
        (
            "SLOs without data",
            "SLOs that are not measured: whether they are kept is unknown.",
            panels.UNMEASURED.fill(of=of),
            UNKNOWN,
        ),
    )
    made = [
        stat(
            title,
            description,
            (4 * place, 0, 4, 3),
            [Query(expr=panels.COUNT.fill(which=which, of=of).text)],
            Look(unit="none", decimals=0, steps=(Step(None, FINE), Step(1.0, color)), said=_MISSING, missing="NO DATA"),
        )
        for place, (title, description, which, color) in enumerate(counted)
    ]
    made.append(
        stat(
            "SLOs in all",
            "SLOs whose objective is recorded.",
            (20, 0, 4, 3),
            [Query(expr=f"count({panels.OBJECTIVES.fill(of=of)})")],
            Look(unit="none", decimals=0, steps=(Step(None, PLAIN),), said=_MISSING, missing="NO DATA"),
        )
    )
    return made
