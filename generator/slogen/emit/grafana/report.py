"""The monthly report: which objectives were kept, what the budgets were spent on."""

from __future__ import annotations

from slogen.emit.grafana.common import choices, chosen
from slogen.emit.grafana.kit import FINE, PAGE, PLAIN, TICKET, UNKNOWN, Link, Look, Page, Panel, Query, Said, Step
from slogen.emit.grafana.panels import bars, stat, table, text
from slogen.model import Platform
from slogen.plan.texts import REPORT, WALL
from slogen.plan.tiers import PART
from slogen.promql import panels
from slogen.promql.template import Expr

# What was measured for less is neither kept nor not.
_ENOUGH = 0.95
_COVERED = Look(
    unit="percentunit",
    decimals=1,
    steps=(Step(None, UNKNOWN), Step(_ENOUGH, PLAIN)),
    custom={"cellOptions": {"type": "color-text"}, "width": 110},
)
_USED = (Step(None, FINE), Step(0.75, TICKET), Step(1.0, PAGE))
_MISSING = (Said(None, "NO DATA", UNKNOWN),)


def report_page(platform: Platform) -> Page:
    """Return the report over the last whole month; another range of time may be chosen."""
    matching = chosen(platform)
    of = Expr(f"{{{matching}}}" if matching else "")
    span = Expr("$__range")
    every = platform.scaled(platform.prometheus.evaluation_interval).seconds
    used = panels.USED.fill(of=of, range=span)
    burning = Expr(",".join(filter(None, ('alertname="SLOErrorBudgetBurn"', matching))))
    covered = panels.COVERED.fill(of=of, range=span, seconds=Expr("$__range_s"))
    fires = [
        panels.SECONDS_FIRING.fill(every=seconds, severity=Expr(severity), range=span, matchers=burning)
        for severity, seconds in (("critical", every), ("warning", platform.scaled(PART).seconds))
    ]
    numbers = Look(unit="short", decimals=0, custom={"width": 120})
    times = Look(unit="dtdurations", decimals=1, said=(Said(None, "-", PLAIN),), custom={"width": 140})
    share = Look(
        unit="percentunit",
        decimals=0,
        low=0.0,
        high=1.0,
        steps=_USED,
        custom={"cellOptions": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}, "width": 200},
    )
    columns = (
        ("objective", panels.PROMISED.fill(of=of), Look(unit="percentunit", custom={"width": 110})),
        (
            "achieved",
            panels.ACHIEVED.fill(of=of, range=span),
            Look(unit="percentunit", decimals=3, custom={"width": 120}),
        ),
        ("budget used", used, share),
        ("measured", covered, _COVERED),
        ("bad events", panels.BAD_EVENTS.fill(of=of, range=span), numbers),
        ("events", panels.ALL_EVENTS.fill(of=of, range=span), numbers),
        ("paging for", fires[0], times),
        ("ticket for", fires[1], times),
    )
    fields = [f"Value #{chr(ord('A') + number)}" for number in range(len(columns))]
    return Page(
        uid=REPORT,
        title="SLO report",
        description="The last whole month: which objectives were kept, what the budgets were spent on.",
        tags=("slogen", "slo", "report"),
        panels=(
            *_counts(used, covered),
            table(
                "Objectives of the month",
                "Of the chosen range: good events by all events, and how much of that range's budget the bad "
                "ones are. A "
                "month of 31 days has more budget than one of 28.",
                (0, 3, 24, 16),
                [Query(expr=expr.text, table=True) for _, expr, _ in columns],
                Look(custom={"align": "left"}),
                [("byName", name, look) for name, _, look in columns],
                columns=["service", "slo", *fields],
                names={field: name for field, (name, _, _) in zip(fields, columns, strict=True)},
                sort=("budget used",),
            ),
            bars(
                "Who spent the most?",
                "The ten SLOs that used the largest share of their budget.",
                (0, 19, 12, 9),
                [Query(expr=f"topk(10, {used})", legend="{{service}} {{slo}}")],
                Look(
                    unit="percentunit", decimals=0, low=0.0, high=1.0, steps=_USED,
                    missing="NO DATA",
                ),
            ),
            text(
                "What follows?",
                "What a spent budget means for the team.",
                (12, 19, 12, 9),
                "- **Budget left**: ship as planned.\n- **More than 75 % used**: the next change is one that "
                "makes the "
                "service more reliable.\n- **All of it used**: only fixes are shipped until some is back; write "
                "down what "
                "spent it, and what keeps it from happening again.\n",
            ),
        ),
        since="now-1M/M",
        until="now-1M/M",
        refresh="",
        choices=choices(platform),
        links=(Link("All SLOs", f"/d/{WALL}"),),
    )  # fmt: skip


def _counts(used: Expr, covered: Expr) -> list[Panel]:
    known = f"(({used}) and ({covered}) >= {_ENOUGH})"
    none = f"0 * count({covered})"
    counted = (
        (
            "SLOs that were kept",
            "SLOs with budget left at the end, measured for nearly all of the time.",
            f"count({known} <= 1) or {none}",
            (Step(None, PLAIN), Step(1.0, FINE)),
        ),
        (
            "SLOs that were not",
            "SLOs that spent more than their budget.",
            f"count(({used}) > 1) or {none}",
            (Step(None, PLAIN), Step(1.0, PAGE)),
        ),
        (
            "SLOs of which nothing is known",
            "SLOs that were measured for less than 95 % of the time and spent no more than their budget in it.",
            f"count(({covered}) < {_ENOUGH} unless ({used}) > 1) or {none}",
            (Step(None, PLAIN), Step(1.0, UNKNOWN)),
        ),
    )
    return [
        stat(
            title,
            description,
            (8 * place, 0, 8, 3),
            [Query(expr=expr)],
            Look(unit="none", decimals=0, steps=steps, said=_MISSING, missing="NO DATA"),
        )
        for place, (title, description, expr, steps) in enumerate(counted)
    ]
