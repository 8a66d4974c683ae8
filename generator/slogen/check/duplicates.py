"""SLO207: two rules of a service write the same series."""

from __future__ import annotations

from slogen.core import Report
from slogen.model import Platform
from slogen.plan.rules import RecordingRule, ServicePlan


def duplicate_rules(plan: ServicePlan, platform: Platform, report: Report) -> None:
    """Report rules with equal name and static labels: promtool refuses them, one would overwrite the other."""
    seen = set()
    for rule in (rule for group in plan.groups for rule in group.rules):
        name = rule.record if isinstance(rule, RecordingRule) else rule.alert
        key = (name, frozenset(rule.labels))
        if key in seen:
            report.error(
                plan.service.span, "SLO207", f"two rules write {name} with the same labels", "rename one of them"
            )
        seen.add(key)
