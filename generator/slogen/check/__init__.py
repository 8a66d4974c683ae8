"""What a catalog and the plans of its services must hold: one function a topic, in an explicit order."""

from __future__ import annotations

from collections.abc import Callable

from slogen.check.catalog import check_catalog
from slogen.check.duplicates import duplicate_rules
from slogen.check.ignores import settle
from slogen.check.invariants import check_invariants
from slogen.check.missing import out_of_nothing
from slogen.check.owned import check_owned
from slogen.check.references import Made, Reading, check_references, made_by, own_readings
from slogen.check.syntax import Verdict, asked, judge
from slogen.check.testing import unread_series, untested
from slogen.core import Report
from slogen.model import Platform
from slogen.plan.rules import ServicePlan

__all__ = [
    "CHECKS",
    "Made",
    "Reading",
    "Verdict",
    "asked",
    "check_catalog",
    "check_owned",
    "check_references",
    "judge",
    "made_by",
    "own_readings",
    "run_checks",
    "settle",
]

# `check_invariants` stands last: it looks at what is right so far.
CHECKS: tuple[Callable[[ServicePlan, Platform, Report], None], ...] = (
    out_of_nothing,
    unread_series,
    untested,
    duplicate_rules,
    check_invariants,
)


def run_checks(plan: ServicePlan, platform: Platform, report: Report) -> None:
    """Run every check on the plan of a service; `report` holds what planning it found, and that alone."""
    for check in CHECKS:
        check(plan, platform, report)
