"""The page of the servers: are rules evaluated, is data fresh, do alerts arrive?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from slogen.emit.grafana.common import COLOURED, MISSING, NO_DATA, number, state_look
from slogen.emit.grafana.kit import (
    FINE,
    IDLE,
    PAGE,
    PLAIN,
    TICKET,
    WIDTH,
    Link,
    Look,
    Page,
    Panel,
    Place,
    Query,
    Said,
    Step,
)
from slogen.emit.grafana.listings import Column, alert_list, table
from slogen.emit.grafana.panels import bars, graph, stat
from slogen.model import Platform
from slogen.plan.texts import HEALTH, WALL
from slogen.promql import names, panels
from slogen.promql.template import Expr

_NONE = number(Step(None, FINE), Step(1.0, PAGE))
_WATCHED = state_look(Said("1", "ON", FINE), Said("0", "OFF", PAGE))
_TRUST = state_look(
    Said("3", "RULES FAIL", PAGE),
    Said("2", "ALERTS LOST", PAGE),
    Said("1", "NOT DELIVERED", PAGE),
    Said("0", "OK", FINE),
)
_INTERVAL = Expr("$__rate_interval")


def health_page(platform: Platform) -> Page:
    """Return the page about the servers that evaluate rules and send alerts."""
    return Page(
        uid=HEALTH,
        title="Are the rules evaluated?",
        description="Prometheus, Thanos Ruler and Alertmanager: whether the other pages can be believed.",
        tags=("slogen", "platform"),
        panels=(
            *_now(platform),
            _longest_ago(),
            _slow_groups(),
            _fires(platform),
            _notifications(),
            _series((0, 24, 12 if platform.thanos else WIDTH, 8)),
            *(_thanos() if platform.thanos else ()),
        ),
        refresh="1m",
        links=(Link("All SLOs", f"/d/{WALL}"),),
    )


def _now(platform: Platform) -> Iterator[Panel]:
    asked = [
        (
            "Rule evaluations that failed",
            "In the last 15 minutes, of groups of slogen. A group that fails is blind.",
            panels.FAILED_EVALUATIONS.fill(),
            _NONE,
        ),
        (
            "Evaluations left out",
            "In the last 15 minutes: the group took longer than its interval.",
            panels.MISSED_EVALUATIONS.fill(),
            _NONE,
        ),
        (
            "Alerts that reached nobody",
            "In the last 15 minutes: no Alertmanager took them.",
            panels.DROPPED_ALERTS.fill(),
            _NONE,
        ),
        (
            "Notifications that failed",
            "In the last 15 minutes, of Alertmanager to chats, mail and pagers.",
            panels.FAILED_NOTIFICATIONS.fill(),
            _NONE,
        ),
        (
            "Targets that do not answer",
            "Targets of all jobs whose last scrape failed.",
            panels.UNANSWERED.fill(),
            number(Step(None, FINE), Step(1.0, TICKET)),
        ),
    ]
    if platform.routing.watchdog:
        told = "The alert that always fires. Missing, no rule is evaluated, or none is recorded."
        asked.insert(4, ("Watchdog", told, _watchdog(platform), _WATCHED))
    for place, (title, description, expr, look) in enumerate(asked):
        left = 4 * place
        width = WIDTH - left if place == len(asked) - 1 else 4
        yield stat(title, description, (left, 0, width, 4), [Query(expr)], look)


def _watchdog(platform: Platform) -> Expr:
    return panels.WATCHDOGS.fill(clusters=len(platform.clusters)) if platform.clusters else panels.WATCHDOG.fill()


def trust(platform: Platform, place: Place) -> Panel:
    """Return whether pages can be believed, in one word, for those who do not look at the servers first."""
    dropped = panels.DROPPED_ALERTS.fill()
    if platform.thanos:
        dropped = panels.EITHER.fill(one=dropped, other=panels.RULER_DROPPED_ALERTS.fill())
    told = panels.TRUST.fill(
        failed=panels.FAILED_EVALUATIONS.fill(),
        missed=panels.MISSED_EVALUATIONS.fill(),
        dropped=dropped,
        undelivered=panels.FAILED_NOTIFICATIONS.fill(),
    )
    if platform.routing.watchdog:
        told = panels.WATCHED.fill(trust=told, watchdog=_watchdog(platform))
    return stat(
        "Rules and notifications",
        "In the last 15 minutes, by what the servers say of themselves. RULES FAIL: some were not evaluated, so that "
        "this page may be wrong. ALERTS LOST: no Alertmanager took some. NOT DELIVERED: some did not reach a chat, "
        "mail or pager. A click shows which.",
        place,
        [Query(told)],
        replace(_TRUST, links=(Link("Are the rules evaluated?", f"/d/{HEALTH}"),)),
    )


def _fires(platform: Platform) -> Panel:
    assert platform.grafana is not None
    return alert_list(
        "Which alerts about the servers fire?",
        "Of slogen's alerts about rules and notifications, those that fire, and those that wait to: they fire after 10 "
        f"or 20 minutes. Asked of {platform.grafana.datasource_name}, whatever data source is chosen above.",
        (0, 16, 12, 8),
        platform.grafana.datasource_name,
        Expr(f'service="{names.PLATFORM_SERVICE}"'),
    )


def _longest_ago() -> Panel:
    return bars(
        "Which rules were evaluated longest ago?",
        "Seconds since the objectives of a service were recorded, in every evaluation, and its budgets, every 5 "
        "minutes.",
        (0, 4, 12, 12),
        [
            Query(panels.OLDEST.fill(), "{{service}} {{cluster}}"),
            Query(panels.OLDEST_SLOW.fill(), "{{service}} {{cluster}} budgets"),
        ],
        # Full is what is too long: a scale of their own would draw the longest of all as if it were that.
        Look(unit="s", decimals=0, low=0.0, high=660.0, steps=(Step(None, FINE), Step(660.0, PAGE)), missing=NO_DATA),
        [("byFrameRefID", "A", Look(steps=(Step(None, FINE), Step(120.0, TICKET), Step(300.0, PAGE))))],
    )


def _slow_groups() -> Panel:
    share = Look(
        unit="percentunit",
        decimals=1,
        steps=(Step(None, FINE), Step(0.5, TICKET), Step(1.0, PAGE)),
        custom={**COLOURED, "width": 130},
    )
    return table(
        "Which rule groups are slow?",
        "The slowest groups of slogen: how long the last evaluation took, as a share of the interval.",
        (12, 4, 12, 12),
        [
            "rule_group",
            Column("of the interval", panels.SLOWEST_GROUPS.fill(), share),
            Column("took", panels.GROUPS_TOOK.fill(), Look(unit="s", custom={"width": 100})),
            Column("failed", panels.GROUPS_FAILED.fill(), Look(decimals=0, custom={"width": 90})),
        ],
        Look(missing=NO_DATA),
        sort="of the interval",
    )


def _notifications() -> Panel:
    return graph(
        "Are notifications sent?",
        "Notifications of Alertmanager a minute, and those that failed, by the kind of receiver.",
        (12, 16, 12, 8),
        [
            Query(panels.SENT.fill(interval=_INTERVAL), "{{integration}}"),
            Query(panels.SENT_FAILED.fill(interval=_INTERVAL), "{{integration}} failed"),
        ],
        Look(unit="short", low=0.0),
        [("byRegexp", "/ failed$/", Look(colour=PAGE))],
    )


def _series(place: Place) -> Panel:
    return graph(
        "How many series do the servers hold?",
        "Series in the head of each Prometheus: a jump comes from new labels, and from new rules.",
        place,
        [Query(panels.SERIES.fill(), "{{instance}}")],
        Look(unit="short", low=0.0),
    )


def _thanos() -> Iterator[Panel]:
    asked = (
        (
            "Rulers that evaluate",
            "Thanos Rulers with rules loaded.",
            panels.RULERS.fill(),
            Look(unit="none", decimals=0, colour=PLAIN, said=(MISSING,), missing=NO_DATA),
        ),
        (
            "Incomplete answers",
            "In the last 15 minutes: the ruler was told that data were missing.",
            panels.INCOMPLETE_ANSWERS.fill(),
            _NONE,
        ),
        (
            "Alerts that the rulers lost",
            "In the last 15 minutes: no Alertmanager took them.",
            panels.RULER_DROPPED_ALERTS.fill(),
            _NONE,
        ),
        ("Compactor halted", "1: it neither compacts nor expires any more.", panels.HALTED.fill(), _NONE),
    )
    for place, (title, description, expr, look) in enumerate(asked):
        yield stat(title, description, (6 * place, 32, 6, 4), [Query(expr)], look)
    yield graph(
        "Are blocks uploaded?",
        "Uploads of the sidecars and rulers an hour, and those that failed.",
        (12, 24, 12, 8),
        [Query(panels.UPLOADS.fill(), "uploads"), Query(panels.UPLOADS_FAILED.fill(), "failed")],
        Look(unit="short", low=0.0),
        [("byName", "uploads", Look(colour=IDLE)), ("byName", "failed", Look(colour=PAGE))],
    )
