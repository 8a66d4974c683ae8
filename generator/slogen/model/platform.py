"""The platform: what evaluates the rules and who is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from slogen.core import Duration, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSettings:
    """The Prometheus pairs that scrape the services and evaluate most rules."""

    version: tuple[int, int]
    scrape_interval: Duration
    evaluation_interval: Duration
    retention: Duration
    replicas: int
    url: str | None
    retention_span: Span = field(compare=False)
    scrape_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One audience and the integration that reaches it."""

    name: str
    integration: str
    settings: tuple[tuple[str, object], ...] = ()
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A step of the ladder: who is told when a page has lasted `after`."""

    after: Duration
    notify: tuple[str, ...]
    span: Span = field(compare=False)


Ladder = tuple[Rung, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Who is told of what; `hold` is how long an incident may pause and still be the same one."""

    critical: Ladder
    warning: tuple[str, ...] = ("team",)
    info: tuple[str, ...] = ()
    watchdog: tuple[str, ...] = ()
    hold: Duration = Duration(900_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything declared in the `kind: Platform` document."""

    name: str
    namespace: str
    prometheus: PrometheusSettings
    receivers: tuple[Receiver, ...]
    routing: Routing
    clusters: tuple[str, ...] = ()
    thanos: bool = False
    grafana_url: str | None = None
    kubernetes_labels: tuple[tuple[str, str], ...] | None = None  # None: no Kubernetes output
    teams: tuple[tuple[str, tuple[str, ...]], ...] = ()
    time_scale: int = 1
    span: Span = field(compare=False)

    @property
    def external_labels(self) -> tuple[str, ...]:
        """Labels that Prometheus adds on its way out; no rule may write them."""
        return ("cluster", "prometheus_replica") if self.clusters else ("prometheus_replica",)

    def scaled(self, duration: Duration) -> Duration:
        """Return a duration as it stands in expressions and intervals: divided by the time scale."""
        return duration.scaled(self.time_scale)
