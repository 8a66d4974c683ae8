"""The alerts about the servers: which there are on which platform, and whose they are."""

from __future__ import annotations

import pytest

from slogen.core import Report
from slogen.model import Platform
from slogen.plan.rules import AlertRule
from slogen.plan.watch import platform_groups
from slogen.source.documents import read_file

PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
prometheus: {retention: 60d}
receivers: {sre: {pagerduty: {routingKeyFile: /k}}}
routing: {critical: [{after: 0s, notify: [sre]}]}
"""
SERVERS = ["SLORulesFailing", "SLORulesLate", "SLONotificationsDropped"]
RULER = [*SERVERS, "SLORulerGone", "SLORulerIncomplete"]
BUCKET = "thanos: {objectStorage: {type: S3, config: {bucket: b, endpoint: e}}}\n"


def rules(text: str) -> list[AlertRule]:
    """Return the alerts about the servers of a platform."""
    report = Report()
    (platform,) = read_file("slogen.yaml", text, report)
    assert isinstance(platform, Platform)
    assert list(report) == []
    (group,) = platform_groups(platform)
    return [rule for rule in group.rules if isinstance(rule, AlertRule)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [("", SERVERS), ("thanos: {}\n", RULER), (BUCKET, [*RULER, "SLOUploadsFailing", "SLOCompactorHalted"])],
    ids=["Prometheus alone", "a ruler", "a bucket"],
)
def test_each_server_that_there_is_has_its_alerts(more: str, expected: list[str]) -> None:
    """None speaks of a server that the platform lacks."""
    assert [rule.alert for rule in rules(PLATFORM + more)] == expected


def test_they_are_tickets_of_the_team_that_runs_the_servers() -> None:
    """Without one they have no team, and go where unknown alerts go."""
    told = [("service", "slogen"), ("severity", "warning")]
    assert {rule.labels for rule in rules(PLATFORM)} == {tuple(told)}
    teams = "teams: {core: {notify: [sre]}}\n"
    text = PLATFORM.replace("{name: shop}", "{name: shop, team: core}") + teams
    assert {rule.labels for rule in rules(text)} == {(*told, ("team", "core"))}


def test_a_team_that_is_not_declared_is_refused() -> None:
    """At its place, with the nearest one."""
    report = Report()
    read_file("p.yaml", PLATFORM.replace("shop}", "shop, team: cor}") + "teams: {core: {notify: [sre]}}\n", report)
    assert [(str(one.span), one.code, one.hint) for one in report] == [
        ("p.yaml:3:30", "SLO403", "did you mean 'core'?")
    ]


def test_a_scaled_platform_has_scaled_times() -> None:
    """Sixty times as fast: 15m are 15s."""
    failing = rules(PLATFORM + "timeScale: 60\n")[0]
    assert "[15s]" in failing.expr
    assert str(failing.for_) == "20s"
