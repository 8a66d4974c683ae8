"""The compiled rules on real servers, thirty times as fast: Debian's Prometheus and a current one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, required
from tests.e2e.conftest import SERVERS
from tests.e2e.server import Exporter, prometheus


@pytest.fixture(params=sorted(SERVERS))
def program(request: pytest.FixtureRequest) -> str:
    """Debian's Prometheus and a current one, one after the other."""
    return required(SERVERS[request.param], "prometheus", current=request.param != "2.42")


def build(folder: Path) -> list[Path]:
    """Compile the platform of this repository thirty times as fast; return all rule files."""
    shutil.copytree(ROOT / "slos", folder / "slos")
    platform = (ROOT / "slogen.yaml").read_text("utf-8")
    (folder / "slogen.yaml").write_text(platform + "timeScale: 30\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "slogen", "-C", str(folder), "build"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return sorted((folder / "rules" / "prometheus").glob("*.yaml")) + sorted(
        (folder / "rules" / "thanos").glob("*.yaml")
    )


def test_every_rule_loads_and_evaluates(program: str, tmp_path: Path) -> None:
    """All services, in one server: each rule is evaluated and healthy, whatever data there is."""
    rules = build(tmp_path)
    with prometheus(program, tmp_path / "server", rules, targets={"self": 1}) as server:
        server.wait(lambda: all(rule["health"] != "unknown" for rule in server.rules()), 60, "all rules are evaluated")
        unhealthy = {rule["name"]: rule.get("lastError") for rule in server.rules() if rule["health"] != "ok"}
        assert unhealthy == {}
        counts = [line.count("\n  - record:") + line.count("\n  - alert:") for line in map(Path.read_text, rules)]
        assert len(server.rules()) == sum(counts) > 0


def test_a_real_outage_pages_and_climbs(program: str, tmp_path: Path) -> None:
    """The gateway answers 100 requests a second; then all fail. The page is there at once, the rung 30 s later."""
    started = time.monotonic()
    broken_at: list[float] = []

    def metrics() -> str:
        now = time.monotonic()
        good = 100 * ((broken_at[0] if broken_at else now) - started)
        bad = 100 * (now - broken_at[0]) if broken_at else 0.0
        job = "http_requests_total"
        return f'# TYPE {job} counter\n{job}{{code="200"}} {good:.0f}\n{job}{{code="500"}} {bad:.0f}\n'

    exporter = Exporter(metrics)
    rules = [path for path in build(tmp_path) if path.name == "api-gateway.yaml"]
    page = 'ALERTS{alertname="SLOErrorBudgetBurn",slo="availability",alertstate="firing",escalation="%s"}'
    try:
        with prometheus(program, tmp_path / "server", rules, targets={"api-gateway": exporter.port}) as server:
            server.wait(
                lambda: server.value('slo:sli_error:ratio_rate1h{slo="availability"}') == 0.0, 60, "healthy data"
            )
            time.sleep(5)
            assert server.value(page % "") is None
            broken_at.append(time.monotonic())
            server.wait(lambda: server.value(page % "") == 1, 10, "the page fires")
            assert server.value(page % "15m") is None
            waited = server.wait(lambda: server.value(page % "15m") == 1, 45, "the first rung is climbed")
            assert waited > 20
    finally:
        exporter.stop()
