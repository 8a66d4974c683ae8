"""The servers around the rules: how they are called, which ports they have and how they find one another.

Whatever runs them reads this, `plan.thanos` and `plan.tracing` and nothing else, so that no name, port or flag is
written twice: files of flags, Kubernetes resources and Grafana's data sources take them from here.

Conventions that hold everywhere:

- The generated tree lies at ROOT: `thanos/objstore.yaml` is /etc/slogen/thanos/objstore.yaml. What a server keeps is
  below DATA, in a folder with the name of its command.
- Names in the network are those of Kubernetes: `<server>.<service>.<namespace>.svc`. Every Service is headless, so that
  a client sees each server and not one of them. Servers of the Prometheus operator have its names. prometheus/ scrapes
  each server by name; where ServiceMonitors do, those that keep nothing need none.
- What is there once for the whole platform, that is Thanos and Alertmanager, runs in the first cluster. Names from one
  cluster into another are those of the Multi-Cluster Services API: `<server>.<cluster>.<service>.<namespace>.svc
  .clusterset.local`. Source: https://github.com/kubernetes/enhancements/tree/master/keps/sig-multicluster/1645-multi-cluster-services-api
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slogen.core import Duration
from slogen.model import Catalog, Latency, Platform

ROOT = "/etc/slogen"
DATA = "/var/lib/slogen"
# Two hours, both of them: the sidecar uploads blocks as they are cut, and Prometheus must not merge them before.
# Source: https://thanos.io/tip/components/sidecar.md/
BLOCK = Duration.of("2h")
# Native histograms are scraped by a flag, since 3.8 by a setting as well, since 3.9 by the setting alone.
NATIVE_SETTING, NATIVE_BY_SETTING_ALONE = (3, 8), (3, 9)
EXEMPLARS = 100_000  # that a Prometheus remembers

Flag = tuple[str, str | None]  # its name and value, None for a switch
# What a configuration file or a resource says: maps, lists, texts, numbers and booleans, in the order of the file.
Value = Mapping[str, "Value"] | Sequence["Value"] | str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port that a server listens on; `name` is that of the Service's port too."""

    name: str
    number: int

    @property
    def everywhere(self) -> str:
        """What a server is told to listen on: all its addresses."""
        return f"0.0.0.0:{self.number}"


PROMETHEUS, ALERTMANAGER = Port(name="web", number=9090), Port(name="web", number=9093)
# The Services that the operator of Prometheus makes for its servers.
PROMETHEUS_SERVICE, ALERTMANAGER_SERVICE = "prometheus-operated", "alertmanager-operated"


def release(version: tuple[int, int]) -> str:
    """Return the first release of a version, as images are tagged."""
    return f"{version[0]}.{version[1]}.0"


def go_duration(duration: Duration) -> str:
    """Return a duration as Go reads it: it knows no days."""
    hours, rest = divmod(duration.ms, 3_600_000)
    return f"{duration.ms}ms" if rest else f"{hours}h"


def home(platform: Platform) -> str | None:
    """Return the cluster of what is there once; None where there are no clusters."""
    return platform.clusters[0] if platform.clusters else None


def service_host(platform: Platform, service: str) -> str:
    """Return the name in the network of all servers of a Service."""
    return f"{service}.{platform.namespace}.svc"


def service_url(platform: Platform, service: str, port: Port) -> str:
    """Return the address at which a client asks any server of a Service."""
    return f"http://{service_host(platform, service)}:{port.number}"


def host(platform: Platform, member: str, service: str, *, of: str | None, seen_from: str | None) -> str:
    """Return the name in the network of a server in cluster `of`, seen from another or the same cluster."""
    if of == seen_from:
        return f"{member}.{service_host(platform, service)}"
    return f"{member}.{of}.{service_host(platform, service)}.clusterset.local"


def addresses(
    platform: Platform, members: Iterable[str], service: str, port: Port, *, of: str | None, seen_from: str | None
) -> tuple[str, ...]:
    """Return host and port of each of some servers in cluster `of`."""
    return tuple(f"{host(platform, one, service, of=of, seen_from=seen_from)}:{port.number}" for one in members)


def prometheus_members(platform: Platform) -> tuple[str, ...]:
    """Return the names of the Prometheus servers of a cluster, which are the values of their replica label."""
    return tuple(f"prometheus-{platform.name}-{number}" for number in range(platform.prometheus.replicas))


def reads_native(catalog: Catalog) -> bool:
    """Return whether any SLI reads a native histogram, which Prometheus must be told to scrape."""
    return any(isinstance(slo.sli, Latency) and slo.sli.native for one in catalog.services for slo in one.slos)


def prometheus_features(platform: Platform, *, native: bool) -> tuple[str, ...]:
    """Return the features of a Prometheus that are off by default; with `native` it scrapes native histograms."""
    by_flag = native and platform.prometheus.version < NATIVE_BY_SETTING_ALONE
    return ("exemplar-storage", *(("native-histograms",) if by_flag else ()))


def prometheus_flags(platform: Platform, cluster: str | None, member: str, *, native: bool) -> tuple[Flag, ...]:
    """Return the flags of a Prometheus; with `native` it scrapes native histograms."""
    settings = platform.prometheus
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
    flags += [("web.enable-lifecycle", None), ("web.listen-address", f":{PROMETHEUS.number}")]
    flags += [("enable-feature", ",".join(prometheus_features(platform, native=native)))]
    return tuple(flags)


def prometheus_path(cluster: str | None, member: str) -> str:
    """Return where the files of a Prometheus are, without their ending."""
    return f"prometheus/{cluster}/{member}" if cluster else f"prometheus/{member}"


def alertmanager_members(platform: Platform) -> tuple[str, ...]:
    """Return the names of the Alertmanagers."""
    if platform.alertmanager is None:
        return ()
    return tuple(f"alertmanager-{platform.name}-{number}" for number in range(platform.alertmanager.replicas))


def alertmanager_addresses(platform: Platform, *, seen_from: str | None) -> tuple[str, ...]:
    """Return host and port of each Alertmanager, as a Prometheus in a cluster finds it."""
    members = alertmanager_members(platform)
    return addresses(platform, members, ALERTMANAGER_SERVICE, ALERTMANAGER, of=home(platform), seen_from=seen_from)


def has_thanos(platform: Platform) -> bool:
    """Return whether the platform runs Thanos: with a bucket, else the rules for a ruler are all there is."""
    return platform.thanos is not None and platform.thanos.storage is not None
