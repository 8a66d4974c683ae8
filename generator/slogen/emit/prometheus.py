"""Rule files for Prometheus, and the same format for Thanos Ruler."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.artifact import Artifact, Emitter, header
from slogen.emit.yamltext import block, comment, flow, scalar
from slogen.model import Catalog, Platform
from slogen.plan.rules import AlertRule, Evaluator, Labels, RecordingRule, RuleGroup, ServicePlan
from slogen.plan.watch import platform_groups


def groups_text(groups: tuple[RuleGroup, ...], indent: str = "") -> str:
    """Return the `groups:` list of a rule file, every line moved right by `indent`."""
    return "".join(_group(group, indent) for group in groups)


def _group(group: RuleGroup, indent: str) -> str:
    parts = [f"{indent}- name: {group.name}\n{indent}  interval: {group.interval}\n{indent}  rules:\n"]
    for place in group.blocks:
        parts.append("\n" + comment(place.comment, indent + "  "))
        parts += [_rule(rule, indent + "  ") for rule in place.rules]
    return "".join(parts)


def _rule(rule: RecordingRule | AlertRule, indent: str) -> str:
    inner = indent + "  "
    if isinstance(rule, RecordingRule):
        text = f"{indent}- record: {rule.record}\n{inner}expr:{block(rule.expr, inner + '  ')}\n"
        return text + (f"{inner}labels: {_labels(rule.labels)}\n" if rule.labels else "")
    text = f"{indent}- alert: {rule.alert}\n{inner}expr:{block(rule.expr, inner + '  ')}\n"
    if rule.for_:
        text += f"{inner}for: {rule.for_}\n"
    if rule.keep_firing_for:
        text += f"{inner}keep_firing_for: {rule.keep_firing_for}\n"
    text += f"{inner}labels: {_labels(rule.labels)}\n{inner}annotations:\n"
    return text + "".join(f"{inner}  {name}: {scalar(value)}\n" for name, value in rule.annotations)


def _labels(labels: Labels) -> str:
    return "{" + ", ".join(f"{name}: {flow(value)}" for name, value in labels) + "}"


def _artifact(path: str, source: str, groups: tuple[RuleGroup, ...]) -> Iterator[Artifact]:
    if groups:
        yield Artifact(
            path=path,
            text=f"{header(source)}groups:\n{groups_text(groups)}",
            rules=sum(len(group.rules) for group in groups),
        )


def _prometheus(plan: ServicePlan, platform: Platform) -> Iterator[Artifact]:
    return _artifact(
        f"rules/prometheus/{plan.service.name}.yaml", plan.service.span.file, plan.on(Evaluator.PROMETHEUS)
    )


def _thanos(plan: ServicePlan, platform: Platform) -> Iterator[Artifact]:
    return _artifact(f"rules/thanos/{plan.service.name}.yaml", plan.service.span.file, plan.on(Evaluator.THANOS))


def _platform(catalog: Catalog) -> Iterator[Artifact]:
    # No service can be called so.
    groups = platform_groups(catalog.platform)
    return _artifact("rules/prometheus/_platform.yaml", catalog.platform.span.file, groups)


EMITTER = Emitter(name="prometheus", folder="rules/prometheus", service=_prometheus, platform=_platform)
THANOS_EMITTER = Emitter(name="thanos", folder="rules/thanos", service=_thanos)
