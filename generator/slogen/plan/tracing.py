"""Tracing: what Jaeger counts of spans, which traces it keeps and for how long, and the jobs of its storage.

Pure figures: `emit.jaeger` writes them as configuration, Kubernetes resources take the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from slogen.core import Duration
from slogen.model import Catalog, JaegerSettings, Latency, Platform, Service, Slo, Spans, SpanStorage
from slogen.plan.thanos import thanos_url
from slogen.plan.topology import Port, release, service_host

OTLP_GRPC, OTLP_HTTP = Port(name="otlp-grpc", number=4317), Port(name="otlp-http", number=4318)  # spans come in
SCRAPED = SPAN_METRICS, TELEMETRY = Port(name="span-metrics", number=8889), Port(name="telemetry", number=8888)
QUERY_HTTP, QUERY_GRPC = Port(name="query-http", number=16686), Port(name="query-grpc", number=16685)  # asked
HEALTH = Port(name="health", number=13133)

_MILLISECONDS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)  # buckets beside those of the SLOs
_NANOSECONDS = 1_000_000_000
_LONGEST = 86_400  # seconds; what takes longer is no span
_WAIT, _LONGEST_WAIT = Duration.of("30s"), Duration.of("5m")
_SILENCE = Duration.of("5m")
_DAY = Duration.of("1d")
_SHARDS, _COPIES = 3, 1


class Server(StrEnum):
    """A kind of server of Jaeger 2, by what it does; the OpenTelemetry operator runs each as a resource."""

    COLLECTOR = "collector"
    GATEWAY = "gateway"
    QUERY = "query"

    @property
    def resource(self) -> str:
        """The name of its OpenTelemetryCollector."""
        return "jaeger" if self is Server.COLLECTOR else f"jaeger-{self}"

    @property
    def service(self) -> str:
        """The name that the operator gives its Service, and its pods as app.kubernetes.io/name."""
        return f"{self.resource}-collector"

    @property
    def job(self) -> str:
        """Its label `job`, and the service.name of what it says of itself."""
        return f"jaeger-{self}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Keep every trace with a span whose status is an error."""

    name: str = "errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Keep every trace with a span of this service, kind and name that took longer than `threshold` seconds."""

    name: str
    service: str
    kind: str
    operation: str | None
    threshold: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Keep `percent` of all traces, whatever they are."""

    name: str = "baseline"
    percent: int


Policy = Failed | Slow | Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """What the collectors and the query servers of Jaeger 2 do.

    `buckets` are seconds, in order. A trace is decided on `decision_wait` after its first span came. Span metrics are
    told every `flush`; those of a service that is silent for `expiration` end, which is missing data and not health.
    `metrics_url` is where the query servers find span metrics, None where that is not known. `collectors_host` is the
    name of a Service that has an address for each collector.
    """

    settings: JaegerSettings
    storage: SpanStorage
    buckets: tuple[Decimal, ...]
    policies: tuple[Policy, ...]
    decision_wait: Duration
    flush: Duration
    expiration: Duration
    metrics_url: str | None
    collectors_host: str

    @property
    def rotation(self) -> bool:
        """Whether each kind of index says how it is rotated (from 2.20), or all of them use aliases."""
        return self.settings.version >= (2, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A program that is run by `schedule` (cron, UTC), or once before all else when there is none.

    With `password_file` the variable ES_PASSWORD must be what that file holds. `program` is its path in the image.
    """

    name: str
    purpose: str
    schedule: str | None
    image: str
    program: str
    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    password_file: str | None = None

    @property
    def command(self) -> tuple[str, ...]:
        """The command that reads the password from its file, when there is one."""
        if self.password_file is None:
            return (self.program, *self.args)
        # No $(…): Kubernetes would take it for one of its variables.
        password = f'ES_PASSWORD="`cat {shlex.quote(self.password_file)}`" && export ES_PASSWORD'
        script = f'{password} && exec {self.program} "$@"'
        return ("/bin/sh", "-c", script, self.name, *self.args)


def tracing(catalog: Catalog) -> Tracing | None:
    """Return what Jaeger 2 does; None where the platform does not run it."""
    platform = catalog.platform
    settings = platform.jaeger
    if settings is None or settings.storage is None or not has_jaeger(platform):
        return None
    slow = _slow(catalog)
    return Tracing(
        settings=settings,
        storage=settings.storage,
        buckets=_buckets(catalog),
        policies=(Failed(), *slow, Share(percent=settings.baseline)),
        decision_wait=platform.scaled(_decision_wait(slow)),
        flush=platform.scaled(platform.prometheus.scrape_interval),
        expiration=platform.scaled(_SILENCE),
        metrics_url=thanos_url(platform, "query") or platform.prometheus.url,
        collectors_host=service_host(platform, f"{Server.COLLECTOR.service}-headless"),
    )


def servers(platform: Platform) -> tuple[Server, ...]:
    """Return the kinds of servers of Jaeger 2 that the platform runs: several collectors need a gateway."""
    settings = platform.jaeger
    if settings is None or not has_jaeger(platform):
        return ()
    gateway = (Server.GATEWAY,) if settings.collectors > 1 else ()
    return (Server.COLLECTOR, *gateway, Server.QUERY)


def entry(platform: Platform) -> Server | None:
    """Return the servers that take spans from everybody; None where there are none."""
    found = servers(platform)
    return next((one for one in (Server.GATEWAY, Server.COLLECTOR) if one in found), None)


def has_jaeger(platform: Platform) -> bool:
    """Return whether the platform runs Jaeger 2: with storage, else there are links only. Version 1 is retired."""
    settings = platform.jaeger
    return settings is not None and settings.storage is not None and settings.version >= (2, 0)


def image(name: str, settings: JaegerSettings) -> str:
    """Return the image of one of Jaeger's programs."""
    return f"jaegertracing/{name}:{release(settings.version)}"


def jobs(platform: Platform) -> tuple[Job, ...]:
    """Return the jobs that rotate and clean the indices of spans; none where the platform does not run Jaeger 2.

    An index is judged by its creation, its youngest span is up to a day younger: both what is searched and what is
    kept is a day more than the retention. Every hour an index of 23 hours is rolled over, so that none is ever
    older than a day; once a day an index that is a second too young would be written to for two.
    """
    settings = platform.jaeger
    if settings is None or settings.storage is None or not has_jaeger(platform):
        return ()
    storage = settings.storage
    url, days = storage.urls[0], kept_days(settings)
    env = [("INDEX_PREFIX", storage.index_prefix)] if storage.index_prefix else []
    env += [("ES_USERNAME", storage.username)] if storage.username else []

    def job(
        name: str, purpose: str, schedule: str | None, tool: str, args: tuple[str, ...], *more: tuple[str, str]
    ) -> Job:
        return Job(
            name=name,
            purpose=purpose,
            schedule=schedule,
            image=image(f"jaeger-{tool}", settings),
            program={"es-rollover": "/go/bin/es-rollover", "es-index-cleaner": "/go/bin/es-index-cleaner-linux"}[tool],
            args=args,
            env=(*env, *more),
            password_file=storage.password_file,
        )

    # Before 2.20 the cleaner counts from the coming midnight unless told otherwise: up to a day too much.
    exact = ("--feature-gates=es.index.relativeTimeIndexDeletion",) if settings.version < (2, 20) else ()
    return (
        job(
            "jaeger-es-init",
            "templates, the first indices and their aliases",
            None,
            "es-rollover",
            ("init", url),
            ("SHARDS", str(_SHARDS)),
            ("REPLICAS", str(_COPIES)),
        ),
        job(
            "jaeger-es-rollover",
            "a new index to write to, once the last one is 23 hours old",
            "5 * * * *",
            "es-rollover",
            ("rollover", url),
            ("CONDITIONS", '{"max_age": "23h"}'),
        ),
        job(
            "jaeger-es-lookback",
            f"searches leave out indices that were begun {days} days ago",
            "20 * * * *",
            "es-rollover",
            ("lookback", url),
            ("UNIT", "hours"),  # days count from the coming midnight: up to a day too much
            ("UNIT_COUNT", str(days * 24)),
        ),
        job(
            "jaeger-es-index-cleaner",
            f"deletes indices that were begun {days} days ago",
            "55 23 * * *",
            "es-index-cleaner",
            (*exact, str(days), url),
            ("ROLLOVER", "true"),
        ),
    )


def kept_days(settings: JaegerSettings) -> int:
    """Return after how many days since its creation an index holds nothing that must be kept."""
    return settings.retention.ms // _DAY.ms + 1


def _thresholds(catalog: Catalog) -> Iterator[tuple[Service, Slo, Decimal]]:
    """Yield what is too slow for an SLO, in seconds, as far as a span can be measured so."""
    for service in catalog.services:
        for slo in service.slos:
            match slo.sli:
                case Latency(seconds=seconds) | Spans(threshold=Decimal() as seconds):
                    if seconds * _NANOSECONDS % 1 == 0 and seconds <= _LONGEST:
                        yield service, slo, seconds
                case _:
                    pass


def _buckets(catalog: Catalog) -> tuple[Decimal, ...]:
    thresholds = {seconds for _, _, seconds in _thresholds(catalog)}
    return tuple(sorted({*(Decimal(bound) / 1000 for bound in _MILLISECONDS), *thresholds}))


def _slow(catalog: Catalog) -> tuple[Slow, ...]:
    """Return a policy for each service, kind and operation that has a threshold: that of the shortest."""
    found: dict[tuple[str, str, str | None], Slow] = {}
    for service, slo, seconds in _thresholds(catalog):
        sli = slo.sli
        # The service of a histogram has the same name in its traces, and what it times is what it answers.
        of = (sli.service, sli.kind, sli.operation) if isinstance(sli, Spans) else (service.name, "server", None)
        if of not in found or seconds < found[of].threshold:
            found[of] = Slow(
                name=f"slow-{service.name}-{slo.name}",
                service=of[0],
                kind=of[1],
                operation=of[2],
                threshold=seconds,
            )
    return tuple(found.values())


def _decision_wait(slow: tuple[Slow, ...]) -> Duration:
    """Return how long spans of a trace are waited for: a slow one comes late, and must not be too late to count."""
    longest = max((one.threshold for one in slow), default=Decimal(0))
    return min(max(_WAIT, Duration(int(longest * 2000))), _LONGEST_WAIT)
