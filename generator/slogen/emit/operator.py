"""The same rules as PrometheusRule resources, one for each server that evaluates them."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.artifact import Artifact, Emitter, header
from slogen.emit.prometheus import groups_text
from slogen.emit.yamltext import scalar
from slogen.model import Catalog, Platform
from slogen.plan.rules import Evaluator, RuleGroup, ServicePlan
from slogen.plan.watch import platform_groups


def _emit(plan: ServicePlan, platform: Platform) -> Iterator[Artifact]:
    if platform.kubernetes is None:
        return
    documents = [
        _resource(f"slogen-{plan.service.name}-{evaluator}", platform, evaluator, groups)
        for evaluator in Evaluator
        if (groups := plan.on(evaluator))
    ]
    yield Artifact(
        path=f"rules/kubernetes/{plan.service.name}.yaml",
        text=header(plan.service.span.file) + "---\n".join(documents),
        rules=sum(len(group.rules) for group in plan.groups),
    )


def _platform(catalog: Catalog) -> Iterator[Artifact]:
    platform = catalog.platform
    groups = platform_groups(platform)
    if platform.kubernetes is None or not groups:
        return
    yield Artifact(
        path="rules/kubernetes/_platform.yaml",
        text=header(platform.span.file) + _resource("slogen", platform, Evaluator.PROMETHEUS, groups),
        rules=sum(len(group.rules) for group in groups),
    )


def _resource(name: str, platform: Platform, evaluator: Evaluator, groups: tuple[RuleGroup, ...]) -> str:
    # Prometheus and ThanosRuler select on the evaluator, so that nothing is evaluated twice.
    labels = {
        **dict(platform.kubernetes.labels if platform.kubernetes else ()),
        "app.kubernetes.io/managed-by": "slogen",
        "slogen.dev/evaluator": evaluator.value,
    }
    return (
        "apiVersion: monitoring.coreos.com/v1\n"
        "kind: PrometheusRule\n"
        "metadata:\n"
        f"  name: {name}\n"
        f"  namespace: {platform.namespace}\n"
        "  labels:\n"
        + "".join(f"    {name}: {scalar(value)}\n" for name, value in labels.items())
        + "spec:\n  groups:\n"
        + groups_text(groups, "  ")
    )


EMITTER = Emitter(name="kubernetes", folder="rules/kubernetes", service=_emit, platform=_platform)
