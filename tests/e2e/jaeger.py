"""A Jaeger from the generated configuration on loopback, and a service that sends it spans by the OpenTelemetry SDK."""

from __future__ import annotations

import json
import random
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from tests.e2e.server import Server, free_port

_SAMPLE = re.compile(r"(\w+)\{(.*)\} (\S+)")
_LABEL = re.compile(r'(\w+)="((?:\\.|[^"\\])*)"')


class Jaeger(Server):
    """A collector that keeps spans in memory, as the overlay has it, and shows them; another overlay moves it."""

    def __init__(self, program: str, folder: Path, built: Path) -> None:
        ports = {name: free_port() for name in ("health", "http", "grpc", "otlp", "otlp-grpc", "metrics", "telemetry")}
        at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        pulled = {"prometheus": {"host": "127.0.0.1", "port": ports["telemetry"]}}
        overlay = {
            "extensions": {
                "healthcheckv2": {"http": {"endpoint": at["health"]}},
                "jaeger_query": {"http": {"endpoint": at["http"]}, "grpc": {"endpoint": at["grpc"]}},
            },
            "receivers": {
                "otlp": {"protocols": {"grpc": {"endpoint": at["otlp-grpc"]}, "http": {"endpoint": at["otlp"]}}}
            },
            "exporters": {"prometheus": {"endpoint": at["metrics"]}},
            "service": {"telemetry": {"metrics": {"readers": [{"pull": {"exporter": pulled}}]}}},
        }
        folder.mkdir(parents=True)
        (folder / "ports.yaml").write_text(yaml.safe_dump(overlay), "utf-8")
        configs = [built / "collector.yaml", built / "overlay-memory.yaml", folder / "ports.yaml"]
        super().__init__([program, *(f"--config={path}" for path in configs)], ports["health"], folder)
        self.ports = ports

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=2) as answer:
                return bool(json.load(answer)["healthy"])
        except OSError:
            return False

    def traces(self, service: str) -> list[str]:
        """Return the ids of the traces that were kept."""
        now = time.time_ns() // 1000
        asked = {"service": service, "limit": 100_000, "start": now - 3_600_000_000, "end": now + 60_000_000}
        url = f"http://127.0.0.1:{self.ports['http']}/api/traces?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return [trace["traceID"] for trace in json.load(answer)["data"] or []]

    def metrics(self, kind: str = "metrics") -> Iterator[tuple[str, dict[str, str], float]]:
        """Yield what is scraped: name, labels, value."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[kind]}/metrics", timeout=10) as answer:
            for found in _SAMPLE.finditer(answer.read().decode()):
                yield found[1], dict(_LABEL.findall(found[2])), float(found[3])


class Ids(IdGenerator):
    """Ids that are the same in every run, and with them the share that is kept."""

    def __init__(self) -> None:
        self._random = random.Random(7)

    def generate_span_id(self) -> int:
        """Return 8 bytes."""
        return self._random.getrandbits(64) or 1

    def generate_trace_id(self) -> int:
        """Return 16 bytes."""
        return self._random.getrandbits(128) or 1


class Client:
    """A service that is traced; what lasts how long is told, not waited for."""

    def __init__(self, service: str, port: int) -> None:
        exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{port}/v1/traces")
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": service}), id_generator=Ids(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=20_000, schedule_delay_millis=200, export_timeout_millis=30_000)
        )
        self._tracer = self._provider.get_tracer("test")

    def request(self, milliseconds: float, *, failed: bool = False, behind: float | None = None) -> str:
        """Send the span of an answered request, and with `behind` that of what it asked; return the trace's id."""
        end = time.time_ns()
        context: Any = None
        server = self._tracer.start_span(
            "GET /", kind=SpanKind.SERVER, start_time=end - round(milliseconds * 1e6), context=context
        )
        if failed:
            server.set_status(Status(StatusCode.ERROR))
        if behind is not None:
            inner = self._tracer.start_span(
                "SELECT",
                kind=SpanKind.CLIENT,
                start_time=end - round(behind * 1e6),
                context=set_span_in_context(server),
            )
            inner.end(end)
        server.end(end)
        return format(server.get_span_context().trace_id, "032x")

    def flush(self) -> None:
        """Wait until all of it was sent."""
        assert self._provider.force_flush(60_000)

    def stop(self) -> None:
        """Send the rest, and nothing more."""
        self._provider.shutdown()
