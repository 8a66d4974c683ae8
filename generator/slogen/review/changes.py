"""The typed result of a comparison: what is told of each service, SLO, rule and route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from slogen.plan.rules import Labels


class State(StrEnum):
    """What became of something between the two sides."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"

    @classmethod
    def of(cls, old: object, new: object) -> State:
        """Return what became of something; a side on which it is not there is None."""
        return cls.CHANGED if old and new else cls.ADDED if new else cls.REMOVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value on both sides, None where it is not there; `text` when only what people read differs."""

    about: str
    before: str | None
    after: str | None
    text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A rule that is there on one side only, or whose `fields` differ; `text` when no server can tell."""

    state: State
    kind: str  # record or alert
    name: str
    labels: Labels
    fields: tuple[Fact, ...] = ()

    @property
    def text(self) -> bool:
        """Whether only annotations, comments or spelling differ."""
        return self.state is State.CHANGED and all(field.text for field in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What rules cost their servers: samples are read per second when each raw selector finds one series."""

    rules: int
    evaluations: Fraction  # per minute
    samples: Fraction  # per second


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixing:
    """Series that keep their name while their meaning changes; queries over older data mix both for `lasts`."""

    series: tuple[str, ...]
    why: str
    lasts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SloChange:
    """What became of one SLO; `was` is its name before, when it was renamed. Alerts are told with their class."""

    name: str
    state: State
    was: str | None = None
    facts: tuple[Fact, ...] = ()
    alerts_added: tuple[str, ...] = ()
    alerts_removed: tuple[str, ...] = ()
    history: tuple[Mixing, ...] = ()

    @property
    def text(self) -> bool:
        """Whether nothing of it changes meaning."""
        quiet = not (self.alerts_added or self.alerts_removed or self.history or self.was)
        return self.state is State.CHANGED and quiet and all(fact.text for fact in self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChange:
    """What became of a service: its own facts, its SLOs, its cause alerts, rules and dashboards.

    Facts of a cause alert stand among `facts`; its name is their first word.
    """

    name: str
    state: State
    was: str | None
    facts: tuple[Fact, ...]
    slos: tuple[SloChange, ...]
    alerts_added: tuple[str, ...]
    alerts_removed: tuple[str, ...]
    rules: tuple[RuleChange, ...]
    cost_before: Cost
    cost_after: Cost
    dashboards: tuple[str, ...]
    history: tuple[Mixing, ...] = ()

    @property
    def text(self) -> bool:
        """Whether nothing of it changes meaning."""
        return (
            self.state is State.CHANGED
            and self.was is None
            and all(fact.text for fact in self.facts)
            and all(slo.text for slo in self.slos)
            and all(rule.text for rule in self.rules)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingChange:
    """Who is told of which alerts, and who no longer; `alerts` are `service/slo alert`, `of` what class they are."""

    of: str
    alerts: tuple[str, ...]
    told: tuple[str, ...]
    no_longer: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Something that reads a series which no rule makes any more."""

    where: str
    reads: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Input files that differ, by what became of them."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many files differ."""
        return len(self.added) + len(self.removed) + len(self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that differs between two sides."""

    files: Files
    platform: tuple[Fact, ...]
    services: tuple[ServiceChange, ...]
    routing: tuple[RoutingChange, ...]
    muting: tuple[Fact, ...]
    platform_rules: tuple[RuleChange, ...]
    platform_dashboards: tuple[str, ...] = ()
    broken: tuple[Broken, ...] = ()

    @property
    def rules(self) -> Iterator[tuple[str, RuleChange]]:
        """Yield every changed rule with its service, "" for those of the platform."""
        yield from (("", rule) for rule in self.platform_rules)
        yield from ((service.name, rule) for service in self.services for rule in service.rules)

    @property
    def semantic(self) -> bool:
        """Whether anything changes meaning."""
        return bool(
            self.routing
            or self.muting
            or any(not fact.text for fact in self.platform)
            or any(not service.text for service in self.services)
            or any(not rule.text for rule in self.platform_rules)
        )

    @property
    def empty(self) -> bool:
        """Whether nothing differs but how files are written."""
        return not (self.semantic or self.platform or self.services or self.platform_rules)
