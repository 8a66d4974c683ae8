"""What must hold for the routes of any platform. A breach is a bug of slogen, told before it is deployed."""

from __future__ import annotations

from slogen.core import Report
from slogen.model import Catalog
from slogen.plan.routing import plan_routing
from slogen.prove.inhibition import inhibit_gaps
from slogen.prove.reach import shadowed, unrouted


def check_routes(catalog: Catalog, report: Report) -> None:
    """Report routes that no alert reaches, receivers without a route, and labels that missing would make equal."""
    if catalog.platform.alertmanager is None:
        return
    plan = plan_routing(catalog)
    breaches = [
        f"the route to {one.route.receiver} stands behind others that take all of its alerts" for one in shadowed(plan)
    ]
    breaches += [f"no route leads to the receiver {one.name}" for one in unrouted(plan)]
    breaches += [
        f"{gap.label} need not be there in the {gap.side} of: {gap.inhibition.comment}"
        for gap in inhibit_gaps(plan.inhibitions)
    ]
    for breach in breaches:
        report.error(
            catalog.platform.span,
            "SLO901",
            f"the generated routes are wrong: {breach}",
            "this is a bug of slogen: report the input",
        )
