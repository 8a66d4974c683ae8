"""Reads one SLO for a unit test."""

from __future__ import annotations

from slogen.core import Report
from slogen.model import Platform, Service, Slo
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM, SERVICE


def make(*, objective: str, window: str = "30d", more: str = "", scrape: str = "30s") -> tuple[Platform, Slo]:
    """Return a platform and one SLO."""
    body = f"""slos:
  - name: up
    objective: {objective}
    window: {window}
    sli: {{events: {{total: a_total, bad: b_total}}}}
    {more}
"""
    report = Report()
    text = PLATFORM.format(scrape=scrape, evaluation="30s", more="") + "---" + SERVICE.format(body=body)
    platform, service = read_file("test.yaml", text, report)
    assert list(report) == []
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    return platform, service.slos[0]
