"""ROUTES.md: who is told what, when and over what, as tables for people.

It is written of what the platform declares, not of the routes: tests compare it with what the routes do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from slogen.emit.alertmanager.silences import silences
from slogen.emit.alertmanager.words import bullets, interval_words, listed, over, prose, table
from slogen.model import AlertClass, Catalog, Platform, Service, Told
from slogen.plan.escalation import MUTED
from slogen.plan.routing import RoutingPlan, for_team
from slogen.promql import names


def routes_text(plan: RoutingPlan, catalog: Catalog) -> str:
    """Return the page."""
    platform = catalog.platform
    parts = [
        f"<!-- Generated from {platform.span.file} and slos/ by slogen. Do not edit: change the source and run "
        "`slogen build`. -->\n# Who is told what\n\n",
        *_classes(plan, platform),
        *_pages(catalog),
        *_tickets(plan, catalog),
        *_notes(platform),
        *_watchdog(platform),
        *_rest(plan),
        *_intervals(platform),
        *_muting(catalog),
        *silences(catalog),
    ]
    return "".join(part if part.endswith("\n\n") else part + "\n" for part in parts).rstrip("\n") + "\n"


def _classes(plan: RoutingPlan, platform: Platform) -> Iterator[str]:
    timings = platform.routing.timings
    classes = [
        ("page", AlertClass.CRITICAL, "somebody must act now", timings.critical),
        ("later step of a page", AlertClass.CRITICAL, "it still lasts: more people must know", timings.escalation),
        ("ticket", AlertClass.WARNING, "somebody must act on a working day", timings.warning),
        ("note", AlertClass.INFO, "nobody must act", timings.info),
    ]
    if len(platform.routing.critical) == 1:
        del classes[1]
    yield prose("What `alertmanager.yaml` beside this page does. The label `severity` of an alert is its class:")
    rows = [
        (name, f"`{severity}`", means, str(waits.group_wait), str(waits.group_interval), str(waits.repeat_interval))
        for name, severity, means, waits in classes
    ]
    yield table(("class", "`severity`", "means", "first told after", "more told after", "told again after"), rows)
    together = listed([f"`{label}`" for label in plan.group_by])
    yield prose(
        f"Alerts that agree in {together} share a message. It is sent a moment after the first of them begins (*first "
        "told*), once more when others have joined (*more told*), and again while any of them lasts (*told again*). "
        "Whoever is told of an alert is told that it is over, too."
    )
    if platform.time_scale > 1:
        yield prose(f"This platform is a test: every time on this page passes {platform.time_scale} times as fast.")


def _pages(catalog: Catalog) -> Iterator[str]:
    platform = catalog.platform
    first, *later = platform.routing.critical
    yield "## Pages\n"
    steps = [("at once", told) for told in first.notify]
    steps += [(f"{rung.after} after the page", told) for rung in later for told in rung.notify]
    yield _audiences(platform, steps, "told")
    if not later:
        yield prose("Nobody else is told, however long a page lasts.")
        return
    every, wait = platform.prometheus.evaluation_interval, platform.routing.timings.escalation.group_wait
    staying = [text for service in catalog.services for text in _staying(service)]
    yield bullets(
        [
            f"The steps count from the moment when the page fires. Each comes up to {every + wait} after its time: the "
            f"rules are evaluated every {every}, then Alertmanager waits {wait} for more of the same.",
            f"A page that pauses for no longer than {platform.routing.hold} goes on at the step where it was, and "
            "so it does when a server restarts in that time. After a longer pause it is a new page.",
            "A later step is the page once more: with all of its labels, and `escalation`, such as "
            f'`escalation="{later[0].after}"`.',
            *([f"These never leave the first step: {listed(staying)}."] if staying else []),
        ]
    )


def _staying(service: Service) -> Iterator[str]:
    """Yield the pages of a service that do not climb."""
    for slo in service.slos:
        if not slo.alerting.escalate and (slo.alerting.critical or slo.no_data is AlertClass.CRITICAL):
            yield f"{service.name} `{slo.name}`"
        if slo.recovery:
            yield f"{service.name} `{slo.name}` after {slo.recovery} without recovery"
    for alert in service.alerts:
        if alert.severity is AlertClass.CRITICAL and not alert.escalate:
            yield f"{service.name} `{alert.name}`"


def _tickets(plan: RoutingPlan, catalog: Catalog) -> Iterator[str]:
    platform, told = catalog.platform, catalog.platform.routing.warning
    yield "## Tickets\n"
    if not _reach(platform, told):
        yield prose("No team is declared, so they go where everything else goes:")
        yield _fallback(plan)
        return
    yield _audiences(platform, *_by_team(platform, told))
    if platform.teams and any(one.receiver == "team" for one in told):
        yield prose("An alert belongs to the team of its service, unless it names another one:")
        teams = [(team, list(_owned(catalog, team))) for team, _ in platform.teams]
        yield bullets(f"{team}: {listed(owned) if owned else 'nothing yet'}" for team, owned in teams)
        if platform.team is None:
            where = "" if any(one.receiver != "team" for one in told) else "; they go where everything else goes"
            yield prose(
                "Alerts about the servers that evaluate rules and send alerts are of no team, for the platform names "
                f"none in `metadata.team`{where}."
            )


def _owned(catalog: Catalog, team: str) -> Iterator[str]:
    """Yield the services of a team, and its alerts of other services."""
    yield from (service.name for service in catalog.services if service.team == team)
    for service in catalog.services:
        for alert in service.alerts:
            if alert.team == team != service.team:
                yield f"`{alert.name}` of {service.name}"
    if catalog.platform.team == team:
        yield "the servers that evaluate rules and send alerts"


def _notes(platform: Platform) -> Iterator[str]:
    told = platform.routing.info
    yield "## Notes\n"
    if _reach(platform, told):
        yield _audiences(platform, *_by_team(platform, told))
    else:
        yield prose("Nobody is told of them; dashboards show them.")


def _reach(platform: Platform, told: Iterable[Told]) -> bool:
    """Return whether anybody is told: `team` is nobody as long as there are no teams."""
    return any(one.receiver != "team" or platform.teams for one in told)


def _by_team(platform: Platform, told: Sequence[Told]) -> tuple[list[tuple[str, Told]], str]:
    """Return who is told for which team, and the head of that column; both empty when it is the same for all."""
    rest = [one for one in told if one.receiver != "team"]
    if len(rest) == len(told) or not platform.teams:
        return [("", one) for one in rest], ""
    of_none = [("none", one) for one in rest] if platform.team is None and told is platform.routing.warning else []
    return [(team, one) for team, own in platform.teams for one in for_team(told, own)] + of_none, "team"


def _watchdog(platform: Platform) -> Iterator[str]:
    told = platform.routing.watchdog
    yield "## Watchdog\n"
    if not told:
        yield prose("There is none: when Prometheus or Alertmanager is down, nobody is told.")
        return
    yield _audiences(platform, [("", one) for one in told])
    each = ", for each cluster" if platform.clusters else ""
    yield prose(
        f"The alert `{names.WATCHDOG_ALERT}` is always on and sent once a minute{each}. When it stops arriving, "
        "Prometheus or Alertmanager is down, and it is for the receiver to raise the alarm."
    )


def _rest(plan: RoutingPlan) -> Iterator[str]:
    yield "## Everything else\n"
    yield prose("No rule of this repository raises anything else. An alert that is of no class goes to:")
    yield _fallback(plan)


def _fallback(plan: RoutingPlan) -> str:
    held = next(receiver for receiver in plan.receivers if receiver.name == plan.root.receiver)
    rows = [(one.name, over(one)) for one in held.audiences] or [("nobody", "")]
    return table(("who", "over"), rows)


def _intervals(platform: Platform) -> Iterator[str]:
    if platform.time_intervals:
        yield "## Intervals\n"
        yield table(("interval", "is"), [(f"`{one.name}`", interval_words(one)) for one in platform.time_intervals])
        yield prose(
            "Whoever is told only in an interval hears of what began outside it when the interval begins, if it still "
            "lasts, and never hears of an end outside it."
        )


def _muting(catalog: Catalog) -> Iterator[str]:
    where = ("the same cluster",) if catalog.platform.clusters else ()
    tickets: dict[str, list[str]] = {}
    pages: dict[str, list[str]] = {}
    for service in catalog.services:
        for one in service.depends_on:
            tickets.setdefault(one.service, []).append(service.name)
            if one.mutes is AlertClass.CRITICAL:
                pages.setdefault(one.service, []).append(service.name)
    rows: list[tuple[str, ...]] = [("a page of an SLO", "tickets of the same SLO", *where)]
    for needed in sorted(tickets):
        rows.append((f"a page of {needed}", f"tickets of {listed(tickets[needed])}", *where))
        if needed in pages:
            rows.append((f"a page of {needed}, for {MUTED}", f"pages of {listed(pages[needed])}", *where))
    yield "## What mutes what\n"
    yield table(("while there is", "nobody is told of", *(["in"] if where else [])), rows)
    lines = [
        "What is muted is still seen in Alertmanager and on dashboards. It is told when the page is over, if it still "
        "lasts. What was told before and ends while it is muted is not told to be over.",
        "A page mutes even when it is itself silenced or muted.",
    ]
    apart = sorted({label for service in catalog.services for label in service.by})
    if apart:
        said = " or ".join(f"`{label}`" for label in apart)
        lines.append(f"A page about one value of {said} mutes tickets of the same SLO about its other values as well.")
    if tickets:
        lines.append("Only what a service names in `dependsOn` counts, not what that depends on in turn.")
    if pages:
        lines.append(
            "A page that began more than an evaluation before the dependency's is not muted. "
            f"One that still lasts after the {MUTED} is told then, with all steps that are due: the ladder counts from "
            "when it began."
        )
    yield bullets(lines)


def _audiences(platform: Platform, told: Sequence[tuple[str, Told]], key: str = "") -> str:
    """Return a table of who is told; `key` heads the first column, which is left out when it is empty."""
    declared = {receiver.name: receiver for receiver in platform.receivers}
    timed = any(one.during for _, one in told)
    rows = [
        [
            *([first] if key else []),
            one.receiver,
            over(declared[one.receiver]),
            *([f"in `{one.during}`" if one.during else "always"] if timed else []),
        ]
        for first, one in told
    ]
    return table([*([key] if key else []), "who", "over", *(["when"] if timed else [])], rows)
