"""What is counted of spans, which traces are kept, and when indices are rotated and deleted."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from slogen.core import Report
from slogen.model import Catalog, Platform, Service
from slogen.plan.tracing import Failed, Share, Slow, Tracing, jobs, tracing
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM

STORAGE = "storage: {elasticsearch: {urls: ['https://es:9200', 'https://es-b:9200']}}"


def catalog(*slis: str, jaeger: str = STORAGE, more: str = "") -> Catalog:
    """Return a platform with tracing and a service `web` with SLOs `a`, `b`, … of these SLIs."""
    slos = "".join(
        f"  - {{name: {name}, objective: 99, sli: {sli}}}\n" for name, sli in zip("abcdefg", slis, strict=False)
    )
    text = PLATFORM.format(scrape="30s", evaluation="30s", more=f"jaeger: {{{jaeger}}}\n{more}")
    text += "---\napiVersion: slogen/v1\nkind: Service\nmetadata: {name: web, team: core}\nslos:\n"
    report = Report()
    platform, service = read_file(
        "x.yaml", text + (slos or "  - {name: a, objective: 99, sli: {boolean: up}}\n"), report
    )
    assert [str(problem) for problem in report] == []
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    return Catalog(platform=platform, services=(service,))


def planned(*slis: str, jaeger: str = STORAGE, more: str = "") -> Tracing:
    """Return what Jaeger does there."""
    plan = tracing(catalog(*slis, jaeger=jaeger, more=more))
    assert plan is not None
    return plan


def test_every_threshold_is_a_bucket_beside_the_usual_ones() -> None:
    """In order and exact, whatever unit the histogram has; 5 ms is one of the usual ones."""
    plan = planned(
        "{latency: {histogram: d_seconds, threshold: 8ms}}",
        "{latency: {histogram: d_milliseconds, threshold: 0.3s}}",
        "{spans: {service: web, threshold: 250us}}",
        "{spans: {service: web, operation: x, threshold: 5ms}}",
        "{latency: {histogram: d_hours, threshold: 30h}}",
    )
    expected = "0.00025 0.001 0.002 0.005 0.008 0.01 0.025 0.05 0.1 0.25 0.3 0.5 1 2.5 5 10"
    assert plan.buckets == tuple(map(Decimal, expected.split()))


def test_failures_slow_spans_and_a_share_are_kept() -> None:
    """One policy for each service, kind and operation: that of its shortest threshold. More than a day is no span."""
    plan = planned(
        "{latency: {histogram: d_seconds, threshold: 8ms}}",
        "{latency: {histogram: e_seconds, threshold: 5ms}}",
        "{spans: {service: web, threshold: 1s}}",
        "{spans: {service: web, operation: GET /, threshold: 2s}}",
        "{spans: {service: db, kind: client, threshold: 2s}}",
        "{spans: {service: other}}",
        "{latency: {histogram: d_hours, threshold: 30h}}",
        jaeger=STORAGE + ", baseline: 7",
    )
    web = {"service": "web", "kind": "server"}
    assert plan.policies == (
        Failed(),
        Slow(name="slow-web-b", operation=None, threshold=Decimal("0.005"), **web),
        Slow(name="slow-web-d", operation="GET /", threshold=Decimal(2), **web),
        Slow(name="slow-web-e", service="db", kind="client", operation=None, threshold=Decimal(2)),
        Share(percent=7),
    )


@pytest.mark.parametrize(
    ("threshold", "wait"), [("5ms", "30s"), ("15s", "30s"), ("20s", "40s"), ("2m", "4m"), ("1h", "5m")]
)
def test_a_trace_is_waited_for_longer_than_a_slow_span_lasts(threshold: str, wait: str) -> None:
    """A slow span ends after the others of its trace: half a minute, or twice the threshold, at most five minutes."""
    assert str(planned(f"{{spans: {{service: web, threshold: {threshold}}}}}").decision_wait) == wait


def test_span_metrics_are_told_as_often_as_they_are_scraped() -> None:
    """And end after 5 minutes of silence; the time scale of tests divides all of it."""
    plan, fast = planned(), planned(more="timeScale: 30")
    assert [str(one) for one in (plan.flush, plan.expiration, plan.decision_wait)] == ["30s", "5m", "30s"]
    assert [str(one) for one in (fast.flush, fast.expiration, fast.decision_wait)] == ["1s", "10s", "1s"]


def test_the_query_servers_ask_thanos_or_else_prometheus() -> None:
    """Nobody when neither is known."""
    bucket = "thanos: {objectStorage: {type: FILESYSTEM, config: {directory: /b}}}"
    asked = "prometheus: {url: 'http://prometheus:9090', retention: 365d}"
    base = catalog()
    assert planned(more=bucket).metrics_url == "http://thanos-query.monitoring.svc:10902"
    assert tracing(base).metrics_url is None  # type: ignore[union-attr]
    text = PLATFORM.format(scrape="30s", evaluation="30s", more=f"jaeger: {{{STORAGE}}}")
    lines = [asked if line.startswith("prometheus:") else line for line in text.split("\n")]
    (platform,) = read_file("x.yaml", "\n".join(lines), Report())
    assert isinstance(platform, Platform)
    plan = tracing(Catalog(platform=platform, services=()))
    assert plan is not None
    assert plan.metrics_url == "http://prometheus:9090"


@pytest.mark.parametrize("jaeger", ["url: 'https://j'", STORAGE + ", version: '1'"])
def test_without_storage_or_with_version_1_there_is_no_jaeger_2(jaeger: str) -> None:
    """Links alone, or the retired operator."""
    found = catalog(jaeger=jaeger)
    assert (tracing(found), jobs(found.platform)) == (None, ())


def test_an_index_is_searched_and_kept_for_a_day_more_than_spans() -> None:
    """Spans of 7 days: an index is judged by its creation, and its last span is a day younger."""
    init, rollover, lookback, cleaner = jobs(catalog().platform)
    assert (init.schedule, init.command) == (None, ("/go/bin/es-rollover", "init", "https://es:9200"))
    assert (rollover.schedule, dict(rollover.env)) == ("5 * * * *", {"CONDITIONS": '{"max_age": "23h"}'})
    assert (lookback.args, dict(lookback.env)) == (
        ("lookback", "https://es:9200"),
        {"UNIT": "hours", "UNIT_COUNT": "192"},
    )
    assert cleaner.command == ("/go/bin/es-index-cleaner-linux", "8", "https://es:9200")
    assert dict(cleaner.env) == {"ROLLOVER": "true"}
    assert cleaner.image == "jaegertracing/jaeger-es-index-cleaner:2.20.0"


def test_an_older_cleaner_is_told_to_count_from_now() -> None:
    """Before 2.20 it counts from the coming midnight."""
    *_, cleaner = jobs(catalog(jaeger=STORAGE + ", version: '2.13', retention: 14d").platform)
    assert cleaner.args == ("--feature-gates=es.index.relativeTimeIndexDeletion", "15", "https://es:9200")
    assert cleaner.image == "jaegertracing/jaeger-es-index-cleaner:2.13.0"


def test_a_job_reads_its_password_from_a_file() -> None:
    """The programs take it from a variable only; it is in no file that is written here."""
    jaeger = "storage: {opensearch: {urls: ['https://es'], indexPrefix: prod, username: j, passwordFile: /s/es}}"
    found = jobs(catalog(jaeger=jaeger).platform)
    assert all(dict(job.env).items() >= {"INDEX_PREFIX": "prod", "ES_USERNAME": "j"}.items() for job in found)
    assert found[1].command == (
        "/bin/sh",
        "-c",
        'ES_PASSWORD="`cat /s/es`" && export ES_PASSWORD && exec /go/bin/es-rollover "$@"',
        "jaeger-es-rollover",
        "rollover",
        "https://es",
    )


def test_the_command_of_a_job_hands_the_password_on(tmp_path: Path) -> None:
    """Tried in a shell, with a program that tells what it got; without the file it is not started."""
    secret, program = tmp_path / "the password", tmp_path / "program"
    secret.write_text("s$cret\n", "utf-8")
    program.write_text('#!/bin/sh\necho "$ES_PASSWORD" "$@"\n', "utf-8")
    program.chmod(0o755)
    (*_, cleaner) = jobs(catalog().platform)
    job = replace(cleaner, program=str(program), password_file=str(secret))
    done = subprocess.run(job.command, capture_output=True, text=True, check=True)
    assert done.stdout == "s$cret 8 https://es:9200\n"
    secret.unlink()
    done = subprocess.run(job.command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 1)
