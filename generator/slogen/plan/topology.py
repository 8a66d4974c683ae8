"""The servers around the rules: which there are, their flags, ports and files, and how they find one another.

Whatever runs them reads this and nothing else, so that no flag is written twice: `emit.thanos` writes a file of flags
for each server, Kubernetes resources take the same flags as arguments. The contents of the configuration files that
the flags name are in `files`, and `emit.thanos.file_texts` is their text.

Conventions that hold everywhere:

- The generated tree lies at ROOT: `thanos/objstore.yaml` is /etc/slogen/thanos/objstore.yaml. What a server keeps is
  below DATA, in a folder with the name of its command.
- REPLICA in a flag stands for the server's own name, such as thanos-store-0: the name of its pod, which Kubernetes puts
  in its place when the variable POD_NAME is set. `Component.of` does the same where there is none.
- Names in the network are those of Kubernetes: `<server>.<service>.<namespace>.svc`. Every Service is headless, so that
  a client sees each server and not one of them. Servers of the Prometheus operator have its names. prometheus/ scrapes
  each server by name; where ServiceMonitors do, those that keep nothing need none.
- What is there once for the whole platform, that is Thanos and Alertmanager, runs in the first cluster. Names from one
  cluster into another are those of the Multi-Cluster Services API: `<server>.<cluster>.<service>.<namespace>.svc
  .clusterset.local`. Source: https://github.com/kubernetes/enhancements/tree/master/keps/sig-multicluster/1645-multi-cluster-services-api
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slogen.core import Duration
from slogen.model import Platform, Setting
from slogen.promql import names

ROOT = "/etc/slogen"
DATA = "/var/lib/slogen"
REPLICA = "$(POD_NAME)"
# Two hours, both of them: the sidecar uploads blocks as they are cut, and Prometheus must not merge them before.
# Source: https://thanos.io/tip/components/sidecar.md/
BLOCK = Duration.of("2h")
HEARTBEAT = Duration.of("5s")  # how often a sidecar asks its Prometheus; 30s if nothing is said
RECEIVERS = 3  # of receive: with three copies of a sample one server may be away

Flag = tuple[str, str | None]
# A configuration file: maps, lists, texts, numbers and booleans, in the order in which they are written.
Value = str | int | bool | dict[str, "Value"] | list["Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port that a server listens on; `name` is that of the Service's port too."""

    name: str
    number: int


GRPC, HTTP = Port(name="grpc", number=10901), Port(name="http", number=10902)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Servers of one kind: `replicas` of `program command flags`.

    A flag is its name and value, None for a switch; some stand there several times. `name` with a dash and a number is
    the name of a server, `service` what they are reached by. `files` are the configuration files in thanos/ that it
    reads. `data` is the folder that it keeps things in, if any; with `keeps_data` what is lost there is lost,
    otherwise it is made again.
    """

    name: str
    service: str
    program: str
    command: str
    replicas: int
    flags: tuple[Flag, ...]
    ports: tuple[Port, ...] = (GRPC, HTTP)
    files: tuple[str, ...] = ()
    data: str | None = None
    keeps_data: bool = False
    purpose: str

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the servers."""
        return tuple(f"{self.name}-{number}" for number in range(self.replicas))

    def of(self, member: str) -> tuple[Flag, ...]:
        """Return the flags of one server."""
        return tuple((name, value and value.replace(REPLICA, member)) for name, value in self.flags)

    def port(self, name: str) -> int:
        """Return the number of a port."""
        return next(port.number for port in self.ports if port.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A configuration file in thanos/: its name, what stands above it, and its value. JSON holds no comment."""

    name: str
    comment: str
    value: Value


def home(platform: Platform) -> str | None:
    """Return the cluster of what is there once; None where there are no clusters."""
    return platform.clusters[0] if platform.clusters else None


def host(platform: Platform, member: str, service: str, *, of: str | None, seen_from: str | None) -> str:
    """Return the name in the network of a server in cluster `of`, seen from another or the same cluster."""
    if of == seen_from:
        return f"{member}.{service}.{platform.namespace}.svc"
    return f"{member}.{of}.{service}.{platform.namespace}.svc.clusterset.local"


def prometheus_members(platform: Platform) -> tuple[str, ...]:
    """Return the names of the Prometheus servers of a cluster: their names tell them apart."""
    return tuple(f"prometheus-{platform.name}-{number}" for number in range(platform.prometheus.replicas))


def prometheus_flags(platform: Platform, cluster: str | None, member: str, *, native: bool) -> tuple[Flag, ...]:
    """Return the flags of a Prometheus; `native` when any SLI reads a native histogram."""
    settings = platform.prometheus
    features = ["exemplar-storage"]
    if native and settings.version < (3, 9):  # later ones take them by configuration
        features.append("native-histograms")
    flags: list[Flag] = [
        ("config.file", f"{ROOT}/{prometheus_path(cluster, member)}.yaml"),
        ("storage.tsdb.path", f"{DATA}/prometheus"),
        ("storage.tsdb.retention.time", str(settings.retention)),
    ]
    if has_thanos(platform):
        flags += [(f"storage.tsdb.{which}-block-duration", str(BLOCK)) for which in ("min", "max")]
    if settings.url:
        flags.append(("web.external-url", settings.url))
        flags.append(("web.route-prefix", "/"))
    flags += [("web.enable-lifecycle", None), ("web.listen-address", ":9090")]
    flags += [("enable-feature", ",".join(features))]
    return tuple(flags)


def prometheus_path(cluster: str | None, member: str) -> str:
    """Return where the files of a Prometheus are, without their ending."""
    return f"prometheus/{cluster}/{member}" if cluster else f"prometheus/{member}"


def alertmanager_members(platform: Platform) -> tuple[str, ...]:
    """Return the names of the Alertmanagers."""
    if platform.alertmanager is None:
        return ()
    return tuple(f"alertmanager-{platform.name}-{number}" for number in range(platform.alertmanager.replicas))


def has_thanos(platform: Platform) -> bool:
    """Return whether the platform runs Thanos: with a bucket, else the rules for a ruler are all there is."""
    return platform.thanos is not None and platform.thanos.storage is not None


def components(platform: Platform) -> tuple[Component, ...]:
    """Return the servers of Thanos; none without a bucket."""
    if platform.thanos is None or not has_thanos(platform):
        return ()
    found = [_sidecar(platform), _query(platform), _frontend(platform), _store(platform), _compact(platform)]
    found.append(_rule(platform))
    if platform.thanos.receive:
        found.append(_receive(platform))
    return tuple(found)


def _listen(*, grpc: bool = True) -> list[Flag]:
    flags: list[Flag] = [("grpc-address", f"0.0.0.0:{GRPC.number}")] if grpc else []
    return [*flags, ("http-address", f"0.0.0.0:{HTTP.number}")]


def _file(name: str) -> str:
    return f"{ROOT}/thanos/{name}"


def _service(platform: Platform, service: str) -> str:
    return f"{service}.{platform.namespace}.svc"


def _replicas(platform: Platform) -> int:
    return platform.thanos.replicas if platform.thanos else 0


def _sidecar(platform: Platform) -> Component:
    return Component(
        name=f"prometheus-{platform.name}",
        service="prometheus-operated",
        program="thanos",
        command="sidecar",
        replicas=platform.prometheus.replicas,
        flags=(
            ("prometheus.url", "http://localhost:9090"),
            # Until it has noticed that its Prometheus is gone, queries that want a whole answer fail: the ruler's do.
            ("prometheus.get_config_interval", f"{platform.scaled(HEARTBEAT)}"),
            ("tsdb.path", f"{DATA}/prometheus"),
            ("objstore.config-file", _file("objstore.yaml")),
            *_listen(),
        ),
        files=("objstore.yaml",),
        data=f"{DATA}/prometheus",  # that of Prometheus, which it stands beside
        keeps_data=True,
        purpose="one beside each Prometheus: uploads its blocks, and answers for what is not uploaded yet",
    )


def _query(platform: Platform) -> Component:
    return Component(
        name="thanos-query",
        service="thanos-query",
        program="thanos",
        command="query",
        replicas=_replicas(platform),
        flags=(
            *(("query.replica-label", label) for label in platform.replica_labels),
            ("endpoint.sd-config-file", _file("endpoints.yaml")),
            *_listen(),
        ),
        files=("endpoints.yaml",),
        purpose="answers queries from all of them; the ruler asks it, so it reads raw data unless told otherwise",
    )


def _frontend(platform: Platform) -> Component:
    return Component(
        name="thanos-query-frontend",
        service="thanos-query-frontend",
        program="thanos",
        command="query-frontend",
        replicas=_replicas(platform),
        flags=(
            ("query-frontend.downstream-url", f"http://{_service(platform, 'thanos-query')}:{HTTP.number}"),
            ("query-range.split-interval", "24h"),
            ("query-range.response-cache-config-file", _file("response-cache.yaml")),
            *_listen(grpc=False),
        ),
        ports=(HTTP,),
        files=("response-cache.yaml",),
        purpose="for people and dashboards: cuts long queries into days and remembers the answers",
    )


def _store(platform: Platform) -> Component:
    return Component(
        name="thanos-store",
        service="thanos-store",
        program="thanos",
        command="store",
        replicas=_replicas(platform),
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


def _compact(platform: Platform) -> Component:
    thanos = platform.thanos
    kept = (("raw", thanos.raw), ("5m", thanos.five_minutes), ("1h", thanos.hour)) if thanos else ()
    return Component(
        name="thanos-compact",
        service="thanos-compact",
        program="thanos",
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


def _rule(platform: Platform) -> Component:
    receive = platform.thanos is not None and platform.thanos.receive
    stateful: tuple[Flag, ...] = (("objstore.config-file", _file("objstore.yaml")),)
    stateless: tuple[Flag, ...] = (
        ("remote-write.config-file", _file("remote-write.yaml")),
        ("restore-ignored-label", names.RULER_REPLICA),
    )
    return Component(
        name=f"thanos-ruler-{platform.name}",
        service="thanos-ruler-operated",
        program="thanos",
        command="rule",
        replicas=_replicas(platform),
        flags=(
            ("data-dir", f"{DATA}/rule"),
            ("rule-file", f"{ROOT}/rules/thanos/*.yaml"),
            ("query.config-file", _file("query.yaml")),
            *((("alertmanagers.config-file", _file("alertmanagers.yaml")),) if platform.alertmanager else ()),
            # Its only label: any other would be stamped onto the results of every cluster and break their joins.
            ("label", f'{names.RULER_REPLICA}="{REPLICA}"'),
            ("alert.label-drop", names.RULER_REPLICA),
            ("alert.query-url", f"http://{_service(platform, 'thanos-query-frontend')}:{HTTP.number}"),
            *(stateless if receive else stateful),
            *_listen(),
        ),
        files=(
            "query.yaml",
            *(("alertmanagers.yaml",) if platform.alertmanager else ()),
            "remote-write.yaml" if receive else "objstore.yaml",
        ),
        data=f"{DATA}/rule",
        keeps_data=True,
        purpose="evaluates rules/thanos: what looks back further than Prometheus keeps",
    )


def _receive(platform: Platform) -> Component:
    return Component(
        name="thanos-receive",
        service="thanos-receive",
        program="thanos",
        command="receive",
        replicas=RECEIVERS,
        flags=(
            ("tsdb.path", f"{DATA}/receive"),
            ("tsdb.retention", "2d"),
            ("objstore.config-file", _file("objstore.yaml")),
            ("label", f'{names.RECEIVE_REPLICA}="{REPLICA}"'),
            ("receive.replication-factor", str(RECEIVERS)),
            ("receive.hashrings-file", _file("hashrings.json")),
            ("receive.local-endpoint", f"{REPLICA}.{_service(platform, 'thanos-receive')}:{GRPC.number}"),
            ("remote-write.address", "0.0.0.0:19291"),
            ("receive.capnproto-address", "127.0.0.1:19391"),  # nobody uses it
            *_listen(),
        ),
        ports=(GRPC, HTTP, Port(name="remote-write", number=19291)),
        files=("objstore.yaml", "hashrings.json"),
        data=f"{DATA}/receive",
        keeps_data=True,
        purpose="keeps what the ruler records",
    )


def files(platform: Platform) -> tuple[ConfigFile, ...]:
    """Return the configuration files in thanos/; each is read by at least one server."""
    read = {name for component in components(platform) for name in component.files}
    return tuple(file for file in _files(platform) if file.name in read)


def _files(platform: Platform) -> Iterator[ConfigFile]:
    if platform.thanos is None or platform.thanos.storage is None:
        return
    storage = platform.thanos.storage
    namespace = platform.namespace
    yield ConfigFile(
        name="objstore.yaml",
        comment="the bucket; credentials come from the environment of the server, never from here",
        value={"type": storage.type, "config": _maps(storage.config)},
    )
    yield ConfigFile(
        name="endpoints.yaml",
        comment="who answers queries: every Prometheus through its sidecar, the bucket, the ruler",
        value={"endpoints": [{"address": address} for address in _endpoints(platform)]},
    )
    yield ConfigFile(
        name="query.yaml",
        comment="whom the ruler asks",
        value=[{"static_configs": [f"dnssrv+_http._tcp.thanos-query.{namespace}.svc"], "scheme": "http"}],
    )
    yield ConfigFile(
        name="alertmanagers.yaml",
        comment="whom the ruler tells: every member, since they agree among themselves who speaks",
        value={
            "alertmanagers": [
                {
                    "static_configs": [f"dnssrv+_web._tcp.alertmanager-operated.{namespace}.svc"],
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
    yield ConfigFile(
        name="remote-write.yaml",
        comment="where the ruler writes what it records",
        value={
            "remote_write": [
                {"name": "receive", "url": f"http://thanos-receive.{namespace}.svc:19291/api/v1/receive"},
            ]
        },
    )
    receivers = [f"thanos-receive-{number}.thanos-receive.{namespace}.svc" for number in range(RECEIVERS)]
    yield ConfigFile(
        name="hashrings.json",
        comment="",
        value=[{"endpoints": [{"address": f"{one}:{GRPC.number}"} for one in receivers], "algorithm": "ketama"}],
    )


def _endpoints(platform: Platform) -> Iterator[str]:
    here = home(platform)
    for cluster in platform.clusters or (None,):
        if cluster == here:
            yield f"dnssrv+_grpc._tcp.prometheus-operated.{platform.namespace}.svc"
            continue
        for member in prometheus_members(platform):
            name = host(platform, member, "prometheus-operated", of=cluster, seen_from=here)
            yield f"dns+{name}:{GRPC.number}"
    keepers = ["thanos-store", "thanos-receive" if platform.thanos and platform.thanos.receive else ""]
    keepers[1] = keepers[1] or "thanos-ruler-operated"
    for service in keepers:
        yield f"dnssrv+_grpc._tcp.{service}.{platform.namespace}.svc"


def _maps(setting: Setting) -> Value:
    """Return a setting with its pairs as maps."""
    return {name: _maps(value) for name, value in setting} if isinstance(setting, tuple) else setting
