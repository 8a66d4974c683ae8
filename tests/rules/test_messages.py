"""What an alert says: annotations as real promtool expands them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from slogen.emit.prometheus import groups_text
from slogen.plan.rules import ServicePlan
from tests.rules.harness import availability, compiled

PAGE = {"service": "web", "slo": "up", "severity": "critical", "team": "core"}
RATES = ("slo:sli_errors:rate5m", "slo:sli_total:rate5m")


def said(promtool: str, plan: ServicePlan, folder: Path, labels: str, values: str, page: dict[str, str]) -> None:
    """Fail unless, when every event fails, the page says how fast that is and that a quarter of the budget is left."""
    groups = tuple(group for group in plan.groups if group.name.endswith("fast"))
    (folder / "rules.yaml").write_text("groups:\n" + groups_text(groups), "utf-8")
    own = 'service="web",slo="up"' + labels
    series = [{"series": f"{name}{{{own}}}", "values": values} for name in RATES]
    series.append({"series": f"slo:period_error_budget_remaining:ratio{{{own}}}", "values": "0.25x40"})
    # Another value of the label, another service: neither is asked.
    series.append({"series": 'slo:period_error_budget_remaining:ratio{service="b",slo="up"}', "values": "0.5x40"})
    where = f" (region {page['region']})" if "region" in page else ""
    annotations = {
        "summary": f"web up burns its error budget{where}",
        "description": "100% of events fail; the objective allows 0.1 %. The budget now burns 1000.0 times too fast. "
        "At 14.4 times too fast, the 30d budget lasts 2d2h.",
        "budget_left": "25%",
    }
    alert = {"exp_labels": page, "exp_annotations": annotations}
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "15s",
        "group_eval_order": [group.name for group in groups],
        "tests": [
            {
                "interval": "15s",
                "input_series": series,
                "alert_rule_test": [{"eval_time": "5m", "alertname": "SLOErrorBudgetBurn", "exp_alerts": [alert]}],
            }
        ],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(test), "utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", "test.yaml"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_says_how_fast_the_budget_burns_and_what_is_left(promtool: str, tmp_path: Path) -> None:
    """Everything fails at 99.9 %: a thousand times what is allowed."""
    said(promtool, compiled(availability()), tmp_path, "", "10x40", PAGE)


def test_a_page_of_one_value_asks_for_that_value(promtool: str, tmp_path: Path) -> None:
    """Also a value with quotes and a backslash in it, and on a platform of clusters."""
    plan = compiled(availability(more="by: [region]"), more="clusters: [a, b]")
    odd = 'a"b\\c'
    page = {**PAGE, "region": odd}
    said(promtool, plan, tmp_path, ',region="a\\"b\\\\c"', "10x40", page)


def test_a_page_says_nothing_of_a_budget_that_its_server_does_not_know(promtool: str, tmp_path: Path) -> None:
    """With 6h of data the budget is recorded by Thanos Ruler; no empty words are left in the page's rule."""
    plan = compiled(availability())
    assert "budget_left" in groups_text(plan.groups)
    near = compiled(availability(), more="thanos: {}", retention="6h")
    fast, slow = (next(group for group in near.groups if group.name.endswith(speed)) for speed in ("fast", "slow"))
    assert "budget_left" not in groups_text((fast,))
    assert "budget_left" in groups_text((slow,))
