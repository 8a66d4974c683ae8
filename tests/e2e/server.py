"""Starts real servers, and an exporter to scrape, on free loopback ports; stops exactly those."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

# Below the ports that the kernel gives to outgoing connections: a server that was killed finds its own free again.
_PORTS = range(20_000, 32_000)
_given: dict[int, socket.socket] = {}


def free_port() -> int:
    """Return a port that nothing listens on, and that no other caller got, in other runs of the tests neither.

    A socket of that name (Linux has names that are in no folder) tells the others for as long as this run lasts.
    """
    while True:
        port = random.choice(_PORTS)
        if port in _given:
            continue
        told = socket.socket(socket.AF_UNIX)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                if sys.platform == "linux":
                    told.bind(f"\0slogen-port-{port}")
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                told.close()
                continue
        _given[port] = told
        return port


def wait(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait until the condition holds; return how long it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - started


def settle(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until the condition holds, at most so long, and some seconds more, in which it may break again."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(3)


class Server:
    """A program that serves HTTP; what it says is kept in `folder`/log, through every start."""

    def __init__(self, command: Sequence[str], port: int, folder: Path) -> None:
        self.command, self.port, self.folder = list(command), port, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting for it."""
        assert self._process is None, "it runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT)

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def started(self) -> None:
        """Wait until it is ready."""
        wait(self._ready, 60, f"{self.command[0]} is ready, see {self.folder}/log")

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Let it end in order; does nothing when it does not run."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.kill(process.pid, how)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Prometheus(Server):
    """A server that scrapes and evaluates."""

    def get(self, path: str, **parameters: str) -> Any:
        """Return the data of an API answer."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def rules(self) -> list[dict[str, Any]]:
        """Return every loaded rule."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def value(self, expr: str) -> float | None:
        """Return the value of an expression that gives one series, else None."""
        result = self.get("query", query=expr)["result"]
        return float(result[0]["value"][1]) if len(result) == 1 else None

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> float:
        """Wait until the condition holds; return how long it took."""
        return wait(condition, seconds, what)


class Alertmanager(Server):
    """A server that tells people, alone or with peers."""

    def members(self) -> int:
        """Return how many of a cluster it sees, itself among them; 0 while they still settle."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v2/status", timeout=10) as answer:
            cluster = json.load(answer)["cluster"]
        return len(cluster["peers"]) if cluster["status"] == "ready" else 0

    def silence(self, *matchers: str, seconds: float) -> None:
        """Silence what matches, from now on for so long, as a person does it."""
        amtool(
            *(
                "silence",
                "add",
                f"--alertmanager.url=http://127.0.0.1:{self.port}",
                f"--duration={round(1000 * seconds)}ms",
            ),
            *("--author=alice", "--comment=INC-1", *matchers),
        )


def amtool(*arguments: str) -> str:
    """Return what amtool prints; a complaint fails the test."""
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Start servers, wait until all are ready, and stop them in the end."""
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.started()
        yield
    finally:
        for server in servers:
            server.stop()


@contextmanager
def prometheus(
    program: str, folder: Path, rules: list[Path], *, targets: dict[str, int] | None = None, interval: str = "1s"
) -> Iterator[Prometheus]:
    """Run a server with these rule files that scrapes `targets` (job to port)."""
    server = new_prometheus(program, folder, rules, targets=targets, interval=interval)
    with running(server):
        yield server


def new_prometheus(
    program: str,
    folder: Path,
    rules: list[Path],
    *,
    targets: dict[str, int] | None = None,
    interval: str = "1s",
    alertmanagers: Sequence[Alertmanager] = (),
    labels: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
) -> Prometheus:
    """Return a server that was not started yet; it tells `alertmanagers` of its alerts, with external `labels`.

    The label that tells one replica from another is taken off on the way, as everybody does who runs two.
    """
    config: dict[str, Any] = {
        "global": {"scrape_interval": interval, "evaluation_interval": interval, "external_labels": dict(labels or {})},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for job, port in (targets or {}).items()
        ],
    }
    if alertmanagers:
        config["alerting"] = {
            "alert_relabel_configs": [{"action": "labeldrop", "regex": "prometheus_replica"}],
            "alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{one.port}" for one in alertmanagers]}]}],
        }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config), "utf-8")
    port = free_port()
    command = [
        program,
        f"--config.file={folder}/prometheus.yaml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        *flags,
    ]
    return Prometheus(command, port, folder)


def new_alertmanagers(
    program: str, folder: Path, config: Path, ports: Sequence[int], *, flags: Sequence[str] = ()
) -> list[Alertmanager]:
    """Return a server for each port, not started yet; two or more are a cluster."""
    peers = [free_port() for _ in ports]
    servers = []
    for place, (port, gossip) in enumerate(zip(ports, peers, strict=True)):
        own = folder / f"alertmanager-{place}"
        command = [
            program,
            f"--config.file={config}",
            f"--storage.path={own}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        if len(ports) == 1:
            command.append("--cluster.listen-address=")
        else:
            command += [f"--cluster.listen-address=127.0.0.1:{gossip}", *flags]
            command += [f"--cluster.peer=127.0.0.1:{peer}" for peer in peers if peer != gossip]
        servers.append(Alertmanager(command, port, own))
    return servers


class HttpServer(ThreadingHTTPServer):
    """A server that keeps many waiting rather than turn some away."""

    request_queue_size = 128
    daemon_threads = True


class Exporter:
    """Serves `text()` as metrics."""

    def __init__(self, text: Callable[[], str]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text().encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = HttpServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
