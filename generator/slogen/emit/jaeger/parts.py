"""Components of the configuration that several servers have, and the policies of what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from slogen.core import plain
from slogen.plan.topology import Value, go_duration
from slogen.plan.tracing import (
    HEALTH,
    OTLP_GRPC,
    OTLP_HTTP,
    QUERY_GRPC,
    QUERY_HTTP,
    TELEMETRY,
    Failed,
    Policy,
    Server,
    Share,
    Slow,
    Tracing,
)

MAIN, TRIAL = "main", "trial"  # names of the storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A component in a section of the configuration, and why it is as it is."""

    section: str
    name: str
    value: Value
    why: str = ""


def health() -> Part:
    """Return where a server tells whether it is healthy."""
    return Part(
        section="extensions",
        name="healthcheckv2",
        value={"use_v2": True, "http": {"endpoint": HEALTH.everywhere}},
    )


def memory() -> Part:
    """Return what refuses spans when memory is short."""
    return Part(
        section="processors",
        name="memory_limiter",
        value={"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 20},
        why="Spans are refused, and sent again, before the server is killed for its memory.",
    )


def otlp() -> Part:
    """Return where spans come in."""
    protocols: Value = {"grpc": {"endpoint": OTLP_GRPC.everywhere}, "http": {"endpoint": OTLP_HTTP.everywhere}}
    return Part(section="receivers", name="otlp", value={"protocols": protocols})


def asked(storage: str, **more: Value) -> dict[str, Value]:
    """Return what makes a server show traces; its own it does not send to itself."""
    return {
        "storage": {"traces": storage, **more},
        "http": {"endpoint": QUERY_HTTP.everywhere},
        "grpc": {"endpoint": QUERY_GRPC.everywhere},
        "enable_tracing": False,
    }


def telemetry(server: Server) -> Part:
    """Return what a server says of itself, under the name of its job."""
    pulled: Value = {"pull": {"exporter": {"prometheus": {"host": "0.0.0.0", "port": TELEMETRY.number}}}}
    return Part(
        section="service",
        name="telemetry",
        value={"resource": {"service.name": server.job}, "metrics": {"level": "detailed", "readers": [pulled]}},
        why="What the server says of itself, for Prometheus.",
    )


def storage(plan: Tracing, *, metrics: bool = False) -> Part:
    """Return where spans are kept, and with `metrics` where their counters are asked for."""
    kept = plan.storage
    search: dict[str, Value] = {"server_urls": [literal(url) for url in kept.urls]}
    if kept.username and kept.password_file:
        basic: Value = {"username": literal(kept.username), "password_file": literal(kept.password_file)}
        search["auth"] = {"basic": basic}
    search["create_mappings"] = False
    search["max_span_age"] = go_duration(plan.settings.retention)
    indices: dict[str, Value] = {"index_prefix": kept.index_prefix} if kept.index_prefix else {}
    if plan.rotation:
        for kind in ("spans", "services", "dependencies", "sampling"):
            indices[kind] = {"rotation": {"manual_rollover": {}}}
    else:
        search["use_aliases"] = True
    if indices:
        search["indices"] = indices
    value: dict[str, Value] = {"backends": {MAIN: {kept.kind: search}}}
    if metrics and plan.metrics_url:
        value["metric_backends"] = {
            "spans": {
                "prometheus": {
                    "endpoint": literal(plan.metrics_url),
                    "normalize_calls": True,
                    "normalize_duration": True,
                    "latency_unit": "s",
                }
            }
        }
    return Part(
        section="extensions",
        name="jaeger_storage",
        value=value,
        why="Indices are made by the jobs in jobs.yaml, and written to and searched by their aliases: without them "
        "nothing is rotated.",
    )


def policy(one: Policy) -> Value:
    """Return a policy of tail sampling."""
    match one:
        case Failed():
            return {"name": one.name, "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}
        case Slow():
            # The policy `latency` measures whole traces, in milliseconds; this one what the SLO measures.
            condition = " and ".join(
                [
                    f"end_time_unix_nano - start_time_unix_nano > {plain(one.threshold * 1_000_000_000)}",
                    f"kind == SPAN_KIND_{one.kind.upper()}",
                    f'resource.attributes["service.name"] == {_quoted(one.service)}',
                    *([f"name == {_quoted(one.operation)}"] if one.operation is not None else []),
                ]
            )
            return {
                "name": one.name,
                "type": "ottl_condition",
                "ottl_condition": {"error_mode": "ignore", "span": [literal(condition)]},
            }
        case Share():
            return {
                "name": one.name,
                "type": "probabilistic",
                "probabilistic": {"sampling_percentage": one.percent},
            }
    assert_never(one)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """Return a text as the collector takes it literally: `${x}` would be a variable."""
    return text.replace("$", "$$")


def bucket(seconds: Decimal) -> str:
    """Return the bound of a bucket as Go reads durations, exact: 0.0025 is 2.5ms."""
    for unit, size in (("s", Decimal(1)), ("ms", Decimal("1e-3")), ("us", Decimal("1e-6"))):
        if seconds >= size:
            return plain(seconds / size) + unit
    return plain(seconds * 1_000_000_000) + "ns"
