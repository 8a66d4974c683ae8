"""The page that says which system of the deployment guide is watched by what. `make coverage` writes it.

It is made of slogen.yaml, slos/, and docs/acgs2-coverage.yaml, which says where each system of the guide is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from slogen.app.build import Outcome, load
from slogen.core import Report
from slogen.model import Catalog, Service
from slogen.plan.build import plan_service
from slogen.plan.rules import AlertRule
from slogen.plan.texts import dashboard_uid
from slogen.promql import names

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "docs" / "acgs2-coverage.yaml"
PAGE = ROOT / "docs" / "acgs2-coverage.md"
_METRICS = re.compile(r"^# Metrics: (.*(?:\n#  +.*)*)", re.M)
HEAD = """\
# What watches ACGS-2

Generated from `slos/` and `docs/acgs2-coverage.yaml` by `make coverage`. Do not edit.

Which SLOs and alerts would notice that a system of the deployment guide fails, and what slogen does instead of what is
wrong in the guide. Sources of metrics: [run] seen in a real scrape, [src] read in the source of the program, [doc] in
its documentation, [memory] not checked.

## Systems
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """What may be named in a row: an SLO, or an alert that is not only an SLO's burn rate."""

    service: Service
    name: str
    told: str
    severity: str = ""

    @property
    def path(self) -> str:
        """Return service and name."""
        return f"{self.service.name}/{self.name}"


def catalog() -> Catalog:
    """Return everything that is declared."""
    outcome = Outcome(ROOT)
    found = load(ROOT, outcome)
    assert found is not None
    assert not outcome.report.failed
    return found


def source() -> dict[str, Any]:
    """Return what the page is made of beside the catalog."""
    found: dict[str, Any] = yaml.safe_load(SOURCE.read_text("utf-8"))
    return found


def watched(found: Catalog) -> Iterator[Watched]:
    """Yield every SLO, its alert on late recovery, and every cause alert."""
    for service in found.services:
        for slo in service.slos:
            said = f"`{slo.name}` {slo.objective.target.percent} %"
            yield Watched(service, slo.name, said)
            if slo.recovery:
                yield Watched(
                    service, names.RECOVERY_ALERT, f"`{names.RECOVERY_ALERT}` after {slo.recovery}", "critical"
                )
        for alert in service.alerts:
            yield Watched(service, alert.name, f"`{alert.name}`", alert.severity.value)


def chosen(patterns: Sequence[str], every: Sequence[Watched]) -> list[Watched]:
    """Return what the patterns name, in the order of the catalog; each must name something."""
    for pattern in patterns:
        assert any(_is(pattern, one) for one in every), f"{pattern} names nothing"
    return [one for one in every if any(_is(pattern, one) for pattern in patterns)]


def _is(pattern: str, one: Watched) -> bool:
    return fnmatchcase(one.path, pattern if "/" in pattern else f"{pattern}/*")


def metrics(service: Service) -> str:
    """Return where the metrics of a service come from, as the head of its file says."""
    *_, told = ["", *_METRICS.findall((ROOT / service.span.file).read_text("utf-8"))]
    assert told, f"{service.span.file} does not say where its metrics come from: # Metrics: …"
    return re.sub(r"\n#  +", " ", told).rstrip(".")


def page() -> str:
    """Return the whole page."""
    found, given = catalog(), source()
    every = list(watched(found))
    lines = [HEAD, "| system | SLOs | alerts | dashboard | metrics |", "|---|---|---|---|---|"]
    lines += [_row(one["system"], chosen(one["of"], every)) for one in given["systems"]]
    lines += ["", "## Alerts that the guide names", "", "| guide | class | slogen |", "|---|---|---|"]
    for one in given["classes"]:
        told = "; ".join(f"{each.service.name}: {each.told}" for each in chosen(one["of"], every))
        lines.append(f"| `{one['alert']}` | {one['class']} | {told} |")
    lines += ["", "## Defects of the guide", "", "| | in the guide | slogen |", "|---|---|---|"]
    for number, one in given["defects"].items():
        proofs = ", ".join(f"[{Path(path).name}](../{path})" for path in one.get("see", ()))
        alerts = ", ".join(f"`{each.name}`" for each in chosen(one.get("of", ()), every))
        where = "; ".join(part for part in (proofs, alerts) if part)
        lines.append(f"| {number} | {one['guide']} | {one['slogen']}" + (f" ({where})" if where else "") + " |")
    return "\n".join(lines) + "\n"


def _row(system: str, some: Sequence[Watched]) -> str:
    services = {one.service.name: one.service for one in some}
    slos = [_named(one, services) for one in some if not one.severity]
    alerts = [_named(one, services) + f" {one.severity}" for one in some if one.severity]
    pages = [f"[{name}](../dashboards/grafana/{name}/{dashboard_uid(name)}.json)" for name in services]
    sources = dict.fromkeys(metrics(service) for service in services.values())
    cells = (system, "<br>".join(slos) or "none", "<br>".join(alerts) or "the SLOs' own", ", ".join(pages))
    return "| " + " | ".join((*cells, "; ".join(sources))) + " |"


def _named(one: Watched, services: dict[str, Service]) -> str:
    return one.told if len(services) == 1 else f"{one.service.name} {one.told}"


def runbook_alerts(found: Catalog) -> dict[str, set[str]]:
    """Return, for each service with a runbook, the names of the alerts that link to a section of it."""
    alerts: dict[str, set[str]] = {}
    for service in found.services:
        plan = plan_service(service, found.platform, Report())
        for rule in (rule for group in plan.groups for rule in group.rules if isinstance(rule, AlertRule)):
            address = dict(rule.annotations).get("runbook_url")
            if address is not None:
                base, _, anchor = address.partition("#")
                assert anchor == rule.alert.lower()
                alerts.setdefault(base.rsplit("/", 1)[-1], set()).add(rule.alert)
    return alerts


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
