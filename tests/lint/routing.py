"""SLO4xx: who is told, when, and through what."""

from __future__ import annotations

from tests.lint.making import Cases, platform, service

_FIRST = "{after: 0s, notify: [sre]}"
_LAST = "{after: 36h, notify: [boss]}"
_END = f"{_LAST}\n  timings: {{critical: {{groupWait: 1m}}}}\n"
_BOSS = "boss: {email: {to: boss@example.com}}\n"
_EMAIL = 'email: {from: alerts@example.com, smarthost: "mail.example.com:25"}\n'
_TEAMS = "teams: {core: {notify: [boss]}}\n"

CASES: dict[str, tuple[Cases, ...]] = {
    "SLO401": (
        platform(
            _FIRST, {"«{»after: 5m, notify: [sre]}": "nobody is told at once"}, ["{after: 0s, notify: [sre, boss]}"]
        ),
    ),
    "SLO402": (
        platform(_FIRST, {"{after: 0s, notify: [«src», sre]}": "the receiver 'src' is not declared"}, [_FIRST]),
    ),
    "SLO403": (service("team: core", {"team: «cora»": "the team 'cora' is not declared"}, ["team: core"]),),
    "SLO404": (
        service(
            "team: core",
            {"team: core, dependsOn: [«web-api»]": "services depend on each other: web → web-api → web"},
            ["team: core, dependsOn: [store, spool]"],
        ),
    ),
    "SLO405": (
        platform(
            _BOSS + _EMAIL + _TEAMS,
            {
                _BOSS + "  chief: «{»email: {to: c@example.com}}\n" + _EMAIL + _TEAMS: (
                    "the receiver 'chief' is never used"
                )
            },
            [_BOSS + "  chief: {email: {to: c@example.com}}\n" + _EMAIL + "teams: {core: {notify: [chief]}}\n"],
        ),
    ),
    "SLO406": (
        platform(
            _LAST,
            {"«{»after: 29s, notify: [boss]}": "the step after 29s is shorter than an evaluation, 30s"},
            ["{after: 90s, notify: [boss]}"],
        ),
    ),
    "SLO407": (
        platform(
            "{critical: {groupWait: 1m}}",
            {"{warning: «{»groupInterval: 5m, repeatInterval: 4m}}": "repeatInterval 4m is shorter than"},
            ["{warning: {groupInterval: 5m, repeatInterval: 5m}}"],
        ),
    ),
    "SLO408": (
        platform(
            _BOSS,
            {"boss: «{»discord: {webhookUrlFile: /d}}\n": "Discord's address in a file needs Alertmanager 0.28"},
            ['boss: {slack: {apiUrlFile: /s, channel: "#a"}}\n'],
        ),
    ),
    # Of a window of a day the budget lasts a day at the slowest burn that pages; the last step comes after 36 hours.
    "SLO409": (
        service(
            "name: up\n    objective: 99.9\n",
            {"«n»ame: up\n    objective: 99.9\n    window: 1d\n": "the 1d budget lasts 1d; the step after"},
            ["name: up\n    objective: 99.9\n    window: 2d\n"],
        ),
    ),
    "SLO410": (
        platform(
            _END,
            {"{after: 36h, notify: [{receiver: boss, during: «office»}]}\n": "interval 'office' is not declared"},
            [
                "{after: 36h, notify: [{receiver: boss, during: office}]}\n"
                "timeIntervals: {office: {weekdays: [saturday]}}"
            ],
        ),
    ),
    "SLO411": (
        platform(
            _END,
            {
                "{after: 36h, notify: [{receiver: boss, during: night}]}\n"
                'timeIntervals: {night: {times: [«"22:00-06:00"»]}}': "22:00-06:00 ends before it begins"
            },
            [
                "{after: 36h, notify: [{receiver: boss, during: night}]}\n"
                'timeIntervals: {night: {times: ["22:00-24:00", "00:00-06:00"]}}'
            ],
        ),
    ),
    "SLO412": (
        service(
            "team: core",
            {"team: core, dependsOn: [«{»service: spool, mutes: critical}]": "spool never pages"},
            ["team: core, dependsOn: [{service: store, mutes: critical}]"],
        ),
    ),
    "SLO413": (
        platform(
            _BOSS + _EMAIL, {"boss: «{»email: {to: boss@example.com}}\n": "mail is sent by nobody"}, [_BOSS + _EMAIL]
        ),
    ),
    "SLO414": (
        platform(
            _TEAMS + "routing:\n  critical:\n",
            {"routing:\n  «c»ritical:\n": "tickets are for the alert's team, and no team is declared"},
            ["routing:\n  warning: {notify: [boss]}\n  critical:\n"],
        ),
    ),
}
