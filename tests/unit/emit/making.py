"""Reads a platform and services for a unit test, and gives what an emitter writes of them."""

from __future__ import annotations

from typing import Any

import yaml

from slogen.core import Report
from slogen.emit.artifact import Emitter
from slogen.model import Catalog, Platform, Service
from slogen.source.documents import read_file

PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {name: shop, namespace: watch}
prometheus: {version: "2.42", retention: 12h, replicas: 2}
receivers: {sre: {pagerduty: {routingKeyFile: /k}}}
routing: {critical: [{after: 0s, notify: [sre]}]}
"""
SERVICE = """\
---
apiVersion: slogen/v1
kind: Service
metadata: {name: NAME, team: core}
slos:
  - name: up
    objective: 99.9
    sli: {boolean: up}
"""


def catalog(more: str = "", **services: str) -> Catalog:
    """Return a catalog: the platform and its services, each with further keys."""
    report = Report()
    text = PLATFORM + more + "".join(SERVICE.replace("NAME", name) + body for name, body in services.items())
    platform, *found = read_file("x.yaml", text, report)
    assert [str(problem) for problem in report] == []
    assert isinstance(platform, Platform)
    return Catalog(platform=platform, services=tuple(one for one in found if isinstance(one, Service)))


def texts(emitter: Emitter, of: Catalog) -> dict[str, str]:
    """Return what an emitter writes: path and text, in its order."""
    assert emitter.platform is not None
    return {artifact.path: artifact.text for artifact in emitter.platform(of)}


def parsed(text: str) -> Any:
    """Return what a YAML reader other than slogen's makes of a text that says where it came from."""
    assert text.startswith("# Generated from x.yaml by slogen. ")
    return yaml.safe_load(text)


def flags(text: str) -> list[str]:
    """Return the flags in a file of them, comments left out as the programs do."""
    return [line for line in text.splitlines() if not line.startswith("#")]
