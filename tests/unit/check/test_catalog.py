"""Names that a service cannot have, whatever its platform is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slogen.check import check_catalog
from slogen.core import Report
from tests.unit.emit.making import catalog


@pytest.mark.parametrize(("more", "line"), [("", 8), ("kubernetes: {}\n", 9)])
def test_no_service_is_called_as_the_file_of_kustomize(more: str, line: int) -> None:
    """With Kubernetes or, because it may come later, without."""
    report = Report()
    check_catalog(catalog(more, kustomization="", kustomizations=""), report)
    assert [f"{one.span} {one.code}: {one.message}; {one.hint}" for one in report] == [
        f"x.yaml:{line}:1 SLO101: 'kustomization' is the name of a file that slogen writes; choose another name",
    ]


@pytest.mark.parametrize("name", ["wall", "health", "report"])
def test_no_service_has_the_dashboard_of_all(name: str) -> None:
    """And without Grafana there is none."""
    report = Report()
    pages = catalog('grafana: {url: "https://g"}\n', **{name: ""})
    check_catalog(pages, report)
    assert [f"{one.code}: {one.message}; {one.hint}" for one in report] == [
        f"SLO501: the dashboard of service {name} would have the uid of the page of the {name}; rename one of them",
    ]
    report = Report()
    check_catalog(replace(pages, platform=replace(pages.platform, grafana=None)), report)
    assert list(report) == []


def test_two_services_may_lead_to_one_dashboard() -> None:
    """Service `a` with the SLO `up`, and service `a-up`: the second is told of the first."""
    report = Report()
    check_catalog(catalog('grafana: {url: "https://g"}\n', **{"a": "", "a-up": ""}), report)
    assert [f"{one.code}: {one.message}" for one in report] == [
        "SLO501: the dashboard of service a-up would have the uid of a up",
    ]
