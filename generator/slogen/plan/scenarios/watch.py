"""Tests of the alerts that belong to no service: the watchdog, and those about the servers."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.model import AlertClass, Platform
from slogen.plan.scenarios.scenario import Expect, Scenario, fired, minutes
from slogen.promql import names
from slogen.promql.sample import braces

_GROUP = '{instance="a",rule_group="/etc/rules/web.yaml;slogen-web-fast"}'
_FOREIGN = '{instance="a",rule_group="/etc/rules/node.yaml;node"}'
_EACH = "0x9 " + "".join(f"{n}x4 " for n in range(1, 9))  # every five minutes from minute 10 on, as slow groups do
_ONCE = "0x9 1x40"
_STEADILY = "0x9 1+1x30"
_FAILURES, _MISSED = "prometheus_rule_evaluation_failures_total", "prometheus_rule_group_iterations_missed_total"
_DROPPED, _RULER_DROPPED = "prometheus_notifications_dropped_total", "thanos_alert_sender_alerts_dropped_total"
_LOADED, _WARNED = "thanos_rule_loaded_rules", "thanos_rule_evaluation_with_warnings_total"

# What is said, the alert, the labels of its source, the series, whether and when it fires (in no earlier minute).
_Case = tuple[str, str, dict[str, str], tuple[tuple[str, str], ...], int | None]
_OF_GROUP = {"instance": "a", "rule_group": "/etc/rules/web.yaml;slogen-web-fast"}
_OF_SERVER = {"instance": "a"}
_ALWAYS: tuple[_Case, ...] = (
    ("a group of slogen fails each time", names.RULES_FAILING_ALERT, _OF_GROUP, ((_FAILURES + _GROUP, _EACH),), 30),
    ("one evaluation fails", names.RULES_FAILING_ALERT, _OF_GROUP, ((_FAILURES + _GROUP, _ONCE),), None),
    ("somebody else's group fails", names.RULES_FAILING_ALERT, _OF_GROUP, ((_FAILURES + _FOREIGN, _EACH),), None),
    ("a group leaves out evaluations", names.RULES_LATE_ALERT, _OF_GROUP, ((_MISSED + _GROUP, _EACH),), 30),
    ("one evaluation is left out", names.RULES_LATE_ALERT, _OF_GROUP, ((_MISSED + _GROUP, _ONCE),), None),
    ("somebody else's group is late", names.RULES_LATE_ALERT, _OF_GROUP, ((_MISSED + _FOREIGN, _EACH),), None),
    ("no Alertmanager takes alerts", names.DROPPED_ALERT, _OF_SERVER, ((_DROPPED + '{instance="a"}', _STEADILY),), 20),
    (
        "one of two Alertmanagers takes none",
        names.DROPPED_ALERT,
        _OF_SERVER,
        (
            (_DROPPED + '{instance="a",alertmanager="1"}', _STEADILY),
            (_DROPPED + '{instance="a",alertmanager="2"}', "0x40"),
        ),
        None,
    ),
)
_RULER: tuple[_Case, ...] = (
    (
        "no Alertmanager takes the ruler's alerts",
        names.DROPPED_ALERT,
        _OF_SERVER,
        ((_RULER_DROPPED + '{instance="a"}', _STEADILY),),
        20,
    ),
    (
        "both rulers are gone",
        names.RULER_GONE_ALERT,
        {},
        ((_LOADED + '{instance="a"}', "5x9 stale"), (_LOADED + '{instance="b"}', "5x9 stale")),
        20,
    ),
    (
        "one of two rulers is gone",
        names.RULER_GONE_ALERT,
        {},
        ((_LOADED + '{instance="a"}', "5x9 stale"), (_LOADED + '{instance="b"}', "5x40")),
        None,
    ),
    (
        "the ruler is told incomplete answers",
        names.RULER_INCOMPLETE_ALERT,
        _OF_SERVER,
        ((_WARNED + '{instance="a"}', _EACH),),
        30,
    ),
    (
        "one answer is incomplete",
        names.RULER_INCOMPLETE_ALERT,
        _OF_SERVER,
        ((_WARNED + '{instance="a"}', _ONCE),),
        None,
    ),
)
_COMPACTOR: tuple[_Case, ...] = tuple(
    (
        f"the compactor {told}",
        names.COMPACTOR_HALTED_ALERT,
        _OF_SERVER,
        (('thanos_compact_halted{instance="a"}', values),),
        fires,
    )
    for told, values, fires in (("has halted", "0x9 1x30", 20), ("was halted for 5m", "0x9 1x4 0x30", None))
)


_UPLOADS: tuple[_Case, ...] = tuple(
    (
        told,
        names.UPLOADS_FAILING_ALERT,
        _OF_SERVER,
        (('thanos_shipper_upload_failures_total{instance="a"}', values),),
        fires,
    )
    for told, values, fires in (("uploads fail again and again", _EACH, 30), ("one upload fails", _ONCE, None))
)


def watch_scenarios(platform: Platform) -> Iterator[Scenario]:
    """Yield what makes each alert about the servers fire, and what does not; nothing when time is scaled."""
    if platform.time_scale != 1:
        return
    every = platform.prometheus.evaluation_interval
    if platform.routing.watchdog:
        labels = {"alertname": names.WATCHDOG_ALERT, "alertstate": "firing", "severity": names.NO_SEVERITY}
        firing = (("ALERTS" + braces(labels), "1"),)
        yield Scenario(
            name="Watchdog: it fires without any data, and goes on",
            interval=every,
            series=(),
            expects=tuple(Expect(at=every * place, expr="ALERTS", samples=firing) for place in (0, 10)),
        )
    cases = (*_ALWAYS, *(_RULER if platform.thanos else ()))
    cases += (*_UPLOADS, *_COMPACTOR) if platform.thanos and platform.thanos.storage else ()
    team = {"team": platform.team} if platform.team else {}
    for told, alert, source, series, fires in cases:
        about = {"service": names.PLATFORM_SERVICE, "severity": AlertClass.WARNING.value}
        expr = f'ALERTS{{alertstate="firing",alertname!="{names.WATCHDOG_ALERT}"}}'
        firing = (fired({"alertname": alert, **source, **about, **team}),)
        yield Scenario(
            name=f"{alert}: {told}{f', for {fires - 10}m' if fires else ', and that is nothing'}",
            interval=minutes(1),
            series=series,
            expects=(
                (Expect(at=minutes(fires) - every, expr=expr), Expect(at=minutes(fires), expr=expr, samples=firing))
                if fires
                else (Expect(at=minutes(20), expr=expr), Expect(at=minutes(30), expr=expr))
            ),
        )
    if platform.thanos:
        yield _missed(platform)


def _missed(platform: Platform) -> Scenario:
    """Return that the last ruler is missed for longer than it is remembered, and until it is back."""
    every, team = platform.prometheus.evaluation_interval, {"team": platform.team} if platform.team else {}
    about = {"service": names.PLATFORM_SERVICE, "severity": AlertClass.WARNING.value}
    expr = f'ALERTS{{alertstate="firing",alertname="{names.RULER_GONE_ALERT}"}}'
    firing = (fired({"alertname": names.RULER_GONE_ALERT, **about, **team}),)
    return Scenario(
        name=f"{names.RULER_GONE_ALERT}: the only ruler is gone for twelve hours, and comes back",
        interval=minutes(1),
        series=((_LOADED + '{instance="a"}', "5x9 stale _x709 5x10"),),
        expects=(
            Expect(at=minutes(360), expr=expr, samples=firing),
            Expect(at=minutes(719), expr=expr, samples=firing),
            Expect(at=minutes(720) + every, expr=expr),
        ),
    )
