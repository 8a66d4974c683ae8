"""Reads services for a unit test, plans them and checks the plans."""

from __future__ import annotations

from slogen.check import check_references, made_by, own_readings, run_checks
from slogen.core import Report
from slogen.model import Platform, Service
from slogen.plan.build import plan_service
from slogen.plan.rules import ServicePlan
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM

HEAD = "apiVersion: slogen/v1\nkind: Service\nmetadata: {name: web, team: core, links: {runbook: 'https://r'}}\n"


def planned(body: str, *, more: str = 'grafana: {url: "https://g"}') -> tuple[ServicePlan, Platform]:
    """Return the plan of service `web`, whose document goes on with `body`, and its platform."""
    report = Report()
    platform, service = read_file(
        "x.yaml", PLATFORM.format(scrape="30s", evaluation="30s", more=more) + "---\n" + HEAD + body, report
    )
    assert list(report) == []
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    plan = plan_service(service, platform, report)
    assert list(report) == []
    return plan, platform


def checked(*bodies: str) -> list[str]:
    """Return the problems of services `web`, `b`, `c` …: `x:4:5 SLO601: message; hint`, each in a file of its name."""
    report, found = Report(), Report()
    (platform,) = read_file("x", PLATFORM.format(scrape="30s", evaluation="30s", more=""), report)
    services = [
        value
        for name, body in zip(("web", "b", "c"), bodies, strict=False)
        for value in read_file(name, HEAD.replace("name: web", f"name: {name}") + body, report)
    ]
    assert list(report) == []
    assert isinstance(platform, Platform)
    plans = []
    for service in services:
        assert isinstance(service, Service)
        mine = Report()
        plans.append(plan_service(service, platform, mine))
        run_checks(plans[-1], platform, mine)
        found.extend(mine.problems)
    check_references(own_readings([plan.service for plan in plans]), [made_by(plan) for plan in plans], found)
    return [f"{one.span} {one.code}: {one.message}; {one.hint}" for one in found]
