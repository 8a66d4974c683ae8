"""The same rules as PrometheusRule resources, one for each server that evaluates them."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.artifact import Artifact, header
from slogen.emit.kubernetes.resource import EVALUATOR, resource, text
from slogen.emit.prometheus import groups_text
from slogen.model import Platform, Service
from slogen.plan.rules import Evaluator, RuleGroup, ServicePlan
from slogen.plan.watch import platform_groups

FOLDER = "rules/kubernetes"


def service_path(service: Service) -> str:
    """Return where the rules of a service are."""
    return f"{FOLDER}/{service.name}.yaml"


def service_rules(plan: ServicePlan, platform: Platform) -> Iterator[Artifact]:
    """Yield the rules of a service; nothing when it has none."""
    documents = [
        _resource(f"slogen-{plan.service.name}-{evaluator}", platform, evaluator, groups)
        for evaluator in Evaluator
        if (groups := plan.on(evaluator))
    ]
    if platform.kubernetes is None or not documents:
        return
    yield Artifact(
        path=service_path(plan.service),
        text=header(plan.service.span.file) + "---\n".join(documents),
        rules=sum(len(group.rules) for group in plan.groups),
    )


def platform_rules(platform: Platform) -> Iterator[Artifact]:
    """Yield the rules about the platform itself."""
    groups = platform_groups(platform)
    yield Artifact(
        path=f"{FOLDER}/_platform.yaml",
        text=header(platform.span.file) + _resource("slogen", platform, Evaluator.PROMETHEUS, groups),
        rules=sum(len(group.rules) for group in groups),
    )


def _resource(name: str, platform: Platform, evaluator: Evaluator, groups: tuple[RuleGroup, ...]) -> str:
    # Prometheus and ThanosRuler select on the evaluator, so that nothing is evaluated twice.
    head = resource(platform, "monitoring.coreos.com/v1", "PrometheusRule", name, more={EVALUATOR: evaluator.value})
    return text(head) + "spec:\n  groups:\n" + groups_text(groups, "  ")
