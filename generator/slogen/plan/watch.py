"""Rules about the platform itself, which belong to no service."""

from __future__ import annotations

from slogen.model import Platform
from slogen.plan.rules import AlertRule, Block, Evaluator, RuleGroup
from slogen.promql import names


def platform_groups(platform: Platform) -> tuple[RuleGroup, ...]:
    """Return the groups: the watchdog, when somebody listens to it."""
    if not platform.routing.watchdog:
        return ()
    watchdog = AlertRule(
        alert=names.WATCHDOG_ALERT,
        expr="vector(1)",
        labels=(("severity", names.NO_SEVERITY),),
        annotations=(("summary", "Alerts of this Prometheus arrive"),),
    )
    comment = "always on: what stops arriving at the dead man's switch shows that no alert would"
    return (
        RuleGroup(
            name="slogen-platform",
            interval=platform.scaled(platform.prometheus.evaluation_interval),
            evaluator=Evaluator.PROMETHEUS,
            blocks=(Block(comment=comment, rules=(watchdog,)),),
        ),
    )
