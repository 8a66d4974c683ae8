"""The monthly report: which objectives were kept, what the budgets were spent on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from slogen.emit.grafana.common import COLOURED, GAUGE, NO_DATA, choices, chosen, number, selector
from slogen.emit.grafana.kit import FINE, PAGE, PLAIN, TICKET, UNKNOWN, Link, Look, Page, Panel, Query, Said, Step
from slogen.emit.grafana.listings import Column, table, text
from slogen.emit.grafana.panels import bars, cells, stat
from slogen.model import Platform
from slogen.plan.texts import REPORT, WALL
from slogen.plan.tiers import PART
from slogen.promql import names, panels
from slogen.promql.template import Expr

# What was measured for less is neither kept nor not.
_ENOUGH = Decimal("0.95")
_USED = (Step(None, FINE), Step(0.75, TICKET), Step(1.0, PAGE))
_RANGE = Expr("$__range")
_TIMES = Look(unit="dtdurations", decimals=1, said=(Said(None, "-", PLAIN),), custom={"width": 150})
_LANES = 20  # that can be read
_DAYS = (Step(None, "dark-green"), Step(1.0, "light-orange"), Step(3.0, "orange"), Step(10.0, "dark-orange"))


def report_page(platform: Platform, *, outages: bool) -> Page:
    """Return the report over the last whole month; another range of time may be chosen.

    `outages`: there are SLOs with a recovery time objective, whose outages are recorded.
    """
    of = selector(chosen(platform))
    used = panels.USED.fill(of=of, range=_RANGE)
    covered = panels.COVERED.fill(of=of, range=_RANGE, seconds=Expr("$__range_s"))
    return Page(
        uid=REPORT,
        title="SLO report",
        description="The last whole month: which objectives were kept, what the budgets were spent on.",
        tags=("slogen", "slo", "report"),
        panels=(
            *_counts(used, covered),
            table(
                "Objectives of the month",
                "Of the chosen range: good events by all events, and how much of that range's budget the bad ones are. "
                "A month of 31 days has more budget than one of 28. `used before` is of as many days before the range; "
                "`pages` are incidents that began or went on in it.",
                (0, 3, 24, 16),
                ["service", "slo", *_columns(of, used, covered, platform), *(_outages(of) if outages else ())],
                Look(custom={"align": "left"}),
                sort="budget used",
                paged=True,
            ),
            cells(
                "On which days was it spent?",
                f"Of the {_LANES} SLOs that used the most, each day in UTC: how many times faster than allowed it was "
                "spent. At 1 all days together use the budget up, at 30 one day alone does.",
                (0, 19, 24, 15),
                Query(panels.DAYS.fill(of=of, most=_LANES, range=_RANGE), "{{service}} {{slo}}"),
                Look(unit="none", decimals=1, steps=_DAYS, missing=NO_DATA),
                every="1d",
            ),
            bars(
                "Who spent the most?",
                "The ten SLOs that used the largest share of their budget.",
                (0, 34, 12, 12),
                [Query(panels.MOST_USED.fill(used=used), "{{service}} {{slo}}")],
                Look(unit="percentunit", decimals=0, low=0.0, high=1.0, steps=_USED, missing=NO_DATA),
            ),
            text(
                "What follows?",
                "What a spent budget means for the team.",
                (12, 34, 12, 12),
                "- **Budget left**: ship as planned.\n"
                "- **More than 75 % used**: the next change is one that makes the service more reliable.\n"
                "- **All of it used**: only fixes are shipped until some is back; write down what spent it, and what "
                "keeps it from happening again.\n",
            ),
        ),
        since="now-1M/M",
        until="now-1M/M",
        refresh="",
        choices=choices(platform),
        links=(Link("All SLOs", f"/d/{WALL}"),),
    )


def _columns(of: Expr, used: Expr, covered: Expr, platform: Platform) -> list[Column]:
    numbers = Look(unit="short", decimals=0, custom={"width": 90})
    share = Look(unit="percentunit", decimals=0, low=0.0, high=1.0, steps=_USED, custom={**GAUGE, "width": 150})
    measured = Look(
        unit="percentunit",
        decimals=1,
        steps=(Step(None, UNKNOWN), Step(float(_ENOUGH), PLAIN)),
        custom={**COLOURED, "width": 90},
    )
    achieved = Look(unit="percentunit", decimals=3, custom={"width": 100})
    before = replace(share, custom={**COLOURED, "width": 110}, said=(Said(None, "-", PLAIN),))
    burning = chosen(platform, f'alertname="{names.BURN_ALERT}"')
    pages = Look(unit="none", decimals=0, said=(Said(None, "-", PLAIN),), custom={"width": 70})
    paging, ticketing = (
        panels.SECONDS_FIRING.fill(
            every=platform.scaled(every).seconds, severity=Expr(severity), range=_RANGE, matchers=burning
        )
        for severity, every in (("critical", platform.prometheus.evaluation_interval), ("warning", PART))
    )
    return [
        Column("objective", panels.PROMISED.fill(of=of), Look(unit="percentunit", decimals=3, custom={"width": 100})),
        Column("achieved", panels.ACHIEVED.fill(of=of, range=_RANGE), achieved),
        Column("budget used", used, share),
        Column("used before", panels.USED_BEFORE.fill(of=of, range=_RANGE), before),
        Column("measured", covered, measured),
        Column("bad events", panels.BAD_EVENTS.fill(of=of, range=_RANGE), numbers),
        Column("events", panels.ALL_EVENTS.fill(of=of, range=_RANGE), numbers),
        Column("pages", panels.PAGES_BEGUN.fill(matchers=burning, range=_RANGE), pages),
        Column("paging for", paging, _TIMES),
        Column("ticket for", ticketing, _TIMES),
    ]


def _outages(of: Expr) -> list[Column]:
    return [Column("longest outage", panels.LONGEST_OUTAGE.fill(of=of, range=_RANGE), _TIMES)]


def _counts(used: Expr, covered: Expr) -> list[Panel]:
    counted = (
        (
            "SLOs that were kept",
            "SLOs with budget left at the end, measured for nearly all of the time.",
            panels.KEPT.fill(used=used, covered=covered, enough=_ENOUGH),
            FINE,
        ),
        (
            "SLOs that were not",
            "SLOs that spent more than their budget.",
            panels.MISSED.fill(used=used, covered=covered),
            PAGE,
        ),
        (
            "SLOs of which nothing is known",
            "SLOs that were measured for less than 95 % of the time and spent no more than their budget in it.",
            panels.UNCOVERED.fill(used=used, covered=covered, enough=_ENOUGH),
            UNKNOWN,
        ),
    )
    return [
        stat(title, description, (8 * place, 0, 8, 3), [Query(expr)], number(Step(None, PLAIN), Step(1.0, colour)))
        for place, (title, description, expr, colour) in enumerate(counted)
    ]
