"""What the tests of notifications share: a platform with every receiver, compiled, and groups of alerts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slogen.core import Report
from slogen.emit.alertmanager.config import config_text
from slogen.emit.alertmanager.templates import TEMPLATE, templates_text
from slogen.model import Catalog, Platform, Service
from slogen.plan.routing import plan_routing
from slogen.source.documents import read_file
from tests.conftest import current_tool, required

AMTOOLS = {"0.25": shutil.which("amtool"), "0.34": current_tool("amtool3")}
ALERTMANAGERS = {"0.25": shutil.which("prometheus-alertmanager"), "0.34": current_tool("alertmanager3")}


def program(programs: Mapping[str, str | None], version: str) -> str:
    """Return a program; Debian's must be there, a current one may be absent."""
    name = "amtool" if programs is AMTOOLS else "alertmanager"
    return required(programs[version], name, current=version != "0.25")


RECEIVERS = {
    "pager": "{pagerduty: {routingKeyFile: /secrets/pagerduty}}",
    "incidents": '{slack: {apiUrlFile: /secrets/slack, channel: "#incidents"}}',
    "manager": "{email: {to: manager@example.com}}",
    "hook": '{webhook: {url: "http://127.0.0.1:9/hook"}}',
    "genie": "{opsgenie: {apiKeyFile: /secrets/opsgenie}}",
    "secret-hook": "{webhook: {urlFile: /secrets/hook}}",
    "telegram": "{telegram: {botTokenFile: /secrets/telegram, chatId: -1001234567890}}",
    "discord": "{discord: {webhookUrlFile: /secrets/discord}}",
    "teams": "{msteams: {webhookUrlFile: /secrets/teams}}",
}
PORTABLE = ("pager", "incidents", "manager", "hook", "genie")  # what 0.25 can carry

_PLATFORM = """
apiVersion: slogen/v1
kind: Platform
metadata: {{name: test}}
clusters: [east, west]
prometheus: {{retention: 365d}}
alertmanager: {{version: "{version}"{alertmanager}}}
receivers:
{receivers}
routing:
  critical:
    - {{after: 0s, notify: [{notify}]}}
{ladder}
  warning: {{notify: [incidents]}}
  info: {{notify: [manager]}}
  watchdog: {{notify: [hook]}}
email: {{from: alerts@example.com, smarthost: "{smarthost}", requireTls: false}}
{more}
"""
_LADDER = """
    - {after: 15m, notify: [manager]}
    - {after: 1h, notify: [hook, {receiver: genie, during: office-hours}]}
"""
_INTERVALS = """
timeIntervals: {office-hours: {times: ["09:00-17:00"], weekdays: ["monday:friday"]}}
"""
JAEGER = 'jaeger: {url: "https://jaeger.example.com"}'
AT_HOME = ', externalUrl: "https://alertmanager.example.com"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A platform's configuration of Alertmanager."""

    config: str
    templates: str

    def write(self, folder: Path) -> Path:
        """Write both files; return the configuration's path."""
        for path, text in (("alertmanager.yaml", self.config), (TEMPLATE, self.templates)):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        return folder / "alertmanager.yaml"

    def integrations(self) -> dict[str, dict[str, Any]]:
        """Return the first integration of each kind, as it stands in the configuration."""
        found: dict[str, dict[str, Any]] = {}
        for receiver in yaml.safe_load(self.config)["receivers"]:
            for key, those in receiver.items():
                if key != "name":
                    found.setdefault(key.removesuffix("_configs"), those[0])
        return found


def compiled(
    version: str = "0.25",
    *,
    receivers: Iterable[str] = PORTABLE,
    alertmanager: str = AT_HOME,
    smarthost: str = "127.0.0.1:25",
    more: str = JAEGER,
    services: str = "",
    ladder: bool = True,
) -> Compiled:
    """Return a platform with these receivers, all told at once; problems fail the test."""
    names = list(receivers)
    text = _PLATFORM.format(
        version=version,
        alertmanager=alertmanager,
        receivers="\n".join(f"  {name}: {RECEIVERS[name]}" for name in names),
        notify=", ".join(names),
        smarthost=smarthost,
        more=more + (_INTERVALS if ladder else ""),
        ladder=_LADDER if ladder else "",
    )
    report = Report()
    values = read_file("slogen.yaml", text + services, report)
    assert [str(problem) for problem in report] == []
    platform = values[0]
    assert isinstance(platform, Platform)
    catalog = Catalog(platform=platform, services=tuple(one for one in values if isinstance(one, Service)))
    return Compiled(
        config=config_text(plan_routing(catalog), platform), templates=templates_text(platform, catalog.services)
    )


def alert(
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    *,
    began: str = "2026-03-05T02:47:30Z",
    ended: str | None = None,
) -> dict[str, Any]:
    """Return an alert as templates see it; it is over when `ended` is given."""
    return {
        "status": "resolved" if ended else "firing",
        "labels": dict(labels),
        "annotations": dict(annotations),
        "startsAt": began,
        "endsAt": ended or "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": "0",
    }


def group(*alerts: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a notification on alerts of one group, as Alertmanager makes it."""

    def common(key: str) -> dict[str, str]:
        first, *others = (one[key] for one in alerts)
        return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}

    labels = common("labels")
    return {
        "receiver": "critical",
        "status": "firing" if any(one["status"] == "firing" for one in alerts) else "resolved",
        "alerts": list(alerts),
        "groupLabels": {name: labels[name] for name in ("alertname", "service", "slo", "cluster") if name in labels},
        "commonLabels": labels,
        "commonAnnotations": common("annotations"),
        "externalURL": "http://alertmanager:9093",
    }


def render(amtool: str, templates: Path, text: str, data: Path, kind: str = "text") -> str:
    """Return what a text with templates says of a group."""
    done = subprocess.run(
        [
            *(amtool, "template", "render", f"--template.glob={templates}", f"--template.text={text}"),
            *(f"--template.data={data}", f"--template.type={kind}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
