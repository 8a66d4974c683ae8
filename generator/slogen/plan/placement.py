"""Which server evaluates a rule: Prometheus while its retention reaches back far enough, else Thanos Ruler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from slogen.core import Duration, Report, Span
from slogen.model import Alert, AlertClass, Platform
from slogen.plan.rules import Block, Evaluator, Rule, RuleGroup


def lookback(blocks: Iterable[Block]) -> Duration:
    """Return how far back the rules read; recorded series that they use are stored and need no addition."""
    return max((rule.lookback for block in blocks for rule in block.rules), default=Duration(0))


def place_fast(blocks: list[Block], platform: Platform, report: Report) -> Evaluator:
    """Return where the windows up to 6h, pages and the ladder run: Prometheus, or nowhere."""
    needed, kept = lookback(blocks), platform.prometheus.retention
    if needed > kept:
        report.error(
            platform.prometheus.retention_span,
            "SLO204",
            f"Prometheus keeps {kept}, but rules that page look back {needed}",
            f"set retention: {needed * 2}, at least {needed}",
        )
    return Evaluator.PROMETHEUS


def place_slow(blocks: list[Block], platform: Platform, report: Report) -> Evaluator:
    """Return where the windows of days run; a group stays together, its rules read each other's series."""
    return _far(lookback(blocks), "budget rules look", platform.prometheus.retention_span, platform, report)


def place_cause(alert: Alert, platform: Platform, report: Report) -> Evaluator:
    """Return where a cause alert runs; one that pages must run beside the data."""
    needed, kept = alert.expr.lookback, platform.prometheus.retention
    if needed > kept and alert.severity is AlertClass.CRITICAL:
        report.error(
            alert.expr_span,
            "SLO204",
            f"a critical alert looks back {needed}, but Prometheus keeps {kept}",
            "shorten its range or offset, make it a warning, or raise prometheus.retention",
        )
        return Evaluator.PROMETHEUS
    return _far(needed, f"alert {alert.name} looks", alert.expr_span, platform, report)


def _far(needed: Duration, what: str, span: Span, platform: Platform, report: Report) -> Evaluator:
    kept = platform.prometheus.retention
    if needed <= kept:
        return Evaluator.PROMETHEUS
    if not platform.thanos:
        report.error(
            span,
            "SLO205",
            f"{what} back {needed}, but Prometheus keeps {kept} and there is no Thanos",
            f"set prometheus.retention to at least {needed}, or declare thanos",
        )
    return Evaluator.THANOS


def check_retention(longest: Duration, platform: Platform, report: Report) -> None:
    """Warn when Prometheus keeps less than twice what its rules read: a lost volume would blind them."""
    kept = platform.prometheus.retention
    if longest <= kept < longest * 2:
        report.warning(
            platform.prometheus.retention_span,
            "SLO206",
            f"Prometheus keeps {kept}, just enough for rules that look back {longest}",
            f"{longest * 2} is comfortable: a block or a volume may be lost",
        )


def local_lookback(groups: Iterable[RuleGroup]) -> Duration:
    """Return how far back the rules in Prometheus read."""
    return max((lookback(g.blocks) for g in groups if g.evaluator is Evaluator.PROMETHEUS), default=Duration(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A rule, the server that evaluates it, and why that one."""

    rule: Rule
    group: RuleGroup
    reason: str


def placed(groups: Iterable[RuleGroup], platform: Platform) -> Iterator[Placed]:
    """Yield every rule with the reason for its place; a group stays together, its rules read each other's series."""
    kept = platform.prometheus.retention
    for group in groups:
        for rule in group.rules:
            fits = rule.lookback <= kept
            if group.evaluator is Evaluator.PROMETHEUS:
                reason = f"Prometheus keeps {kept}" if rule.lookback.ms else "reads what is there now"
            elif fits:
                reason = f"reads rules of its group, which look back {lookback(group.blocks)}"
            else:
                reason = f"Prometheus keeps {kept} only"
            yield Placed(rule=rule, group=group, reason=reason)
