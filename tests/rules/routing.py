"""What the tests of routes share: catalogs, amtool, a running Alertmanager, and the tables of ROUTES.md."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from slogen.app.build import Outcome, load
from slogen.core import Report
from slogen.emit.alertmanager.config import config_text
from slogen.emit.alertmanager.people import routes_text
from slogen.emit.alertmanager.templates import TEMPLATE, templates_text
from slogen.model import Catalog, Platform
from slogen.plan.build import plan_service
from slogen.plan.routing import RoutingPlan, plan_routing
from slogen.prove.emitted import emitted_alerts
from slogen.source.documents import read_file
from tests.conftest import ROOT, current_tool
from tests.e2e.server import Alertmanager, free_port, running

AMTOOLS = {"0.25": shutil.which("amtool"), "current": current_tool("amtool3")}
ALERTMANAGERS = {"0.25": shutil.which("prometheus-alertmanager"), "current": current_tool("alertmanager3")}
Labels = Mapping[str, str]

# Everything that routing knows: told at times, teams that tell several, a dependency that mutes pages, labels by
# value, pages that stay on the first step, an alert of another team. No clusters.
RICH = """
apiVersion: slogen/v1
kind: Platform
metadata: {name: rich}
prometheus: {retention: 90d}
alertmanager: {externalUrl: "https://alerts.example.com/am"}
receivers:
  pager: {opsgenie: {apiKeyFile: /k}}
  room: {slack: {apiUrlFile: /k, channel: "#incidents|all"}}
  boss: {email: {to: boss@example.com}}
  support: {email: {to: support@example.com}}
  press: {webhook: {url: "http://press.example.com/in"}}
  core-room: {slack: {apiUrlFile: /k, channel: "#core"}}
  core-mail: {email: {to: core@example.com}}
  web-room: {slack: {apiUrlFile: /k, channel: "#web"}}
  log: {webhook: {url: "http://log.example.com/in"}}
  switch: {webhook: {url: "http://switch.example.com/in"}}
teams:
  core: {notify: [core-room, {receiver: core-mail, during: office}]}
  web: {notify: [web-room]}
timeIntervals:
  office: {weekdays: ["monday:friday"], times: ["09:00-17:30"], location: Europe/Berlin}
  month-end: {daysOfMonth: ["-2:-1"]}
routing:
  critical:
    - {after: 0s, notify: [pager, {receiver: room, during: office}]}
    - {after: 10m, notify: [boss, {receiver: support, during: office}, {receiver: log, during: month-end}]}
    - {after: 2h, notify: [{receiver: press, during: office}]}
  warning: {notify: [team, log]}
  info: {notify: [team, log]}
  watchdog: {notify: [switch]}
email: {from: a@example.com, smarthost: "mail.example.com:25"}
---
apiVersion: slogen/v1
kind: Service
metadata: {name: shop, team: web, dependsOn: [stock, {service: store, mutes: critical}]}
slos:
  - name: up
    objective: 99.9
    sli: {events: {total: a_total, bad: b_total}}
    noData: critical
  - name: quick
    objective: 99
    by: [region]
    sli: {events: {total: c_total, bad: d_total}}
    alerting: {escalate: false}
alerts:
  - {name: ShopBroken, severity: critical, expr: sum by (zone) (a) > 1, summary: x, escalate: false}
  - {name: ShopOdd, severity: warning, expr: a > 1, summary: x, team: core}
---
apiVersion: slogen/v1
kind: Service
metadata: {name: stock, team: core, dependsOn: [store]}
slos:
  - name: up
    objective: 99.9
    sli: {events: {total: a_total, bad: b_total}}
---
apiVersion: slogen/v1
kind: Service
metadata: {name: store, team: core}
slos:
  - name: up
    objective: 99.9
    sli: {events: {total: a_total, bad: b_total}}
    noData: info
alerts:
  - {name: StoreGone, severity: critical, expr: absent(a), summary: x}
"""
# Nothing that is not required: no teams, one step, nobody for notes.
BARE = """
apiVersion: slogen/v1
kind: Platform
metadata: {name: bare}
prometheus: {retention: 90d}
alertmanager: {}
receivers:
  pager: {pagerduty: {routingKeyFile: /k}}
routing:
  critical:
    - {after: 0s, notify: [pager]}
---
apiVersion: slogen/v1
kind: Service
metadata: {name: shop, team: web}
slos:
  - name: up
    objective: 99.9
    sli: {events: {total: a_total, bad: b_total}}
"""


@cache
def acgs2() -> Catalog:
    """Return the catalog of this repository."""
    catalog = load(ROOT, Outcome(ROOT))
    assert catalog is not None
    return catalog


@cache
def catalog_of(text: str) -> Catalog:
    """Return the catalog of a document with a platform and services."""
    report = Report()
    platform, *services = read_file("slogen.yaml", text, report)
    assert [str(problem) for problem in report if problem.severity == "error"] == []
    assert isinstance(platform, Platform)
    return Catalog(platform=platform, services=tuple(sorted(services, key=lambda one: one.name)))


CATALOGS = {"acgs2": acgs2, "rich": lambda: catalog_of(RICH), "bare": lambda: catalog_of(BARE)}


def config_of(name: str, folder: Path) -> Path:
    """Return the configuration of a catalog with its templates beside it: the committed one, or one in `folder`."""
    if name == "acgs2":
        return ROOT / "alertmanager" / "alertmanager.yaml"
    catalog = CATALOGS[name]()
    path, templates = folder / "alertmanager.yaml", folder / TEMPLATE
    templates.parent.mkdir(parents=True, exist_ok=True)
    templates.write_text(templates_text(catalog.platform), "utf-8")
    path.write_text(config_text(plan_routing(catalog), catalog.platform), "utf-8")
    return path


def page_of(name: str) -> str:
    """Return ROUTES.md of a catalog: the committed one, or the one that it would have."""
    if name == "acgs2":
        return (ROOT / "alertmanager" / "ROUTES.md").read_text("utf-8")
    catalog = CATALOGS[name]()
    return routes_text(plan_routing(catalog), catalog)


def emitted(catalog: Catalog) -> tuple[dict[str, str], ...]:
    """Return every alert that the rules of a catalog raise."""
    report = Report()
    return emitted_alerts(catalog, [plan_service(one, catalog.platform, report) for one in catalog.services])


def distinct(plan: RoutingPlan, alerts: Iterable[Labels]) -> list[Labels]:
    """Return alerts of which no two look the same to the matchers of the routes."""
    looked_at = sorted(_looked_at(plan.root))
    found: dict[tuple[str, ...], Labels] = {}
    for labels in alerts:
        found.setdefault(tuple(labels.get(label, "") for label in looked_at), labels)
    return list(found.values())


def _looked_at(route: Any) -> set[str]:
    return {one.label for one in route.matchers}.union(*(_looked_at(inner) for inner in route.routes))


def amtool_receivers(program: str, config: Path, alerts: Iterable[Labels]) -> list[tuple[str, ...]]:
    """Return the receivers that amtool finds for each alert, in the order of the tree."""

    def ask(labels: Labels) -> tuple[str, ...]:
        given = [f"{name}={value}" for name, value in labels.items()]
        command = [program, "config", "routes", "test", f"--config.file={config}", *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return tuple(done.stdout.strip().split(","))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ask, alerts))


def quiet_config(plan: RoutingPlan, platform: Platform, folder: Path) -> Path:
    """Write the configuration of a plan with receivers that tell nobody; return its path."""
    silent = replace(plan, receivers=tuple(replace(one, audiences=()) for one in plan.receivers))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "alertmanager.yaml"
    path.write_text(config_text(silent, platform), "utf-8")
    return path


@contextmanager
def alertmanager(program: str, config: Path) -> Iterator[Live]:
    """Run one Alertmanager on a free port."""
    port, folder = free_port(), config.parent
    server = Live(
        [
            program,
            f"--config.file={config}",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        port,
        folder,
    )
    with running(server):
        yield server


class Live(Alertmanager):
    """An Alertmanager that is asked what it makes of alerts."""

    def send(self, alerts: Iterable[Labels], **times: str) -> None:
        """Let alerts begin; they last for an hour."""
        ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body = json.dumps([{"labels": dict(labels), "endsAt": ends, **times} for labels in alerts]).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v2/alerts", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def ask(self, path: str, **parameters: str) -> Any:
        """Return an answer of the API."""
        url = f"http://127.0.0.1:{self.port}/api/v2/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)

    def state(self) -> dict[tuple[tuple[str, str], ...], dict[str, Any]]:
        """Return what it says of each alert, by labels; the sources that mute it as labels too."""
        alerts = self.ask("alerts")
        by_print = {one["fingerprint"]: key(one["labels"]) for one in alerts}
        return {
            key(one["labels"]): {
                "receivers": [receiver["name"] for receiver in one["receivers"]],
                "muted_by": [by_print[fingerprint] for fingerprint in one["status"]["inhibitedBy"]],
                "silenced": bool(one["status"]["silencedBy"]),
            }
            for one in alerts
        }


def key(labels: Labels) -> tuple[tuple[str, str], ...]:
    """Return labels as a key: those that are empty are not there."""
    return tuple(sorted((name, value) for name, value in labels.items() if value))


class Page:
    """ROUTES.md, read as a person would: tables and commands below their headings."""

    def __init__(self, text: str) -> None:
        self.sections: dict[str, str] = {}
        for part in text.split("\n## ")[1:]:
            heading, _, body = part.partition("\n")
            self.sections[heading] = body

    def table(self, heading: str) -> list[dict[str, str]]:
        """Return the rows of a section's table, by the heads of the columns; none when it has no table."""
        lines = [line for line in self.sections[heading].splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in line.replace("\\|", "\0")[1:-1].split("|")] for line in lines]
        return [{name: cell.replace("\0", "|") for name, cell in zip(cells[0], row, strict=True)} for row in cells[2:]]

    def commands(self) -> list[str]:
        """Return every command for the shell, in order."""
        blocks = [block for body in self.sections.values() for block in body.split("```sh\n")[1:]]
        lines = [line for block in blocks for line in block.split("```")[0].splitlines()]
        return [line for line in lines if not line.startswith("#")]
