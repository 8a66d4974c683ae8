"""The wall: every SLO of the platform, the worst above."""

from __future__ import annotations

from slogen.emit.grafana.common import FIRED, LEFT, NO_DATA, all_deploys, choices, chosen, number, selector
from slogen.emit.grafana.health import trust
from slogen.emit.grafana.kit import (
    FINE,
    PAGE,
    PLAIN,
    TICKET,
    UNKNOWN,
    WIDTH,
    Choice,
    Link,
    Look,
    Page,
    Panel,
    Query,
    Step,
)
from slogen.emit.grafana.panels import bars, stat, states
from slogen.emit.grafana.tables import slo_table
from slogen.model import Platform
from slogen.plan.texts import HEALTH, REPORT, WALL
from slogen.promql import names, panels
from slogen.promql.template import Expr

_LANES = 15  # that can be read


def wall_page(platform: Platform) -> Page:
    """Return the wall; variables choose team, tier and service, and the cluster where there are several."""
    matching = chosen(platform, 'service=~"$service"')
    of = selector(matching)
    lefts = panels.LEFTS.fill(of=of)
    burns = Expr(f'alertname="{names.BURN_ALERT}",{matching}')
    fired = panels.FIRED.fill(
        labels=Expr("service, slo"),
        matchers=burns,
        interval=Expr("$__interval"),
    )
    longest = panels.FIRED_LONGEST.fill(fired=fired, most=_LANES, matchers=burns, range=Expr("$__range"))
    return Page(
        uid=WALL,
        title="SLO wall",
        description="Every SLO: what pages, what burns, how much budget is left.",
        tags=("slogen", "slo"),
        panels=(
            *_counts(of, matching, lefts),
            trust(platform, (20, 0, 4, 3)),
            slo_table(
                "SLOs, the worst above",
                "A row for each SLO, from recorded series. `burn` is how many times faster than allowed the budget is "
                "spent. A click on the name opens its page.",
                (0, 3, 24, 15),
                matching,
                clusters=bool(platform.clusters),
                paged=True,
            ),
            states(
                "When did which SLO page or raise a ticket?",
                f"Pages and tickets, a lane for each SLO: the {_LANES} that fired longest in the chosen time.",
                (0, 18, WIDTH, 10),  # names have two fifths of it
                [Query(longest, "{{service}} {{slo}}")],
                FIRED,
            ),
            bars(
                "Least budget left",
                "The ten SLOs with the least budget left of their period.",
                (0, 28, WIDTH, 12),
                [Query(panels.WORST.fill(lefts=lefts), "{{service}} {{slo}}")],
                Look(unit="percentunit", decimals=1, low=0.0, high=1.0, steps=LEFT.steps, missing=NO_DATA),
            ),
        ),
        since="now-24h",
        refresh="1m",
        choices=(
            *_choices(),
            *choices(platform),
        ),
        marks=all_deploys(platform),  # alerts have their own panel: with 200 SLOs all of it would be red
        links=(Link("Are the rules evaluated?", f"/d/{HEALTH}"), Link("Monthly report", f"/d/{REPORT}")),
    )


def _choices() -> tuple[Choice, ...]:
    """Return the variables: all services are those of the team and the tier that are chosen."""
    chosen_ones = f'{names.INFO}{{team=~"$team",tier=~"$tier"}}'
    return (
        Choice(name="team", label="Team", query=f"label_values({names.INFO}, team)"),
        Choice(name="tier", label="Tier", query=f'label_values({names.INFO}{{team=~"$team"}}, tier)'),
        Choice(name="service", label="Service", query=f"label_values({chosen_ones}, service)", every=None),
    )


def _counts(of: Expr, matching: Expr, lefts: Expr) -> list[Panel]:
    burns = panels.BURNS.fill(of=of, window=Expr("1h"))
    counted = (
        (0, 3, "SLOs that page", "SLOs whose page fires.", panels.PAGING.fill(matchers=matching), PAGE),
        (
            3,
            3,
            "SLOs with a ticket",
            "SLOs that burn slowly, for the next working day.",
            panels.TICKETS.fill(matchers=matching),
            TICKET,
        ),
        (
            6,
            4,
            "SLOs that burn too fast",
            "SLOs that spent more than allowed in the last hour.",
            panels.TOO_FAST.fill(burns=burns),
            TICKET,
        ),
        (
            10,
            4,
            "SLOs without budget",
            "SLOs whose budget of the period is gone.",
            panels.SPENT.fill(lefts=lefts),
            TICKET,
        ),
        (
            14,
            3,
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
            (left, 0, width, 3),
            [Query(panels.COUNT.fill(which=which, of=of))],
            number(Step(None, FINE), Step(1.0, colour)),
        )
        for left, width, title, description, which, colour in counted
    ]
    every = panels.ALL.fill(objectives=panels.OBJECTIVES.fill(of=of))
    made.append(
        stat(
            "SLOs in all",
            "SLOs whose objective is recorded.",
            (17, 0, 3, 3),
            [Query(every)],
            number(Step(None, PLAIN)),
        )
    )
    return made
