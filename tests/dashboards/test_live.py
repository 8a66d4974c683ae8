"""Dashboards of six services on a real Prometheus that holds what each went through: every query, and what is shown."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import slogen
from tests.dashboards.filled import END, KINDS, SAMPLED, STORIES, filled
from tests.dashboards.pages import Json, expanded, pages, panels
from tests.dashboards.test_gates import VIEW
from tests.e2e.server import Prometheus

PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: demo}
prometheus: {retention: 60d}
alertmanager: {externalUrl: "https://alerts.example.com"}
receivers:
  on-call: {pagerduty: {routingKeyFile: /k}}
  manager: {email: {to: manager@example.com}}
email: {from: alerts@example.com, smarthost: "mail.example.com:25"}
routing:
  critical:
    - {after: 0s, notify: [on-call]}
    - {after: 15m, notify: [manager]}
  warning: {notify: [manager]}
  watchdog: {notify: [manager]}
grafana:
  url: "https://grafana.example.com"
  deploys: 'changes(deployed{service="$service"}[5m]) > 0'
jaeger: {url: "https://traces.example.com"}
"""
SERVICE = """\
apiVersion: slogen/v1
kind: Service
metadata: {{name: {name}, team: {team}, labels: {{tier: "1"}}, dependsOn: {needs}, links: {{runbook: "https://runbooks.example.com/{name}"}}}}
slos:
"""
SLO = """\
  - name: {slo}
    description: Requests answered without a server error
    objective: {promised}
    sli: {{{sli}}}
"""
STATE = {"healthy": 0, "paging": 4, "ticketing": 2, "nodata": 3, "notraffic": 1, "spent": 0}
WORDS = {0: "OK", 1: "NO TRAFFIC", 2: "TICKET", 3: "NO DATA", 4: "PAGE"}
# Panels without data in a story that has data, and why that is right.
EMPTY = {
    ("What fires in this service?", "nothing fires"),
    ("Since when?", "nothing fires"),
    ("When did alerts fire?", "nothing fired"),
    ("Which alerts fired?", "nothing fired"),
}


@dataclass(frozen=True)
class Live:
    """The folder with the dashboards, and the server."""

    folder: Path
    server: Prometheus

    def page(self, uid: str) -> Json:
        """Return a dashboard."""
        (found,) = [page for page in pages(self.folder).values() if page["uid"] == uid]
        return found

    def ask(self, page: Json, title: str, ref: str = "A", ago: int = 0) -> dict[str, float]:
        """Return what a panel's query gives so many seconds before the end, by the labels of each series."""
        (panel,) = [one for one in panels(page) if one["title"] == title]
        (target,) = [one for one in panel["targets"] if one["refId"] == ref]
        return self.values(target["expr"], ago)

    def values(self, expr: str, ago: int = 0) -> dict[str, float]:
        """Return the values of a query at that moment, by their labels."""
        asked = expanded(expr, variables={"service": ".*"})
        found = self.server.get("query", query=asked, time=str(END - ago))["result"]
        return {",".join(sorted(one["metric"].values())): float(one["value"][1]) for one in found}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A filled server and the dashboards of what it holds."""
    prometheus, promtool = shutil.which("prometheus"), shutil.which("promtool")
    assert prometheus, "prometheus is missing: apt-get install prometheus"
    assert promtool, "promtool is missing: apt-get install prometheus"
    folder = tmp_path_factory.mktemp("live")
    make(folder)
    rules = sorted((folder / "rules" / "prometheus").glob("[!_]*.yaml"))
    with filled(prometheus, promtool, folder / "server", rules) as server:
        yield Live(folder, server)


def make(folder: Path) -> None:
    """Compile the services of all stories."""
    (folder / "slos").mkdir()
    (folder / "slogen.yaml").write_text(PLATFORM, "utf-8")
    for story in STORIES:
        needs = "[paging, spent]" if story.name == "notraffic" else "[]"
        text = SERVICE.format(name=story.name, team="core" if story.name < "o" else "data", needs=needs)
        for slo, (promised, sli) in KINDS.items():
            text += SLO.format(slo=slo, promised=promised, sli=sli.format(name=story.name))
        (folder / "slos" / f"{story.name}.yaml").write_text(text, "utf-8")
    ran = slogen(folder, "build")
    assert ran.code == 0, ran.err


def test_every_query_of_every_panel_is_answered(live: Live) -> None:
    """None is refused: those of graphs over the time of the page, the others at its end."""
    asked, refused = 0, []
    for page in pages(live.folder).values():
        for panel in panels(page):
            for target in panel.get("targets", []):
                expr = expanded(target["expr"], variables={"service": ".*"})
                times = {"start": str(END - 21_600), "end": str(END), "step": "60"} if target["range"] else {}
                try:
                    live.server.get("query_range" if times else "query", query=expr, **(times or {"time": str(END)}))
                except urllib.error.HTTPError as error:
                    refused.append((page["uid"], panel["title"], error.read().decode()))
                asked += 1
    assert refused == []
    assert asked > 200


def state(name: str, slo: str) -> int:
    """Return the state of an SLO at the end; where nothing happens, samples go on."""
    return 0 if name == "notraffic" and slo in SAMPLED else STATE[name]


@pytest.mark.parametrize("slo", KINDS)
@pytest.mark.parametrize("name", STATE)
def test_the_state_is_told(live: Live, name: str, slo: str) -> None:
    """On the page of the SLO, on the wall, and in words."""
    page = live.page(f"slogen-{name}-{slo}")
    expected = state(name, slo)
    assert live.ask(page, "Is it real?") == {"": expected}
    (panel,) = [one for one in panels(page) if one["title"] == "Is it real?"]
    words = {
        key: value["text"]
        for mapping in panel["fieldConfig"]["defaults"]["mappings"]
        if mapping["type"] == "value"
        for key, value in mapping["options"].items()
    }
    assert words[str(expected)] == WORDS[expected]
    wall = live.ask(live.page("slogen-wall"), "SLOs, the worst above")
    assert wall[",".join(sorted((name, slo)))] == expected


def test_the_wall_counts(live: Live) -> None:
    """Of six services one pages, one is a ticket, two burn too fast, one has no budget, one no data: 7 SLOs each."""
    wall = live.page("slogen-wall")
    counted = {
        "SLOs that page": 7, "SLOs with a ticket": 7, "SLOs that burn too fast": 14, "SLOs without budget": 7,
        "SLOs without data": 7, "SLOs in all": 42,
    }  # fmt: skip
    assert {title: live.ask(wall, title)[""] for title in counted} == counted


def test_the_wall_tells_when_it_cannot_be_believed(live: Live) -> None:
    """All is well, then mails are not delivered, then a group is left out, which is worse; in red, save the first."""
    wall = live.page("slogen-wall")
    told = {ago: live.ask(wall, "Rules and notifications", ago=ago) for ago in (2400, 600, 0)}
    assert told == {2400: {"": 0}, 600: {"": 1}, 0: {"": 3}}
    (panel,) = [one for one in panels(wall) if one["title"] == "Rules and notifications"]
    said = {
        key: value for one in panel["fieldConfig"]["defaults"]["mappings"][:4] for key, value in one["options"].items()
    }
    assert {key: (value["text"], value["color"]) for key, value in said.items()} == {
        "3": ("RULES FAIL", "red"), "2": ("ALERTS LOST", "red"), "1": ("NOT DELIVERED", "red"), "0": ("OK", "green"),
    }  # fmt: skip
    # Two hours before the end nothing is known of the servers, and that is not fine.
    assert live.ask(wall, "Rules and notifications", ago=7200) == {}


def test_buckets_of_a_latency(live: Live) -> None:
    """Of ten events a second 5 % take longer than 0.1 s, and half of the others 0.01 s at most."""
    found = live.ask(live.page("slogen-paging-quick"), "How many take how long? Above 100ms is bad")
    expected = {"0.01": 4.75, "0.1": 9.5, "1.0": 10, "+Inf": 10}
    assert {float(le): value for le, value in found.items()} == pytest.approx(
        {float(le): value for le, value in expected.items()}, rel=0.01
    )


@pytest.mark.parametrize("slo", SAMPLED)
def test_who_fails_among_what_is_sampled(live: Live, slo: str) -> None:
    """Every other sample of the one instance has been bad for 40 of 60 minutes, and 1 % may be."""
    found = live.ask(live.page(f"slogen-paging-{slo}"), "Which instance burns the budget?")
    assert found == {"a": pytest.approx(33.3, rel=0.03)}


def test_burn_and_failing_share_of_a_page(live: Live) -> None:
    """5 % of a budget of 0.1 % is 50 times too fast; half an event a second of ten fails, all at instance a."""
    page = live.page("slogen-paging-up")
    assert live.ask(page, "How fast does it burn?", "A")[""] == pytest.approx(50, rel=0.001)
    # 40 of 60 minutes, or 39 when the last rules were evaluated a minute before the end.
    assert live.ask(page, "How fast does it burn?", "B")[""] == pytest.approx(33, rel=0.02)
    assert live.ask(page, "How much fails now?", "A")[""] == pytest.approx(0.05, rel=0.001)
    assert live.ask(page, "How much fails now?", "B")[""] == pytest.approx(0.5, rel=0.001)
    shares = live.ask(page, "Which instance burns the budget?")
    assert shares["a"] == pytest.approx(50, rel=0.01)
    assert shares["b"] == 0
    assert live.ask(page, "Which code burns the budget?")["500"] == pytest.approx(50, rel=0.01)
    spans = live.ask(live.page("slogen-paging-traced"), "Which span_name burns the budget?")
    assert spans == {"/pay": pytest.approx(50, rel=0.01), "/read": 0}


def test_the_deadline_is_right_to_a_minute(live: Live) -> None:
    """Budget left, times the period, by the burn of the last hour: worked out here from the story, not from the rules.

    40 minutes of 5 % and the rest of 30 days of 0.02 %, by what 0.1 % allows.
    """
    page = live.page("slogen-paging-up")
    # The last budget was recorded a minute before the end: of the failing minutes it had seen seven means.
    spent = (7 * 0.05 + (8640 - 7) * 0.0002) / 8640 / 0.001
    left = live.ask(page, "How much budget is left?", "A")[""]
    assert left == pytest.approx(1 - spent, abs=0.002)
    assert live.ask(page, "How much budget is left?", "B")[""] == pytest.approx(left * 2592, abs=1)
    burn = live.ask(page, "How fast does it burn?", "B")[""]
    assert live.ask(page, "When is the budget gone?")[""] == pytest.approx(left * 2_592_000 / burn, abs=60)


def test_since_when(live: Live) -> None:
    """In milliseconds: the burn of an hour passed 14.4 when 5 % had lasted for 17m20s, 22m40s ago."""
    since = live.ask(live.page("slogen-paging-up"), "Since when?")[""]
    assert END - since / 1000 == pytest.approx(22 * 60 + 40, abs=60)
    assert live.ask(live.page("slogen-healthy-up"), "Since when?") == {}


def test_a_budget_that_is_gone(live: Live) -> None:
    """Eight hours of 12 % are 57.6 minutes of 43.2: a third more than all."""
    page = live.page("slogen-spent-up")
    assert live.ask(page, "How much budget is left?", "A")[""] == pytest.approx(1 - 57.6 / 43.2, abs=0.005)
    assert str(live.ask(page, "When is the budget gone?")[""]) == "0.0"
    assert live.ask(page, "How fast does it burn?", "A") == {"": 0}


def test_without_data_no_number_is_shown(live: Live) -> None:
    """Burn, failing share, budget and deadline have nothing to show, and the state says so."""
    page = live.page("slogen-nodata-up")
    for title in (
        "How fast does it burn?",
        "How much fails now?",
        "How much budget is left?",
        "When is the budget gone?",
    ):
        assert live.ask(page, title) == {}, title
    assert live.ask(live.page("slogen-notraffic-up"), "How much budget is left?")[""] == pytest.approx(0.8, abs=0.01)


def test_the_report_of_december(live: Live) -> None:
    """0.02 % of 0.1 % failed: a fifth of the budget. Grafana gives the end of the month, and its length as range."""
    report = live.page("slogen-report")
    (table,) = [one for one in panels(report) if one["type"] == "table"]
    end, span = 1_767_225_600, "2678400s"  # 1 January 00:00 UTC, 31 days

    def at(place: int) -> dict[str, float]:
        found = live.server.get("query", query=expanded(table["targets"][place]["expr"], span=span), time=str(end))
        return {
            one["metric"]["service"]: float(one["value"][1]) for one in found["result"] if one["metric"]["slo"] == "up"
        }

    columns = table["transformations"][1]["options"]["renameByName"]
    number = {name: ord(field[-1]) - ord("A") for field, name in columns.items()}
    assert at(number["pages"]) == {"paging": 2}
    # As many days before, of which the story has nine.
    assert at(number["used before"])["healthy"] == pytest.approx(0.2, abs=1e-3)
    assert at(0)["healthy"] == pytest.approx(0.999)
    assert at(1)["healthy"] == pytest.approx(0.9998, abs=1e-6)
    assert at(2)["healthy"] == pytest.approx(0.2, abs=1e-3)
    assert at(1)["spent"] == 1


# --- drawn by Grafana's own components ------------------------------------------------------------------------------

GREEN = {"#73BF69", "#56A64B", "#37872D", "#96D98D"}


@pytest.fixture(scope="module")
def view() -> str:
    """The program that draws dashboards."""
    if not VIEW.exists() or shutil.which("node") is None:
        pytest.skip("../shared/grafana-view or Node is absent: nothing draws the dashboards")
    installed = subprocess.run([VIEW.parent / "install.sh"], capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    return str(VIEW)


def drawn(view: str, live: Live, uid: str, folder: Path, *chosen: str) -> dict[str, Any]:
    """Return what each panel of a page shows, by its title."""
    (file,) = (live.folder / "dashboards").rglob(f"{uid}.json")
    out = folder / f"{uid}.json"
    command = [view, "shot", str(file), "--prometheus", f"http://127.0.0.1:{live.server.port}", "--to", str(END)]
    command += [word for one in chosen for word in ("--var", one)]
    done = subprocess.run([*command, "--json", str(out), "--expand-rows"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {panel["title"]: panel for panel in json.loads(out.read_text("utf-8"))["panels"]}


@pytest.mark.parametrize("slo", KINDS)
@pytest.mark.parametrize("name", STATE)
def test_what_is_drawn(live: Live, view: str, name: str, slo: str, tmp_path: Path) -> None:
    """The state in words, no panel with an error, none empty that has data, and nothing green without data."""
    shown = drawn(view, live, f"slogen-{name}-{slo}", tmp_path)
    assert [one["text"] for one in shown["Is it real?"]["values"]] == [WORDS[state(name, slo)]]
    assert [title for title, panel in shown.items() if panel["status"] == "error"] == []
    if name == "nodata":
        green = {
            title for title, panel in shown.items() for one in panel.get("values", []) if one.get("color") in GREEN
        } - {"Are the rules evaluated?"}  # the budget is still recorded, from what is known
        assert green == set()
    elif name != "notraffic":
        empty = {title for title, panel in shown.items() if panel["status"] == "no-data"}
        assert empty <= {title for title, _ in EMPTY}


def test_what_the_wall_draws(live: Live, view: str, tmp_path: Path) -> None:
    """The worst above: the page, then what is not measured."""
    shown = drawn(view, live, "slogen-wall", tmp_path)
    rows = shown["SLOs, the worst above"]["rows"]
    assert [row["state"] for row in rows] == (
        ["PAGE"] * 7 + ["NO DATA"] * 7 + ["TICKET"] * 7 + ["NO TRAFFIC"] * 4 + ["OK"] * 17
    )
    assert [row["service"] for row in rows[:21]] == ["paging"] * 7 + ["nodata"] * 7 + ["ticketing"] * 7
    assert re.fullmatch(
        "-33.[0-9]%", next(row for row in rows if (row["service"], row["slo"]) == ("spent", "up"))["budget left"]
    )
    assert {panel["status"] for panel in shown.values()} == {"ok"}
    (trend,) = {row["trend"] for row in rows[:7]}
    assert trend.endswith("rising")


def test_what_a_service_depends_on(live: Live, view: str, tmp_path: Path) -> None:
    """Each SLO of the two services that it needs, the one that pages above, and the way to its page."""
    shown = drawn(view, live, "slogen-notraffic", tmp_path)
    assert {panel["status"] for title, panel in shown.items() if title != "What fires now?"} <= {"ok", "no-data"}
    rows = shown["What does it depend on?"]["rows"]
    assert [(row["state"], row["service"]) for row in rows] == [("PAGE", "paging")] * 7 + [("OK", "spent")] * 7
    assert "/d/slogen-paging-up?" in " ".join(link["url"] for link in shown["What does it depend on?"]["links"])


def test_the_wall_of_a_team(live: Live, view: str, tmp_path: Path) -> None:
    """All services are those of the team: three with seven SLOs each, also in the counts."""
    shown = drawn(view, live, "slogen-wall", tmp_path, "team=data")
    assert {row["service"] for row in shown["SLOs, the worst above"]["rows"]} == {"paging", "spent", "ticketing"}
    assert [one["text"] for one in shown["SLOs in all"]["values"]] == ["21"]


def test_what_the_report_draws(live: Live, view: str, tmp_path: Path) -> None:
    """Every panel has data; all 42 SLOs were kept, one paged twice; its days are drawn."""
    shown = drawn(view, live, "slogen-report", tmp_path)
    assert {panel["status"] for panel in shown.values()} == {"ok"}
    assert [one["text"] for one in shown["SLOs that were kept"]["values"]] == ["42"]
    rows = {(row["service"], row["slo"]): row for row in shown["Objectives of the month"]["rows"]}
    assert rows["paging", "up"]["pages"] == "2"
    assert rows["healthy", "up"]["pages"] == "-"
    assert rows["healthy", "up"]["used before"] == "20%"
    assert "paging up" in shown["On which days was it spent?"]["texts"]


def test_what_the_page_of_the_servers_draws(live: Live, view: str, tmp_path: Path) -> None:
    """Every panel has data; of two mails in half a minute a tenth fails: six in a quarter of an hour.

    The list of alerts has the one that waits, before it fires, and since when.
    """
    shown = drawn(view, live, "slogen-health", tmp_path)
    assert {panel["status"] for panel in shown.values()} == {"ok"}
    assert [one["text"] for one in shown["Watchdog"]["values"]] == ["ON"]
    assert [one["text"] for one in shown["Notifications that failed"]["values"]] == ["6"]
    (waits,) = shown["Which alerts about the servers fire?"]["alerts"]
    assert (waits["name"], waits["state"]) == ("SLORulesLate", "pending")
    assert shown["Which rule groups are slow?"]["rows"][0]["of the interval"] == "1.0%"
    # What is recent is a short bar: full is what is too long, not the longest of all.
    (bars,) = [one for one in panels(live.page("slogen-health")) if one["type"] == "bargauge"]
    look = bars["fieldConfig"]["defaults"]
    assert (look["min"], look["max"]) == (0, look["thresholds"]["steps"][-1]["value"])
