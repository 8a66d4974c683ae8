"""Rule files as they are written, by whomever: groups, rules and the place of every text in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slogen.core import Duration, Span
from slogen.core.written import Written

Pairs = tuple[tuple[Written, Written], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRule:
    """A recording or alerting rule. `span` is the place of its name."""

    name: Written
    alerts: bool
    expr: Written
    for_: Duration | None = None
    keep_firing_for: Duration | None = None
    labels: Pairs = ()
    annotations: Pairs = ()
    span: Span = field(compare=False)

    def annotation(self, name: str) -> Written | None:
        """Return an annotation."""
        return next((value for key, value in self.annotations if key.text == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A PrometheusRule: what servers select it by. `span` is the place of its kind."""

    labels: Mapping[str, str]
    namespace: str = ""
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenGroup:
    """A group of rules; `thanos` when Thanos Ruler evaluates it, as far as the file tells."""

    name: Written
    rules: tuple[WrittenRule, ...]
    interval: Duration | None = None
    interval_span: Span | None = field(default=None, compare=False)
    needs: tuple[tuple[str, tuple[int, int], Span], ...] = field(default=(), compare=False)  # what newer servers read
    thanos: bool = False
    resource: Resource | None = None  # None in a rule file
