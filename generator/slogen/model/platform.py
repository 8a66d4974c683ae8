"""The platform: what evaluates the rules and who is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from slogen.core import Duration, Span
from slogen.promql import names


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSettings:
    """The Prometheus pairs that scrape the services and evaluate most rules."""

    version: tuple[int, int]
    scrape_interval: Duration
    evaluation_interval: Duration
    retention: Duration
    replicas: int
    url: str | None
    prober: str | None = None  # host:port of the blackbox exporter
    retention_span: Span = field(compare=False)
    scrape_span: Span = field(compare=False)


# A setting of the object storage: a text, a number, a boolean, or a map of such as pairs.
Setting = str | int | bool | tuple[tuple[str, "Setting"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStorage:
    """The bucket that keeps blocks: S3, GCS, AZURE or FILESYSTEM, and its settings without secrets."""

    type: str
    config: tuple[tuple[str, Setting], ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThanosSettings:
    """Long-term storage and the ruler; retentions are by resolution, None keeps for ever.

    `replicas` of query, query frontend, store and ruler; with `receive` the ruler keeps no data of its own and writes
    what it records there.
    """

    version: tuple[int, int] = (0, 42)
    storage: ObjectStorage | None = None  # None: rules for a ruler, no thanos/ output
    raw: Duration | None = None
    five_minutes: Duration | None = None
    hour: Duration | None = None
    replicas: int = 2
    receive: bool = False
    span: Span = field(compare=False)
    raw_span: Span = field(compare=False)
    five_minutes_span: Span = field(compare=False)
    hour_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanStorage:
    """Where Jaeger keeps spans: `kind` is elasticsearch or opensearch."""

    kind: str
    urls: tuple[str, ...]
    index_prefix: str | None = None
    username: str | None = None
    password_file: str | None = None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JaegerSettings:
    """Tracing; `baseline` is the percentage of ordinary traces that are kept, `retention` how long spans are."""

    version: tuple[int, int] = (2, 20)
    url: str | None = None
    storage: SpanStorage | None = None  # None: links only, no jaeger/ output
    retention: Duration = Duration(604_800_000)
    baseline: int = 1
    collectors: int = 3
    queries: int = 2
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsSettings:
    """Where the logs of services are: LogQL that finds those of `$service`, and the Loki that is asked.

    Without a `url` the data source is one that Grafana has already.
    """

    query: str
    name: str = "Loki"
    uid: str = "loki"
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrafanaSettings:
    """Where dashboards are, and the data source that they ask at first.

    `deploys` is PromQL that gives series at the moment of a deploy of `$service`.
    """

    url: str
    datasource_name: str = "Prometheus"
    datasource_uid: str = "prometheus"
    datasource_url: str | None = None  # None: the Service that slogen writes
    deploys: str | None = None
    logs: LogsSettings | None = None
    operator: bool = False  # GrafanaDashboard resources as well


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesSettings:
    """Labels onto every resource, and the volumes of those that keep data.

    `isolated` are namespaces whose pods reach nothing, and are reached by nothing, that no NetworkPolicy allows.
    """

    labels: tuple[tuple[str, str], ...] = ()
    isolated: tuple[str, ...] = ()
    storage_class: str | None = None  # None: the cluster's default
    storage: str = "50Gi"
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One audience and the integration that reaches it."""

    name: str
    integration: str
    settings: tuple[tuple[str, object], ...] = ()
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A receiver that is told of something, `during` a time interval only when one is named.

    In warnings and notes the receiver "team" stands for those of the alert's team.
    """

    receiver: str
    during: str | None = None
    span: Span = field(compare=False)
    during_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A step of the ladder: who is told when a page has lasted `after`."""

    after: Duration
    notify: tuple[Told, ...]
    span: Span = field(compare=False)

    @property
    def receivers(self) -> tuple[str, ...]:
        """The names of those who are told."""
        return tuple(told.receiver for told in self.notify)


Ladder = tuple[Rung, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long Alertmanager gathers alerts of a group, adds to it, and when it repeats what it said."""

    group_wait: Duration
    group_interval: Duration
    repeat_interval: Duration
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """The timing of each class of alert; `escalation` is that of the rungs above the first."""

    critical: Timing
    escalation: Timing
    warning: Timing
    info: Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Who is told of what; `hold` is how long an incident may pause and still be the same one."""

    critical: Ladder
    warning: tuple[Told, ...]
    info: tuple[Told, ...]
    watchdog: tuple[Told, ...]
    timings: Timings
    hold: Duration = Duration(900_000)

    @property
    def told(self) -> tuple[Told, ...]:
        """Everybody who is named, in the order of the document."""
        return (*(told for rung in self.critical for told in rung.notify), *self.warning, *self.info, *self.watchdog)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInterval:
    """Named times of the week; an empty tuple is all of its kind. `times` are from and to, as "09:00"."""

    name: str
    times: tuple[tuple[str, str], ...] = ()
    weekdays: tuple[str, ...] = ()
    days_of_month: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    location: str | None = None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerSettings:
    """The Alertmanagers of a platform: the oldest version, how many, how long they remember."""

    version: tuple[int, int] = (0, 25)
    replicas: int = 3
    external_url: str | None = None
    retention: Duration = Duration(432_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings:
    """How mail is sent; the password is in a file."""

    sender: str
    smarthost: str
    username: str | None = None
    password_file: str | None = None
    require_tls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything declared in the `kind: Platform` document."""

    name: str
    namespace: str
    team: str | None = None  # who runs the servers, and is told of what is wrong with them
    prometheus: PrometheusSettings
    receivers: tuple[Receiver, ...]
    routing: Routing
    clusters: tuple[str, ...] = ()
    thanos: ThanosSettings | None = None
    alertmanager: AlertmanagerSettings | None = None  # None: no Alertmanager output
    email: EmailSettings | None = None
    time_intervals: tuple[TimeInterval, ...] = ()
    jaeger: JaegerSettings | None = None
    grafana: GrafanaSettings | None = None  # None: no dashboards/ output
    kubernetes: KubernetesSettings | None = None  # None: no Kubernetes output
    teams: tuple[tuple[str, tuple[Told, ...]], ...] = ()
    time_scale: int = 1
    span: Span = field(compare=False)

    @property
    def jaeger_url(self) -> str | None:
        """Where people search traces."""
        return self.jaeger.url if self.jaeger else None

    @property
    def grafana_url(self) -> str | None:
        """Where dashboards are, for links."""
        return self.grafana.url if self.grafana else None

    @property
    def external_labels(self) -> tuple[str, ...]:
        """Labels that servers add to what leaves them; no rule may write them."""
        return (*(("cluster",) if self.clusters else ()), *self.replica_labels)

    @property
    def replica_labels(self) -> tuple[str, ...]:
        """Those of them that tell copies of a series apart, which a query takes off.

        All but the cluster are: what else stayed would keep the ruler's series from joining those of Prometheus.
        """
        if self.thanos is None:
            return (names.PROMETHEUS_REPLICA,)
        receive = (names.RECEIVE_REPLICA, names.TENANT) if self.thanos.receive else ()
        return (names.PROMETHEUS_REPLICA, names.RULER_REPLICA, *receive)

    def scaled(self, duration: Duration) -> Duration:
        """Return a duration as it stands in expressions and intervals: divided by the time scale."""
        return duration.scaled(self.time_scale)
