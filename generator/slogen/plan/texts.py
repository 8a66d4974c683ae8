"""Annotations and links: what a person reads when an alert fires."""

from __future__ import annotations

import hashlib

from slogen.core import Duration
from slogen.model import Alert, Platform, Service, Slo
from slogen.plan.rules import Labels

UID_LIMIT = 40


def dashboard_uid(service: str, slo: str | None = None) -> str:
    """Return the stable uid of a dashboard: at most 40 characters, the end a hash when it is cut."""
    uid = "-".join(part for part in ("slogen", service, slo) if part)
    if len(uid) <= UID_LIMIT:
        return uid
    return f"{uid[: UID_LIMIT - 9]}-{hashlib.sha256(uid.encode()).hexdigest()[:8]}"


# Dashboards that are about all services. They have uids that a service of the same name would have: SLO501.
SHARED_DASHBOARDS = ("wall", "report", "health")
WALL, REPORT, HEALTH = map(dashboard_uid, SHARED_DASHBOARDS)


def links(service: Service, platform: Platform, alert: str, uid: str) -> Labels:
    """Return the runbook section of an alert and a dashboard, as far as both exist, then the service's other links."""
    found = {}
    if runbook := runbook_section(service, alert):
        found["runbook_url"] = runbook
    if platform.grafana_url:
        found["dashboard_url"] = f"{platform.grafana_url}/d/{uid}"
    found |= {f"{name}_url": url for name, url in service.links if name != "runbook"}
    return tuple(found.items())


def runbook_section(service: Service, alert: str) -> str | None:
    """Return the address of what to do about an alert; None where the service has no runbook."""
    return f"{service.runbook}#{alert.lower()}" if service.runbook else None


def where(slo: Slo) -> str:
    """Return the template of an SLO's `by` values, in brackets; nothing when there are none."""
    if not slo.by:
        return ""
    return " (" + ", ".join(f"{label} {{{{ $labels.{label} }}}}" for label in slo.by) + ")"


def where_known(slo: Slo) -> str:
    """Return the same for an alert that has the labels only when it is about one of their values."""
    known = " ".join(f"$labels.{label}" for label in slo.by)
    return f"{{{{ if or {known} }}}}{where(slo)}{{{{ end }}}}" if slo.by else ""


def asked(series: str, service: Service, slo: Slo, platform: Platform, said: str) -> str:
    """Return a template that asks for a series of the alert's SLO and says it; nothing where there is none.

    `said` is a template over its samples. A server that sees several clusters finds that of the alert.
    """
    labels = [*(("cluster",) if platform.clusters else ()), *slo.by]
    matchers = f'service="{service.name}",slo="{slo.name}"' + "".join(f",{label}=%q" for label in labels)
    values = "".join(f" $labels.{label}" for label in labels)
    query = f"printf `{series}{{{matchers}}}`{values} | query" if labels else f"query `{series}{{{matchers}}}`"
    return f"{{{{ with {query} }}}}{said}{{{{ end }}}}"


def lasts(period: Duration, factor: object) -> Duration:
    """Return how long the budget of `period` lasts at `factor` times what is allowed, to the minute."""
    minutes = max(1, round(period.ms / float(str(factor)) / 60_000))
    return Duration(minutes * 60_000)


def cause_links(service: Service, platform: Platform, alert: Alert) -> Labels:
    """Return the links of a cause alert: its own override the service's."""
    given = dict(links(service, platform, alert.name, dashboard_uid(service.name)))
    own = {f"{name}_url": url for name, url in alert.links}
    return tuple((given | own).items())
