"""What is wrong with the input, where, and what to change, word for word."""

from __future__ import annotations

import pytest

from slogen.core import Report
from slogen.source.documents import read_file

SERVICE = """\
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: core}
slos:
  - name: up
    objective: 99.9
    sli: {events: {total: a_total, bad: b_total}}
"""
PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop}
prometheus: {retention: 90d}
receivers: {sre: {pagerduty: {routingKeyFile: /k}}, chat: {webhook: {url: "http://chat"}}}
routing:
  critical:
    - {after: 0s, notify: [sre]}
    - {after: 1h, notify: [chat]}
"""
ONE_KIND = "give exactly one of events, latency, boolean, threshold, freshness, spans, query"
NAME_HINT = "write lower-case letters, digits and dashes, at most 63 characters, such as api-gateway"

LOGQL_HINT = 'write streams, and filters if need be, such as {app="$service"} |= "error"'
LOGQL = f"LogQL that finds the lines of $service; {LOGQL_HINT}"

# What is written instead of what, and every problem: place, code, message, hint.
OF_SERVICES = {
    "a word that is nearly one of a few": (
        ("objective: 99.9", "objective: 99.9\n    noData: crit"),
        ["7:13 SLO005: 'crit' is none of critical, warning, info, off; did you mean 'critical'?"],
    ),
    "a kind that is nearly one": (
        ("Service", "Servic"),
        ["2:7 SLO005: 'Servic' is not a kind of document; did you mean 'Service'?"],
    ),
    "a quote that is never closed": (
        ("99.9", "'99.9"),
        ["6:16 SLO001: not valid YAML: found unexpected end of stream while scanning a quoted scalar; close the quote"],
    ),
    "a tag": (
        ("99.9", "!!float 99.9"),
        ["6:16 SLO001: the tag !!float is not supported; leave it out"],
    ),
    "a merge key": (
        ("objective: 99.9", "objective: 99.9\n    <<: {by: [a]}"),
        ["7:5 SLO008: merge keys are not supported; write the keys out"],
    ),
    "a required key that is misspelt": (
        ("objective:", "objektive:"),
        ["6:5 SLO008: unknown key 'objektive'; did you mean 'objective'?"],
    ),
    "the one key of several that is misspelt": (
        ("events:", "event:"),
        ["7:11 SLO008: unknown key 'event'; did you mean 'events'?"],
    ),
    "a required key that is missing beside an unknown one": (
        ("objective: 99.9", "zzz: 1"),
        [
            "5:5 SLO009: the key 'objective' is missing; add objective: percent of good events, e.g. 99.9",
            "6:5 SLO008: unknown key 'zzz'; known: name, description, rationale, objective, window, sli, by, traffic, "
            "noData, alerting, recovery, tests, lint",
        ],
    ),
    "neither of two": (
        (", bad: b_total", ""),
        ["7:19 SLO010: neither bad nor good is given; give exactly one of bad, good"],
    ),
    "both of two": (
        ("bad:", "good: c_total, bad:"),
        ["7:51 SLO010: both good and bad are given; give exactly one of bad, good"],
    ),
    "none of several": (
        ("{events: {total: a_total, bad: b_total}}", "{}"),
        [f"7:10 SLO010: none of events, latency, boolean, threshold, freshness, spans, query is given; {ONE_KIND}"],
    ),
    "three of several": (
        ("{events:", "{boolean: up, freshness: {timestamp: t, maxAge: 1h}, events:"),
        [f"7:24 SLO010: boolean, freshness and events are given, only one may be; {ONE_KIND}"],
    ),
    "a key without a text": (
        ("team: core", "team: "),
        [f"3:29 SLO004: a valid name is wanted, but nothing is written; {NAME_HINT}"],
    ),
    "an empty text": (
        ("team: core", 'team: ""'),
        [f"3:29 SLO101: a valid name is wanted, but the text is empty; {NAME_HINT}"],
    ),
    "a number for a text": (
        ("team: core", "team: 5"),
        ['3:29 SLO004: a valid name is wanted, not 5; put quotes around it: "5"'],
    ),
    "a key without a list": (
        ("objective: 99.9", "objective: 99.9\n    by:"),
        ["7:8 SLO004: a list is wanted here, but nothing is written; write - before each value"],
    ),
    "a key without a map": (
        ("objective: 99.9", "objective: 99.9\n    alerting:"),
        ["7:14 SLO004: a map is wanted here, but nothing is written; known keys: critical, warning, escalate"],
    ),
    "maps where a list wants different words": (
        ("objective: 99.9", "objective: 99.9\n    by: [{}, {}, a, a]"),
        [
            "7:10 SLO004: a label name is wanted here, not a map; write a label name",
            "7:14 SLO004: a label name is wanted here, not a map; write a label name",
            "7:21 SLO003: 'a' is written twice; remove one",
        ],
    ),
    "a window of half days": (
        ("objective: 99.9", "objective: 99.9\n    window: 36h"),
        ["7:13 SLO018: 36h is not a multiple of 1d; write a multiple of 1d"],
    ),
    "spans of a kind that there is not": (
        ("{events: {total: a_total, bad: b_total}}", "{spans: {service: shop, kind: servr}}"),
        ["7:40 SLO005: 'servr' is none of server, client, producer, consumer, internal; did you mean 'server'?"],
    ),
    "spans without a service": (
        ("{events: {total: a_total, bad: b_total}}", "{spans: {threshold: 5ms}}"),
        ["7:18 SLO009: the key 'service' is missing; add service: service.name of its traces"],
    ),
    "a threshold of spans without a unit": (
        ("{events: {total: a_total, bad: b_total}}", "{spans: {service: shop, threshold: 5}}"),
        [
            "7:45 SLO005: a latency such as 5ms is wanted here; "
            "write a number and us, ms, s, m or h, such as 5ms or 2.5s"
        ],
    ),
    "a threshold of spans that falls between two nanoseconds": (
        ("{events: {total: a_total, bad: b_total}}", "{spans: {service: shop, threshold: 0.0005us}}"),
        ["7:45 SLO018: 0.0005us is no duration that a bucket of spans can have; write whole nanoseconds, up to 24h"],
    ),
    "a threshold of spans longer than a day": (
        ("{events: {total: a_total, bad: b_total}}", "{spans: {service: shop, threshold: 25h}}"),
        ["7:45 SLO018: 25h is no duration that a bucket of spans can have; write whole nanoseconds, up to 24h"],
    ),
    "a label that Prometheus does not take": (
        ("team: core", "team: core, labels: {a-b: c}"),
        ["3:44 SLO005: 'a-b' is not a label name; write letters, digits and _, and no digit first"],
    ),
}
OF_PLATFORMS = {
    "labels that no Kubernetes resource may have, and those that slogen writes": (
        (
            "90d}",
            "90d}\nkubernetes:\n  labels: {a b: c, team: the team, app.kubernetes.io/managed-by: me, slogen.dev/x: y}\n"
            "  isolated: [Shop]",
        ),
        [
            "6:12 SLO005: 'a b' is not a Kubernetes label; write one such as app or app.kubernetes.io/name",
            "6:26 SLO005: 'the team' is not a label value; write letters, digits and - _ .",
            "6:36 SLO106: the label 'app.kubernetes.io/managed-by' is reserved; choose another: slogen writes this one",
            "6:70 SLO106: the label 'slogen.dev/x' is reserved; choose another: slogen writes this one",
            f"7:14 SLO101: 'Shop' is not a valid name; {NAME_HINT}",
        ],
    ),
    "a name that is too long for the names of servers": (
        ("name: shop", f"name: {'s' * 40}"),
        [
            f"3:18 SLO101: '{'s' * 40}' is not a valid name; "
            "write lower-case letters, digits and dashes, at most 39 characters, such as shop"
        ],
    ),
    "the longest name": (("name: shop", f"name: {'s' * 39}"), []),
    "a data source with the uid of Jaeger's": (
        ("90d}", '90d}\ngrafana: {url: "https://g", datasource: {uid: jaeger}}'),
        ["5:47 SLO005: the uid 'jaeger' is that of another data source that slogen writes; choose another one"],
    ),
    "a data source with the uid of Alertmanager's": (
        ("90d}", '90d}\ngrafana: {url: "https://g", datasource: {uid: alertmanager}}'),
        ["5:47 SLO005: the uid 'alertmanager' is that of another data source that slogen writes; choose another one"],
    ),
    "a data source with nearly the uid of Jaeger's": (
        ("90d}", '90d}\ngrafana: {url: "https://g", datasource: {uid: jaeger2}}'),
        [],
    ),
    "a data source whose address is none": (
        ("90d}", '90d}\ngrafana: {url: "https://g", datasource: {url: "thanos:9090"}}'),
        ["5:47 SLO005: 'thanos:9090' is not a web address; write http://… or https://…"],
    ),
    "logs by LogQL with filters and a parser": (
        (
            "90d}",
            """90d}\ngrafana: {url: "https://g", logs: {query: '{app="$service"} |= `a "b` | json | lvl!="a"'}}""",
        ),
        [],
    ),
    "logs that are not those of a service": (
        ("90d}", """90d}\ngrafana: {url: "https://g", logs: {query: '{app="shop"}'}}"""),
        [f"""5:43 SLO005: '{{app="shop"}}' is not {LOGQL}"""],
    ),
    "a number made of logs": (
        ("90d}", """90d}\ngrafana: {url: "https://g", logs: {query: 'rate({app="$service"}[5m])'}}"""),
        [f"""5:43 SLO005: 'rate({{app="$service"}}[5m])' is not {LOGQL}"""],
    ),
    "logs with a quote that is never closed": (
        ("90d}", """90d}\ngrafana: {url: "https://g", logs: {query: '{app="$service"} |= "a'}}"""),
        [f"""5:43 SLO005: '{{app="$service"}} |= "a' is not {LOGQL}"""],
    ),
    "logs by patterns as Go's raw strings": (
        (
            "90d}",
            """90d}\ngrafana: {url: "https://g", logs: {query: '{a="$service",b=~`\\d+`} |~ `\\d"[)]` != "("'}}""",
        ),
        [],
    ),
    "logs by a pattern with an escape that Go does not know": (
        ("90d}", """90d}\ngrafana: {url: "https://g", logs: {query: '{a="$service"} != "x" |~ "\\d"'}}"""),
        [f"""5:43 SLO005: "\\d" cannot be read: unknown escape sequence 'd'; {LOGQL_HINT}"""],
    ),
    "logs by a pattern that is none": (
        ("90d}", """90d}\ngrafana: {url: "https://g", logs: {query: '{a="$service"} | json | lvl=~`(`'}}"""),
        [f"""5:43 SLO005: "(" cannot be read: illegal regex for (; {LOGQL_HINT}"""],
    ),
    "logs by the name of the traces": (
        ("90d}", """90d}\ngrafana: {url: "https://g", logs: {query: '{a="$service"}', datasource: {name: Jaeger}}}"""),
        ["5:80 SLO005: the name 'Jaeger' is that of another data source that slogen writes; choose another one"],
    ),
    "logs of all streams": (
        ("90d}", """90d}\ngrafana: {url: "https://g", logs: {query: '{app=~".*"} |= "$service"'}}"""),
        [
            "5:43 SLO005: the streams cannot be read: vector selector must contain at least one "
            f"non-empty matcher; {LOGQL_HINT}"
        ],
    ),
    "logs in the data source of the metrics": (
        (
            "90d}",
            """90d}\ngrafana: {url: "https://g", logs: {query: '{a="$service"}', datasource: {uid: prometheus}}}""",
        ),
        ["5:35 SLO005: logs and metrics have the uid 'prometheus' in common; name another data source"],
    ),
    "logs by the name of the metrics": (
        (
            "90d}",
            """90d}\ngrafana: {url: "https://g", datasource: {name: Loki}, logs: {query: '{a="$service"}'}}""",
        ),
        ["5:61 SLO005: logs and metrics have the name 'Loki' in common; name another data source"],
    ),
    "logs in the data source of the traces": (
        ("90d}", """90d}\ngrafana: {url: "https://g", logs: {query: '{a="$service"}', datasource: {uid: jaeger}}}"""),
        ["5:79 SLO005: the uid 'jaeger' is that of another data source that slogen writes; choose another one"],
    ),
    "a webhook without an address": (
        ('{url: "http://chat"}', "{}"),
        ["5:69 SLO010: neither url nor urlFile is given; give exactly one of url, urlFile"],
    ),
    "a channel that YAML takes for a comment": (
        ('{webhook: {url: "http://chat"}}', "{slack: {apiUrlFile: /s, channel: #team\n  }}"),
        ['6:3 SLO004: a channel is wanted, but nothing is written; write one such as "#team"'],
    ),
    "secrets of the object storage": (
        (
            "90d}",
            "90d}\nthanos: {objectStorage: {type: S3, config: {bucket: b, access_key: a, sse_token: c, endpoint: e}}}",
        ),
        [
            "5:56 SLO113: 'access_key' holds a literal secret; leave it out: give it to Thanos by file or Secret",
            "5:71 SLO113: 'sse_token' holds a literal secret; leave it out: give it to Thanos by file or Secret",
        ],
    ),
    "a time interval in which nobody is told": (
        ("90d}", "90d}\ntimeIntervals: {night: {}}"),
        ["5:24 SLO410: nobody is told during 'night'; name it in a notify, or remove it"],
    ),
    "a time interval that is not declared": (
        ("[chat]", "[{receiver: chat, during: night}]"),
        ["9:53 SLO410: the time interval 'night' is not declared; declare it under timeIntervals"],
    ),
    "a time interval over midnight, and words that are none": (
        ("90d}", '90d}\ntimeIntervals: {night: {times: ["22:00-06:00"], weekdays: [mon], daysOfMonth: ["32"]}}'),
        [
            "5:60 SLO005: 'mon' is not a day of the week; write one such as monday:friday",
            '5:80 SLO005: \'32\' is not a day of the month; write one such as "1:5" or "-1"',
        ],
    ),
    "ranges that run backwards": (
        (
            "90d}",
            '90d}\ntimeIntervals: {a: {weekdays: ["friday:monday", "saturday:sunday", "sunday:friday"], '
            'months: ["november:february"], daysOfMonth: ["5:1", "-1:5", "1:-28", "1:-27", "-5:-1"]}}',
        ),
        [
            "5:32 SLO411: friday:monday ends before it begins; write two ranges",
            "5:49 SLO411: saturday:sunday ends before it begins; write two ranges",
            "5:95 SLO411: november:february ends before it begins; write two ranges",
            "5:131 SLO411: 5:1 ends before it begins; write two ranges",
            "5:138 SLO411: -1:5 ends before it begins; write two ranges",
            "5:146 SLO411: 1:-28 ends before it begins; write two ranges",
        ],
    ),
    "a time zone that is none": (
        ("90d}", "90d}\ntimeIntervals: {a: {location: Europe/Berlyn}}"),
        [
            "5:20 SLO410: nobody is told during 'a'; name it in a notify, or remove it",
            "5:31 SLO411: 'Europe/Berlyn' is no time zone; did you mean 'Europe/Berlin'?",
        ],
    ),
    "nobody at night": (
        ("notify: [sre]", "notify: [{receiver: sre, during: a}]"),
        [
            "8:7 SLO401: nobody is told at once outside of time intervals; name one without during",
            "8:52 SLO410: the time interval 'a' is not declared; declare it under timeIntervals",
        ],
    ),
    "a receiver that is told twice": (
        (
            "    - {after: 1h, notify: [chat]}",
            "    - {after: 1h, notify: [chat, {receiver: chat, during: a}]}\ntimeIntervals: {a: {}}",
        ),
        ["9:34 SLO003: 'chat' is told twice; remove one"],
    ),
    "a receiver that is told at two times": (
        (
            "    - {after: 1h, notify: [chat]}",
            "    - {after: 1h, notify: [{receiver: chat, during: a}, {receiver: chat, during: b}]}\n"
            "timeIntervals: {a: {}, b: {}}",
        ),
        [],
    ),
    "a webhook with a password": (
        ("http://chat", "https://user:secret@chat"),
        ["5:75 SLO113: the address 'https://user:secret@chat' holds a literal secret; leave user and password out"],
    ),
    "a webhook with a key in its query": (
        ("http://chat", "https://chat/hook?api_key=1"),
        [
            "5:75 SLO113: the address 'https://chat/hook?api_key=1' holds a literal secret; "
            "put it into a file and name that: urlFile"
        ],
    ),
    "the webhook of a chat": (
        ("http://chat", "https://hooks.slack.com/services/T0/B0/x"),
        [
            "5:75 SLO113: the address 'https://hooks.slack.com/services/T0/B0/x' holds a literal secret; "
            "put it into a file and name that: urlFile"
        ],
    ),
    "an Alertmanager that is too old": (
        ("90d}", '90d}\nalertmanager: {version: "0.24"}'),
        ['5:25 SLO112: Alertmanager 0.24 is not supported; use "0.25" or newer'],
    ),
    "no time interval": (("90d}", "90d}\ntimeIntervals: {}"), []),
    "a step that tells nobody at once": (
        ("after: 0s", "after: 5m"),
        ["8:7 SLO401: nobody is told at once; set the first step to after: 0s"],
    ),
    "the team in the ladder": (
        ("notify: [sre]", "notify: [sre, team]"),
        ["8:33 SLO402: the receiver 'team' is not declared; `team` stands only in warning and info"],
    ),
    "a receiver that is misspelt": (
        ("notify: [chat]", "notify: [chat, sr]"),
        ["9:34 SLO402: the receiver 'sr' is not declared; did you mean 'sre'?"],
    ),
    "a misspelt receiver beside the team": (
        ("routing:", "routing:\n  warning: {notify: [team, char]}"),
        ["7:28 SLO402: the receiver 'char' is not declared; did you mean 'chat'?"],
    ),
    "a team of a receiver that is not there": (
        ("routing:", "teams: {core: {notify: [nobody]}}\nrouting:"),
        ["6:25 SLO402: the receiver 'nobody' is not declared; known: sre, chat"],
    ),
    "no receivers": (
        ('{sre: {pagerduty: {routingKeyFile: /k}}, chat: {webhook: {url: "http://chat"}}}', "{}"),
        [
            "8:28 SLO402: the receiver 'sre' is not declared; declare it under receivers",
            "9:28 SLO402: the receiver 'chat' is not declared; declare it under receivers",
        ],
    ),
}


def told(document: str, change: tuple[str, str]) -> list[str]:
    """Return every problem of the document with a change, as the tables above write them."""
    old, new = change
    assert document.count(old) == 1
    report = Report()
    read_file("x.yaml", document.replace(old, new), report)
    return [f"{p.span.line}:{p.span.col} {p.code}: {p.message}; {p.hint}" for p in report]


@pytest.mark.parametrize("name", OF_SERVICES)
def test_a_mistake_in_a_service_is_told(name: str) -> None:
    """Nothing more and nothing less than the table says."""
    change, expected = OF_SERVICES[name]
    assert told(SERVICE, change) == expected


@pytest.mark.parametrize("name", OF_PLATFORMS)
def test_a_mistake_in_a_platform_is_told(name: str) -> None:
    """Nothing more and nothing less than the table says."""
    change, expected = OF_PLATFORMS[name]
    assert told(PLATFORM, change) == expected
