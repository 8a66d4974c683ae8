"""Invariants of plans: one function a code, in an explicit order."""

from __future__ import annotations

from collections.abc import Callable

from slogen.check.catalog import check_catalog
from slogen.check.duplicates import duplicate_rules
from slogen.core import Report
from slogen.plan.rules import ServicePlan

__all__ = ["CHECKS", "check_catalog", "run_checks"]

CHECKS: tuple[Callable[[ServicePlan, Report], None], ...] = (duplicate_rules,)


def run_checks(plan: ServicePlan, report: Report) -> None:
    """Run every check on the plan of a service."""
    for check in CHECKS:
        check(plan, report)
