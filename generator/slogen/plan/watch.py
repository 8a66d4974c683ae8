"""Rules about the platform itself, which belong to no service: are rules evaluated, and do alerts arrive?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slogen.core import Duration
from slogen.model import AlertClass, Platform
from slogen.plan.rules import AlertRule, Block, Evaluator, RuleGroup
from slogen.promql import meta, names
from slogen.promql.template import Expr

LASTING = Duration.of("10m")  # what is over sooner was a restart or a deploy
# Slow groups are evaluated every 5m: of three evaluations in a row one may be seen late, and one that fails alone is
# forgotten before it has lasted.
SEEN, REPEATED = Duration.of("15m"), Duration.of("20m")
_SHORT = Duration.of("5m")
_MEMORY = Duration.of("6h")  # how long a ruler is missed


def platform_groups(platform: Platform) -> tuple[RuleGroup, ...]:
    """Return the group that each Prometheus evaluates: the watchdog, when somebody listens to it, and meta alerts."""
    watchdog = [_watchdog()] if platform.routing.watchdog else []
    return (
        RuleGroup(
            name="slogen-platform",
            interval=platform.scaled(platform.prometheus.evaluation_interval),
            evaluator=Evaluator.PROMETHEUS,
            blocks=(*watchdog, *(_block(about, platform) for about in _about_servers(platform))),
        ),
    )


def _watchdog() -> Block:
    rule = AlertRule(
        alert=names.WATCHDOG_ALERT,
        expr="vector(1)",
        labels=(("severity", names.NO_SEVERITY),),
        annotations=(("summary", "Alerts of this Prometheus arrive"),),
    )
    comment = "always on: what stops arriving at the dead man's switch shows that no alert would"
    return Block(comment=comment, rules=(rule,))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meta:
    """A ticket about a server, when `expr`, which looks back so far, has been true for so long."""

    alert: str
    expr: Expr
    comment: str
    summary: str
    description: str
    lookback: Duration = SEEN
    lasts: Duration = REPEATED


def _about_servers(platform: Platform) -> Iterator[_Meta]:
    short, seen = platform.scaled(_SHORT), platform.scaled(SEEN)
    yield _Meta(
        alert=names.RULES_FAILING_ALERT,
        expr=meta.RULES_FAILING.fill(window=seen),
        comment="a group that fails is blind, and ends its alerts",
        summary="SLO rules fail: their alerts cannot fire",
        description="{{ $labels.rule_group }} on {{ $labels.instance }} fails in every evaluation or nearly so. Its "
        "log and /rules show the error; most often two series are where a join wants one.",
    )
    yield _Meta(
        alert=names.RULES_LATE_ALERT,
        expr=meta.RULES_LATE.fill(window=seen),
        comment="a group that takes longer than its interval is evaluated less often, and its alerts come late",
        summary="SLO rules are evaluated less often than they should",
        description="{{ $labels.rule_group }} on {{ $labels.instance }} left out {{ $value | humanize }} evaluations "
        "in 15 minutes. The server is overloaded, or what it asks is slow.",
    )
    dropped = meta.DROPPED.fill(window=short)
    if platform.thanos:
        dropped = Expr(f"{dropped}\nor\n{meta.RULER_DROPPED.fill(window=short)}")
    yield _Meta(
        alert=names.DROPPED_ALERT,
        expr=dropped,
        comment="alerts that no Alertmanager took are lost",
        summary="Alerts reach no Alertmanager",
        description="{{ $labels.instance }} dropped {{ $value | humanize }} alerts in 5 minutes. The other servers of "
        "its kind may still send theirs.",
        lookback=_SHORT,
        lasts=LASTING,
    )
    if not platform.thanos:
        return
    yield _Meta(
        alert=names.RULER_GONE_ALERT,
        expr=meta.RULER_GONE.fill(memory=platform.scaled(_MEMORY)),
        comment="without a ruler there are no tickets for slow burns, and no budgets; pages are not affected",
        summary="No Thanos Ruler evaluates the SLO rules",
        description="There was one, and none answers the scrape. Slow burns and budgets are not watched; pages are.",
        lookback=_MEMORY,
        lasts=LASTING,
    )
    yield _Meta(
        alert=names.RULER_INCOMPLETE_ALERT,
        expr=meta.RULER_INCOMPLETE.fill(window=seen),
        comment="what the ruler was told was incomplete: a store or a Prometheus did not answer",
        summary="Thanos Ruler evaluates on incomplete data",
        description="{{ $labels.instance }} got warnings with its answers: a store, a sidecar or a Prometheus behind "
        "Thanos Query does not answer.",
    )
    if platform.thanos.storage is not None:
        yield _Meta(
            alert=names.UPLOADS_FAILING_ALERT,
            expr=meta.UPLOADS_FAILING.fill(window=seen),
            comment="what does not reach the bucket is lost when Prometheus forgets it",
            summary="Blocks do not reach the bucket",
            description="{{ $labels.instance }} failed to upload. What it holds is lost after the retention of its "
            f"server, in Prometheus {platform.prometheus.retention}. Its log has the answer of the bucket.",
        )
        yield _Meta(
            alert=names.COMPACTOR_HALTED_ALERT,
            expr=meta.COMPACTOR_HALTED.fill(),
            comment="a compactor that halted neither compacts nor expires: the bucket grows, and queries get slow",
            summary="The Thanos compactor has halted",
            description="{{ $labels.instance }} found blocks that it cannot compact, most often overlapping ones of "
            "two servers with the same external labels. It goes on after a restart, when they are repaired.",
            lookback=Duration(0),
            lasts=LASTING,
        )


def _block(about: _Meta, platform: Platform) -> Block:
    team = (("team", platform.team),) if platform.team else ()
    rule = AlertRule(
        alert=about.alert,
        expr=about.expr.text,
        for_=platform.scaled(about.lasts),
        labels=(("service", names.PLATFORM_SERVICE), ("severity", AlertClass.WARNING.value), *team),
        annotations=(("summary", about.summary), ("description", about.description)),
        lookback=about.lookback,
    )
    return Block(comment=about.comment, rules=(rule,))
