"""Routes that contradict themselves are told as bugs of slogen; no input is known that leads to any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slogen.app import routes
from slogen.core import Report
from slogen.model import Catalog, Platform, Service
from slogen.plan.routing import RoutedReceiver, RoutingPlan, plan_routing
from slogen.source.documents import read_file

TEXT = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
clusters: [a, b]
prometheus: {retention: 90d}
alertmanager: {}
receivers:
  sre: {pagerduty: {routingKeyFile: /k}}
  chat: {slack: {apiUrlFile: /s, channel: "#web"}}
teams: {web: {notify: [chat]}}
routing:
  critical: [{after: 0s, notify: [sre]}, {after: 1h, notify: [chat]}]
---
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: web}
slos: [{name: up, objective: 99.9, sli: {boolean: up}}]
"""


def found(monkeypatch: pytest.MonkeyPatch, **changes: object) -> list[str]:
    """Return what is told of the routes of a small platform, with parts of the plan replaced."""
    platform, service = read_file("all.yaml", TEXT, Report())
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    catalog = Catalog(platform=platform, services=(service,))
    made = plan_routing(catalog)
    wrong = {name: change(made) if callable(change) else change for name, change in changes.items()}
    monkeypatch.setattr(routes, "plan_routing", lambda _: replace(made, **wrong))
    report = Report()
    routes.check_routes(catalog, report)
    assert all(problem.code == "SLO901" for problem in report)
    return [problem.message.removeprefix("the generated routes are wrong: ") for problem in report]


def test_what_is_planned_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told of the plan as it is."""
    assert found(monkeypatch) == []


def test_a_route_behind_one_that_takes_everything_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tickets' route, once more before all others and without any matcher."""

    def swallowed(plan: RoutingPlan) -> object:
        *_, first = plan.root.routes
        return replace(plan.root, routes=(replace(first, matchers=(), routes=()), *plan.root.routes))

    told = found(monkeypatch, root=swallowed)
    assert "the route to critical stands behind others that take all of its alerts" in told


def test_a_receiver_without_a_route_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks as if somebody were told."""

    def more(plan: RoutingPlan) -> object:
        return (*plan.receivers, RoutedReceiver(name="lost", audiences=()))

    assert found(monkeypatch, receivers=more) == ["no route leads to the receiver lost"]


def test_a_label_that_may_be_missing_on_both_sides_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts without a cluster would be equal."""

    def bare(plan: RoutingPlan) -> object:
        first = plan.inhibitions[0]
        return (replace(first, source=tuple(one for one in first.source if one.label != "cluster")),)

    assert found(monkeypatch, inhibitions=bare) == [
        "cluster need not be there in the source of: a page mutes the tickets of the same SLO"
    ]
