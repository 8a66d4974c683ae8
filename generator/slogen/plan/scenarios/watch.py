"""The alert that always fires, which belongs to no service."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.model import Platform
from slogen.plan.scenarios.scenario import Expect, Scenario
from slogen.promql import names
from slogen.promql.sample import braces


def watch_scenarios(platform: Platform) -> Iterator[Scenario]:
    """Yield that the watchdog fires in the first evaluation and goes on; nothing when nobody listens to it."""
    if not platform.routing.watchdog or platform.time_scale != 1:
        return
    every = platform.prometheus.evaluation_interval
    labels = {"alertname": names.WATCHDOG_ALERT, "alertstate": "firing", "severity": names.NO_SEVERITY}
    firing = (("ALERTS" + braces(labels), "1"),)
    yield Scenario(
        name="Watchdog: it fires without any data, and goes on",
        interval=every,
        series=(),
        expects=tuple(Expect(at=every * place, expr="ALERTS", samples=firing) for place in (0, 10)),
    )
