"""What each medium says, rendered by real amtool from the fields of the receivers, against tests/golden/notifications.

A case has a text of all media and the HTML of its mail. To write them anew, after a wanted change:
`SLOGEN_UPDATE_GOLDEN=1 .venv/bin/pytest tests/unit/emit/test_notifications.py`; then read them. An absent one fails.
"""

from __future__ import annotations

import html.parser
import json
import os
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from slogen.promql import names
from tests.conftest import ROOT
from tests.unit.emit.told import AMTOOLS, PORTABLE, RECEIVERS, Compiled, alert, compiled, group, program, render

GOLDEN = ROOT / "tests" / "golden" / "notifications"
UPDATE = "SLOGEN_UPDATE_GOLDEN" in os.environ

LINKS = {
    "runbook_url": "https://runbooks.example.com/api-gateway#sloerrorbudgetburn",
    "dashboard_url": "https://grafana.example.com/d/slogen-api-gateway-availability",
}
SLO = {"service": "api-gateway", "slo": "availability", "cluster": "east", "team": "platform", "tier": "1"}
BURN = {"alertname": names.BURN_ALERT, **SLO, "severity": "critical"}
BURNS = {
    "summary": "api-gateway availability burns its error budget",
    "description": "3.2% of events fail; the objective allows 0.01 %. At 14.4 times that, the 30d budget lasts 2d2h.",
    **LINKS,
}
RUNG = {
    "summary": "api-gateway availability has burned its error budget for 15m 0s",
    "description": "Still going on 15m after the first page. Told so far: pager, incidents.",
    **LINKS,
}
CAUSE = {
    "alertname": "GatewayReplicasLow",
    "service": "api-gateway",
    "cluster": "east",
    "severity": "warning",
    "team": "platform",
}
HOSTILE = (
    "\"><script>alert('1')</script> {{ .ExternalURL }} $(touch pwned) `id` '; touch pwned;\n\r\n.\n"
    "Bcc: all@example.com & <!channel> <https://evil.example|x> *b* _i_ [x](https://evil.example) @everyone "
    "\u202egnp.exe\u2028 🔥 é \\ |"
)
LONG = "<&>\"'+😀" * 900


def by_route(route: str, share: str) -> dict[str, str]:
    """Return the annotations of a burn at one value of a `by` label."""
    return BURNS | {
        "summary": f"api-gateway availability burns its error budget (route {route})",
        "description": f"{share} of events fail; the objective allows 0.01 %.",
    }


CASES = {
    "page": group(alert(BURN, BURNS)),
    "page-with-budget": group(alert(BURN, BURNS | {"budget_left": "41.2%"})),
    "rung": group(alert(BURN | {"escalation": "15m"}, RUNG, began="2026-03-05T03:02:30Z")),
    "last-rung": group(
        alert(
            BURN | {"escalation": "1h"},
            RUNG | {"description": "Still going on 1h after the first page. Told so far: pager, incidents, manager."},
            began="2026-03-05T03:47:30Z",
        )
    ),
    "resolved": group(alert(BURN, BURNS, ended="2026-03-05T03:31:00.123Z")),
    "resolved-rung": group(
        alert(BURN | {"escalation": "15m"}, RUNG, began="2026-03-05T03:02:30Z", ended="2026-03-05T03:31:00Z")
    ),
    "several": group(
        *(
            alert(
                BURN | {"route": f"/v1/{place}"},
                by_route(f"/v1/{place}", f"{place}.5%"),
                began=f"2026-03-05T02:{place + 10}:00Z",
            )
            for place in range(12)
        ),
        alert(BURN | {"route": "/old"}, by_route("/old", "9%"), ended="2026-03-05T03:00:00Z"),
    ),
    "no-data": group(
        alert(
            BURN | {"alertname": names.NO_DATA_ALERT},
            {
                "summary": "api-gateway availability cannot be measured",
                "description": "No events of this SLO for 10m. Either nothing scrapes the service or its metrics were "
                "renamed; until then its budget is unknown, not whole.",
                **LINKS,
            },
        )
    ),
    "cause": group(
        alert(
            CAUSE,
            {
                "summary": "Fewer than 3 gateway replicas are up",
                "runbook_url": "https://runbooks.example.com/api-gateway#gatewayreplicaslow",
                "logs_url": "https://logs.example.com/?q=(gateway)&since=1h",
            },
        )
    ),
    "exhausted": group(
        alert(
            {"alertname": names.EXHAUSTED_ALERT, **SLO, "severity": "info"},
            {
                "summary": "api-gateway availability has no error budget left",
                "description": "Budget left: -12.5% of what 99.99 % over 30d allows.",
                **LINKS,
            },
        )
    ),
    "foreign": group(alert({"alertname": "Host down", "instance": "db-1:9100"}, {})),
    "hostile": group(
        alert(
            BURN | {"cluster": HOSTILE, "route": HOSTILE},
            BURNS | {"summary": f"burns ({HOSTILE})", "description": f"3 % fail: {HOSTILE}", "logs_url": HOSTILE},
        )
    ),
}


@pytest.fixture(params=sorted(AMTOOLS), scope="session")
def amtool(request: pytest.FixtureRequest) -> str:
    """Debian's amtool and a current one, one after the other."""
    return program(AMTOOLS, request.param)


@pytest.fixture(scope="session")
def everything() -> Compiled:
    """Every integration, both of Microsoft Teams' by way of two versions."""
    return compiled("0.28", receivers=RECEIVERS)


def fields(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the templated fields of an integration."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, inner in enumerate(value, 1):
            yield from fields(inner, f"{path}.{place}")
    elif isinstance(value, str) and "{{" in value:
        yield path, value


HTML = {("email", "html"), ("telegram", "message")}


def say(amtool: str, told: Compiled, data: dict[str, Any], folder: Path) -> dict[tuple[str, str], str]:
    """Return what each field of each integration says of a group."""
    templates = told.write(folder).parent / "templates" / "*.tmpl"
    (folder / "data.json").write_text(json.dumps(data), "utf-8")
    given = {(kind, key): text for kind, one in told.integrations().items() for key, text in fields(one)}
    said: dict[tuple[str, str], str] = {}
    for type_ in ("text", "html"):
        those = {field: text for field, text in given.items() if (field in HTML) == (type_ == "html")}
        out = render(amtool, templates, "\x1f".join(those.values()), folder / "data.json", type_)
        said |= dict(zip(those, out.split("\x1f"), strict=True))
    return {field: said[field] for field in given}


@pytest.mark.parametrize("case", CASES)
def test_every_medium_says_what_the_snapshot_shows(
    case: str, amtool: str, everything: Compiled, tmp_path: Path
) -> None:
    """Debian's amtool and a current one say the same, to the letter."""
    said = say(amtool, everything, CASES[case], tmp_path)
    mail = said.pop(("email", "html"))
    text = "".join(f"--- {kind}: {key}\n{value.rstrip()}\n" for (kind, key), value in said.items())
    for path, made in ((GOLDEN / f"{case}.txt", text), (GOLDEN / f"{case}.html", mail)):
        if UPDATE:
            path.write_text(made, "utf-8", newline="\n")
        assert path.exists(), f"{path.name} is absent: see the docstring of this module"
        assert made == path.read_text("utf-8"), f"{path.name}: see the docstring of this module"


def test_no_snapshot_is_without_a_case() -> None:
    """A case that was renamed leaves nothing behind."""
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


def matchers(link: str) -> str:
    """Return the filter of a link to Alertmanager as its page reads it: + is no blank there."""
    return urllib.parse.unquote(link.split("?filter=")[1])


def test_a_silence_covers_every_rung_and_an_acknowledgement_those_to_come(
    amtool: str, everything: Compiled, tmp_path: Path
) -> None:
    """Neither names the rung it was sent on; the severity keeps a ticket's silence off the page of the same SLO."""
    mine = '{alertname="SLOErrorBudgetBurn",cluster="east",service="api-gateway",slo="availability",severity="critical"'
    for case, unsent in (("page", "15m|1h"), ("rung", "1h")):
        said = say(amtool, everything, CASES[case], tmp_path)
        links = [said["pagerduty", f"links.{place}.href"] for place in range(1, 6)]
        # From an hour before 02:47:30 UTC on 5 March 2026 on, or a quarter later, in the alert's cluster.
        since = {"page": "1772675250000", "rung": "1772676150000"}[case]
        assert links[0] == f"{LINKS['dashboard_url']}?from={since}&to=now&var-cluster=east"
        assert links[1] == LINKS["runbook_url"]
        assert links[2] == "https://jaeger.example.com/search?service=api-gateway"
        assert matchers(links[3]) == mine + f',escalation=~"{unsent}"}}'
        assert matchers(links[4]) == mine + "}"
        assert links[3] == said["slack", "actions.3.url"]
    for case in ("last-rung", "cause", "resolved"):
        assert say(amtool, everything, CASES[case], tmp_path)["pagerduty", "links.4.href"] == ""


def test_the_addresses_of_a_silence_hold_any_label(amtool: str, everything: Compiled, tmp_path: Path) -> None:
    """Quotes and backslashes are escaped as in JSON, which the page reads; a blank stays a blank."""
    odd = 'a b+c "d" \\ \n é & {x="y"}'
    data = group(alert({"alertname": "Down", "cluster": odd}, {}))
    link = say(amtool, everything, data, tmp_path)["pagerduty", "links.5.href"]
    assert re.fullmatch(r"https://alertmanager\.example\.com/#/silences/new\?filter=[A-Za-z0-9%._~-]+", link)
    assert matchers(link) == '{alertname="Down",cluster=' + json.dumps(odd, ensure_ascii=False) + "}"


class Tags(html.parser.HTMLParser):
    """Collects the tags of a text, and its addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert {name for name, _ in attrs} <= {"href", "style", "lang", "charset", "name", "content"}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_labels_forge_nothing_in_any_medium(amtool: str, everything: Compiled, tmp_path: Path) -> None:
    """No tag, mention, link, header or template comes of a label, and what it says is still to be read."""
    said = say(amtool, everything, CASES["hostile"], tmp_path)
    for field, tags in (
        (("email", "html"), {"html", "head", "meta", "body", "div", "h1", "p", "br", "a", "code"}),
        (("telegram", "message"), {"b", "a"}),
    ):
        page = Tags(said[field])
        assert page.tags <= tags
        assert "<script>alert('1')</script> {{ .ExternalURL }}" in page.text
        assert all(
            re.match(r"https://(grafana|runbooks|jaeger|alertmanager)\.example\.com", link) for link in page.links
        )
    slack = "".join(value for (kind, key), value in said.items() if kind == "slack" and "url" not in key)
    assert set(re.findall("<[a-z:]*/*[^/|>]*", slack)) == {
        "<https://alertmanager.example.com",
        "<https://jaeger.example.com",
    }
    assert "&lt;!channel&gt; &lt;https://evil.example|x&gt;" in slack
    for kind in ("discord: message", "msteamsv2: text"):
        text = said[tuple(kind.split(": "))]
        assert "\\[x\\](https" in text
        assert not re.search(r"(?<!\\)[<>`|]", text)
    for (kind, key), value in said.items():
        assert not re.search("[\u2028\u202e]", value), (kind, key)
        if key not in ("text", "message", "html", "description") and not key.startswith("details."):
            assert "\n" not in value.strip(), (kind, key)


def test_no_detail_of_a_pager_is_yaml(amtool: str, everything: Compiled, tmp_path: Path) -> None:
    """From 0.30 on Alertmanager would take it apart, and before 0.34 fill in what looks like a template."""
    for case in ("page", "rung", "resolved", "hostile", "foreign"):
        said = say(amtool, everything, CASES[case], tmp_path)
        for key in ("firing", "resolved", "acknowledge"):
            if said["pagerduty", f"details.{key}"]:
                with pytest.raises(yaml.YAMLError):
                    yaml.safe_load(said["pagerduty", f"details.{key}"])


def test_however_long_labels_are_every_medium_takes_it(amtool: str, everything: Compiled, tmp_path: Path) -> None:
    """Telegram refuses more than 4096 characters, and what was cut inside a tag; Slack more than 1024 in a title."""
    texts = {"summary": LONG, "description": LONG, "dashboard_url": f"https://g.example.com/{LONG}"}
    labels = dict.fromkeys(("alertname", "service", "slo", "cluster", "pod", "a", "b", "c", "d"), LONG)
    some = {"alertname": "Down", "service": "api-gateway", "severity": "critical"}
    for data in (
        group(*(alert(labels | {"severity": "critical", "n": f"{n}{LONG}"}, texts) for n in range(15))),
        group(*(alert(some | {"n": f"{n}" + '"' * 30}, {"summary": "&" * 30}) for n in range(15))),
        group(
            *(
                alert(some | {"n": f"{n}" + "x" * 30}, {"summary": "y" * 90}, ended="2026-03-05T03:31:00Z")
                for n in range(30)
            )
        ),
        group(alert(some | {"pod": "'" * 70, "ip": "+" * 70}, {"description": "<" * 300})),
    ):
        said = say(amtool, everything, data, tmp_path)
        assert len(said["telegram", "message"]) <= 4096
        assert Tags(said["telegram", "message"]).tags <= {"b", "a"}
        assert len(said["slack", "title"]) <= 1024
        assert len(said["email", "headers.Subject"]) <= 512
        assert sum(map(len, said.values())) < 1_000_000


def test_what_does_not_climb_is_not_said_to(amtool: str, tmp_path: Path) -> None:
    """An SLO or a cause with `escalate: false` has no rungs: nobody comes next, and there is nothing to acknowledge."""
    told = compiled(
        services="""
---
apiVersion: slogen/v1
kind: Service
metadata: {name: api-gateway, team: platform}
slos:
  - name: availability
    objective: 99.9
    sli: {events: {total: a_total, bad: b_total}}
    alerting: {escalate: false}
  - name: latency
    objective: 99.9
    sli: {events: {total: a_total, bad: b_total}}
alerts:
  - {name: GatewayDown, severity: critical, expr: up == 0, summary: down, escalate: false}
  - {name: GatewayLost, severity: critical, expr: up == 0, summary: lost}
"""
    )
    cause = {"service": "api-gateway", "severity": "critical"}
    for labels, climbs in (
        (BURN, False),
        (BURN | {"slo": "latency"}, True),
        (BURN | {"service": "other"}, True),
        (cause | {"alertname": "GatewayDown"}, False),
        (cause | {"alertname": "GatewayLost"}, True),
    ):
        said = say(amtool, told, group(alert(labels, {})), tmp_path)
        assert ("Next, 15m after the page: manager" in said["slack", "text"]) is climbs, labels
        assert said["slack", "actions.3.text"] == ("Acknowledge" if climbs else "Silence")
        assert bool(said["pagerduty", "details.acknowledge"]) is climbs


def test_addresses_are_those_of_the_platform(amtool: str, tmp_path: Path) -> None:
    """Without an externalUrl the server's own is used; without Jaeger there are no traces."""
    said = say(amtool, compiled(alertmanager="", more=""), CASES["page"], tmp_path)
    assert said["slack", "actions.3.url"].startswith("http://alertmanager:9093/#/silences/new?filter=")
    assert "--alertmanager.url=http://alertmanager:9093 " in said["pagerduty", "details.acknowledge"]
    assert said["pagerduty", "links.3.href"] == ""
    assert not [field for field, value in said.items() if "Traces" in value]


def test_a_page_of_pages_that_nobody_else_hears_of(amtool: str, tmp_path: Path) -> None:
    """A ladder of one step: all media render, none speaks of a next one."""
    told = compiled("0.28", receivers=RECEIVERS, ladder=False)
    said = say(amtool, told, CASES["page"], tmp_path)
    assert not [field for field, value in said.items() if "cknowledge" in value or "Next" in value]


def test_templates_hold_only_what_the_receivers_use() -> None:
    """Every template that is called is there; a medium that nobody has is not; no hole is left."""
    for receivers, media in (
        (RECEIVERS, {"plain", "mail", "slack", "markdown", "telegram", "pagerduty", "opsgenie"}),
        (PORTABLE, {"plain", "mail", "slack", "pagerduty", "opsgenie"}),
    ):
        told = compiled("0.28", receivers=receivers)
        there = set(re.findall(r'define "slogen\.([a-z.]+)"', told.templates))
        called = set(re.findall(r'template "slogen\.([a-z.]+)"', told.templates + told.config))
        assert called <= there
        assert {name.split(".")[0] for name in there if "." in name} - {"unsent"} == media
        assert not re.search(r"\b(MEDIUM|CLIMBS|HOURS|TRACED|LINES|CLOCK|BLANKS|[A-Z]+_ALERT)\b", told.templates)
