"""When an outage pages, as the transcripts have it: promtool runs the compiled rules of both sides.

Tickets take days of data each: tests/property/test_detection_grid.py has them.
"""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.review.cases import CASES
from tests.review.sides import built, seconds, told
from tests.review.test_golden import written

STEP = 30  # seconds between two samples, and two evaluations
# Longer than the longest window was healthy, and longer than it an outage that alerts nobody.
HEALTHY = 6 * 3600 + 600
NEVER = 7 * 3600
EVENTS = 1000  # in a step


@dataclass(frozen=True)
class Claim:
    """An outage of a share of errors pages so many seconds after its start, or never."""

    share: Fraction
    after: int | None

    @property
    def tests(self) -> list[tuple[int, int]]:
        """When to look, in seconds, and whether the alert fires then.

        An evaluation to either side of the claim: promtool's samples lie on the edges of ranges, about which servers
        differ, and real ones do not.
        """
        if self.after is None:
            return [(HEALTHY + NEVER, 0)]
        return [(HEALTHY + self.after - 2 * STEP, 0), (HEALTHY + self.after + STEP, 1)]

    def series(self, kind: str) -> list[dict[str, str]]:
        """Return the data: requests of which a share fails, or a hundred targets of which a share is down."""
        healthy, lasts = HEALTHY // STEP, math.ceil((self.after or NEVER) / STEP) + 10
        bad = int(self.share * EVENTS)
        if kind == "Boolean":
            down = int(self.share * 100)
            values = [f"1x{healthy} 0x{lasts}"] * down + [f"1x{healthy + lasts}"] * (100 - down)
            return [{"series": f'up{{job="web",instance="{one}"}}', "values": text} for one, text in enumerate(values)]
        good, failed = _counter(healthy, EVENTS, lasts, EVENTS - bad), _counter(healthy, 0, lasts, bad)
        series = {'req_total{job="web",code="200"}': good, 'req_total{job="web",code="500"}': failed}
        return [{"series": name, "values": text} for name, text in series.items()]


def _counter(steps: int, rate: int, then: int, later: int) -> str:
    return f"0+{rate}x{steps} {rate * steps + later}+{later}x{then}"


def claims(slo: dict[str, Any], side: str) -> list[Claim]:
    """Return what a side of a diff says of the first pages of an SLO."""
    facts = [fact for fact in slo["facts"] if fact["about"].startswith("first page")]
    return [
        Claim(
            share=Fraction(Decimal(fact["about"].split()[3])) / 100,
            after=None if fact[side] == "never" else seconds(fact[side]),
        )
        for fact in facts
    ]


# A side that others have too is proven once: `before` is the same in all cases.
@pytest.mark.parametrize(
    ("name", "side", "number"),
    [
        ("objective-up", "before", 3),
        ("objective-up", "after", 3),
        ("objective-down", "after", 3),
        ("window", "after", 3),
        ("sli-kind", "after", 2),
    ],
)
def test_promtool_alerts_when_the_diff_says(name: str, side: str, number: int, tmp_path: Path, promtool: str) -> None:
    """After healthy windows a share of events is bad: quiet until then, or for longer than the longest window."""
    folder = written(tmp_path, next(case for case in CASES if case.name == name))
    (slo,) = told(folder)["services"][0]["slos"]
    found = claims(slo, side)
    assert len(found) == number
    sli = {fact["about"]: fact["after"] for fact in slo["facts"]}.get("SLI kind", "Events")
    fast = [group for group in built(folder / side)["web"] if group["name"] == "slogen-web-fast"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": fast}), "utf-8")
    alert = 'ALERTS{alertname="SLOErrorBudgetBurn",slo="up",severity="critical",alertstate="firing",escalation=""}'
    tests = [
        {
            "interval": f"{STEP}s",
            "input_series": claim.series(sli),
            "promql_expr_test": [
                {
                    "expr": f"count({alert}) or vector(0)",
                    "eval_time": f"{at}s",
                    "exp_samples": [{"labels": "{}", "value": fires}],
                }
                for at, fires in claim.tests
            ],
        }
        for claim in found
    ]
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": f"{STEP}s", "tests": tests}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(document), "utf-8")
    command = [promtool, "test", "rules", str(tmp_path / "test.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{found}: {done.stdout}{done.stderr}"


def test_the_budget_left_today_is_what_a_server_answers(tmp_path: Path, promtool: str) -> None:
    """0.06 % of all events failed for 30 days: of 0.1 % 40 % are left, and 0.05 % are over by 20 %."""
    folder = written(tmp_path, next(case for case in CASES if case.name == "objective-up"))
    (slo,) = told(folder)["services"][0]["slos"]
    (fact,) = [one for one in slo["facts"] if one["about"] == "budget left today, ask a server for"]
    whose = '{service="web",slo="up"}'
    test = {
        "interval": "5m",
        "input_series": [
            {"series": f"slo:sli_errors:avg_rate5m{whose}", "values": "0.006x8700"},
            {"series": f"slo:sli_total:avg_rate5m{whose}", "values": "10x8700"},
        ],
        "promql_expr_test": [
            {
                "expr": f"round({fact[side]}, 0.000001)",
                "eval_time": "30d1h",
                "exp_samples": [{"labels": whose, "value": left}],
            }
            for side, left in (("before", 0.4), ("after", -0.2))
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"tests": [test]}), "utf-8")
    command = [promtool, "test", "rules", str(tmp_path / "test.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
