"""Whom Alertmanager tells of an alert, decided on the plan: routes, time intervals and inhibition.

`amtool` tests routes alone, without time and without other alerts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slogen.plan.routing import Route, RoutingPlan
from slogen.prove.inhibition import Muted, mutes
from slogen.prove.intervals import within
from slogen.prove.matching import Labels, matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What Alertmanager does with an alert.

    `receivers` are those that its routes lead to, in the order of the tree and as often as they do: what
    `amtool config routes test` prints. Those in `asleep` are outside their time interval: they are told when it
    begins, if the alert is still on. `muted` says what mutes it. `audiences` are who is told now.
    """

    receivers: tuple[str, ...]
    asleep: tuple[str, ...]
    audiences: tuple[str, ...]
    muted: Muted | None


def told(plan: RoutingPlan, labels: Labels, at: datetime | None = None, active: Sequence[Labels] = ()) -> Decision:
    """Return who is told of an alert at a time while other alerts are active; without a time, at all times.

    `active` may hold the alert itself. Silences and what was told before are left out.
    """
    audiences = {receiver.name: receiver.audiences for receiver in plan.receivers}
    intervals = {interval.name: interval for interval in plan.intervals}
    receivers: list[str] = []
    asleep: list[str] = []
    awake: list[str] = []
    for route in matching(plan.root, labels):
        receiver = route.receiver or ""
        receivers.append(receiver)
        sleeps = at is not None and route.during is not None and not within(intervals[route.during], at)
        (asleep if sleeps else awake).append(receiver)
    muted = next(mutes(plan.inhibitions, labels, active), None)
    now = [audience.name for receiver in awake for audience in audiences[receiver]] if muted is None else []
    return Decision(receivers=tuple(receivers), asleep=tuple(asleep), audiences=tuple(now), muted=muted)


def matching(route: Route, labels: Labels) -> tuple[Route, ...]:
    """Return the routes that take an alert, each with the receiver and waits that it has from its parents.

    The first of the inner routes takes it, and those after it as long as each one before goes on; the route itself
    does when none of them matches. Whether a route is in its time interval plays no part.
    """
    if not matches(route.matchers, labels):
        return ()
    found: list[Route] = []
    for inner in inherited(route):
        taken = matching(inner, labels)
        found += taken
        if taken and not inner.goes_on:
            break
    return tuple(found) or (route,)


def inherited(route: Route) -> Iterator[Route]:
    """Yield the inner routes with what they have from this one; a time interval is a route's own."""
    for inner in route.routes:
        yield replace(inner, receiver=inner.receiver or route.receiver, waits=inner.waits or route.waits)
