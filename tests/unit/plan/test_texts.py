"""What a person reads when an alert fires: its links, and whose data is gone."""

from __future__ import annotations

import pytest

from slogen.core import Report
from slogen.model import Platform, Service
from slogen.plan.build import plan_service
from slogen.plan.rules import AlertRule
from slogen.source.documents import read_file

DOCUMENTS = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
prometheus: {retention: 90d}
receivers: {sre: {pagerduty: {routingKeyFile: /k}}, boss: {email: {to: boss@example.com}}}
routing: {critical: [{after: 0s, notify: [sre]}, {after: 1h, notify: [boss]}]}
grafana: {url: "https://grafana"}
---
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: core, links: {SERVICE_LINKS}}
slos: [{name: up, objective: 99.9, sli: {boolean: up}, by: [BY]}]
alerts: [{name: Down, severity: critical, expr: up == 0, summary: down, links: {ALERT_LINKS}}]
"""


def annotations(*, service: str = "", alert: str = "", by: str = "region") -> dict[str, dict[str, str]]:
    """Return the annotations of every alert, by its name; of a rung by its name and step."""
    text = DOCUMENTS.replace("SERVICE_LINKS", service).replace("ALERT_LINKS", alert).replace("BY", by)
    report = Report()
    platform, web = read_file("x.yaml", text, report)
    assert isinstance(platform, Platform)
    assert isinstance(web, Service)
    plan = plan_service(web, platform, report)
    assert list(report) == []
    rules = [rule for group in plan.groups for block in group.blocks for rule in block.rules]
    return {
        " ".join(filter(None, (rule.alert, dict(rule.labels).get("escalation")))): dict(rule.annotations)
        for rule in rules
        if isinstance(rule, AlertRule)
    }


def links(told: dict[str, str]) -> dict[str, str]:
    """Return the annotations that are links."""
    return {name: url for name, url in told.items() if name.endswith("_url")}


@pytest.mark.parametrize("name", ["Down", "Down 1h"])
def test_a_cause_alert_and_its_rungs_have_its_own_links_before_the_services(name: str) -> None:
    """Runbook and dashboard as the alert says; what only the service has stays."""
    told = annotations(
        service='runbook: "https://all", chat: "https://chat", log: "https://log"',
        alert='runbook: "https://down", dashboard: "https://board", log: "https://down-log"',
    )
    assert links(told[name]) == {
        "runbook_url": "https://down",
        "dashboard_url": "https://board",
        "chat_url": "https://chat",
        "log_url": "https://down-log",
    }


def test_links_of_a_service_stand_on_every_alert() -> None:
    """The runbook with the alert's section, others as they are; a dashboard of its own instead of Grafana's."""
    told = annotations(service='runbook: "https://all", dashboard: "https://board", chat: "https://chat"')
    assert sorted(told) == [
        "Down", "Down 1h", "SLOErrorBudgetBurn", "SLOErrorBudgetBurn 1h", "SLOErrorBudgetExhausted", "SLONoData",
    ]  # fmt: skip
    for name, mine in told.items():
        assert links(mine) == {
            "runbook_url": f"https://all#{name.split()[0].lower()}",
            "dashboard_url": "https://board",
            "chat_url": "https://chat",
        }


def test_without_links_there_is_the_dashboard() -> None:
    """Of the SLO for its alerts, of the service for its causes."""
    told = annotations()
    assert links(told["SLONoData"]) == {"dashboard_url": "https://grafana/d/slogen-web-up"}
    assert links(told["Down"]) == {"dashboard_url": "https://grafana/d/slogen-web"}


def test_missing_data_of_all_values_names_none() -> None:
    """The alert has the labels only when one value is gone; empty brackets would say nothing."""
    assert annotations()["SLONoData"]["summary"] == (
        "web up cannot be measured{{ if or $labels.region }} (region {{ $labels.region }}){{ end }}"
    )
    assert annotations(by="region, zone")["SLONoData"]["summary"] == (
        "web up cannot be measured{{ if or $labels.region $labels.zone }}"
        " (region {{ $labels.region }}, zone {{ $labels.zone }}){{ end }}"
    )
