"""The committed SLOs on the systems that they are about: real exporters, scraped by Prometheus with the compiled rules.

Every selector must match, and each system that is broken must give its own alert, thirty times as fast.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from slogen.promql.query import matchers, selectors
from tests.conftest import ROOT
from tests.e2e import exporters
from tests.e2e.server import Alertmanager, Prometheus, free_port, new_alertmanagers, running, wait

SCALE = 30
CLUSTER = "us-east-1"
WEBHOOK, PROBER = "127.0.0.1:9", "127.0.0.1:10"  # in the compiled files, for what each test has in their place
RECORDED = ("slo:", "slogen:", "ALERTS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is scraped or probed, with labels that its discovery would give it."""

    address: str
    labels: Mapping[str, str]


Targets = Mapping[str, Sequence[Target]]


def local(*servers: exporters.Program, **labels: str) -> list[Target]:
    """Return servers of this machine as targets."""
    return [Target(address=f"127.0.0.1:{one.port}", labels=labels) for one in servers]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the platform of this repository thirty times as fast, with webhooks for all receivers."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT / "slos", folder / "slos")
    platform = yaml.safe_load((ROOT / "slogen.yaml").read_text("utf-8"))
    platform["receivers"] = {name: {"webhook": {"url": f"http://{WEBHOOK}/{name}"}} for name in platform["receivers"]}
    platform["prometheus"]["prober"] = PROBER
    (folder / "slogen.yaml").write_text(yaml.safe_dump(platform | {"timeScale": SCALE}, sort_keys=False), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "slogen", "-C", str(folder), "build"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def prometheus(
    built: Path,
    folder: Path,
    targets: Targets,
    *,
    prober: exporters.Program | None = None,
    alertmanagers: Sequence[Alertmanager] = (),
) -> Prometheus:
    """Return a server with the compiled configuration, in which addresses are replaced, and no rules yet.

    Jobs without targets are left out; one that nothing declares fails the test.
    """
    program = exporters.programs("prometheus")["prometheus"]
    (first, *_) = sorted((built / "prometheus" / CLUSTER).glob("*.yaml"))
    config = yaml.safe_load(first.read_text("utf-8").replace(PROBER, f"127.0.0.1:{prober.port if prober else 9}"))
    config["rule_files"] = []
    config["alerting"]["alertmanagers"] = [
        {"static_configs": [{"targets": [f"127.0.0.1:{one.port}" for one in alertmanagers]}]}
    ]
    declared = {job["job_name"]: job for job in config["scrape_configs"]}
    assert set(targets) <= set(declared), "these jobs are in no SLO file"
    config["scrape_configs"] = [_found(declared[name], found) for name, found in targets.items()]
    folder.mkdir(parents=True)
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    port = free_port()
    command = [
        *exporters.LEASH,
        program,
        f"--config.file={folder}/prometheus.yaml",
        f"--storage.tsdb.path={folder}/data",
        "--web.enable-lifecycle",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    return Prometheus(command, port, folder)


def load(
    server: Prometheus, built: Path, *services: str, unmeasured: Sequence[str] = (), absent: Sequence[str] = ()
) -> None:
    """Let a server that has seen its targets evaluate the rules of services; soon it measures all but some SLOs.

    `absent` are services of which it has rules, but no targets. A Prometheus scrapes nothing in its first five
    seconds, which are minutes here: alerts on absence would page if it had the rules before.
    """
    path = server.folder / "prometheus.yaml"
    files = [f"{built}/rules/{of}/{name}.yaml" for name in (*services, *absent) for of in ("prometheus", "thanos")]
    config = yaml.safe_load(path.read_text("utf-8")) | {"rule_files": files}
    path.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/-/reload", data=b"", timeout=10):
        pass
    present = f'slogen_slo_info{{service=~"{"|".join(services)}"}}'
    blind = f"{present} unless on (service, slo) slo:sli_total:rate5m"
    server.wait(lambda: server.value(f"count({present})") is not None, 30, "rules are evaluated")
    wait(lambda: names(server, blind) == set(unmeasured), 30, f"all SLOs are measured but {unmeasured}")
    assert firing(server) == set()


def _found(job: dict[str, Any], targets: Sequence[Target]) -> dict[str, Any]:
    """Return a scrape job that finds these targets, with the labels that Kubernetes would give them."""
    named: dict[str, str] = {}
    if "kubernetes_sd_configs" in job:
        job = {name: value for name, value in job.items() if name not in ("kubernetes_sd_configs", "relabel_configs")}
        named = {"namespace": "default", "pod": f"{job['job_name']}-%d"}
    configs = [
        {
            "targets": [target.address],
            "labels": {name: value.replace("%d", str(place)) for name, value in named.items()} | dict(target.labels),
        }
        for place, target in enumerate(targets)
    ]
    return job | {"static_configs": configs}


def read_by(built: Path) -> dict[str, set[str]]:
    """Return the selectors of scraped series in the compiled rules, and which services read each."""
    found: dict[str, set[str]] = {}
    for path in sorted((built / "rules").glob("[pt]*/*.yaml")):
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                for selector in selectors(rule["expr"]):
                    if not selector.name.startswith(RECORDED):
                        found.setdefault(selector.text, set()).add(path.stem)
    return found


def jobs_of(selector: str) -> list[tuple[str, str]]:
    """Return what a selector asks of the label `job`, as operators and values."""
    (parsed,) = selectors(selector)
    return [(operator, value) for label, operator, value in matchers(parsed) if label == "job"]


def of_job(selector: str, job: str) -> bool:
    """Return whether a selector asks for a job by name."""
    asked = jobs_of(selector)
    same = {"=": lambda value: value == job, "=~": lambda value: re.fullmatch(value, job) is not None}
    return bool(asked) and all(operator in same and same[operator](value) for operator, value in asked)


def verify(server: Prometheus, built: Path, jobs: Sequence[str], born: Mapping[str, str]) -> None:
    """Every selector of these jobs matches, but for those of the table `born`, which tells why they do not yet."""
    wanted = {selector for selector in read_by(built) if any(of_job(selector, job) for job in jobs)}
    assert wanted, jobs
    assert set(born) <= wanted, "the table has what no rule reads"

    def empty() -> set[str]:
        return {one for one in wanted if not server.get("query", query=f"count({one})")["result"]}

    started = time.monotonic()
    while empty() - set(born) and time.monotonic() < started + 30:
        time.sleep(0.5)
    print(f"{len(wanted) - len(born)} selectors of {', '.join(jobs)} after {time.monotonic() - started:.1f} s")
    assert empty() == set(born)


def firing(server: Prometheus, severity: str = "critical") -> set[str]:
    """Return what fires of a class, without its rungs: `service/slo` or `service/alert`, and `no data` for those."""
    return names(server, f'ALERTS{{alertstate="firing",severity="{severity}",escalation=""}}')


def names(server: Prometheus, expr: str) -> set[str]:
    """Return the names of SLOs or alerts in the result of an expression."""
    return {_name(one["metric"]) for one in server.get("query", query=expr)["result"]}


def _name(labels: Mapping[str, str]) -> str:
    missing = " no data" if labels.get("alertname") == "SLONoData" else ""
    return f"{labels.get('service')}/{labels.get('slo') or labels['alertname']}{missing}"


def await_alert(
    server: Prometheus, name: str, seconds: float, severity: str = "critical", *, meanwhile: Callable[[], None] = int
) -> None:
    """Wait until an alert fires; say how long it took."""

    def fires() -> bool:
        meanwhile()
        return name in firing(server, severity)

    print(f"{name} ({severity}) after {wait(fires, seconds, f'{name} fires'):.1f} s")


def verify_born(server: Prometheus, born: Mapping[str, str]) -> None:
    """What was empty while all was well matches after the failure that gives birth to it."""
    assert {one for one in born if not server.get("query", query=f"count({one})")["result"]} == set()


def test_etcd(built: Path, tmp_path: Path) -> None:
    """Two of five members die, which is a warning to all; with the third the quorum is gone."""
    members = exporters.etcd(tmp_path, 5)
    server = prometheus(built, tmp_path / "prometheus", {"etcd": local(*members)})
    with running(*members), running(server):
        verify(server, built, ["etcd"], {})
        load(server, built, "etcd")
        for one in members[:2]:
            one.kill()
        await_alert(server, "etcd/EtcdQuorumAtRisk", 30)
        assert firing(server) == {"etcd/EtcdQuorumAtRisk"}
        members[2].kill()
        await_alert(server, "etcd/quorum", 30)
        assert firing(server) == {"etcd/EtcdQuorumAtRisk", "etcd/quorum"}


def test_redis(built: Path, tmp_path: Path) -> None:
    """A replica dies, which is for working hours; then its master: a third of the slots is gone, writes are refused."""
    redis = exporters.Redis(tmp_path)
    server = prometheus(built, tmp_path / "prometheus", {"redis": local(*redis.exporters)})
    with running(*redis.nodes, *redis.exporters):
        redis.join()
        redis.write()
        with running(server):
            verify(server, built, ["redis"], REFUSED)
            load(server, built, "redis")
            master, replica = redis.shards()[0]
            replica.kill()
            await_alert(server, "redis/RedisShardUnreplicated", 40, "warning")
            assert firing(server) == set()
            master.kill()
            await_alert(server, "redis/availability", 30)
            await_alert(server, "redis/errors", 30, meanwhile=redis.write)
            assert firing(server) == {"redis/availability", "redis/errors"}
            verify_born(server, REFUSED)


REFUSED = {
    'redis_errors_total{job="redis",err=~"OOM|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY|MISCONF|NOREPLICAS|TRYAGAIN|BUSY"}': (
        "an error has a series from its first on"
    )
}


def test_postgresql(built: Path) -> None:
    """Both standbys fall behind while the primary writes; then the primary dies, which mutes what depends on it."""
    program = exporters.programs("prometheus-alertmanager")["prometheus-alertmanager"]
    with exporters.own_folder("postgres") as folder, ExitStack() as stack:
        postgres = exporters.Postgres(folder)
        targets = {"patroni": local(*postgres.patroni), "postgres": local(*postgres.exporters)}
        config = built / "alertmanager" / "alertmanager.yaml"
        (teller,) = new_alertmanagers(program, folder, config, [free_port()])
        server = prometheus(built, folder / "prometheus", targets, alertmanagers=[teller])
        stack.enter_context(running(*postgres.patroni, *postgres.exporters, *postgres.store, teller))
        primary = postgres.join()
        for standby in postgres.standbys():
            stack.enter_context(postgres.reading(standby))
        postgres.write()
        since = time.monotonic()
        stack.enter_context(running(server))
        verify(server, built, ["patroni", "postgres"], {})
        # The audit service writes to PostgreSQL, Prometheus does not; neither is measured here, which is a warning.
        load(server, built, "postgresql", unmeasured=["postgresql/backup"], absent=["audit-service", "prometheus"])
        warned = {"audit-service/completeness no data": False, "prometheus/rule-evaluation no data": False}
        for name in warned:
            await_alert(server, name, 60, "warning")
        wait(lambda: muted(teller, warned) == warned, 30, "Alertmanager mutes nothing")
        await_alert(server, "postgresql/rpo", 90)
        assert firing(server) == {"postgresql/rpo"}
        assert time.monotonic() - since > 60
        primary.patroni.kill()
        await_alert(server, "postgresql/availability", 30)
        await_alert(server, "postgresql/DatabaseDown", 30)
        warned["audit-service/completeness no data"] = True
        print(f"muted after {wait(lambda: muted(teller, warned) == warned, 30, 'what depends on it is muted'):.1f} s")
        assert firing(server) == {"postgresql/rpo", "postgresql/availability", "postgresql/DatabaseDown"}


def muted(teller: Alertmanager, names: Collection[str]) -> dict[str, bool]:
    """Return which of these alerts Alertmanager has, and whether it mutes them for the sake of another one."""
    with urllib.request.urlopen(f"http://127.0.0.1:{teller.port}/api/v2/alerts", timeout=10) as answer:
        found = {_name(one["labels"]): bool(one["status"]["inhibitedBy"]) for one in json.load(answer)}
    return {name: state for name, state in found.items() if name in names}
