"""Writes a repository with many services and kinds of SLI for the speed benchmark."""

from __future__ import annotations

from pathlib import Path

PLATFORM = """
apiVersion: slogen/v1
kind: Platform
metadata: {name: many}
clusters: [east, west]
prometheus: {version: "2.42", scrapeInterval: 30s, evaluationInterval: 30s, retention: 6h, replicas: 2}
thanos: {version: "0.42"}
receivers:
  sre: {pagerduty: {routingKeyFile: /etc/alertmanager/secrets/pagerduty}}
  manager: {email: {to: manager@example.com}}
  director: {email: {to: director@example.com}}
  chat: {slack: {apiUrlFile: /etc/alertmanager/secrets/slack, channel: "#team"}}
teams:
  core: {notify: [chat]}
routing:
  critical:
    - {after: 0s, notify: [sre]}
    - {after: 15m, notify: [manager]}
    - {after: 1h, notify: [director]}
grafana: {url: "https://grafana.example.com"}
"""
SERVICE = """
apiVersion: slogen/v1
kind: Service
metadata:
  name: {name}
  team: core
  description: Number {number} of many
  labels: {{tier: "1"}}
  links: {{runbook: "https://runbooks.example.com/{name}"}}
slos:
"""
SLO = """\
  - name: {name}
    description: {description}
    objective: {objective}
    sli:
{sli}
"""
ALERT = """\
  - name: {name}
    severity: {severity}
    expr: {expr}
    for: 5m
    summary: {summary}
    tests:
      - series: {{'up{{job="{job}",instance="a"}}': "0x30"}}
        fires: 10m
      - series: {{{replicas}}}
        quiet: 10m
"""

_EVENTS = """\
      events:
        total: 'http_requests_total{{job="{job}"}}'
        bad: 'http_requests_total{{job="{job}",code=~"5.."}}'"""
_GOOD = """\
      events:
        total: 'grpc_server_handled_total{{job="{job}"}}'
        good: 'grpc_server_handled_total{{job="{job}",grpc_code=~"OK|NotFound|Canceled"}}'"""
_LATENCY = """\
      latency: {{histogram: 'http_request_duration_seconds{{job="{job}"}}', threshold: 250ms}}"""
_BUCKETS = """\
      latency:
        histogram: 'rpc_duration_seconds{{job="{job}"}}'
        threshold: 1s
        buckets: [100ms, 500ms, 1s, 5s]"""
_BOOLEAN = """\
      boolean: 'probe_success{{job="{job}"}}'"""
_THRESHOLD = """\
      threshold: {{metric: 'max by (queue) (queue_age_seconds{{job="{job}"}})', bad: "> 60"}}"""
_QUERY = """\
      query:
        errors: >-
          sum(rate(jobs_failed_total{{job="{job}"}}[$window]))
          or 0 * sum(rate(jobs_total{{job="{job}"}}[$window]))
        total: 'sum(rate(jobs_total{{job="{job}"}}[$window]))'"""
_THRESHOLD_TESTS = """
    tests:
      - name: a queue of more than a minute is bad
        series: {{'queue_age_seconds{{job="{job}",queue="a"}}': 61x30}}
        at: 10m
        errors: 2/m
        total: 2/m"""
_QUERY_TESTS = """
    tests:
      - name: three of sixty jobs a minute fail
        series:
          jobs_total{{job="{job}"}}: 0+30x30
          jobs_failed_total{{job="{job}"}}: 0+1.5x30
        at: 10m
        errors: 3/m
        total: 60/m"""

# The SLI, the objective, and lines that follow: mostly events and latency, some with `by`.
_MIX = (
    (_EVENTS, "99.99", "    traffic: 50/s\n    noData: critical"),
    (_LATENCY, "99", "    traffic: 50/s"),
    (_GOOD, "99.9", ""),
    (_BUCKETS, "99.5", ""),
    (_EVENTS, "99.9", "    by: [region]"),
    (_LATENCY, "95", "    by: [region]\n    alerting: {{critical: false}}"),
    (_BOOLEAN, "99.95", ""),
    (_THRESHOLD, "99", "    alerting: {{escalate: false}}" + _THRESHOLD_TESTS),
    (_QUERY, "99.5", "    window: 28d" + _QUERY_TESTS),
    (_EVENTS, "99.5", "    traffic: 2/s"),
)


def write_repository(root: Path, services: int, slos: int) -> int:
    """Write a platform and its services below `root`; return the number of cause alerts."""
    (root / "slos").mkdir(parents=True)
    (root / "slogen.yaml").write_text(PLATFORM.lstrip(), "utf-8")
    alerts = 0
    for number in range(services):
        name = f"service-{number:04}"
        text, causes = _service(name, number, slos)
        (root / "slos" / f"{name}.yaml").write_text(text, "utf-8")
        alerts += causes
    return alerts


def _service(name: str, number: int, slos: int) -> tuple[str, int]:
    """Return the file of a service, and how many cause alerts it has: none, two or four."""
    parts = [SERVICE.format(name=name, number=number).lstrip()]
    for place in range(slos):
        sli, objective, more = _MIX[place % len(_MIX)]
        job = f"{name}-{place // len(_MIX)}"
        text = SLO.format(
            name=f"objective-{place}",
            description=f"Promise {place} of {name}",
            objective=objective,
            sli=sli.format(job=job),
        )
        parts.append(text + (more.format(job=job) + "\n" if more else ""))
    causes = (number % 3) * 2
    parts.append("alerts:\n" if causes else "")
    parts += [
        ALERT.format(
            name=f"Cause{cause}Service{number}",
            severity="critical" if cause == 0 else "warning",
            expr=f'count(up{{job="{name}"}} == 1) < {cause + 1} or absent(up{{job="{name}"}} == 1)',
            summary=f"Fewer than {cause + 1} replicas of {name} are up",
            job=name,
            replicas=", ".join(f'\'up{{job="{name}",instance="{one}"}}\': 1x30' for one in range(cause + 1)),
        )
        for cause in range(causes)
    ]
    return "".join(parts), causes
