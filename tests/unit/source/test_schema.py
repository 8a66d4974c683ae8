"""The JSON Schema that editors use and the reader accept and refuse the same documents."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from slogen.core import Report
from slogen.source.documents import json_schema, read_file

SERVICE = {
    "apiVersion": "slogen/v1",
    "kind": "Service",
    "metadata": {
        "name": "web",
        "team": "core",
        "description": "The shop",
        "labels": {"tier": "1"},
        "links": {"runbook": "https://runbooks.example.com/web"},
        "dependsOn": ["db", {"service": "queue", "mutes": "critical"}],
    },
    "slos": [
        {
            "name": "up",
            "description": "Answered",
            "objective": 99.9,
            "window": "28d",
            "sli": {"events": {"total": "a_total", "bad": "b_total"}},
            "by": ["region"],
            "traffic": "50/s",
            "noData": "off",
            "alerting": {"critical": True, "warning": False, "escalate": True},
        },
        {
            "name": "fast",
            "objective": 99,
            "sli": {
                "latency": {"histogram": "d", "threshold": "5ms", "unit": "ms", "buckets": ["5ms"], "native": False}
            },
        },
        {"name": "alive", "objective": 99, "sli": {"boolean": "up"}},
        {"name": "short", "objective": 99, "sli": {"threshold": {"metric": "lag", "bad": "> 60"}}},
        {"name": "fresh", "objective": 99, "sli": {"freshness": {"timestamp": "t", "maxAge": "25h"}}},
        {
            "name": "calls",
            "objective": 99,
            "sli": {"spans": {"service": "web", "operation": "GET /", "kind": "client", "threshold": "5ms"}},
        },
        {"name": "raw", "objective": 99, "sli": {"query": {"errors": "rate(a[$window])", "total": "rate(b[$window])"}}},
    ],
    "alerts": [
        {
            "name": "Down",
            "severity": "critical",
            "expr": "up == 0",
            "for": "0s",
            "summary": "down",
            "description": "{{ $value }}",
            "team": "data",
            "labels": {"a": "b"},
            "links": {"dashboard": "https://example.com/d"},
            "escalate": False,
            "tests": [{"series": {"up": "0x10"}, "fires": "5m"}, {"series": {"up": "1x10"}, "quiet": "5m"}],
        }
    ],
    "scrape": [
        {"selector": {"app": "web"}, "namespace": "shop", "port": "http", "path": "/m", "scheme": "https"},
        {"targets": ["a:80"], "job": "db", "honorLabels": True, "credentialsFile": "/t", "caFile": "/ca"},
    ],
    "probe": {"module": "http_2xx", "targets": ["https://shop.example.com"], "job": "probe"},
}
PLATFORM = {
    "apiVersion": "slogen/v1",
    "kind": "Platform",
    "metadata": {"name": "shop", "namespace": "monitoring"},
    "clusters": ["east", "west"],
    "prometheus": {
        "version": "2.42",
        "url": "http://prometheus:9090",
        "scrapeInterval": "30s",
        "evaluationInterval": "30s",
        "retention": "90d",
        "replicas": 2,
        "prober": "blackbox:9115",
    },
    "thanos": {
        "version": "0.42",
        "objectStorage": {
            "type": "S3",
            "config": {
                "bucket": "b",
                "endpoint": "e",
                "insecure": True,
                "max_retries": 3,
                "sse_config": {"type": "SSE-S3"},
            },
        },
        "retention": {"raw": "45d", "5m": "180d", "1h": "2y"},
        "replicas": 3,
        "receive": True,
    },
    "alertmanager": {"version": "0.25", "replicas": 3, "externalUrl": "https://a.example.com", "retention": "5d"},
    "receivers": {
        "sre": {"pagerduty": {"routingKeyFile": "/k"}},
        "chat": {"slack": {"apiUrlFile": "/s", "channel": "#a"}},
        "mail": {"email": {"to": "a@example.com"}},
        "hook": {"webhook": {"url": "https://example.com/"}},
        "phone": {"telegram": {"botTokenFile": "/t", "chatId": -1001234567890}},
    },
    "teams": {"core": {"notify": ["chat", {"receiver": "phone", "during": "office"}]}},
    "routing": {
        "critical": [{"after": "0s", "notify": ["sre"]}, {"after": "15m", "notify": ["mail"]}],
        "warning": {"notify": ["team"]},
        "info": {"notify": ["mail"]},
        "watchdog": {"notify": ["hook"]},
        "timings": {"warning": {"groupWait": "1m", "groupInterval": "5m", "repeatInterval": "1d"}},
        "hold": "15m",
    },
    "email": {
        "from": "a@example.com",
        "smarthost": "smtp:25",
        "username": "a",
        "passwordFile": "/p",
        "requireTls": False,
    },
    "timeIntervals": {
        "office": {
            "times": ["09:00-17:00"],
            "weekdays": ["monday:friday", "sunday"],
            "daysOfMonth": ["1:5", "-1"],
            "months": ["may"],
            "location": "Europe/Berlin",
        }
    },
    "grafana": {
        "url": "https://grafana.example.com",
        "datasource": {"name": "Thanos", "uid": "thanos", "url": "http://thanos:9090"},
        "deploys": "up",
        "logs": {
            "query": '{app="$service"} |~ "error|warn"',
            "datasource": {"name": "Loki", "uid": "loki", "url": "http://loki:3100"},
        },
        "operator": True,
    },
    "jaeger": {
        "version": "2.20",
        "url": "https://j.example.com",
        "storage": {
            "elasticsearch": {"urls": ["https://es"], "indexPrefix": "a", "username": "a", "passwordFile": "/p"}
        },
        "retention": "7d",
        "baseline": 5,
        "collectors": 2,
        "queries": 1,
    },
    "kubernetes": {"labels": {"prometheus": "main"}, "isolated": ["shop"], "storageClass": "fast", "storage": "10Gi"},
    "timeScale": 30,
}
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 7, 100, 99.9, 101.5, 10**12, "", " ", "x", "true", "5", "99.9", "99,9", "Web",
    "web/api", "..", "a" * 64, "a" * 5000, "-web", "0s", "5m", "-5m", "5 m", "1.5h", "4w", "10/s", "0/s", "5ms", "0ms",
    "> 5", ">", "warning", "Warning", "http://x", "ftp://x", "/file", "a b", "up{", "\u2028", "\u202e",
    "web\n", "30d\n", "5ms\n", "50/s\n", "> 5\n", "http://x\n", "web\r\n", "\nweb", "{{ $value }}", "{{ nosuch }}",
    "service",
    [], ["x"], ["x", "x"], [1], [None],
    ["service"], ["__x"], ["objective"], ["window"], ["x\n"],
    {}, {"x": 1}, {"x": "y"}, {"__x": "y"}, {"service": "y"}, {"x\n": "y"}, {"service\n": "y"},
]  # fmt: skip
# Codes for what a schema cannot say: names that clash, ranges of durations, PromQL, what fields mean together.
MEANING = {
    "SLO018", "SLO020", "SLO102", "SLO105", "SLO107", "SLO108", "SLO109", "SLO111", "SLO112", "SLO203",
    "SLO301", "SLO302", "SLO303", "SLO401", "SLO402", "SLO410", "SLO411",
}  # fmt: skip

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def changes(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every document in which one value is odd, missing, repeated or has an unknown neighbour."""
    here = document
    for step in path:
        here = here[step]
    steps = list(here) if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
    for step in steps:
        for odd in ODD:
            yield f"{[*path, step]} = {odd!r}", put(document, (*path, step), odd)
        yield f"without {[*path, step]}", put(document, (*path, step))
        yield from changes(document, (*path, step))
    if isinstance(here, dict):
        yield f"{list(path)} has an unknown key", put(document, (*path, "unknownKey"), "x")
    if isinstance(here, list) and here:
        yield f"{list(path)} repeats its last", put(document, path, [*here, here[-1]])


def put(document: Any, path: tuple[Any, ...], *value: Any) -> Any:
    """Return a copy with another value at `path`, or without it."""
    changed = copy.deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    if value:
        inner[path[-1]] = value[0]
    else:
        del inner[path[-1]]
    return changed


def read(document: Any) -> set[str]:
    """Return the codes of the problems that the reader finds; JSON is YAML."""
    report = Report()
    read_file("test.yaml", json.dumps(document), report)
    return {problem.code for problem in report if problem.severity == "error"}


@pytest.mark.parametrize("document", [SERVICE, PLATFORM], ids=["Service", "Platform"])
def test_the_full_document_is_accepted_by_both(document: Any) -> None:
    """With every key that there is, so that the changes below reach every field."""
    assert (read(document), list(VALIDATOR.iter_errors(document))) == (set(), [])


@pytest.mark.parametrize("document", [SERVICE, PLATFORM], ids=["Service", "Platform"])
def test_schema_and_reader_agree_on_every_change(document: Any) -> None:
    """Thousands of documents with one odd value: both refuse, or both accept."""
    accepted, refused, differ = 0, 0, []
    for what, changed in changes(document):
        codes, valid = read(changed), VALIDATOR.is_valid(changed)
        accepted, refused = accepted + valid, refused + (not valid)
        if valid != (codes <= MEANING):
            differ.append(f"{what}: the schema {'accepts' if valid else 'refuses'} it, the reader says {sorted(codes)}")
    assert differ == []
    assert accepted > 100
    assert refused > 1000


def test_what_the_schema_leaves_to_the_reader_is_still_refused() -> None:
    """A duration out of range, PromQL that does not parse, a second SLO of one name."""
    for path, value, code in (
        (("slos", 0, "window"), "5h", "SLO018"),
        (("slos", 0, "sli", "events", "total"), "up{", "SLO301"),
        (("slos", 1, "name"), "up", "SLO102"),
    ):
        changed = put(SERVICE, path, value)
        assert VALIDATOR.is_valid(changed)
        assert read(changed) == {code}
