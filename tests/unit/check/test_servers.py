"""Probes, scrapes and the bucket: what is refused, what is warned of, and what is neither."""

from __future__ import annotations

import pytest

from slogen.check.servers import check_servers
from slogen.core import Report
from slogen.model import Catalog, Platform, Service
from slogen.source.documents import read_file
from tests.unit.plan.test_watch import PLATFORM as PLAIN

PLATFORM = """\
apiVersion: slogen/v1
kind: Platform
metadata: {{name: shop}}
prometheus: {{retention: {prometheus}{prober}}}
receivers: {{sre: {{pagerduty: {{routingKeyFile: /k}}}}}}
routing: {{critical: [{{after: 0s, notify: [sre]}}]}}
thanos: {{{bucket}retention: {{{bucket_keeps}}}}}
"""
SERVICE = """\
---
apiVersion: slogen/v1
kind: Service
metadata: {{name: {name}, team: core}}
{body}
slos:
  - {{name: up, objective: 99.9, window: {window}, sli: {{boolean: up}}}}
"""
BUCKET = "objectStorage: {type: FILESYSTEM, config: {directory: /b}}, "


def told(
    *bodies: str,
    prober: str = "",
    keeps: str = "raw: 33d",
    prometheus: str = "12h",
    bucket: str = BUCKET,
    window: str = "30d",
) -> list[str]:
    """Return what is wrong with a platform and services of these further keys: line, severity, code and message."""
    text = PLATFORM.format(prometheus=prometheus, prober=prober, bucket=bucket, bucket_keeps=keeps)
    text += "".join(
        SERVICE.format(name=f"s{number}", body=body, window=window) for number, body in enumerate(bodies or ("",))
    )
    report = Report()
    platform, *services = read_file("all.yaml", text, report)
    assert [str(problem) for problem in report] == []
    assert isinstance(platform, Platform)
    kept = tuple(one for one in services if isinstance(one, Service))
    check_servers(Catalog(platform=platform, services=kept), report)
    return [f"{one.span.line} {one.severity} {one.code}: {one.message}" for one in report]


PROBE = 'probe: {module: http_2xx, targets: ["https://a"]}'


def test_a_probe_needs_somebody_who_carries_it_out() -> None:
    """Each is told of, and none where the platform names a prober."""
    problem = "error SLO115: a probe needs the blackbox exporter, and the platform names none"
    assert told(PROBE, PROBE) == [f"12 {problem}", f"19 {problem}"]
    assert told(PROBE, prober=', prober: "blackbox:9115"') == []


SAME = {
    "equal selectors": ("{selector: {a: x, b: y}}", "{selector: {b: y, a: x}}"),
    "a narrower selector": ("{selector: {a: x}}", "{selector: {b: y, a: x}}"),
    "a wider selector": ("{selector: {b: y, a: x}}", "{selector: {a: x}}"),
    "anywhere and a namespace": ("{selector: {a: x}}", "{selector: {a: x}, namespace: n}"),
    "one target of several": ("{targets: ['a:1', 'b:1']}", "{targets: ['b:1', 'c:1']}"),
    "another job": ("{selector: {a: x}}", "{selector: {a: x}, job: z}"),
}
OTHERS = {
    "another value": ("{selector: {a: x}}", "{selector: {a: y}}"),
    "labels of both": ("{selector: {a: x, b: y}}", "{selector: {a: x, c: z}}"),
    "another namespace": ("{selector: {a: x}, namespace: m}", "{selector: {a: x}, namespace: n}"),
    "another port": ("{selector: {a: x}}", "{selector: {a: x}, port: more}"),
    "another path": ("{selector: {a: x}}", "{selector: {a: x}, path: /more}"),
    "another way": ("{targets: ['a:1']}", "{targets: ['a:1'], scheme: https}"),
    "other targets": ("{targets: ['a:1']}", "{targets: ['a:2']}"),
    "a selector and a target": ("{selector: {a: x}}", "{targets: ['a:1']}"),
}


@pytest.mark.parametrize("name", SAME)
def test_targets_that_are_scraped_twice_are_warned_of(name: str) -> None:
    """In one service and in two; the first one is named."""
    first, second = SAME[name]
    words = "warning SLO116: these targets are scraped already, as job 's0' at all.yaml:12:"
    (found,) = told(f"scrape: {first}", f"scrape: {second}")
    assert found.startswith(f"19 {words}")
    (found,) = told(f"scrape: [{first}, {second}]")
    assert found.startswith(f"12 {words}")


@pytest.mark.parametrize("name", OTHERS)
def test_other_targets_are_not(name: str) -> None:
    """Neither order is complained of."""
    first, second = OTHERS[name]
    assert told(f"scrape: {first}", f"scrape: {second}") == []
    assert told(f"scrape: [{second}, {first}]") == []


def test_the_bucket_keeps_what_the_ruler_reads() -> None:
    """30 days are read: less is refused; up to three days more are few for a report; no end is enough."""
    short = "error SLO208: the bucket keeps raw data for 29d, and SLO s0/up reads 30d of it"
    tight = "warning SLO209: the bucket keeps raw data for %s, hardly longer than the SLO window of 30d"
    assert told(keeps="raw: 29d") == [f"7 {short}"]
    assert told(keeps="raw: 30d") == [f"7 {tight % '30d'}"]
    assert told(keeps="raw: 32d23h") == [f"7 {tight % '32d23h'}"]
    assert told(keeps="raw: 33d") == []
    assert told(keeps="") == []


def test_what_prometheus_keeps_is_not_read_from_the_bucket() -> None:
    """Nor is anything checked of a bucket that slogen does not write."""
    assert told(keeps="raw: 3d", prometheus="60d") == []
    assert told(keeps="raw: 3d", bucket="") == []


def test_an_alert_may_look_further_back_than_any_slo() -> None:
    """Two hours, 35 days ago."""
    alert = """alerts:
  - {name: Lost, severity: warning, summary: s, expr: "rate(a_total[2h] offset 35d) > 1"}"""
    assert told(alert) == [
        "7 error SLO208: the bucket keeps raw data for 33d, and alert Lost reads 35d2h of it",
    ]
    assert told(alert, keeps="raw: 35d2h") == []


def test_data_must_last_until_it_is_downsampled() -> None:
    """40 hours for raw data and ten days for that of 5m, or the compactor does not start."""
    words = "error SLO210: %s data is downsampled when it is %s old, and kept for %s: the compactor does not start"
    raw = words % ("raw", "1d16h", "1d15h59m")
    tight = "warning SLO209: the bucket keeps raw data for %s, hardly longer than the SLO window of 1d"
    assert told(keeps="raw: 39h59m", window="1d") == [f"7 {tight % '1d15h59m'}", f"7 {raw}"]
    assert told(keeps="raw: 40h", window="1d") == [f"7 {tight % '1d16h'}"]
    assert told(keeps="raw: 9d, 5m: 9d23h", window="1d") == [f"7 {words % ('5m', '10d', '9d23h')}"]
    assert told(keeps="raw: 9d, 5m: 10d", window="1d") == []


def test_coarse_data_outlasts_fine_data() -> None:
    """It takes less room; for ever is longest."""
    words = "warning SLO211: %s data is kept for %s, and %s data, which takes more room, %s"
    assert told(keeps="raw: 45d, 5m: 44d, 1h: 50d") == [f"7 {words % ('5m', '44d', 'raw', '45d')}"]
    assert told(keeps="raw: 45d, 5m: 50d, 1h: 49d") == [f"7 {words % ('1h', '49d', '5m', '50d')}"]
    assert told(keeps="5m: 45d") == [f"7 {words % ('5m', '45d', 'raw', 'for ever')}"]
    assert told(keeps="raw: 45d, 5m: 45d, 1h: 45d") == []


def test_labels_that_thanos_takes_away_cannot_be_kept() -> None:
    """Replica labels are dropped when Thanos answers: those of the ruler, and of receive where there is one."""
    bucket = "objectStorage: {type: FILESYSTEM, config: {directory: /b}}"
    for thanos, label, refused in (
        ("{}", "thanos_ruler_replica", True),
        (f"{{{bucket}, receive: true}}", "tenant_id", True),
        (f"{{{bucket}}}", "tenant_id", False),
    ):
        report = Report()
        (platform,) = read_file("p.yaml", PLAIN + f"thanos: {thanos}\n", report)
        assert isinstance(platform, Platform)
        assert list(report) == []
        assert (label in platform.external_labels) is refused, label
