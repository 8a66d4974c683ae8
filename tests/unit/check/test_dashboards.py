"""Generated dashboards ask for what is made: by rules, of SLIs, by the servers."""

from __future__ import annotations

import pytest

from slogen.check.dashboards import declared, recorded, unmade
from slogen.core import Report
from slogen.emit import EMITTERS
from slogen.model import Platform
from slogen.plan.rules import ServicePlan
from tests.unit.check.making import planned

KINDS = """\
slos:
  - {name: events, objective: 99, window: 7d, by: [zone], sli: {events: {total: a_total, good: b_total}}}
  - {name: latency, objective: 99.9, sli: {latency: {histogram: took_seconds, threshold: 5ms}}}
  - {name: native, objective: 99, sli: {latency: {histogram: spent_seconds, threshold: 5ms, native: true}}}
  - {name: spans, objective: 99, sli: {spans: {service: web, threshold: 5ms}}, recovery: {within: 5m}}
  - {name: boolean, objective: 99, sli: {boolean: up}, alerting: {critical: false, warning: false}, noData: off}
  - {name: age, objective: 99, sli: {freshness: {timestamp: max(done_timestamp_seconds), maxAge: 1h}}}
"""


def told(plan: ServicePlan, platform: Platform, *queries: str) -> list[str]:
    """Return what is said of the dashboards of a service, and of one more that asks `queries`."""
    report = Report()
    written = [one for emitter in EMITTERS if emitter.service for one in emitter.service(plan, platform)]
    asks = [(one.path, one.asks) for one in written if one.asks]
    assert len(asks) == 1 + len(plan.service.slos)
    made = recorded(plan) | declared(plan.service)
    unmade([*asks, ("x.json", queries)], made, platform, plan.service.span, report)
    return [f"{one.code} {one.message.partition(', which')[0]}" for one in report]


@pytest.mark.parametrize("more", ['grafana: {url: "https://g"}', 'clusters: [a, b]\ngrafana: {url: "https://g"}'])
def test_dashboards_of_every_kind_of_sli_ask_for_what_is_made(more: str) -> None:
    """Also where nothing pages, and where a period is short."""
    assert told(*planned(KINDS, more=more)) == []


def test_what_nobody_makes_is_told() -> None:
    """A window that no SLO has, a misspelt counter; what the platform names for deploys is known."""
    more = 'grafana: {url: "https://g", deploys: "changes(deployed[5m]) > 0"}'
    queries = (
        'max(slo:sli_error:ratio_rate10m{slo="$slo"}) / up',
        "sum(rate(a_totl[$__rate_interval])) + took_seconds_bucket + deployed + thanos_compact_halted",
    )
    assert told(*planned(KINDS, more=more), *queries) == [
        "SLO502 x.json asks for a_totl",
        "SLO502 x.json asks for slo:sli_error:ratio_rate10m",
    ]
