"""One service to its rule groups, and where each of them is evaluated."""

from __future__ import annotations

from slogen.core import Duration, Report
from slogen.model import AlertClass, Platform, Service
from slogen.plan import alerts, records
from slogen.plan.escalation import escalation, markers
from slogen.plan.placement import place_cause, place_fast, place_slow
from slogen.plan.recovery import recovery
from slogen.plan.rules import Block, Evaluator, RuleGroup, ServicePlan
from slogen.plan.tiers import PART, Tier, tiers


def plan_service(service: Service, platform: Platform, report: Report) -> ServicePlan:
    """Return the groups of a service; report what cannot be evaluated as declared."""
    for slo in service.slos:
        for label in slo.by:
            if label in platform.external_labels:
                report.error(
                    slo.by_span,
                    "SLO110",
                    f"{label!r} is an external label: Prometheus adds it when data leaves the server",
                    "leave it out: each server sees one value of it",
                )
    burning = {slo.name: tiers(slo, platform, report) for slo in service.slos}
    fast = [records.sli_block(service, slo, platform) for slo in service.slos]
    slow: list[Block] = []
    if service.slos:
        fast += records.fast_blocks(service, platform)
        slow += records.slow_blocks(service, platform)
    for slo in service.slos:
        pages, tickets = _of(burning[slo.name], AlertClass.CRITICAL), _of(burning[slo.name], AlertClass.WARNING)
        fast += [alerts.page(service, slo, pages, platform)] if pages else []
        fast += [recovery(service, slo, pages, platform)] if slo.recovery else []
        fast += [alerts.no_data(service, slo, platform)] if slo.no_data else []
        slow += [alerts.ticket(service, slo, tickets, platform)] if tickets else []
        slow.append(alerts.exhausted(service, slo, platform))
    far: list[Block] = []
    for alert in service.alerts:
        near = place_cause(alert, platform, report) is Evaluator.PROMETHEUS
        (fast if near else far).append(alerts.cause(service, alert, platform))
    fast += [*escalation(service, platform), *markers(service, platform)]
    every = platform.prometheus.evaluation_interval
    groups = (
        _group("fast", every, place_fast(fast, platform, report), fast),
        _group("slow", PART, place_slow(slow, platform, report), slow),
        _group("causes", every, Evaluator.THANOS, far),
    )
    return ServicePlan(
        service=service,
        groups=tuple(
            RuleGroup(
                name=f"slogen-{service.name}-{speed}", interval=platform.scaled(interval), evaluator=on, blocks=blocks
            )
            for speed, interval, on, blocks in groups
            if blocks
        ),
    )


def _group(
    speed: str, interval: Duration, evaluator: Evaluator, blocks: list[Block]
) -> tuple[str, Duration, Evaluator, tuple[Block, ...]]:
    return speed, interval, evaluator, tuple(blocks)


def _of(burning: tuple[Tier, ...], severity: AlertClass) -> tuple[Tier, ...]:
    return tuple(tier for tier in burning if tier.severity is severity)
