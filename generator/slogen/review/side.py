"""One side of a comparison: what is declared, what is planned, and the figures of its SLOs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from slogen.core import Duration
from slogen.model import Platform, Service
from slogen.plan.routing import RoutingPlan
from slogen.plan.rules import RuleGroup, ServicePlan
from slogen.plan.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """When an outage with this share of errors pages and tickets after its start; None: never."""

    errors: Fraction
    page: Duration | None
    ticket: Duration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of an SLO; `traffic` is in events per second, None when unknown."""

    tiers: tuple[Tier, ...]
    traffic: Fraction | None
    detections: tuple[Detection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is compared; services that are the same on both sides may be left out.

    `told` names who is told of an alert with these labels, `dashboards` holds generated pages by path.
    """

    platform: Platform
    services: Mapping[str, Service]
    plans: Mapping[str, ServicePlan]
    figures: Mapping[tuple[str, str], Figures]
    groups: tuple[RuleGroup, ...]
    routing: RoutingPlan | None
    told: Callable[[Mapping[str, str]], tuple[str, ...]]
    dashboards: Mapping[str, str] = field(default_factory=dict)
