"""The committed SLOs on the systems that they are about: real exporters, scraped by Prometheus with the compiled rules.

Every selector must match, and each system that is broken must give its own alert, thirty times as fast. That goes for
`for` and the windows of SLOs; what an owner wrote into an expression, a range or `> 60` seconds, stays as it is.
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
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from slogen.promql.query import matchers, selectors
from tests.conftest import ROOT
from tests.e2e import exporters
from tests.e2e.server import (
    Alertmanager,
    Prometheus,
    Server,
    free_port,
    new_alertmanagers,
    new_prometheus,
    running,
    wait,
)
from tests.e2e.thanos import CLUSTER as CLOSE

SCALE = 30
CLUSTER = "us-east-1"
SLACK = "slack-url"  # file
PROBER = "127.0.0.1:10"  # in the compiled files, for what each test has in its place
EVALUATORS = ("prometheus", "thanos")  # whose rules are loaded: one server evaluates both
RECORDED = ("slo:", "slogen:", "slogen_", "ALERTS")
NOTHING: Mapping[str, str] = {}
# Pages that are right, for what they are about is on no machine of ours.
AWAY = {
    "ingress/IngressReplicasLow": "ingress-nginx has no Debian package",
    "ingress/availability no data": "ingress-nginx has no Debian package",
}
# The services that are watched here, and what is scraped of each: `job` in their SLO files.
REAL = {
    "alertmanager": ("alertmanager",),
    "capacity": ("node",),
    "cdn": ("blackbox-cdn", "blackbox-waf"),
    "certificates": ("blackbox-tls",),
    "dns": ("blackbox-dns",),
    "etcd": ("etcd",),
    "global-load-balancer": ("blackbox-global", "blackbox-regional"),
    "ingress": ("haproxy",),
    "nodes": ("node",),
    "postgresql": ("patroni", "postgres"),
    "prometheus": ("prometheus",),
    "redis": ("redis",),
    "transit": ("blackbox-transit-us-east-1", "blackbox-transit-us-west-2"),
}
# What these services read besides, and why it is not here.
ELSEWHERE = {
    "cert-manager": "no Debian package",
    "ingress-nginx": "no Debian package",
    "kube-controller-manager": "a part of Kubernetes",
    "kube-state-metrics": "no Debian package",
    "kubelet": "a part of Kubernetes",
    "pgmonitor": "Crunchy's, no Debian package",
    "yace": "asks AWS",
}


Stopped = TypeVar("Stopped", exporters.Web, exporters.Resolver)
Targets = Mapping[str, Sequence[str]]  # job to what is scraped or probed


def local(*servers: Server | exporters.Resolver | exporters.Web) -> list[str]:
    """Return the addresses of servers of this machine."""
    return [f"127.0.0.1:{one.port}" for one in servers]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled platform, thirty times as fast."""
    return build(tmp_path_factory.mktemp("built"), SCALE)


def build(folder: Path, scale: int) -> Path:
    """Compile the platform of this repository in a folder; everybody is told by Slack, at the address in `SLACK`."""
    shutil.copytree(ROOT / "slos", folder / "slos")
    platform = yaml.safe_load((ROOT / "slogen.yaml").read_text("utf-8"))
    slack = {"apiUrlFile": str(folder / SLACK), "channel": "#e2e"}
    (folder / SLACK).write_text("http://127.0.0.1:9/", "utf-8")
    platform["receivers"] = {name: {"slack": slack} for name in platform["receivers"]}
    platform["prometheus"]["prober"] = PROBER
    (folder / "slogen.yaml").write_text(yaml.safe_dump(platform | {"timeScale": scale}, sort_keys=False), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "slogen", "-C", str(folder), "build"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


class Watch(Prometheus):
    """A Prometheus with the compiled configuration, of which only addresses are replaced, and at first no rules.

    It is to watch `services` in `targets`. Jobs without targets are left out; one that nothing declares fails the
    test. `prober` is the port of the blackbox exporter. `pages` fire so far, as they should.
    """

    def __init__(
        self,
        built: Path,
        folder: Path,
        services: Sequence[str],
        targets: Targets,
        *,
        prober: int = 9,
        tellers: Sequence[Alertmanager] = (),
        interval: str | None = None,
        port: int | None = None,
    ) -> None:
        program = exporters.programs("prometheus")["prometheus"]
        (first, *_) = sorted((built / "prometheus" / CLUSTER).glob("*.yaml"))
        config = yaml.safe_load(first.read_text("utf-8").replace(PROBER, f"127.0.0.1:{prober}"))
        addresses = [f"127.0.0.1:{one.port}" for one in tellers]
        config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": addresses}]}]
        declared = {job["job_name"]: job for job in config["scrape_configs"]}
        assert set(targets) == {job for service in services for job in REAL[service]}
        assert set(targets) <= set(declared), "these jobs are in no SLO file"
        config["scrape_configs"] = [_found(declared[name], found) for name, found in targets.items()]
        config["global"]["scrape_interval"] = interval or config["global"]["scrape_interval"]
        self.built, self.services, self.jobs, self._config = built, tuple(services), tuple(targets), config
        self.pages: set[str] = set()
        folder.mkdir(parents=True)
        self._file = folder / "prometheus.yaml"
        self._write([])
        port = port or free_port()
        options = [f"--config.file={self._file}", f"--storage.tsdb.path={folder}/data", "--web.enable-lifecycle"]
        # What fires is told each minute, which timeScale does not reach.
        options += [f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=2s"]
        super().__init__([program, *options], port, folder)
        exporters.leashed(self)

    def _write(self, rules: Sequence[str]) -> None:
        self._file.write_text(yaml.safe_dump(self._config | {"rule_files": list(rules)}, sort_keys=False), "utf-8")

    def matches(self, selector: str) -> bool:
        """Return whether there is a series."""
        return bool(self.get("query", query=f"count({selector})")["result"])

    def verify(self, born: Mapping[str, str] = NOTHING, *, also: Collection[str] = ()) -> None:
        """Every selector matches that asks for a scraped job, or for none and is of the services or `also` others.

        The table `born` tells of those that do not match yet, and why.
        """
        wanted = {
            selector
            for selector, readers in read_by(self.built).items()
            if any(of_job(selector, job) for job in self.jobs)
            or (of_job(selector) and not readers.isdisjoint({*self.services, *also}))
        }
        assert wanted, self.jobs
        assert set(born) <= wanted, "the table has what no rule reads"
        took = agree(lambda: {one for one in wanted if not self.matches(one)}, set(born), 30)
        print(f"{len(wanted) - len(born)} selectors of {', '.join(self.jobs)} match after {took:.1f} s")

    def load(self, *, blind: Sequence[str] = (), absent: Sequence[str] = ()) -> None:
        """Evaluate the rules of the services, and wait until all their SLOs are measured but those that are `blind`.

        `absent` are services of which there are rules, but no targets. A Prometheus scrapes nothing in its first five
        seconds, which are minutes here: alerts on absence would page if it had the rules from the start.
        """
        targets = sum(len(job["static_configs"]) for job in self._config["scrape_configs"])
        self.wait(lambda: self.value("count(up)") == targets, 30, "all targets are scraped")
        self._write([f"{self.built}/rules/{of}/{name}.yaml" for name in (*self.services, *absent) for of in EVALUATORS])
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/reload", data=b"", timeout=10):
            pass
        slos = f'slogen_slo_info{{service=~"{"|".join(self.services)}"}}'
        unmeasured = f"{slos} unless on (service, slo) slo:sli_total:rate5m"
        self.wait(lambda: {one["health"] for one in self.rules()} == {"ok"}, 30, "all rules are evaluated")
        agree(lambda: self.names(unmeasured), set(blind), 30)
        self.check()

    def names(self, expr: str) -> set[str]:
        """Return the names of the SLOs or alerts in the result of an expression."""
        return {name(one["metric"]) for one in self.get("query", query=expr)["result"]}

    def firing(self, severity: str) -> set[str]:
        """Return what fires of a class, without its rungs."""
        return self.names(f'ALERTS{{alertstate="firing",severity="{severity}",escalation=""}}')

    def awaits(self, *wanted: str, severity: str = "critical", doing: Callable[[], object] = int) -> None:
        """Wait until alerts fire, doing something all the time; no page may fire that was not awaited."""
        for one in wanted:

            def found(one: str = one) -> set[str]:
                doing()
                return self.firing(severity) & {one}

            print(f"{one} ({severity}) after {agree(found, {one}, 90):.1f} s")
        if severity == "critical":
            self.pages |= set(wanted)
        self.check()

    def check(self) -> None:
        """Nothing pages but what has been awaited."""
        assert self.firing("critical") - set(AWAY) <= self.pages


def agree(found: Callable[[], set[str]], wanted: set[str], seconds: float) -> float:
    """Wait until what is found is what is wanted; return how long it took."""
    started = time.monotonic()
    while (seen := found()) != wanted and time.monotonic() < started + seconds:
        time.sleep(0.1)
    assert seen == wanted, f"after {seconds} s"
    return time.monotonic() - started


def name(labels: Mapping[str, str]) -> str:
    """Return the service and what of it: `service/slo` or `service/alert`, and that an SLO has no data."""
    missing = " no data" if labels.get("alertname") == "SLONoData" else ""
    return f"{labels.get('service')}/{labels.get('slo') or labels['alertname']}{missing}"


def _found(job: dict[str, Any], addresses: Sequence[str]) -> dict[str, Any]:
    """Return a scrape job that finds these targets, with the labels that Kubernetes would give them."""
    discovered = "kubernetes_sd_configs" in job
    replaced = ("kubernetes_sd_configs", "relabel_configs") if discovered else ()
    kept = {key: value for key, value in job.items() if key not in replaced}
    return kept | {
        "static_configs": [
            {"targets": [one], "labels": {"namespace": "e2e", "pod": f"e2e-{place}"} if discovered else {}}
            for place, one in enumerate(addresses)
        ]
    }


def read_by(built: Path) -> dict[str, set[str]]:
    """Return the selectors of scraped series in the compiled rules, and which services read each."""
    found: dict[str, set[str]] = {}
    for path in (path for of in EVALUATORS for path in sorted((built / "rules" / of).glob("*.yaml"))):
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                for selector in selectors(rule["expr"]):
                    if not selector.name.startswith(RECORDED):
                        found.setdefault(selector.text, set()).add(path.stem)
    return found


def of_job(selector: str, job: str | None = None) -> bool:
    """Return whether a selector asks for a job by name; without one, whether it asks for no job at all."""
    (parsed,) = selectors(selector)
    asked = [(operator, value) for label, operator, value in matchers(parsed) if label == "job"]
    if job is None or not asked:
        return job is None and not asked
    return all(
        (operator == "=" and value == job) or (operator == "=~" and re.fullmatch(value, job) is not None)
        for operator, value in asked
    )


def test_no_selector_is_left_out(built: Path) -> None:
    """What the watched services read is scraped in one of the tests below, or the table above tells why it is not."""
    read = [one for one, readers in read_by(built).items() if not readers.isdisjoint(REAL) and not of_job(one)]
    here = {job for jobs in REAL.values() for job in jobs}
    assert [one for one in read if not any(of_job(one, job) for job in (*here, *ELSEWHERE))] == []
    assert [job for job in ELSEWHERE if job in here or not any(of_job(one, job) for one in read)] == []


def test_postgresql(built: Path) -> None:
    """Both standbys fall behind while the primary writes, which mutes what depends on it; then the primary dies."""
    program = exporters.programs("prometheus-alertmanager")["prometheus-alertmanager"]
    with exporters.own_folder("postgres") as folder, ExitStack() as stack:
        postgres = exporters.Postgres(folder)
        targets = {"patroni": local(*postgres.patroni), "postgres": local(*postgres.exporters)}
        config = built / "alertmanager" / "alertmanager.yaml"
        (teller,) = new_alertmanagers(program, folder, config, [free_port()])
        exporters.leashed(teller)
        watch = Watch(built, folder / "prometheus", ["postgresql"], targets, tellers=[teller])
        stack.enter_context(running(*postgres.patroni, *postgres.exporters, *postgres.store, teller))
        primary = postgres.join()
        for standby in postgres.standbys():
            stack.enter_context(postgres.reading(standby))
        postgres.write()
        since = time.monotonic()
        stack.enter_context(running(watch))
        watch.verify()
        # The audit service writes to PostgreSQL, Prometheus does not; neither is measured here, which is a warning.
        watch.load(blind=["postgresql/backup"], absent=["audit-service", "prometheus"])
        depends, stands = "audit-service/AuditServiceReplicasLow", "prometheus/rule-evaluation no data"
        wait(lambda: muted(teller).get(depends) is False, 30, "the dependant is told of")
        watch.awaits("postgresql/rpo")
        assert time.monotonic() - since > 60
        wait(lambda: muted(teller).get(depends) is True, 30, "the dependant is muted")
        assert muted(teller)[stands] is False
        primary.patroni.kill()
        watch.awaits("postgresql/availability", "postgresql/DatabaseDown")


def muted(teller: Alertmanager) -> dict[str, bool]:
    """Return the alerts that Alertmanager has, and whether it mutes them for the sake of another one."""
    with urllib.request.urlopen(f"http://127.0.0.1:{teller.port}/api/v2/alerts", timeout=10) as answer:
        return {name(one["labels"]): bool(one["status"]["inhibitedBy"]) for one in json.load(answer)}


def test_monitoring(built: Path, tmp_path: Path) -> None:
    """Slack refuses what Alertmanager tells; one of each dies; then nobody is left who takes alerts."""
    with ExitStack() as stack:
        found = exporters.programs("prometheus", "prometheus-alertmanager")
        slack = _stopped(stack, exporters.Web())
        (built / SLACK).write_text(f"http://127.0.0.1:{slack.port}/", "utf-8")
        config = built / "alertmanager" / "alertmanager.yaml"
        ports = [free_port() for _ in range(3)]
        tellers = new_alertmanagers(found["prometheus-alertmanager"], tmp_path, config, ports, flags=CLOSE)
        other = new_prometheus(found["prometheus"], tmp_path / "other", [], alertmanagers=tellers)
        exporters.leashed(other, *tellers)
        port = free_port()
        targets = {"prometheus": [f"127.0.0.1:{port}", *local(other)], "alertmanager": local(*tellers)}
        services = ["prometheus", "alertmanager"]
        watch = Watch(built, tmp_path / "prometheus", services, targets, tellers=tellers, port=port)
        stack.enter_context(running(*tellers, other, watch))
        # Somebody to tell of, once Prometheus has found Alertmanager again: it loses sight of it in a reload.
        watch.load(absent=["audit-service"])
        watch.verify(THANOS, also=["_platform"])
        wait(lambda: watch.matches("alertmanager_notifications_total > 0"), 60, "something is told")
        slack.status = 403
        watch.awaits("alertmanager/NotifierUnreachable")
        other.kill()
        tellers[0].kill()
        watch.awaits("prometheus/PrometheusReplicaDown", "alertmanager/AlertmanagerReplicasLow", severity="warning")
        for one in tellers[1:]:
            one.kill()
        watch.awaits("prometheus/alert-delivery")


THANOS = {
    f"thanos_{name}": "Thanos has no Debian package; tests/e2e/test_platform.py runs it"
    for name in (
        "alert_sender_alerts_dropped_total",
        "compact_halted",
        "rule_evaluation_with_warnings_total",
        "rule_loaded_rules",
        "shipper_upload_failures_total",
    )
}


def test_etcd(built: Path, tmp_path: Path) -> None:
    """Two of five members die, and the next would end the quorum; then it does."""
    members = exporters.etcd(tmp_path, 5)
    watch = Watch(built, tmp_path / "prometheus", ["etcd"], {"etcd": local(*members)})
    with running(*members), running(watch):
        watch.verify()
        watch.load()
        for one in members[:2]:
            one.kill()
        watch.awaits("etcd/EtcdQuorumAtRisk")
        members[2].kill()
        watch.awaits("etcd/quorum")


def test_edge(built: Path, tmp_path: Path) -> None:
    """What is probed from outside, and what HAProxy passes on: resolvers, controllers, a region, all fail in turn."""
    with ExitStack() as stack:
        shows = exporters.certificate(tmp_path)
        entry, east, west, cdn = (_stopped(stack, exporters.Web(shows)) for _ in range(4))
        firewall = _stopped(stack, exporters.Web(shows, status=403))
        resolvers = [_stopped(stack, exporters.Resolver()) for _ in range(3)]
        controllers = [_stopped(stack, exporters.Web()) for _ in range(2)]
        proxies = [exporters.Proxy(tmp_path / f"haproxy-{place}", controllers) for place in range(2)]
        prober = exporters.blackbox(tmp_path / "blackbox", shows)
        targets = {
            "blackbox-global": [entry.url],
            "blackbox-regional": [east.url, west.url],
            "blackbox-cdn": [cdn.url],
            "blackbox-waf": [firewall.url],
            "blackbox-tls": local(entry, east, west),
            "blackbox-dns": local(*resolvers),
            "haproxy": local(*proxies),
        }
        services = ["global-load-balancer", "dns", "cdn", "certificates", "ingress"]
        if exporters.may_ping():  # root may
            services.append("transit")
            targets |= {"blackbox-transit-us-east-1": ["127.0.0.1"], "blackbox-transit-us-west-2": ["127.0.0.2"]}
        watch = Watch(built, tmp_path / "prometheus", services, targets, prober=prober.port)
        stack.enter_context(running(prober, *proxies, watch))

        def asking() -> None:
            for one in proxies:
                one.ask(5)

        asking()
        watch.verify()
        watch.load(blind=["ingress/availability"])
        controllers[0].stop()
        for one in resolvers[1:]:
            one.healthy = False
        watch.awaits("dns/availability", doing=asking)
        east.status = 500
        watch.awaits("global-load-balancer/RegionEntryDown", doing=asking)
        watch.awaits("ingress/HaproxyServerDown", severity="warning", doing=asking)
        controllers[1].stop()
        watch.awaits("ingress/proxy-delivery", doing=asking)
        entry.status = 503
        watch.awaits("global-load-balancer/availability")


def _stopped(stack: ExitStack, server: Stopped) -> Stopped:
    stack.callback(server.stop)
    return server


def test_nodes(tmp_path: Path) -> None:
    """A disk fills up, then fails. It takes an hour to be sure of the first: 120 times as fast, with fewer scrapes."""
    node = exporters.Node(tmp_path / "node")
    built = build(tmp_path / "built", 120)
    services = ["nodes", "capacity"]
    watch = Watch(built, tmp_path / "prometheus", services, {"node": local(node)}, interval="1s")
    with running(node), running(watch):
        watch.verify(WITHOUT_FIREWALL)
        watch.load(blind=["nodes/ready", "nodes/pod-start"])
        assert "capacity/NodeDiskFilling" not in watch.firing("warning")
        node.fill()
        watch.awaits("capacity/NodeDiskFilling", severity="warning")
        assert watch.matches(f'ALERTS{{alertname="NodeDiskFilling",alertstate="firing",mountpoint="{node.PLACE}"}}')
        node.fail()
        watch.awaits("nodes/NodeFilesystemReadOnly", severity="warning")


WITHOUT_FIREWALL = (
    {}
    if Path("/proc/sys/net/netfilter/nf_conntrack_max").exists()
    else {
        f'node_nf_conntrack_{name}{{job="node"}}': "a kernel without connection tracking"
        for name in ("entries", "entries_limit")
    }
)


def test_redis(built: Path, tmp_path: Path) -> None:
    """A replica dies, which is for working hours; then its master: a third of the slots is gone, writes are refused."""
    redis = exporters.Redis(tmp_path)
    watch = Watch(built, tmp_path / "prometheus", ["redis"], {"redis": local(*redis.exporters)})
    with running(*redis.nodes, *redis.exporters):
        redis.join()
        redis.write()
        with running(watch):
            watch.verify(REFUSED)
            watch.load()
            master, replica = redis.shards()[0]
            replica.kill()
            watch.awaits("redis/RedisShardUnreplicated", severity="warning")
            master.kill()
            watch.awaits("redis/availability")
            watch.awaits("redis/errors", doing=redis.write)
            assert all(map(watch.matches, REFUSED)), "the failure gives birth to what was empty"


_BY_REDIS = "OOM|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY|MISCONF|NOREPLICAS|TRYAGAIN|BUSY"
REFUSED = {f'redis_errors_total{{job="redis",err=~"{_BY_REDIS}"}}': "an error has a series from its first on"}
