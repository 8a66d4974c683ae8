"""Real systems with their exporters, from Debian's packages: on free loopback ports, in folders of their own.

Each is started as a child that ends with the tests, whatever ends them; nothing of the machine's own is touched.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from tests.e2e.server import HttpServer, Server, free_port, wait

# Program to its Debian package.
PACKAGES = {
    "etcd": "etcd-server",
    "haproxy": "haproxy",
    "mkfs.ext4": "e2fsprogs",
    "nsenter": "util-linux",
    "openssl": "openssl",
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
    "unshare": "util-linux",
}
LEASH = ["setpriv", "--pdeathsig=KILL"]  # a child dies with the thread that started it
GENTLE_LEASH = ["setsid", "setpriv", "--pdeathsig=TERM"]  # it is asked to end, and does not hear what others are told
_PATH = os.pathsep.join(["/usr/lib/postgresql/15/bin", os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


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

    It dies with the tests. As root, it is started for `account` when there is one.
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


def leashed(*servers: Server) -> None:
    """Let servers end with the tests too."""
    for one in servers:
        one.command = [*LEASH, *one.command]


@contextmanager
def own_folder(account: str | None = None) -> Iterator[Path]:
    """Make a folder for a program that must not run as root: pytest's own folders are closed to other accounts."""
    with tempfile.TemporaryDirectory(prefix="slogen-", ignore_cleanup_errors=True) as name:
        if account is not None and os.geteuid() == 0:
            entry = pwd.getpwnam(account)
            os.chown(name, entry.pw_uid, entry.pw_gid)
        yield Path(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate for 127.0.0.1 that vouches for itself."""

    file: Path
    key: Path


def certificate(folder: Path) -> Certificate:
    """Make a certificate for 90 days."""
    made = Certificate(file=folder / "certificate.pem", key=folder / "key.pem")
    arguments = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(made.key)]
    named = ["-days", "90", "-subj", "/CN=slogen", "-addext", "subjectAltName=IP:127.0.0.1", "-out", str(made.file)]
    output(programs("openssl")["openssl"], "req", "-x509", *arguments, *named)
    return made


class Web:
    """A web server that answers every request with `status`."""

    def __init__(self, shows: Certificate | None = None, *, status: int = 200) -> None:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(web.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_OPTIONS = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.status = status
        self._server = HttpServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        if shows is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(shows.file, shows.key)
            # The thread of a request shakes hands, not the one that accepts.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of a page, when it shows a certificate."""
        return f"https://127.0.0.1:{self.port}/health"

    def stop(self) -> None:
        """Stop serving; once more does nothing."""
        self._server.shutdown()
        self._server.server_close()


class Resolver:
    """A name server that has one address for every name, or fails while not `healthy`."""

    def __init__(self) -> None:
        resolver = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, reply = self.request
                question = data[12 : data.index(0, 12) + 5]
                # An answer, recursion available; SERVFAIL, or one A record that points at the name in the question.
                flags, records = (0x8180, 1) if resolver.healthy else (0x8182, 0)
                answer = struct.pack(">HHHLH4B", 0xC00C, 1, 1, 60, 4, 127, 0, 0, 1) * records
                header = data[:2] + struct.pack(">5H", flags, 1, records, 0, 0)
                reply.sendto(header + question + answer, self.client_address)

        self.healthy = True
        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def may_ping() -> bool:
    """Return whether a program may send what ping does."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        return False
    return True


def blackbox(folder: Path, trusted: Certificate) -> Program:
    """Return a prober with the modules that the SLO files describe; it trusts one certificate."""
    address = {"preferred_ip_protocol": "ip4"}
    https = {"fail_if_not_ssl": True, "tls_config": {"ca_file": str(trusted.file)}, **address}
    answer = {"valid_rcodes": ["NOERROR"], "validate_answer_rrs": {"fail_if_none_matches_regexp": [".*A.*"]}}
    name = {"query_name": "api.acgs2.com", "query_type": "A", **answer, **address}
    modules = {
        "http_2xx": {"prober": "http", "http": https},
        "http_blocked": {"prober": "http", "http": {**https, "valid_status_codes": [403]}},
        "tls_any": {"prober": "tcp", "tcp": {"tls": True, "tls_config": {"insecure_skip_verify": True}, **address}},
        "dns_api": {"prober": "dns", "dns": name},
        "icmp": {"prober": "icmp", "icmp": address},
    }
    folder.mkdir(parents=True)
    (folder / "blackbox.yaml").write_text(yaml.safe_dump({"modules": modules}), "utf-8")
    port = free_port()
    program = programs("prometheus-blackbox-exporter")["prometheus-blackbox-exporter"]
    options = [f"--config.file={folder}/blackbox.yaml", f"--web.listen-address=127.0.0.1:{port}"]
    # Of the scrape's time-out of a second 0.1 s is kept for the way back, not half of it.
    return Program([program, *options, "--timeout-offset=0.1"], port, folder)


class Proxy(Program):
    """HAProxy in front of servers, with its own exporter; `front` is the port that it serves."""

    def __init__(self, folder: Path, servers: Sequence[Web]) -> None:
        self.front, metrics = free_port(), free_port()
        lines = [
            "defaults",
            *("mode http", "timeout connect 1s", "timeout client 5s", "timeout server 5s"),
            "frontend acgs2-entry",
            *(f"bind 127.0.0.1:{self.front}", "default_backend acgs2-ingress"),
            "backend acgs2-ingress",
            "option httpchk",
            *(f"server {one.port} 127.0.0.1:{one.port} check inter 500ms" for one in servers),
            "frontend metrics",
            f"bind 127.0.0.1:{metrics}",
            "http-request use-service prometheus-exporter if { path /metrics }",
        ]
        folder.mkdir(parents=True)
        (folder / "haproxy.cfg").write_text("\n".join([*lines, ""]), "utf-8")
        super().__init__([programs("haproxy")["haproxy"], "-db", "-f", f"{folder}/haproxy.cfg"], metrics, folder)

    def ask(self, times: int) -> None:
        """Ask it for a page, some times, and take any answer."""
        for _ in range(times):
            with suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.front}/", timeout=5).close()


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
        wait(self._joined, 30, "all nodes are in it")
        # A replica that has not met its master yet is none.
        wait(lambda: len(self.shards()) == 3, 30, "three masters have a replica")

    def _joined(self) -> bool:
        return all("cluster_state:ok" in self.ask("-p", str(node.port), "cluster", "info") for node in self.nodes)

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


class Patroni(Program):
    """The agent of a PostgreSQL server; both end at once and together, for their data is thrown away."""

    def __init__(self, command: Sequence[str], port: int, folder: Path, data: Path) -> None:
        # The server is a child of nobody: the agent must have the time to end it.
        super().__init__([*GENTLE_LEASH, *command], port, folder, path="/health", account="postgres")
        self._data = data

    def _end(self, how: signal.Signals) -> None:
        super()._end(signal.SIGKILL)
        wait(self._ended, 30, "PostgreSQL ends")

    def _ended(self) -> bool:
        """Let the server end at once; return whether none of its processes, which work in its data, is left."""
        left = [path.parent for path in Path("/proc").glob("[0-9]*/cwd") if _target(path) == self._data]
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(int(process.name), signal.SIGQUIT)
        return not left


def _target(link: Path) -> Path | None:
    try:
        return link.readlink()
    except OSError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A PostgreSQL server with its agent and its exporter."""

    port: int
    patroni: Patroni
    exporter: Program


class Postgres:
    """A Patroni cluster of three PostgreSQL servers with an exporter beside each, and the store of its leader lock."""

    def __init__(self, folder: Path) -> None:
        found = programs("etcd", "patroni", "pg_ctl", "psql", "prometheus-postgres-exporter")
        self._client, self._folder = found["psql"], folder
        self.store = etcd(folder, 1)
        (store,) = self.store
        self.members = [_member(folder / f"postgres-{name}", name, found, store.port) for name in ("a", "b", "c")]

    @property
    def patroni(self) -> list[Program]:
        """The agents."""
        return [one.patroni for one in self.members]

    @property
    def exporters(self) -> list[Program]:
        """The exporters."""
        return [one.exporter for one in self.members]

    def join(self) -> Member:
        """Wait until two standbys follow, one of them so that commits wait for it; return the primary."""
        state = "select string_agg(state || sync_state, ' ' order by sync_state) from pg_stat_replication"

        def joined() -> bool:
            primary = self.primary()
            return primary is not None and self.ask(primary, state) == "streamingasync streamingsync"

        wait(joined, 60, "the standbys follow")
        primary = self.primary()
        assert primary is not None
        self.ask(primary, "create table written (at timestamptz)")
        self.ask(primary, "select pg_switch_wal()")  # so that a segment is archived
        return primary

    def ask(self, member: Member, statement: str) -> str:
        """Return what a server answers, or an empty text when it does not."""
        command = self._psql(member, statement)
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.strip()

    def _psql(self, member: Member, statement: str) -> list[str]:
        address = ["-h", "127.0.0.1", "-p", str(member.port), "-U", "postgres"]
        return [self._client, *address, "-XAtqc", statement, "postgres"]

    def primary(self) -> Member | None:
        """Return the server that takes writes."""
        found = [one for one in self.members if self.ask(one, "select pg_is_in_recovery()") == "f"]
        return found[0] if len(found) == 1 else None

    def standbys(self) -> list[Member]:
        """Return the servers that follow."""
        return [one for one in self.members if self.ask(one, "select pg_is_in_recovery()") == "t"]

    def write(self) -> None:
        """Commit 2 MiB, which a standby can replay only when nobody reads there."""
        primary = self.primary()
        assert primary is not None
        self.ask(primary, "truncate written; insert into written select now() from generate_series(1, 50000)")

    @contextmanager
    def reading(self, standby: Member) -> Iterator[None]:
        """Read at a standby, so that it replays nothing more; a pause of the replay would be ended by Patroni."""
        lock = "begin; lock written in access share mode; select pg_sleep(600)"
        session = Program(self._psql(standby, lock), standby.port, self._folder / "session")
        session.start()
        try:
            waiting = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
            wait(lambda: self.ask(standby, waiting) == "1", 30, "the session reads")
            yield
        finally:
            session.stop()


def _member(folder: Path, name: str, found: Mapping[str, str], store: int) -> Member:
    port, agent, exporter = free_port(), free_port(), free_port()
    local = ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
    config = {
        "scope": "acgs2",
        "name": name,
        "restapi": {"listen": f"127.0.0.1:{agent}", "connect_address": f"127.0.0.1:{agent}"},
        "etcd3": {"hosts": f"127.0.0.1:{store}"},
        "bootstrap": {
            "dcs": {"ttl": 30, "loop_wait": 1, "retry_timeout": 5, "synchronous_mode": True},
            "initdb": ["data-checksums", "no-sync", {"encoding": "UTF8"}, {"locale": "C"}],
        },
        "postgresql": {
            "listen": f"127.0.0.1:{port}",
            "connect_address": f"127.0.0.1:{port}",
            "data_dir": str(folder / "data"),
            "bin_dir": str(Path(found["pg_ctl"]).parent),
            "pgpass": str(folder / "pgpass"),
            "pg_hba": local,
            "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "replicator"}},
            "parameters": {
                "unix_socket_directories": "",
                "fsync": "off",
                "shared_buffers": "16MB",
                "archive_mode": "on",
                "archive_command": "true",
                "max_standby_streaming_delay": -1,
            },
        },
    }
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    (folder / "patroni.yaml").write_text(yaml.safe_dump(config), "utf-8")
    source = f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
    command = [found["prometheus-postgres-exporter"], f"--web.listen-address=127.0.0.1:{exporter}"]
    return Member(
        port=port,
        patroni=Patroni([found["patroni"], str(folder / "patroni.yaml")], agent, folder, folder / "data"),
        exporter=Program(command, exporter, folder / "exporter", environment={"DATA_SOURCE_NAME": source}),
    )


class Node(Program):
    """node_exporter on a machine with a disk of 16 MiB at `PLACE`, which can be filled and can fail.

    It has a namespace of its own for the mount, so that nobody else sees it and nothing of it is left. Where mounting
    is not permitted a text file tells of the disk instead.
    """

    PLACE = Path("/var/lib/etcd")

    def __init__(self, folder: Path) -> None:
        found = programs("prometheus-node-exporter", "mkfs.ext4", "nsenter", "unshare")
        self._enter, port, image = found["nsenter"], free_port(), folder / "disk"
        folder.mkdir(parents=True)
        with image.open("wb") as file:
            file.truncate(16 * 2**20)
        output(found["mkfs.ext4"], "-q", "-m", "0", "-O", "^has_journal", str(image))
        apart = [found["unshare"], "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c"]
        mount = f"mount -o loop {image} {self.PLACE}"
        options = [f"--web.listen-address=127.0.0.1:{port}", f"--collector.textfile.directory={folder}"]
        command = [found["prometheus-node-exporter"], *options]
        self.mounts = subprocess.run([*apart, mount], capture_output=True, check=False).returncode == 0
        if self.mounts:
            command = [*apart, f'{mount} && exec "$@"', "sh", *command]
        else:
            command.append("--no-collector.filesystem")
        super().__init__(command, port, folder)
        if not self.mounts:
            self._tell(avail=15 * 2**20, readonly=0)

    def fill(self) -> None:
        """Leave 5 % of the disk."""
        if self.mounts:
            (self._root / "file").write_bytes(bytes(14 * 2**20))
        else:
            self._tell(avail=2**20, readonly=0)

    def fail(self) -> None:
        """Let the disk be read only, as the kernel does when it cannot write."""
        if self.mounts:
            output(self._enter, f"--target={self._inner}", "--mount", "mount", "-o", "remount,ro", str(self.PLACE))
        else:
            self._tell(avail=2**20, readonly=1)

    @property
    def _inner(self) -> int:
        """The process in the namespace."""
        assert self._process is not None
        (child,) = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(child)

    @property
    def _root(self) -> Path:
        return Path(f"/proc/{self._inner}/root{self.PLACE}")

    def _tell(self, **values: int) -> None:
        series = {"avail_bytes": 0, "readonly": 0, "size_bytes": 15 * 2**20, "files": 4096, "files_free": 4000}
        values = {name: values.get(name.removesuffix("_bytes"), value) for name, value in series.items()}
        labels = f'device="/dev/sdb",fstype="ext4",mountpoint="{self.PLACE}"'
        lines = [f"node_filesystem_{name}{{{labels}}} {value}\n" for name, value in values.items()]
        (self.folder / "new").write_text("".join(lines), "utf-8")
        (self.folder / "new").replace(self.folder / "disk.prom")

    def _end(self, how: signal.Signals) -> None:
        super()._end(signal.SIGKILL)  # unshare takes no SIGTERM; what is in its namespace dies with it
