"""The page of the servers: are rules evaluated, is data fresh, do alerts arrive?"""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.grafana.kit import FINE, IDLE, PAGE, PLAIN, TICKET, UNKNOWN, Link, Look, Page, Panel, Query, Said, Step
from slogen.emit.grafana.panels import bars, graph, stat, table
from slogen.model import Platform
from slogen.plan.texts import HEALTH, WALL
from slogen.promql import panels

_MISSING = (Said(None, "NO DATA", UNKNOWN),)
_GROUPS = 'rule_group=~".*;slogen-.+"'
_NONE = Look(unit="none", decimals=0, steps=(Step(None, FINE), Step(1.0, PAGE)), said=_MISSING, missing="NO DATA")


def health_page(platform: Platform) -> Page:
    """Return the page about the servers that evaluate rules and send alerts."""
    return Page(
        uid=HEALTH,
        title="Are the rules evaluated?",
        description="Prometheus, Thanos Ruler and Alertmanager: whether the other pages can be believed.",
        tags=("slogen", "platform"),
        panels=tuple(_panels(platform)),
        refresh="1m",
        links=(Link("All SLOs", f"/d/{WALL}"),),
    )


def _panels(platform: Platform) -> Iterator[Panel]:
    asked = (
        (
            "Rule evaluations that failed",
            "In the last 15 minutes, of groups of slogen. A group that fails is blind.",
            f"sum(increase(prometheus_rule_evaluation_failures_total{{{_GROUPS}}}[15m]))",
            _NONE,
        ),
        (
            "Evaluations left out",
            "In the last 15 minutes: the group took longer than its interval.",
            f"sum(increase(prometheus_rule_group_iterations_missed_total{{{_GROUPS}}}[15m]))",
            _NONE,
        ),
        (
            "Alerts that reached nobody",
            "In the last 15 minutes: no Alertmanager took them.",
            "sum(min by (instance) (increase(prometheus_notifications_dropped_total[15m])))",
            _NONE,
        ),
        (
            "Notifications that failed",
            "In the last 15 minutes, of Alertmanager to chats, mail and pagers.",
            "sum(increase(alertmanager_notifications_failed_total[15m]))",
            _NONE,
        ),
        (
            "Watchdog",
            "The alert that always fires. Missing, no rule is evaluated, or none is recorded.",
            _watchdogs(platform),
            Look(
                said=(Said("1", "ON", FINE), Said("0", "OFF", PAGE), *_MISSING),
                steps=(Step(None, UNKNOWN),),
                missing="NO DATA",
            ),
        ),
        (
            "Targets that do not answer",
            "Targets of all jobs whose last scrape failed.",
            "count(up == 0) or 0 * count(up)",
            Look(
                unit="none", decimals=0, steps=(Step(None, FINE), Step(1.0, TICKET)), said=_MISSING, missing="NO DATA"
            ),
        ),
    )
    for place, (title, description, expr, look) in enumerate(asked):
        yield stat(title, description, (4 * place, 0, 4, 4), [Query(expr=expr)], look)
    yield bars(
        "Which rules were evaluated longest ago?",
        "Seconds since the objectives of a service were recorded, in every evaluation, and its budgets, every 5 "
        "minutes.",
        (0, 4, 12, 9),
        [
            Query(expr=panels.OLDEST.fill().text, legend="{{service}} {{cluster}}"),
            Query(expr=panels.OLDEST_SLOW.fill().text, legend="{{service}} {{cluster}} budgets"),
        ],
        Look(
            unit="s",
            decimals=0,
            low=0.0,
            steps=(Step(None, FINE), Step(660.0, PAGE)),
            missing="NO DATA",
        ),
        [("byFrameRefID", "A", Look(steps=(Step(None, FINE), Step(120.0, TICKET), Step(300.0, PAGE))))],
    )
    columns = ["rule_group", "Value #A", "Value #B", "Value #C"]
    yield table(
        "Which rule groups are slow?",
        "The slowest groups of slogen: how long the last evaluation took, as a share of the interval.",
        (12, 4, 12, 9),
        [
            Query(expr=f"topk(20, {share})", table=True) if place == 0 else Query(expr=share, table=True)
            for place, share in enumerate(
                (
                    f"max by (rule_group) (prometheus_rule_group_last_duration_seconds{{{_GROUPS}}} "
                    f"/ prometheus_rule_group_interval_seconds{{{_GROUPS}}})",
                    f"max by (rule_group) (prometheus_rule_group_last_duration_seconds{{{_GROUPS}}})",
                    f"sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total{{{_GROUPS}}}[15m]))",
                )
            )
        ],
        Look(missing="NO DATA"),
        [
            (
                "byName",
                "of the interval",
                Look(
                    unit="percentunit",
                    decimals=1,
                    steps=(Step(None, FINE), Step(0.5, TICKET), Step(1.0, PAGE)),
                    custom={"cellOptions": {"type": "color-text"}, "width": 130},
                ),
            ),
            ("byName", "took", Look(unit="s", custom={"width": 100})),
            ("byName", "failed", Look(decimals=0, custom={"width": 90})),
        ],
        columns=columns,
        names={"Value #A": "of the interval", "Value #B": "took", "Value #C": "failed"},
        sort=("of the interval",),
    )
    yield graph(
        "Are notifications sent?",
        "Notifications of Alertmanager a minute, and those that failed, by the kind of receiver.",
        (0, 13, 12, 8),
        [
            Query(
                expr="60 * sum by (integration) (rate(alertmanager_notifications_total[$__rate_interval]))",
                legend="{{integration}}",
                instant=False,
            ),
            Query(
                expr="60 * sum by (integration) (rate(alertmanager_notifications_failed_total[$__rate_interval]))",
                legend="{{integration}} failed",
                instant=False,
            ),
        ],
        Look(unit="short", low=0.0),
        [("byRegexp", "/ failed$/", Look(color=PAGE))],
    )
    yield graph(
        "How many series do the servers hold?",
        "Series in the head of each Prometheus: a jump comes from new labels, and from new rules.",
        (12, 13, 12, 8),
        [Query(expr="max by (instance) (prometheus_tsdb_head_series)", legend="{{instance}}", instant=False)],
        Look(unit="short", low=0.0, color=None),
    )
    if platform.thanos:
        yield from _thanos()


def _watchdogs(platform: Platform) -> str:
    """Return whether the alert that always fires does so: in each cluster, where there are several."""
    firing = 'ALERTS{alertname="Watchdog",alertstate="firing"}'
    if not platform.clusters:
        return f"max({firing})"
    # Of a Prometheus itself, without the label, there is one.
    return (
        f"(count(count by (cluster) ({firing})) == bool {len(platform.clusters)})\n"
        f'or\n(count by () ({firing[:-1]},cluster=""}}) > bool 0)'
    )


def _thanos() -> Iterator[Panel]:
    told = "In the last 15 minutes"
    asked = (
        (
            "Rulers that evaluate",
            "Thanos Rulers with rules loaded.",
            "count(count by (instance) (thanos_rule_loaded_rules > 0))",
            PLAIN,
        ),
        (
            "Incomplete answers",
            f"{told}: the ruler was told that data were missing.",
            "sum(increase(thanos_rule_evaluation_with_warnings_total[15m]))",
            None,
        ),
        (
            "Alerts that the rulers lost",
            f"{told}: no Alertmanager took them.",
            "sum(increase(thanos_alert_sender_alerts_dropped_total[15m]))",
            None,
        ),
        ("Compactor halted", "1: it neither compacts nor expires any more.", "max(thanos_compact_halted)", None),
    )
    for place, (title, description, expr, color) in enumerate(asked):
        look = Look(unit="none", decimals=0, color=color, said=_MISSING, missing="NO DATA") if color else _NONE
        yield stat(title, description, (6 * place, 21, 6, 4), [Query(expr=expr)], look)
    yield graph(
        "Are blocks uploaded?",
        "Uploads of the sidecars and rulers an hour, and those that failed.",
        (0, 25, 24, 7),
        [
            Query(expr="3600 * sum(rate(thanos_shipper_uploads_total[1h]))", legend="uploads", instant=False),
            Query(expr="3600 * sum(rate(thanos_shipper_upload_failures_total[1h]))", legend="failed", instant=False),
        ],
        Look(unit="short", low=0.0),
        [("byName", "uploads", Look(color=IDLE)), ("byName", "failed", Look(color=PAGE))],
    )
