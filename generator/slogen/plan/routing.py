"""Who is told of which alert: the routes, receivers and inhibitions of Alertmanager, as a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from slogen.core import Duration
from slogen.model import AlertClass, Catalog, Platform, Receiver, TimeInterval, Timing, Told
from slogen.promql.names import DEPENDENCY_ALERT, NO_SEVERITY, WATCHDOG_ALERT

NOBODY = "nobody"
UNROUTED = "unrouted"


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    """What an alert's label must be: `operator` is one of = != =~ !~, as in Alertmanager."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        value = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.operator}"{value}"'


Matchers = tuple[Matcher, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The intervals of a route, as they stand in the configuration."""

    group_wait: Duration
    group_interval: Duration
    repeat_interval: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A node of the routing tree; what it leaves out it has from its parent.

    `during` names the time interval in which it tells, `goes_on` lets its next sibling see the alert too.
    """

    comment: str = ""
    matchers: Matchers = ()
    receiver: str | None = None
    waits: Waits | None = None
    during: str | None = None
    goes_on: bool = False
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedReceiver:
    """A receiver of the configuration: an integration for each audience."""

    name: str
    audiences: tuple[Receiver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While an alert matches `source`, those that match `target` and agree on `equal` are not told."""

    comment: str
    source: Matchers
    target: Matchers
    equal: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPlan:
    """Everything that the Alertmanagers of a platform decide."""

    group_by: tuple[str, ...]
    root: Route
    receivers: tuple[RoutedReceiver, ...]
    inhibitions: tuple[Inhibition, ...]
    intervals: tuple[TimeInterval, ...]


def plan_routing(catalog: Catalog) -> RoutingPlan:
    """Return who is told of what on a platform."""
    tree = _Tree(catalog.platform)
    root = tree.root()
    return RoutingPlan(
        group_by=("alertname", "service", "slo", *_cluster(catalog.platform)),
        root=root,
        receivers=tuple(tree.receivers),
        inhibitions=tuple(_inhibitions(catalog)),
        intervals=catalog.platform.time_intervals,
    )


def for_team(told: Iterable[Told], own: Iterable[Told]) -> tuple[Told, ...]:
    """Return who is told of a team's alert: `team` stands for its own receivers; nobody twice at the same time."""
    everybody = [one for entry in told for one in (own if entry.receiver == "team" else (entry,))]
    always = {one.receiver for one in everybody if one.during is None}
    kept = [one for one in everybody if one.during is None or one.receiver not in always]
    return tuple({(one.receiver, one.during): one for one in kept}.values())


def acknowledged_for(platform: Platform) -> Duration:
    """Return how long an acknowledgement lasts: as long as the ladder, for all rungs that are due come at its end."""
    return max(Duration.of("4h"), platform.routing.critical[-1].after)


def has(label: str, value: str) -> Matcher:
    """Return that a label has exactly this value."""
    return Matcher(label, "=", value)


def present(*labels: str) -> Matchers:
    """Return that each label is there: labels that are missing on both sides would count as equal."""
    return tuple(Matcher(label, "!=", "") for label in labels)


def one_of(label: str, values: Iterable[str]) -> Matcher:
    """Return that a label has one of these values, which are names of DNS labels."""
    values = tuple(values)
    return has(label, values[0]) if len(values) == 1 else Matcher(label, "=~", "|".join(values))


def _cluster(platform: Platform) -> tuple[str, ...]:
    return ("cluster",) if platform.clusters else ()


class _Tree:
    """The routing tree, and the receivers that it comes to need."""

    def __init__(self, platform: Platform) -> None:
        self.receivers: list[RoutedReceiver] = []
        self._platform = platform
        self._declared = {receiver.name: receiver for receiver in platform.receivers}

    def root(self) -> Route:
        routing, timings = self._platform.routing, self._platform.routing.timings
        # What no rule of slogen raised has no severity that is known: it is told where it disturbs least.
        classes = (routing.info, routing.warning, routing.critical[0].notify)
        least = next(filter(None, ([one for one in told if one.receiver != "team"] for told in classes)))
        fallback = self._receiver(UNROUTED, least)
        routes = [
            *self._watchdog(),
            self._none(),
            self._critical(),
            *self._class(AlertClass.WARNING, routing.warning, timings.warning, "tickets"),
            *self._class(AlertClass.INFO, routing.info, timings.info, "notes"),
        ]
        return Route(receiver=fallback, waits=self._waits(timings.warning), routes=tuple(routes))

    def _watchdog(self) -> Iterator[Route]:
        told = self._platform.routing.watchdog
        if told:
            # It must repeat itself: its absence is what raises the alarm. Alertmanager counts the repetition from the
            # end of the last delivery, so one of a minute would miss every other turn of the group.
            minute, half = (self._platform.scaled(Duration.of(text)) for text in ("1m", "30s"))
            yield Route(
                comment="the alert that always fires: when it stops arriving, the dead man's switch tells",
                matchers=(has("alertname", WATCHDOG_ALERT), has("severity", NO_SEVERITY)),
                receiver=self._receiver("watchdog", told),
                waits=Waits(group_wait=half, group_interval=minute, repeat_interval=half),
            )

    def _none(self) -> Route:
        return Route(
            comment="markers, told to nobody: they only mute others",
            matchers=(has("severity", NO_SEVERITY),),
            receiver=self._receiver(NOBODY, ()),
        )

    def _critical(self) -> Route:
        routing = self._platform.routing
        first, *rungs = routing.critical
        # The page itself has no rung. It needs routes of its own only when some are told at times.
        pages = self._told("critical", first.notify, (has("escalation", ""),), comment="the page itself")
        higher: list[Route] = []
        for rung in rungs:
            higher += self._told(
                f"critical-{rung.after}",
                rung.notify,
                (has("escalation", str(rung.after)),),
                self._waits(routing.timings.escalation),
                f"still on {rung.after} after the page",
            )
        return Route(
            comment="pages, and the ladder that they climb",
            matchers=(has("severity", AlertClass.CRITICAL.value),),
            receiver=pages[-1].receiver,
            waits=self._waits(routing.timings.critical),
            routes=tuple([*pages, *higher] if any(page.during for page in pages) else higher),
        )

    def _class(self, severity: AlertClass, told: tuple[Told, ...], timing: Timing, what: str) -> Iterator[Route]:
        """Yield the routes of warnings or notes; `team` among those told stands for the alert's team."""
        matchers, waits = (has("severity", severity.value),), self._waits(timing)
        rest = tuple(one for one in told if one.receiver != "team")
        teams = self._platform.teams if len(rest) < len(told) else ()
        if teams:
            routes: list[Route] = []
            for team, own in teams:
                routes += self._told(f"{severity}-{team}", for_team(told, own), (has("team", team),))
            # Only the tickets about the servers may be of no team.
            if rest and severity is AlertClass.WARNING and self._platform.team is None:
                routes += self._told(severity.value, rest, (has("team", ""),))
            yield Route(comment=f"{what}, to the team", matchers=matchers, waits=waits, routes=tuple(routes))
        elif rest:
            yield from self._told(severity.value, rest, matchers, waits, what)
        elif severity is AlertClass.INFO:
            nobody = self._receiver(NOBODY, ())
            yield Route(comment=f"{what}, for dashboards only", matchers=matchers, receiver=nobody)

    def _told(
        self, name: str, told: Iterable[Told], matchers: Matchers, waits: Waits | None = None, comment: str = ""
    ) -> list[Route]:
        """Return a route for each time interval in which somebody is told, and one for those told always."""
        told = tuple(told)
        routes = [
            Route(
                comment=f"{comment + ', ' if comment else ''}in {during}",
                matchers=matchers,
                receiver=self._receiver(f"{name}@{during}", [one for one in told if one.during == during]),
                waits=waits,
                during=during,
                goes_on=True,
            )
            for during in dict.fromkeys(one.during for one in told)
            if during
        ]
        always = [one for one in told if not one.during]
        if not always:
            return [*routes[:-1], replace(routes[-1], goes_on=False)]
        receiver = self._receiver(name, always)
        return [*routes, Route(comment=comment, matchers=matchers, receiver=receiver, waits=waits)]

    def _receiver(self, name: str, told: Iterable[Told]) -> str:
        if all(receiver.name != name for receiver in self.receivers):
            names = dict.fromkeys(one.receiver for one in told)
            audiences = tuple(self._declared[one] for one in names if one in self._declared)
            self.receivers.append(RoutedReceiver(name=name, audiences=audiences))
        return name

    def _waits(self, timing: Timing) -> Waits:
        return Waits(
            group_wait=self._platform.scaled(timing.group_wait),
            group_interval=self._platform.scaled(timing.group_interval),
            repeat_interval=self._platform.scaled(timing.repeat_interval),
        )


def _inhibitions(catalog: Catalog) -> Iterator[Inhibition]:
    cluster = _cluster(catalog.platform)
    same = ("service", "slo", *cluster)
    yield Inhibition(
        comment="a page mutes the tickets of the same SLO",
        source=(has("severity", AlertClass.CRITICAL.value), *present(*same)),
        target=(has("severity", AlertClass.WARNING.value), *present(*same)),
        equal=same,
    )
    dependants: dict[str, list[str]] = {}
    for service in catalog.services:
        for dependency in service.depends_on:
            dependants.setdefault(dependency.service, []).append(service.name)
    for needed, names in sorted(dependants.items()):
        yield Inhibition(
            comment=f"pages of {needed} mute the tickets of what depends on it" + _there(cluster),
            source=(has("severity", AlertClass.CRITICAL.value), has("service", needed), *present(*cluster)),
            target=(has("severity", AlertClass.WARNING.value), one_of("service", sorted(names)), *present(*cluster)),
            equal=cluster,
        )
    if any(one.mutes is AlertClass.CRITICAL for service in catalog.services for one in service.depends_on):
        equal = ("service", *cluster)
        yield Inhibition(
            comment="the first half-hour of a dependency's page mutes the pages of those that declare it, unless they "
            "paged first",
            source=(has("alertname", DEPENDENCY_ALERT), has("severity", NO_SEVERITY), *present(*equal)),
            target=(has("severity", AlertClass.CRITICAL.value), *present(*equal)),
            equal=equal,
        )


def _there(cluster: tuple[str, ...]) -> str:
    return ", in the same cluster" if cluster else ""
