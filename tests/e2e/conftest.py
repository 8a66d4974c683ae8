"""The programs that are run together: Debian's Prometheus and Alertmanager, and current ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import current_tool
from tests.e2e.notified import Sink

SERVERS = {"2.42": shutil.which("prometheus"), "3": current_tool("prometheus3")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A Prometheus and an Alertmanager of one time."""

    prometheus: str
    alertmanager: str


@pytest.fixture
def debian() -> Pair:
    """Debian's Prometheus and Alertmanager."""
    server, teller = shutil.which("prometheus"), shutil.which("prometheus-alertmanager")
    if server is None or teller is None:
        pytest.fail("install them first: apt-get install prometheus prometheus-alertmanager")
    return Pair(prometheus=server, alertmanager=teller)


@pytest.fixture(params=["debian", "current"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """Debian's pair, then the current one."""
    if request.param == "debian":
        found: Pair = request.getfixturevalue("debian")
        return found
    server, teller = current_tool("prometheus3"), current_tool("alertmanager3")
    if server is None or teller is None:
        pytest.skip("no current pair: run ../shared/tools/build prometheus3 alertmanager3")
    return Pair(prometheus=server, alertmanager=teller)


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Everybody who can be told."""
    sink = Sink()
    yield sink
    sink.stop()
