"""Services, their SLOs and cause alerts, and the catalog of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from slogen.core import Duration, Ratio, Span
from slogen.core.written import Written
from slogen.model.platform import Platform
from slogen.model.sli import Sli
from slogen.promql.query import Query


class AlertClass(StrEnum):
    """Who must act and when: critical pages at once, warning waits for the day, info is read later."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The share of good events that is promised over a rolling window."""

    target: Ratio
    window: Duration

    @property
    def budget(self) -> Ratio:
        """The share of events that may be bad."""
        return self.target.complement


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """Which of the burn-rate alerts an SLO has, and whether its pages climb the ladder."""

    critical: bool = True
    warning: bool = True
    escalate: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SloTest:
    """Raw series, and the bad and all events a second that the SLI must count of them at a time after the start.

    Both are None when there must be no data. `labels` are the `by` labels of the series that is looked at.
    `places` are those of the series.
    """

    name: str
    series: tuple[tuple[str, str], ...]
    at: Duration
    errors: Decimal | None = None
    total: Decimal | None = None
    labels: tuple[tuple[str, str], ...] = ()
    span: Span = field(compare=False)
    places: tuple[Span, ...] = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A code that is not told of an object of the input, why, and the last day of it."""

    code: str
    reason: str
    until: date
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """One objective of a service. `rationale` says why it is this one; `traffic` is in events per second;
    an outage should last no longer than `recovery`.
    """

    name: str
    objective: Objective
    sli: Sli
    description: str = ""
    rationale: str = ""
    by: tuple[str, ...] = ()
    traffic: Decimal | None = None
    no_data: AlertClass | None = AlertClass.WARNING
    alerting: Alerting = Alerting()
    recovery: Duration | None = None
    tests: tuple[SloTest, ...] = ()
    lint: tuple[Ignore, ...] = field(default=(), compare=False)
    span: Span = field(compare=False)
    objective_span: Span = field(compare=False)
    recovery_span: Span = field(compare=False)
    by_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """Series that a cause alert must fire on, or stay quiet on, at a time after the start; `places` are theirs."""

    series: tuple[tuple[str, str], ...]
    fires: Duration | None = None
    quiet: Duration | None = None
    span: Span = field(compare=False)
    places: tuple[Span, ...] = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert on a cause, beside the SLOs; `written` are its summary and description as they stand in the file."""

    name: str
    severity: AlertClass
    expr: Query
    summary: str
    description: str = ""
    for_: Duration | None = None
    team: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    escalate: bool = True
    tests: tuple[AlertTest, ...] = ()
    lint: tuple[Ignore, ...] = field(default=(), compare=False)
    written: tuple[tuple[str, Written], ...] = field(default=(), compare=False, repr=False)
    span: Span = field(compare=False)
    expr_span: Span = field(compare=False)
    labels_span: Span = field(compare=False)
    links_span: Span = field(compare=False)
    team_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A service that this one needs; `mutes` names the alerts that its critical ones hide."""

    service: str
    mutes: AlertClass = AlertClass.WARNING
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """Where Prometheus finds the metrics of a service: pods behind a Kubernetes Service, or fixed targets.

    `job` becomes the label. `selector` are labels of the Kubernetes Service, in `namespace`; else `targets` are
    host:port. With `honor_labels` the metrics' own labels win over those of the target. `credentials_file` holds a
    bearer token and `ca_file` certificates, both on the disk of Prometheus.
    """

    job: str
    selector: tuple[tuple[str, str], ...] = ()
    namespace: str | None = None  # None: any
    port: str = "metrics"
    path: str = "/metrics"
    scheme: str = "http"
    targets: tuple[str, ...] = ()
    honor_labels: bool = False
    credentials_file: str | None = None
    ca_file: str | None = None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Addresses that the blackbox exporter asks with one of its modules; `job` becomes the label."""

    job: str
    module: str
    targets: tuple[str, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything declared in one `kind: Service` document."""

    name: str
    team: str
    description: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    slos: tuple[Slo, ...] = ()
    alerts: tuple[Alert, ...] = ()
    scrapes: tuple[Scrape, ...] = ()
    probes: tuple[Probe, ...] = ()
    lint: tuple[Ignore, ...] = field(default=(), compare=False)
    span: Span = field(compare=False)
    labels_span: Span = field(compare=False)
    links_span: Span = field(compare=False)
    team_span: Span = field(compare=False)

    @property
    def by(self) -> tuple[str, ...]:
        """The `by` labels of all SLOs, in order of their first use."""
        return tuple(dict.fromkeys(label for slo in self.slos for label in slo.by))

    @property
    def runbook(self) -> str | None:
        """The address of the runbook that alerts link to."""
        return dict(self.links).get("runbook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """One platform and every service on it, sorted by name."""

    platform: Platform
    services: tuple[Service, ...]
