"""Real systems with their exporters, from Debian's packages: on free loopback ports, in folders of their own.

Each is started as a child that ends with the tests, whatever ends them; nothing of the machine's own is touched.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from tests.e2e.server import HttpServer, Server, free_port, wait

# Program to its Debian package.
PACKAGES = {
    "etcd": "etcd-server",
    "haproxy": "haproxy",
    "patroni": "patroni",
    "pg_ctl": "postgresql-15",
    "psql": "postgresql-client-15",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "prometheus-redis-exporter": "prometheus-redis-exporter",
    "redis-cli": "redis-tools",
    "redis-server": "redis-server",
}
LEASH = ["setpriv", "--pdeathsig=TERM"]  # ends a child with the thread that started it
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/lib/postgresql/15/bin"])


def programs(*names: str) -> dict[str, str]:
    """Return where programs are; without one the test fails where it could have been installed, else it skips."""
    found = {name: shutil.which(name, path=_PATH) for name in names}
    missing = [PACKAGES[name] for name, path in found.items() if path is None]
    if missing:
        told = f"install them first: apt-get install {' '.join(missing)}"
        if os.geteuid() == 0 and shutil.which("apt-get"):
            pytest.fail(told)
        pytest.skip(told)
    return {name: path for name, path in found.items() if path is not None}


class Program(Server):
    """A program that is ready when it answers at `path`, or takes connections when there is none.

    It gets SIGTERM when the tests die. As root, it is started for `account` when there is one.
    """

    def __init__(
        self,
        command: Sequence[str],
        port: int,
        folder: Path,
        *,
        path: str | None = "/metrics",
        account: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        leash = list(LEASH)
        if account is not None and os.geteuid() == 0:
            leash += [f"--reuid={account}", f"--regid={account}", "--clear-groups"]
        variables = ["env", *(f"{name}={value}" for name, value in (environment or {}).items())]
        super().__init__([*leash, *variables, *command], port, folder)
        self._path = path

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2000:]
        try:
            if self._path is None:
                socket.create_connection(("127.0.0.1", self.port), 2).close()
                return True
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self._path}", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def own_folder(account: str | None = None) -> Iterator[Path]:
    """Make a folder for a program that must not run as root: pytest's own folders are closed to other accounts."""
    with tempfile.TemporaryDirectory(prefix="slogen-", ignore_cleanup_errors=True) as name:
        if account is not None and os.geteuid() == 0:
            entry = pwd.getpwnam(account)
            os.chown(name, entry.pw_uid, entry.pw_gid)
        yield Path(name)


class Web:
    """A web server that answers every GET and POST with `status`."""

    def __init__(self) -> None:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(web.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.status = 200
        self._server = HttpServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def etcd(folder: Path, members: int) -> list[Program]:
    """Return the members of an etcd cluster, which serve their clients and metrics on one port."""
    program = programs("etcd")["etcd"]
    ports = [(free_port(), free_port()) for _ in range(members)]
    peers = [f"http://127.0.0.1:{peer}" for _, peer in ports]
    return [
        Program(
            [
                program,
                f"--name=etcd-{place}",
                f"--data-dir={folder}/etcd-{place}/data",
                f"--listen-client-urls=http://127.0.0.1:{port}",
                f"--advertise-client-urls=http://127.0.0.1:{port}",
                f"--listen-peer-urls=http://127.0.0.1:{peer}",
                f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
                "--initial-cluster=" + ",".join(f"etcd-{other}={url}" for other, url in enumerate(peers)),
            ],
            port,
            folder / f"etcd-{place}",
            path="/health",
        )
        for place, (port, peer) in enumerate(ports)
    ]


_FACT = re.compile(r"^(\w+):(\S+)", re.M)


class Redis:
    """A Redis Cluster, three masters with a replica each, and an exporter beside every node."""

    def __init__(self, folder: Path) -> None:
        found = programs("redis-server", "redis-cli", "prometheus-redis-exporter")
        self._client = found["redis-cli"]
        self.nodes, self.exporters = [], []
        for place in range(6):
            own, port, exporter = folder / f"redis-{place}", free_port(), free_port()
            own.mkdir(parents=True)
            settings = {
                "port": port,
                "bind": "127.0.0.1",
                "dir": own,
                "cluster-enabled": "yes",
                "cluster-port": free_port(),
                "cluster-node-timeout": 1000,
                "appendonly": "yes",
                "maxmemory": "64mb",
            }
            arguments = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
            self.nodes.append(Program([found["redis-server"], *arguments], port, own, path=None))
            addresses = [f"--redis.addr=redis://127.0.0.1:{port}", f"--web.listen-address=127.0.0.1:{exporter}"]
            command = [found["prometheus-redis-exporter"], *addresses]
            self.exporters.append(Program(command, exporter, folder / f"exporter-{place}"))

    def join(self) -> None:
        """Make a cluster of the nodes, and wait until each says that it is one."""
        addresses = [f"127.0.0.1:{node.port}@{self._bus(node)}" for node in self.nodes]
        self.ask("--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes")
        for node in self.nodes:
            wait(lambda node=node: "cluster_state:ok" in self.ask("-p", str(node.port), "cluster", "info"), 30, "it is ok")
        # A replica that has not met its master yet is none.
        wait(lambda: len(self.shards()) == 3, 30, "three masters have a replica")

    def shards(self) -> list[tuple[Program, Program]]:
        """Return each master with its replica, as far as the replica follows it."""
        about = [dict(_FACT.findall(self.ask("-p", str(node.port), "info", "replication"))) for node in self.nodes]
        by_port = {str(node.port): node for node in self.nodes}
        return [
            (by_port[facts["master_port"]], node)
            for node, facts in zip(self.nodes, about, strict=True)
            if facts.get("master_link_status") == "up"
        ]

    def write(self) -> None:
        """Send a hundred commands to each node that lives, of which some are answered, some redirected or refused."""
        for node in self.nodes:
            if node.running:
                self.ask("-p", str(node.port), "-r", "100", "set", "key", "value")

    def ask(self, *arguments: str) -> str:
        """Return what the client prints."""
        return output(self._client, "-h", "127.0.0.1", *arguments)

    def _bus(self, node: Program) -> str:
        return node.command[node.command.index("--cluster-port") + 1]


def output(*command: str) -> str:
    """Return what a program prints; a complaint fails the test."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
