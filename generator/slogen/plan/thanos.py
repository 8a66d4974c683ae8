"""The servers of Thanos: which there are, their flags and ports, and the configuration files that the flags name.

`emit.thanos` writes a file of flags for each server, Kubernetes resources take the same flags as arguments. REPLICA in
a flag stands for the server's own name, such as thanos-store-0: the name of its pod, which Kubernetes puts in its place
when the variable POD_NAME is set. `Component.of` does the same where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slogen.core import Duration
from slogen.model import ObjectStorage, Platform, Setting, ThanosSettings
from slogen.plan.topology import (
    ALERTMANAGER,
    ALERTMANAGER_SERVICE,
    DATA,
    PROMETHEUS,
    PROMETHEUS_SERVICE,
    ROOT,
    Flag,
    Port,
    Value,
    addresses,
    home,
    prometheus_members,
    release,
    service_host,
    service_url,
)
from slogen.promql import names

REPLICA = "$(POD_NAME)"
HEARTBEAT = Duration.of("5s")  # how often a sidecar asks its Prometheus; 30s if nothing is said
RECEIVERS = 3  # of receive: with three copies of a sample one server may be away
GRPC, HTTP = Port(name="grpc", number=10901), Port(name="http", number=10902)
_REMOTE_WRITE = Port(name="remote-write", number=19291)
_QUERY, _FRONTEND, _STORE, _RECEIVE = "thanos-query", "thanos-query-frontend", "thanos-store", "thanos-receive"
_RULER_SERVICE = "thanos-ruler-operated"  # the operator of Prometheus makes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Servers of one kind: `replicas` of `thanos command flags`.

    Some flags stand there several times. `name` with a dash and a number is the name of a server, `service` what they
    are reached by. `files` are the configuration files in thanos/ that it reads, `data` is the folder that it keeps
    things in, if any.
    """

    name: str
    service: str
    command: str
    replicas: int
    flags: tuple[Flag, ...]
    ports: tuple[Port, ...] = (GRPC, HTTP)
    files: tuple[str, ...] = ()
    data: str | None = None
    purpose: str

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the servers."""
        return tuple(f"{self.name}-{number}" for number in range(self.replicas))

    def of(self, member: str) -> tuple[Flag, ...]:
        """Return the flags of one server."""
        return tuple((name, value and value.replace(REPLICA, member)) for name, value in self.flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A configuration file in thanos/: its name, what stands above it, and its value. JSON holds no comment."""

    name: str
    comment: str
    value: Value


def components(platform: Platform) -> tuple[Component, ...]:
    """Return the servers of Thanos; none without a bucket."""
    thanos = platform.thanos
    if thanos is None or thanos.storage is None:
        return ()
    return (
        _sidecar(platform),
        _query(platform, thanos),
        _frontend(platform, thanos),
        _store(thanos),
        _compact(thanos),
        _rule(platform, thanos),
        *((_receive(platform),) if thanos.receive else ()),
    )


def image(thanos: ThanosSettings) -> str:
    """Return the image of all servers of Thanos."""
    return f"quay.io/thanos/thanos:v{release(thanos.version)}"


def thanos_url(platform: Platform, command: str) -> str | None:
    """Return the address of the HTTP of the servers of a kind; None where there are none."""
    for component in components(platform):
        if component.command == command:
            return service_url(platform, component.service, HTTP)
    return None


def _listen(*, grpc: bool = True) -> list[Flag]:
    flags: list[Flag] = [("grpc-address", GRPC.everywhere)] if grpc else []
    return [*flags, ("http-address", HTTP.everywhere)]


def _file(name: str) -> str:
    return f"{ROOT}/thanos/{name}"


def _sidecar(platform: Platform) -> Component:
    return Component(
        name=f"prometheus-{platform.name}",
        service=PROMETHEUS_SERVICE,
        command="sidecar",
        replicas=platform.prometheus.replicas,
        flags=(
            ("prometheus.url", f"http://localhost:{PROMETHEUS.number}"),
            # Until it has noticed that its Prometheus is gone, queries that want a whole answer fail: the ruler's do.
            ("prometheus.get_config_interval", f"{platform.scaled(HEARTBEAT)}"),
            ("tsdb.path", f"{DATA}/prometheus"),
            ("objstore.config-file", _file("objstore.yaml")),
            *_listen(),
        ),
        files=("objstore.yaml",),
        data=f"{DATA}/prometheus",  # that of Prometheus, which it stands beside
        purpose="one beside each Prometheus: uploads its blocks, and answers for what is not uploaded yet",
    )


def _query(platform: Platform, thanos: ThanosSettings) -> Component:
    return Component(
        name=_QUERY,
        service=_QUERY,
        command="query",
        replicas=thanos.replicas,
        flags=(
            *(("query.replica-label", label) for label in platform.replica_labels),
            ("endpoint.sd-config-file", _file("endpoints.yaml")),
            *_listen(),
        ),
        files=("endpoints.yaml",),
        purpose="answers queries from all of them; the ruler asks it, so it reads raw data unless told otherwise",
    )


def _frontend(platform: Platform, thanos: ThanosSettings) -> Component:
    return Component(
        name=_FRONTEND,
        service=_FRONTEND,
        command="query-frontend",
        replicas=thanos.replicas,
        flags=(
            ("query-frontend.downstream-url", service_url(platform, _QUERY, HTTP)),
            ("query-range.split-interval", "24h"),
            ("query-range.response-cache-config-file", _file("response-cache.yaml")),
            *_listen(grpc=False),
        ),
        ports=(HTTP,),
        files=("response-cache.yaml",),
        purpose="for people and dashboards: cuts long queries into days and remembers the answers",
    )


def _store(thanos: ThanosSettings) -> Component:
    return Component(
        name=_STORE,
        service=_STORE,
        command="store",
        replicas=thanos.replicas,
        flags=(
            ("data-dir", f"{DATA}/store"),
            ("objstore.config-file", _file("objstore.yaml")),
            ("index-cache.config-file", _file("index-cache.yaml")),
            *_listen(),
        ),
        files=("objstore.yaml", "index-cache.yaml"),
        data=f"{DATA}/store",
        purpose="reads the bucket",
    )


def _compact(thanos: ThanosSettings) -> Component:
    kept = (("raw", thanos.raw), ("5m", thanos.five_minutes), ("1h", thanos.hour))
    return Component(
        name="thanos-compact",
        service="thanos-compact",
        command="compact",
        replicas=1,
        flags=(
            ("wait", None),
            ("data-dir", f"{DATA}/compact"),
            ("objstore.config-file", _file("objstore.yaml")),
            *((f"retention.resolution-{resolution}", str(length)) for resolution, length in kept if length),
            *_listen(grpc=False),
        ),
        ports=(HTTP,),
        files=("objstore.yaml",),
        data=f"{DATA}/compact",
        purpose="merges and downsamples blocks and removes old ones; one for a bucket, two would damage it",
    )


def _rule(platform: Platform, thanos: ThanosSettings) -> Component:
    stateful: tuple[Flag, ...] = (("objstore.config-file", _file("objstore.yaml")),)
    stateless: tuple[Flag, ...] = (
        ("remote-write.config-file", _file("remote-write.yaml")),
        ("restore-ignored-label", names.RULER_REPLICA),
    )
    return Component(
        name=f"thanos-ruler-{platform.name}",
        service=_RULER_SERVICE,
        command="rule",
        replicas=thanos.replicas,
        flags=(
            ("data-dir", f"{DATA}/rule"),
            ("rule-file", f"{ROOT}/rules/thanos/*.yaml"),
            ("query.config-file", _file("query.yaml")),
            *((("alertmanagers.config-file", _file("alertmanagers.yaml")),) if platform.alertmanager else ()),
            # Its only label: any other would be stamped onto the results of every cluster and break their joins.
            ("label", f'{names.RULER_REPLICA}="{REPLICA}"'),
            ("alert.label-drop", names.RULER_REPLICA),
            ("alert.query-url", service_url(platform, _FRONTEND, HTTP)),
            *(stateless if thanos.receive else stateful),
            *_listen(),
        ),
        files=(
            "query.yaml",
            *(("alertmanagers.yaml",) if platform.alertmanager else ()),
            "remote-write.yaml" if thanos.receive else "objstore.yaml",
        ),
        data=f"{DATA}/rule",
        purpose="evaluates rules/thanos: what looks back further than Prometheus keeps",
    )


def _receive(platform: Platform) -> Component:
    return Component(
        name=_RECEIVE,
        service=_RECEIVE,
        command="receive",
        replicas=RECEIVERS,
        flags=(
            ("tsdb.path", f"{DATA}/receive"),
            ("tsdb.retention", "2d"),
            ("objstore.config-file", _file("objstore.yaml")),
            ("label", f'{names.RECEIVE_REPLICA}="{REPLICA}"'),
            ("receive.replication-factor", str(RECEIVERS)),
            ("receive.hashrings-file", _file("hashrings.json")),
            ("receive.local-endpoint", f"{REPLICA}.{service_host(platform, _RECEIVE)}:{GRPC.number}"),
            ("remote-write.address", _REMOTE_WRITE.everywhere),
            ("receive.capnproto-address", "127.0.0.1:19391"),  # nobody uses it
            *_listen(),
        ),
        ports=(GRPC, HTTP, _REMOTE_WRITE),
        files=("objstore.yaml", "hashrings.json"),
        data=f"{DATA}/receive",
        purpose="keeps what the ruler records",
    )


def files(platform: Platform) -> tuple[ConfigFile, ...]:
    """Return the configuration files in thanos/; each is read by at least one server."""
    read = {name for component in components(platform) for name in component.files}
    thanos = platform.thanos
    if thanos is None or thanos.storage is None:
        return ()
    return tuple(file for file in _files(platform, thanos, thanos.storage) if file.name in read)


def _files(platform: Platform, thanos: ThanosSettings, storage: ObjectStorage) -> Iterator[ConfigFile]:
    yield ConfigFile(
        name="objstore.yaml",
        comment="the bucket; credentials come from the environment of the server, never from here",
        value={"type": storage.type, "config": _maps(storage.config)},
    )
    yield ConfigFile(
        name="endpoints.yaml",
        comment="who answers queries: every Prometheus through its sidecar, the bucket, the ruler",
        value={"endpoints": [{"address": address} for address in _endpoints(platform, thanos)]},
    )
    yield ConfigFile(
        name="query.yaml",
        comment="whom the ruler asks",
        value=[{"static_configs": [_each(platform, _QUERY, HTTP)], "scheme": "http"}],
    )
    yield ConfigFile(
        name="alertmanagers.yaml",
        comment="whom the ruler tells: every member, since they agree among themselves who speaks",
        value={
            "alertmanagers": [
                {
                    "static_configs": [_each(platform, ALERTMANAGER_SERVICE, ALERTMANAGER)],
                    "scheme": "http",
                    "timeout": "10s",
                    "api_version": "v2",
                }
            ]
        },
    )
    yield ConfigFile(
        name="index-cache.yaml",
        comment="what the store remembers of the bucket's indices, in memory",
        value={"type": "IN-MEMORY", "config": {"max_size": "250MB", "max_item_size": "125MB"}},
    )
    yield ConfigFile(
        name="response-cache.yaml",
        comment="answers that the query frontend remembers, in memory",
        value={"type": "IN-MEMORY", "config": {"max_size": "512MB"}},
    )
    write = f"{service_url(platform, _RECEIVE, _REMOTE_WRITE)}/api/v1/receive"
    yield ConfigFile(
        name="remote-write.yaml",
        comment="where the ruler writes what it records",
        value={"remote_write": [{"name": "receive", "url": write}]},
    )
    receivers = [f"{_RECEIVE}-{number}" for number in range(RECEIVERS)]
    ring = addresses(platform, receivers, _RECEIVE, GRPC, of=None, seen_from=None)
    yield ConfigFile(
        name="hashrings.json",
        comment="",
        value=[{"endpoints": [{"address": one} for one in ring], "algorithm": "ketama"}],
    )


def _endpoints(platform: Platform, thanos: ThanosSettings) -> Iterator[str]:
    here = home(platform)
    yield _each(platform, PROMETHEUS_SERVICE, GRPC)
    pair = prometheus_members(platform)
    for cluster in platform.clusters[1:]:
        far = addresses(platform, pair, PROMETHEUS_SERVICE, GRPC, of=cluster, seen_from=here)
        yield from (f"dns+{address}" for address in far)
    yield _each(platform, _STORE, GRPC)
    yield _each(platform, _RECEIVE if thanos.receive else _RULER_SERVICE, GRPC)


def _each(platform: Platform, service: str, port: Port) -> str:
    """Return what Thanos looks up in DNS to find each server of a Service."""
    return f"dnssrv+_{port.name}._tcp.{service_host(platform, service)}"


def _maps(setting: Setting) -> Value:
    """Return a setting with its pairs as maps."""
    return {name: _maps(value) for name, value in setting} if isinstance(setting, tuple) else setting
