"""What no alert reaches: routes that stand behind others, receivers without a route, audiences without a receiver."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from slogen.model import Receiver
from slogen.plan.routing import Matchers, Route, RoutedReceiver, RoutingPlan
from slogen.prove.matching import accepts

_ALTERNATIVES = re.compile(r"[A-Za-z0-9_ -]*(?:\|[A-Za-z0-9_ -]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """A route that no alert reaches: `by` are the routes before it that take all of them.

    None are when it can match nothing at all below its parents.
    """

    route: Route
    by: tuple[Route, ...]


def shadowed(plan: RoutingPlan) -> tuple[Shadowed, ...]:
    """Return the routes that no alert reaches, each without those inside it.

    Matchers are compared as texts, and value by value where they name the values: `=` and `=~` over plain words.
    Where neither tells, the route counts as reached.
    """
    return tuple(_shadowed(plan.root, plan.root.matchers))


def unrouted(plan: RoutingPlan) -> tuple[RoutedReceiver, ...]:
    """Return the receivers of a plan that no route leads to."""
    used = {route.receiver for route in _all(plan.root)}
    return tuple(receiver for receiver in plan.receivers if receiver.name not in used)


def untold(plan: RoutingPlan, declared: Iterable[Receiver]) -> tuple[Receiver, ...]:
    """Return the declared audiences that no receiver of a plan holds."""
    held = {audience.name for receiver in plan.receivers for audience in receiver.audiences}
    return tuple(receiver for receiver in declared if receiver.name not in held)


def _all(route: Route) -> Iterator[Route]:
    yield route
    for inner in route.routes:
        yield from _all(inner)


def _shadowed(parent: Route, above: Matchers, before: tuple[Route, ...] = ()) -> Iterator[Shadowed]:
    """Yield the unreached routes below `parent`; `before` are routes that see an alert before it and keep it."""
    for route in parent.routes:
        matchers = (*above, *route.matchers)
        takers = _takers(matchers, before)
        if takers is not None:
            yield Shadowed(route=route, by=takers)
            continue
        yield from _shadowed(route, matchers, before)
        if not route.goes_on:
            before = (*before, route)


def _takers(matchers: Matchers, before: tuple[Route, ...]) -> tuple[Route, ...] | None:
    """Return the routes that together take everything that fits the matchers; None when something is left."""
    named = dict(_named(matchers))
    takers: list[Route] = []
    for chosen in product(*named.values()):
        values = dict(zip(named, chosen, strict=True))
        taker = next((route for route in before if _all_fit(route.matchers, values, matchers)), None)
        if taker is None:
            return None
        takers.append(taker)
    return tuple(dict.fromkeys(takers))


def _named(matchers: Matchers) -> Iterator[tuple[str, list[str]]]:
    """Yield the labels whose values the matchers name, with those that all of them accept."""
    for label in dict.fromkeys(one.label for one in matchers):
        mine = [one for one in matchers if one.label == label]
        exact = next((one for one in mine if one.operator == "="), None)
        plain = next((one for one in mine if one.operator == "=~" and _ALTERNATIVES.fullmatch(one.value)), None)
        if exact or plain:
            values = [exact.value] if exact else plain.value.split("|") if plain else []
            yield label, [value for value in dict.fromkeys(values) if all(accepts(one, value) for one in mine)]


def _all_fit(wanted: Matchers, values: dict[str, str], given: Matchers) -> bool:
    """Return whether every alert fits `wanted` that has these values and fits what else is `given`."""
    return all(accepts(one, values[one.label]) if one.label in values else one in given for one in wanted)
