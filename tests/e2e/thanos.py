"""A whole platform on loopback: every Prometheus, Thanos and Alertmanager, from the generated files and flags.

What a test machine has not got is overlaid, and nothing else:

- names and ports in the network become 127.0.0.1 and free ports; a name that stands for several servers, as
  `dnssrv+_grpc._tcp.thanos-store…`, becomes the list of them;
- /etc/slogen is the folder that was built, /var/lib/slogen one of the server's own;
- the store looks into the bucket every 2 seconds, which no timeScale reaches.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.server import Alertmanager, Prometheus, Server, free_port, new_alertmanagers

ROOT, DATA = "/etc/slogen", "/var/lib/slogen"
QUICKER = {"store": ["--sync-block-duration=2s"]}
_ADDRESS = re.compile(r"([a-z0-9.-]+\.svc(?:\.clusterset\.local)?):([0-9]+)")
_EVERY = re.compile(r"dnssrv\+_(?P<port>[a-z-]+)\._tcp\.(?P<service>[a-z0-9-]+)\.[a-z0-9-]+\.svc")
# The ports behind the names of ports, by what is generated.
_PORTS = {"grpc": 10901, "http": 10902, "web": 9093}
_LISTENS = re.compile(
    r"--(?:web\.listen-address|(?:grpc|http|remote-write|receive\.capnproto)[-.]address)=[0-9.]*:([0-9]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """What is run."""

    prometheus: str
    alertmanager: str
    thanos: str
    promtool: str


@dataclass
class Site:
    """The servers of one cluster, not started yet; `tree` is what was built, with the overlay on it."""

    name: str
    namespace: str
    tree: Path
    folder: Path
    programs: Programs
    ports: dict[str, int] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)  # Service to the names of its servers

    def port(self, host: str, number: int) -> int:
        """Return the loopback port of a server, by the name and port that it is reached by."""
        return self.ports.setdefault(f"{host}:{number}", free_port())

    def own(self, member: str, service: str, number: int) -> int:
        """Return the loopback port of a server."""
        return self.port(f"{member}.{service}.{self.namespace}.svc", number)

    def overlay(self, text: str) -> str:
        """Return a text with addresses of this machine; a Service is its first server."""

        def local(found: re.Match[str]) -> str:
            host, number = found[1], int(found[2])
            service = host.removesuffix(f".{self.namespace}.svc")
            first = self.members.get(service)
            return f"127.0.0.1:{self.own(first[0], service, number) if first else self.port(host, number)}"

        return _ADDRESS.sub(local, text).replace(ROOT, str(self.tree))

    def overlay_file(self, path: Path) -> None:
        """Replace the addresses in a generated YAML file."""
        value = yaml.safe_load(path.read_text("utf-8"))
        path.write_text(self.overlay(yaml.safe_dump(self._listed(value), sort_keys=False, width=1000)), "utf-8")

    def _listed(self, value: Any) -> Any:
        """Return a value in which a name that stands for several servers is the list of them."""
        if isinstance(value, dict):
            return {key: self._listed(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [one for inner in value for one in self._each(inner)]
        return value

    def _each(self, value: Any) -> Iterable[Any]:
        text = value.get("address") if isinstance(value, dict) else value
        found = _EVERY.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return [self._listed(value)]
        number = _PORTS[found["port"]]
        hosts = [f"127.0.0.1:{self.own(member, found['service'], number)}" for member in self.members[found["service"]]]
        return [{**value, "address": host} for host in hosts] if isinstance(value, dict) else hosts

    def command(self, file: Path, member: str, service: str, kept: Path) -> list[str]:
        """Return the file of a server's flags as one argument, after the overlay."""
        lines = []
        for line in file.read_text("utf-8").splitlines():
            listens = _LISTENS.fullmatch(line)
            if listens:
                line = f"{line.partition('=')[0]}=127.0.0.1:{self.own(member, service, int(listens[1]))}"
            if line == "--prometheus.url=http://localhost:9090":
                line = f"--prometheus.url=http://127.0.0.1:{self.own(member, service, 9090)}"
            lines.append(self.overlay(line).replace(DATA, str(kept)))
        kept.mkdir(parents=True, exist_ok=True)
        overlaid = kept / file.name
        overlaid.write_text("\n".join(lines) + "\n", "utf-8")
        return [f"@{overlaid}"]


@dataclass
class Stack:
    """The servers of a site."""

    site: Site
    prometheus: list[Prometheus]
    sidecars: list[Server]
    thanos: dict[str, list[Prometheus]]  # command to its servers; they answer as Prometheus does
    alertmanagers: list[Alertmanager]

    @property
    def query(self) -> Prometheus:
        """The first querier."""
        return self.thanos["query"][0]

    @property
    def of_thanos(self) -> tuple[Server, ...]:
        """All servers of Thanos but the sidecars."""
        return tuple(server for servers in self.thanos.values() for server in servers)

    def raw(self, expr: str) -> list[dict[str, Any]]:
        """Return the series of an expression from all replicas, each by itself."""
        found: list[dict[str, Any]] = self.query.get("query", query=expr, dedup="false")["result"]
        return sorted(found, key=lambda one: sorted(one["metric"].items()))


def stack(built: Path, folder: Path, programs: Programs, platform: Mapping[str, Any], cluster: str) -> Stack:
    """Return the servers of a built platform with one cluster; their configuration is copied, then overlaid."""
    name, namespace = platform["metadata"]["name"], platform["metadata"].get("namespace", "monitoring")
    tree = folder / "tree"
    shutil.copytree(built, tree)
    site = Site(name=name, namespace=namespace, tree=tree, folder=folder, programs=programs)
    pairs = sorted((tree / "prometheus" / cluster).glob("*.flags"))
    names = [path.stem for path in pairs]
    commands = ("query", "query-frontend", "store", "compact", "rule", "receive")
    services = {command: f"thanos-{command}" for command in commands} | {"rule": "thanos-ruler-operated"}
    flags = {
        command: [path for path in sorted((tree / "thanos").glob(f"{command}-*.flags")) if _is(path, command)]
        for command in commands
    }
    site.members["prometheus-operated"] = names
    for command, paths in flags.items():
        first = f"thanos-ruler-{name}" if command == "rule" else f"thanos-{command}"
        site.members[services[command]] = [f"{first}-{place}" for place in range(len(paths))]
    tellers = platform["alertmanager"].get("replicas", 3)
    site.members["alertmanager-operated"] = [f"alertmanager-{name}-{place}" for place in range(tellers)]
    for path in (*(tree / "prometheus").rglob("*.yaml"), *(tree / "thanos").glob("*.yaml")):
        if "kubernetes" not in path.parts:
            site.overlay_file(path)
    for path in (tree / "thanos").glob("*.json"):
        path.write_text(site.overlay(path.read_text("utf-8")), "utf-8")
    servers, sidecars = [], []
    for place, path in enumerate(pairs):
        member, kept = path.stem, folder / path.stem
        port = site.own(member, "prometheus-operated", 9090)
        servers.append(
            Prometheus([programs.prometheus, *site.command(path, member, "prometheus-operated", kept)], port, kept)
        )
        beside = tree / "thanos" / f"sidecar-{place}.flags"
        arguments = site.command(beside, member, "prometheus-operated", kept)
        port = site.own(member, "prometheus-operated", 10902)
        sidecars.append(Server([programs.thanos, "sidecar", *arguments], port, folder / f"sidecar-{place}"))
    thanos = {}
    for command, paths in flags.items():
        thanos[command] = []
        for path, member in zip(paths, site.members[services[command]], strict=True):
            kept = folder / member
            arguments = [*site.command(path, member, services[command], kept), *QUICKER.get(command, [])]
            port = site.own(member, services[command], 10902)
            thanos[command].append(Prometheus([programs.thanos, command, *arguments], port, kept))
    ports = [site.own(one, "alertmanager-operated", 9093) for one in site.members["alertmanager-operated"]]
    managers = new_alertmanagers(
        programs.alertmanager, folder, tree / "alertmanager" / "alertmanager.yaml", ports, flags=CLUSTER
    )
    return Stack(site=site, prometheus=servers, sidecars=sidecars, thanos=thanos, alertmanagers=managers)


# Members of a cluster of Alertmanagers agree within a fraction of a scaled wait.
CLUSTER = ["--cluster.gossip-interval=50ms", "--cluster.peer-timeout=1s", "--cluster.settle-timeout=2s"]


def _is(path: Path, command: str) -> bool:
    return path.stem.removeprefix(f"{command}-").isdigit()


def blocks(promtool: str, folder: Path, samples: Iterable[str]) -> None:
    """Write blocks with samples in OpenMetrics, ordered by metric and time, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = folder.parent / f"{folder.name}.txt"
    text.write_text("\n".join([*samples, "# EOF\n"]), "utf-8")
    run(promtool, "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder))


def run(*command: str) -> str:
    """Run a program; a complaint fails the test."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout + done.stderr
