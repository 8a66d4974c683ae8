"""Compiles a service in memory and runs promtool's rule tests on what comes out."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from slogen.core import Report
from slogen.emit.prometheus import groups_text
from slogen.model import Platform, Service
from slogen.plan.build import plan_service
from slogen.plan.rules import ServicePlan
from slogen.source.documents import read_file

PLATFORM = """
apiVersion: slogen/v1
kind: Platform
metadata: {{name: test}}
prometheus: {{version: "2.42", scrapeInterval: {scrape}, evaluationInterval: {evaluation}, retention: 365d}}
receivers:
  sre: {{pagerduty: {{routingKeyFile: /k}}}}
  manager: {{email: {{to: manager@example.com}}}}
  ceo: {{email: {{to: ceo@example.com}}}}
routing:
  critical:
    - {{after: 0s, notify: [sre]}}
    - {{after: 15m, notify: [manager]}}
    - {{after: 1h, notify: [ceo]}}
{more}
"""
SERVICE = """
apiVersion: slogen/v1
kind: Service
metadata: {{name: web, team: core}}
{body}
"""


def compiled(
    body: str, *, scrape: str = "15s", evaluation: str = "15s", more: str = "", retention: str = "365d"
) -> ServicePlan:
    """Return the plan of service `web`, whose document goes on with `body`; problems fail the test."""
    report = Report()
    head = PLATFORM.replace("365d", retention).format(scrape=scrape, evaluation=evaluation, more=more)
    text = head + "---" + SERVICE.format(body=body)
    values = read_file("test.yaml", text, report)
    assert [str(problem) for problem in report] == []
    declared, service = values
    assert isinstance(declared, Platform)
    assert isinstance(service, Service)
    plan = plan_service(service, declared, report)
    assert [str(problem) for problem in report if problem.severity == "error"] == []
    return plan


def availability(objective: str = "99.9", more: str = "") -> str:
    """Return an SLO over `req_total` and its 5xx."""
    return f"""
slos:
  - name: up
    objective: {objective}
    sli: {{events: {{total: 'req_total', bad: 'req_total{{code="500"}}'}}}}
    {more}
"""


@dataclass
class Case:
    """Series over time, and what holds at which second."""

    series: dict[str, str]
    interval: str = "15s"
    at: list[tuple[str, float, float | None]] = field(default_factory=list)

    def value(self, expr: str, second: float, value: float) -> Case:
        """Exactly one series of the expression has this value, to nine digits."""
        self.at.append(
            (f"count(abs(({expr}) - ({value!r})) < 1e-9 * {max(abs(value), 1e-3)!r}) or vector(0)", second, 1)
        )
        return self

    def near(self, expr: str, second: float, value: float, share: float) -> Case:
        """Exactly one series of the expression is within `share` of the value."""
        self.at.append((f"count(abs(({expr}) / {value!r} - 1) < {share!r}) or vector(0)", second, 1))
        return self

    def count(self, expr: str, second: float, number: int) -> Case:
        """The expression gives this many series."""
        self.at.append((f"count({expr}) or vector(0)", second, number))
        return self

    def no_nan(self, *seconds: float) -> Case:
        """No recorded series holds NaN, which alone is unequal to itself and spoils a sum."""
        for second in seconds:
            everything = 'sum({__name__=~"slo:.*"})'
            self.count(f"{everything} != {everything}", second, 0)
        return self

    def firing(self, matchers: str, *, from_: float, step: float = 15) -> Case:
        """Alerts that match begin to fire at this second, and not one evaluation before."""
        alerts = f'ALERTS{{alertstate="firing",{matchers}}}'
        return self.count(alerts, from_ - step, 0).count(f"group({alerts})", from_, 1)

    def quiet(self, matchers: str, *seconds: float) -> Case:
        """No alert that matches fires at these seconds."""
        for second in seconds:
            self.count(f'ALERTS{{alertstate="firing",{matchers}}}', second, 0)
        return self


def prove(promtool: str, plan: ServicePlan, cases: Sequence[Case], *, speed: str = "fast", rules: str = "") -> None:
    """Run the cases on the groups of a plan that end with `speed`, and on the extra `rules` after them."""
    groups = tuple(group for group in plan.groups if group.name.endswith(speed))
    interval = str(groups[0].interval) if speed == "fast" else cases[0].interval
    document: dict[str, Any] = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": interval,
        "group_eval_order": [group.name for group in groups] + (["extra"] if rules else []),
        "tests": [
            {
                "interval": case.interval,
                "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
                "promql_expr_test": [
                    {"expr": expr, "eval_time": f"{round(second * 1000)}ms", "exp_samples": [{"value": value}]}
                    for expr, second, value in case.at
                ],
            }
            for case in cases
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        extra = f"- name: extra\n  rules:\n{rules}" if rules else ""
        Path(folder, "rules.yaml").write_text("groups:\n" + groups_text(groups) + extra, "utf-8")
        Path(folder, "test.yaml").write_text(yaml.safe_dump(document), "utf-8")
        done = subprocess.run(
            [promtool, "test", "rules", "test.yaml"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
