"""A platform whose receivers are a sink on loopback, compiled by `slogen build` in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.notified import Sink

# The audiences of each rung, as in the guide, then those of the other classes.
AUDIENCES = {
    "page": ("oncall-sre", "incident-commander"),
    "15m": ("engineering-manager", "customer-success"),
    "1h": ("vp-engineering", "executive-team"),
    "4h": ("ceo", "public-communication"),
    "warning": ("slack-core",),
    "info": ("digest",),
    "none": ("deadmans-switch",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What the servers load."""

    rules: list[Path]
    alertmanager: Path
    routes: Path


def platform(sink: Sink, scale: int, *, rungs: Iterable[str] = ("15m", "1h", "4h"), **more: Any) -> dict[str, Any]:
    """Return a platform document; `more` are its further keys, such as clusters."""
    audiences = [name for names in AUDIENCES.values() for name in names]
    ladder = [{"after": after, "notify": list(AUDIENCES[after])} for after in rungs]
    routing = {
        "critical": [{"after": "0s", "notify": list(AUDIENCES["page"])}, *ladder],
        "warning": {"notify": ["team"]},
        "info": {"notify": list(AUDIENCES["info"])},
        "watchdog": {"notify": list(AUDIENCES["none"])},
    }
    told = {*AUDIENCES["page"], *(name for after in rungs for name in AUDIENCES[after])}
    told |= {name for kind in ("warning", "info", "none") for name in AUDIENCES[kind]}
    return {
        "apiVersion": "slogen/v1",
        "kind": "Platform",
        "metadata": {"name": "e2e"},
        "prometheus": {"retention": "60d"},
        "alertmanager": {},
        "receivers": {name: {"webhook": {"url": sink.url(name)}} for name in audiences if name in told},
        "teams": {"core": {"notify": list(AUDIENCES["warning"])}},
        "routing": routing | more.pop("routing", {}),
        "timeScale": scale,
        **more,
    }


def service(
    name: str,
    *,
    slos: Iterable[str] = (),
    tickets: bool = False,
    alerts: Iterable[dict[str, Any]] = (),
    **metadata: Any,
) -> dict[str, Any]:
    """Return a service document: its SLOs promise 99.9 % of the gauges `NAME-SLO`, and page, with `tickets` or not."""
    declared = [
        {
            "name": slo,
            "objective": 99.9,
            "sli": {"boolean": f'healthy{{of="{name}-{slo}"}}'},
            "noData": "off",
            "alerting": {"warning": tickets},
        }
        for slo in slos
    ]
    return {
        "apiVersion": "slogen/v1",
        "kind": "Service",
        "metadata": {"name": name, "team": "core", **metadata},
        "slos": declared,
        "alerts": list(alerts),
    }


def cause(name: str, of: str, severity: str = "critical", **more: Any) -> dict[str, Any]:
    """Return an alert that fires while the gauge `of` is 0; a busy machine may miss scrapes for some seconds."""
    return {
        "name": name,
        "severity": severity,
        "expr": f'max(last_over_time(healthy{{of="{of}"}}[8s])) == 0',
        "summary": f"{of} fails",
        **more,
    }


def build(folder: Path, platform: dict[str, Any], services: Iterable[dict[str, Any]]) -> Compiled:
    """Compile; a problem fails the test."""
    (folder / "slos").mkdir(parents=True)
    (folder / "slogen.yaml").write_text(yaml.safe_dump(platform, sort_keys=False), "utf-8")
    for one in services:
        text = yaml.safe_dump(one, sort_keys=False, allow_unicode=True)
        (folder / "slos" / f"{one['metadata']['name']}.yaml").write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "slogen", "-C", str(folder), "build"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Compiled(
        rules=sorted((folder / "rules" / "prometheus").glob("*.yaml")),
        alertmanager=folder / "alertmanager" / "alertmanager.yaml",
        routes=folder / "alertmanager" / "ROUTES.md",
    )
