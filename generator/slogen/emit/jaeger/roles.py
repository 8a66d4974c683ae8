"""The servers of Jaeger 2, and what each is configured with.

Each is an OpenTelemetry Collector: its configuration is made of components in sections, joined to pipelines.
Sources: https://www.jaegertracing.io/docs/latest/, and the code of 2.13 and 2.20.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from slogen.emit.jaeger.parts import (
    MAIN,
    TRIAL,
    Part,
    asked,
    bucket,
    health,
    literal,
    memory,
    otlp,
    policy,
    storage,
    telemetry,
)
from slogen.model import Catalog, JaegerSettings
from slogen.plan.topology import Value
from slogen.plan.tracing import HEALTH, OTLP_GRPC, SPAN_METRICS, Server, Tracing, servers, tracing

FOLDER = "jaeger"
_TRACES_IN_MIND = 100_000  # of which it is not decided yet; more are decided on too early
_REMEMBERED, _FORGOTTEN = 100_000, 500_000  # decisions that spans which come late follow
_MISSED = 4  # intervals; what was not told again for so long has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Servers of one kind: their configuration is `name`.yaml."""

    name: Server
    purpose: str
    program: str = "jaeger"
    parts: tuple[Part, ...]

    @property
    def path(self) -> str:
        """Where its configuration is."""
        return f"{FOLDER}/{self.name}.yaml"


def roles(catalog: Catalog) -> tuple[Role, ...]:
    """Return the servers of Jaeger 2; none where the platform does not run it."""
    plan = tracing(catalog)
    if plan is None:
        return ()
    made = {Server.COLLECTOR: _collector, Server.GATEWAY: _gateway, Server.QUERY: _query}
    return tuple(made[server](plan) for server in servers(catalog.platform))


def _collector(plan: Tracing) -> Role:
    return Role(
        name=Server.COLLECTOR,
        purpose="Jaeger collectors: they take spans, count all of them, and keep some of the traces.",
        parts=(
            health(),
            storage(plan),
            otlp(),
            Part(
                section="connectors",
                name="spanmetrics",
                value={
                    "histogram": {"unit": "s", "explicit": {"buckets": [bucket(one) for one in plan.buckets]}},
                    "exemplars": {"enabled": True},
                    "metrics_flush_interval": str(plan.flush),
                    "metrics_expiration": str(plan.expiration),
                    "resource_metrics_key_attributes": ["service.name"],
                },
                why="The counters that SLOs of the kind `spans` read. Each threshold of an SLO is a bucket. Told as "
                "often as they are scraped: an exemplar is there for one interval. A service that sends nothing for "
                f"{plan.expiration} has no data; it is not healthy. By service.name, so that a restart of a pod "
                "begins no new counter.",
            ),
            Part(
                section="connectors", name="forward/sampled", value={}, why="From what is counted to what may be kept."
            ),
            memory(),
            Part(section="processors", name="batch", value={}),
            Part(
                section="processors",
                name="tail_sampling",
                value={
                    "decision_wait": str(plan.decision_wait),
                    "num_traces": _TRACES_IN_MIND,
                    "decision_cache": {"sampled_cache_size": _REMEMBERED, "non_sampled_cache_size": _FORGOTTEN},
                    "policies": [policy(one) for one in plan.policies],
                },
                why="A trace is kept when any policy says so: what failed, what was slower than an SLO allows, and a "
                "share of the rest. A slow span ends late, so that the wait is longer than the thresholds. More than "
                f"{_TRACES_IN_MIND} traces within the wait are decided on too early: otelcol_processor_tail_sampling_"
                "sampling_trace_dropped_too_early counts them.",
            ),
            Part(section="exporters", name="jaeger_storage_exporter", value={"trace_storage": MAIN}),
            Part(
                section="exporters",
                name="prometheus",
                value={
                    "endpoint": SPAN_METRICS.everywhere,
                    "enable_open_metrics": True,
                    "metric_expiration": str(plan.flush * _MISSED),
                },
                why="Scraped by Prometheus; exemplars are told in OpenMetrics alone. A counter that has ended is shown "
                f"for {plan.flush * _MISSED} more, and not for five minutes.",
            ),
            Part(section="service", name="extensions", value=["healthcheckv2", "jaeger_storage"]),
            Part(
                section="service",
                name="pipelines",
                value={
                    "traces/in": {
                        "receivers": ["otlp"],
                        "processors": ["memory_limiter", "batch"],
                        "exporters": ["spanmetrics", "forward/sampled"],
                    },
                    "traces/sampled": {
                        "receivers": ["forward/sampled"],
                        "processors": ["tail_sampling"],
                        "exporters": ["jaeger_storage_exporter"],
                    },
                    "metrics/spans": {"receivers": ["spanmetrics"], "exporters": ["prometheus"]},
                },
                why="Spans are counted before any is dropped: counted afterwards, each SLO would see mostly failures.",
            ),
            telemetry(Server.COLLECTOR),
        ),
    )


def _query(plan: Tracing) -> Role:
    metrics: dict[str, Value] = {"metrics": "spans"} if plan.metrics_url else {}
    path = urlsplit(plan.settings.url).path if plan.settings.url else ""
    base: dict[str, Value] = {"base_path": literal(path)} if path else {}
    return Role(
        name=Server.QUERY,
        purpose="Jaeger query servers: they show traces, and in the tab Monitor what the collectors counted.",
        parts=(
            health(),
            storage(plan, metrics=True),
            Part(
                section="extensions",
                name="jaeger_query",
                value=asked(MAIN, **metrics) | base,
            ),
            Part(section="receivers", name="nop", value={}, why="They take no spans, and there must be a pipeline."),
            Part(section="exporters", name="nop", value={}),
            Part(section="service", name="extensions", value=["healthcheckv2", "jaeger_storage", "jaeger_query"]),
            Part(section="service", name="pipelines", value={"traces": {"receivers": ["nop"], "exporters": ["nop"]}}),
            telemetry(Server.QUERY),
        ),
    )


def _gateway(plan: Tracing) -> Role:
    return Role(
        name=Server.GATEWAY,
        purpose=f"In front of {plan.settings.collectors} collectors: all spans of a trace go to the same one, or none "
        "sees whether it failed. Services send their spans here. Jaeger has no such exporter, so that this is the "
        "OpenTelemetry Collector.",
        program="otelcol-contrib",
        parts=(
            Part(section="extensions", name="health_check", value={"endpoint": HEALTH.everywhere}),
            otlp(),
            memory(),
            Part(section="processors", name="batch", value={}),
            Part(
                section="exporters",
                name="loadbalancing",
                value={
                    "routing_key": "traceID",
                    "protocol": {"otlp": {"tls": {"insecure": True}}},
                    "resolver": {"dns": {"hostname": plan.collectors_host, "port": str(OTLP_GRPC.number)}},
                },
                why="The name must have an address for each collector, so not that of a balanced service.",
            ),
            Part(section="service", name="extensions", value=["health_check"]),
            Part(
                section="service",
                name="pipelines",
                value={
                    "traces": {
                        "receivers": ["otlp"],
                        "processors": ["memory_limiter", "batch"],
                        "exporters": ["loadbalancing"],
                    }
                },
            ),
            telemetry(Server.GATEWAY),
        ),
    )


def memory_overlay(settings: JaegerSettings) -> dict[str, Value]:
    """Return what is laid over collector.yaml to keep spans in memory and to show them: one server, no storage.

    An overlay cannot take the storage away. From 2.15 on it is opened when it is asked for, and one of two kinds is
    refused: the overlay asks for another one. Before, each is opened at once, and of two kinds memory is taken.
    """
    name = TRIAL if settings.version >= (2, 15) else MAIN
    overlay: dict[str, Value] = {
        "extensions": {
            "jaeger_storage": {"backends": {name: {"memory": {"max_traces": _TRACES_IN_MIND}}}},
            "jaeger_query": asked(name),
        }
    }
    if name != MAIN:
        overlay["exporters"] = {"jaeger_storage_exporter": {"trace_storage": name}}
    return {**overlay, "service": {"extensions": ["healthcheckv2", "jaeger_storage", "jaeger_query"]}}
