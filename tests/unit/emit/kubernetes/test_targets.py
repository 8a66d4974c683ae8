"""Names of what scrapes the services."""

from __future__ import annotations

from slogen.emit.kubernetes.targets import targets
from tests.unit.emit.making import catalog

SCRAPE = "scrape: [{selector: {app: x}}, {selector: {app: y}}, {targets: ['z:1']}]\n"


def test_the_second_scrape_of_a_service_has_not_the_name_of_another_service() -> None:
    """Of `a` it is slogen-a.2: slogen-a-2 is the first one of `a-2`. One would take the other's place."""
    found = [
        (resource["kind"], resource["metadata"]["name"])  # type: ignore[call-overload,index]
        for resource in targets(catalog("kubernetes: {}\n", **{"a": SCRAPE, "a-2": SCRAPE}))
    ]
    assert found == [
        ("ServiceMonitor", "slogen-a"),
        ("ServiceMonitor", "slogen-a.2"),
        ("ScrapeConfig", "slogen-a.3"),
        ("ServiceMonitor", "slogen-a-2"),
        ("ServiceMonitor", "slogen-a-2.2"),
        ("ScrapeConfig", "slogen-a-2.3"),
    ]
