"""Receivers, routes, the ladder and dependencies: what is refused, and what is not."""

from __future__ import annotations

import pytest

from slogen.check.routing import check_routing
from slogen.core import Report
from slogen.model import Catalog, Platform, Service
from slogen.source.documents import read_file

PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
prometheus: {retention: 90d}
alertmanager: {version: "0.25", replicas: 3}
email: {from: a@example.com, smarthost: "mail:25"}
receivers:
  sre: {pagerduty: {routingKeyFile: /k}}
  chief: {email: {to: chief@example.com}}
routing:
  critical:
    - {after: 0s, notify: [sre]}
    - {after: 1h, notify: [chief]}
  warning: {notify: [chief]}
"""
SERVICE = """\
---
apiVersion: slogen/v1
kind: Service
metadata: {{name: {name}, team: core, dependsOn: [{needs}]}}
slos:
  - name: up
    objective: 99.9
    window: {window}
    sli: {{boolean: up}}
    alerting: {{critical: {pages}}}
"""


def service(name: str, needs: str = "", window: str = "30d", pages: str = "true") -> str:
    """Return a service of one SLO."""
    return SERVICE.format(name=name, needs=needs, window=window, pages=pages)


def told(text: str, *changes: tuple[str, str]) -> list[str]:
    """Return what is wrong with a platform and its services, as line:column, code and message."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    report = Report()
    platform, *services = read_file("all.yaml", text, report)
    assert list(report) == []
    assert isinstance(platform, Platform)
    kept = tuple(one for one in services if isinstance(one, Service))
    check_routing(Catalog(platform=platform, services=kept), report)
    return [f"{one.span.line}:{one.span.col} {one.code}: {one.message}" for one in report]


def test_a_platform_that_tells_everybody_is_not_complained_of() -> None:
    """The texts of the other tests are right but for what they change."""
    assert told(PLATFORM + service("a", "b, c") + service("b", "c") + service("c")) == []


WRONG = {
    "a receiver that nobody names": (
        ("  chief: {email", "  boss: {pagerduty: {routingKeyFile: /k}}\n  chief: {email"),
        ["9:9 SLO405: the receiver 'boss' is never used"],
    ),
    "a step sooner than an evaluation": (
        ("after: 1h", "after: 29s"),
        ["13:7 SLO406: the step after 29s is shorter than an evaluation, 30s"],
    ),
    "a repetition before the group's turn": (
        ("routing:", "routing:\n  timings: {info: {groupInterval: 2h, repeatInterval: 1h}}"),
        ["11:19 SLO407: info: repeatInterval 1h is shorter than groupInterval 2h, which comes first"],
    ),
    "a repetition that is forgotten": (
        ("routing:", "routing:\n  timings: {critical: {repeatInterval: 5d}}"),
        [
            "11:23 SLO407: critical: repeatInterval 5d is not within alertmanager.retention, 5d: it repeats early",
        ],
    ),
    "a page that waits for longer than its first step": (
        ("routing:", "routing:\n  timings: {critical: {groupWait: 1h}}"),
        ["11:23 SLO407: critical: groupWait 1h is not shorter than the first step, 1h: the page comes after it"],
    ),
    "a group's turn shorter than that of the members": (
        ("routing:", "routing:\n  timings: {warning: {groupInterval: 44s}}"),
        [
            "11:22 SLO407: warning: groupInterval 44s is shorter than the turns of 3 Alertmanagers, 45s: "
            "several of them tell the same",
        ],
    ),
    "mail without a server": (
        ('email: {from: a@example.com, smarthost: "mail:25"}\n', ""),
        ["8:10 SLO413: mail is sent by nobody"],
    ),
    "a webhook's file before 0.28": (
        ("{email: {to: chief@example.com}}", "{webhook: {urlFile: /u}}"),
        ["9:10 SLO408: a webhook's address in a file needs Alertmanager 0.28, the platform's is 0.25"],
    ),
    "Teams before 0.28": (
        ("{email: {to: chief@example.com}}", "{msteams: {webhookUrlFile: /u}}"),
        [
            "9:10 SLO408: Microsoft Teams with its address in a file needs Alertmanager 0.28, the platform's is 0.25",
        ],
    ),
    "tickets for no team": (
        ("  warning: {notify: [chief]}\n", ""),
        ["11:3 SLO414: tickets are for the alert's team, and no team is declared: they go where unknown alerts go"],
    ),
    "a receiver of a team that is never told": (
        ("routing:", "  chat: {pagerduty: {routingKeyFile: /k}}\nteams: {core: {notify: [chat]}}\nrouting:"),
        ["10:9 SLO405: the receiver 'chat' is never used"],
    ),
    "a receiver that is called team": (
        ("routing:", "  team: {pagerduty: {routingKeyFile: /k}}\nrouting:"),
        ["10:9 SLO405: the receiver 'team' is never used: the word stands for those of a team"],
    ),
    "steps that come when the budget is gone": (
        ("after: 1h", "after: 3d"),
        [
            "20:5 SLO409: burning 14.4 times too fast, which pages, the 30d budget lasts 2d2h; the step after 3d "
            "comes later",
        ],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_at_its_place(name: str) -> None:
    """Nothing more and nothing less than the table says."""
    change, expected = WRONG[name]
    assert told(PLATFORM + service("a"), change) == expected


def test_one_alertmanager_has_nobody_to_wait_for() -> None:
    """The turns of a cluster matter where there is one."""
    quick = ("routing:", "routing:\n  timings: {warning: {groupInterval: 5s}}")
    assert told(PLATFORM + service("a"), ("replicas: 3", "replicas: 1"), quick) == []


def test_newer_receivers_are_carried_by_newer_servers() -> None:
    """0.28 takes the address of Teams from a file."""
    teams = ("{email: {to: chief@example.com}}", "{msteams: {webhookUrlFile: /u}}")
    assert told(PLATFORM + service("a"), ('version: "0.25"', 'version: "0.28"'), teams) == []


def test_a_circle_of_dependencies_is_told_once_with_its_way() -> None:
    """Three services in a circle, and one that only leads into it."""
    text = PLATFORM + service("a", "b") + service("b", "c") + service("c", "a") + service("d", "a")
    assert told(text) == ["18:45 SLO404: services depend on each other: a → b → c → a"]


def test_two_circles_are_two_problems() -> None:
    """Neither hides the other."""
    text = PLATFORM + service("a", "b") + service("b", "a") + service("c", "d") + service("d", "c")
    assert [problem.split(": ", 1)[1] for problem in told(text)] == [
        "services depend on each other: a → b → a",
        "services depend on each other: c → d → c",
    ]


PATIENT = PLATFORM.replace("routing:", "routing:\n  timings: {critical: {groupWait: 1m}}")


def test_a_page_waits_for_what_mutes_it() -> None:
    """The dependency may page an evaluation later, 30s, and its marker must be there before the page is told."""
    mutes = "{service: b, mutes: critical}"
    assert told(PLATFORM + service("a", mutes) + service("b")) == [
        "18:45 SLO407: pages of a are told after critical.groupWait, 30s; that b pages too is known up to an "
        "evaluation later, and must be before"
    ]
    almost = ("groupWait: 1m", "groupWait: 59s")
    assert [one[:12] for one in told(PATIENT + service("a", mutes) + service("b"), almost)] == ["19:45 SLO407"]
    assert told(PATIENT + service("a", "b") + service("b"), almost) == []


def test_muting_pages_takes_pages_on_both_sides() -> None:
    """A dependency, or a dependant, without any critical alert."""
    mutes = "{service: b, mutes: critical}"
    assert told(PATIENT + service("a", mutes) + service("b")) == []
    assert told(PATIENT + service("a", mutes) + service("b", pages="false")) == [
        "19:45 SLO412: b never pages, so mutes: critical does nothing"
    ]
    assert told(PATIENT + service("a", mutes, pages="false") + service("b")) == [
        "19:45 SLO412: a never pages, so mutes: critical does nothing"
    ]
