"""What a plan consists of: typed rules in groups, each group with its evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from slogen.core import Duration
from slogen.model import Service

Labels = tuple[tuple[str, str], ...]


class Evaluator(StrEnum):
    """The server that evaluates a rule."""

    PROMETHEUS = "prometheus"
    THANOS = "thanos"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """A series that is recorded; `lookback` is how far back the expression's own selectors reach."""

    record: str
    expr: str
    labels: Labels = ()
    lookback: Duration = Duration(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """An alert; `lookback` as in RecordingRule."""

    alert: str
    expr: str
    labels: Labels
    annotations: Labels
    for_: Duration | None = None
    keep_firing_for: Duration | None = None
    lookback: Duration = Duration(0)


Rule = RecordingRule | AlertRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rules that belong together, and a sentence that says what they do."""

    comment: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules that one server evaluates one after the other, every `interval`."""

    name: str
    interval: Duration
    evaluator: Evaluator
    blocks: tuple[Block, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all blocks, in the order of evaluation."""
        return tuple(rule for block in self.blocks for rule in block.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """The rule groups of one service."""

    service: Service
    groups: tuple[RuleGroup, ...]

    def on(self, evaluator: Evaluator) -> tuple[RuleGroup, ...]:
        """Return the groups that a server evaluates."""
        return tuple(group for group in self.groups if group.evaluator is evaluator)
