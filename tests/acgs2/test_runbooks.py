"""Every alert of ACGS-2 has a section in a runbook, and every section its alert."""

from __future__ import annotations

import re

from tests.acgs2.page import ROOT, catalog, runbook_alerts

RUNBOOKS = ROOT / "docs" / "runbooks"


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    """`runbook_url` ends with the page's name and the section's anchor."""
    alerts = runbook_alerts(catalog())
    assert alerts
    sections = {
        path.stem: set(re.findall(r"^## (.+)$", path.read_text("utf-8"), re.M)) for path in RUNBOOKS.glob("*.md")
    }
    assert sections == alerts


def test_every_section_says_what_to_check_and_what_to_do() -> None:
    """First checks with commands, how to mitigate, when to escalate."""
    for path in sorted(RUNBOOKS.glob("*.md")):
        _, *sections = re.split(r"^## ", path.read_text("utf-8"), flags=re.M)
        assert sections, path.name
        for section in sections:
            name = f"{path.name}: {section.partition(chr(10))[0]}"
            assert re.search(r"```sh\n\S", section), f"{name} has no commands"
            assert re.search(r"^Mitigate: \S", section, re.M), f"{name} does not say how to mitigate"
            assert re.search(r"^Escalate: \S", section, re.M), f"{name} does not say when to escalate"


def test_every_slo_says_who_owns_it_and_why_it_is_what_it_is() -> None:
    """Owner, runbook, and the reason for the objective."""
    for service in catalog().services:
        assert service.team
        assert service.runbook == f"https://runbooks.acgs2.com/{service.name}"
        for slo in service.slos:
            assert len(slo.rationale) > 30, f"{service.name}/{slo.name} has no rationale"
            assert slo.description, f"{service.name}/{slo.name} has no description"


def test_every_cause_alert_has_a_test_that_fires_and_one_that_is_quiet() -> None:
    """Whatever its class."""
    for service in catalog().services:
        for alert in service.alerts:
            assert any(test.fires is not None for test in alert.tests), f"{alert.name}: none fires"
            assert any(test.quiet is not None for test in alert.tests), f"{alert.name}: none is quiet"
