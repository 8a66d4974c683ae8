"""Whether everybody who must be told can be, in time: SLO404 to SLO414."""

from __future__ import annotations

from slogen.core import Duration, Report, plain
from slogen.model import AlertClass, Catalog, Dependency, Platform, Service
from slogen.plan.escalation import has_pages
from slogen.plan.tiers import tiers

PEER_TIMEOUT = Duration.of("15s")  # Alertmanager's: each further member of a cluster sends that much later
SOONEST = Duration.of("50h")  # no page asks for more than 2 % in an hour
# The first Alertmanager that takes a secret from a file, where 0.25 does not: seen in its config/notifiers.go. Earlier
# ones know some of these keys: 0.26 and 0.27 crash when a webhook answers with an error, 0.27 refuses the other two.
SINCE: dict[tuple[str, str], tuple[tuple[int, int], str]] = {
    ("webhook", "urlFile"): ((0, 28), "a webhook's address in a file"),
    ("telegram", "botTokenFile"): ((0, 26), "Telegram's token in a file"),
    ("discord", "webhookUrlFile"): ((0, 28), "Discord's address in a file"),
    ("msteams", "webhookUrlFile"): ((0, 28), "Microsoft Teams with its address in a file"),
}


def check_routing(catalog: Catalog, report: Report) -> None:
    """Run every check of receivers, routes, the ladder and dependencies."""
    platform = catalog.platform
    unused_receivers(platform, report)
    hasty_steps(platform, report)
    for service in catalog.services:
        ladder_outlasts_budget(service, platform, report)
    cycles(catalog, report)
    mutes_nothing(catalog, report)
    if platform.alertmanager is not None:
        tickets_for_all(platform, report)
        waits(platform, report)
        markers_in_time(catalog, report)
        carried(platform, report)


def unused_receivers(platform: Platform, report: Report) -> None:
    """Report receivers that nothing names: they look as if somebody were told."""
    told = list(platform.routing.told)
    if any(one.receiver == "team" for one in told):
        told += [one for _, notify in platform.teams for one in notify]
    named = {one.receiver for one in told} - {"team"}
    for receiver in platform.receivers:
        if receiver.name not in named:
            ours = receiver.name == "team"
            report.error(
                receiver.span,
                "SLO405",
                f"the receiver {receiver.name!r} is never used" + (": the word stands for those of a team" * ours),
                "choose another name" if ours else "name it in routing or in a team, or remove it",
            )


def tickets_for_all(platform: Platform, report: Report) -> None:
    """Report that tickets go to whoever is there, because no team is declared."""
    warning = platform.routing.warning
    if not platform.teams and all(one.receiver == "team" for one in warning):
        report.warning(
            warning[0].span,
            "SLO414",
            "tickets are for the alert's team, and no team is declared: they go where unknown alerts go",
            "declare teams, or name receivers in routing.warning",
        )


def hasty_steps(platform: Platform, report: Report) -> None:
    """Report steps of the ladder that come before the rules are evaluated again."""
    every = platform.prometheus.evaluation_interval
    for rung in platform.routing.critical:
        if rung.after.ms and rung.after < every:
            report.error(
                rung.span,
                "SLO406",
                f"the step after {rung.after} is shorter than an evaluation, {every}",
                "put its receivers into the first step, or wait longer",
            )


def ladder_outlasts_budget(service: Service, platform: Platform, report: Report) -> None:
    """Report steps that come when a page's burn has spent the whole budget."""
    last = platform.routing.critical[-1].after
    for slo in service.slos:
        if last <= min(SOONEST, slo.objective.window):
            continue
        pages = [one for one in tiers(slo, platform, Report()) if one.severity is AlertClass.CRITICAL]
        if not pages or not slo.alerting.escalate:
            continue
        factor = max(page.factor for page in pages)
        lasts = slo.objective.window.ms / factor
        late = [rung.after for rung in platform.routing.critical if rung.after.ms > lasts]
        if late:
            report.warning(
                slo.span,
                "SLO409",
                f"burning {plain(factor)} times too fast, which pages, the {slo.objective.window} budget lasts "
                f"{Duration(int(lasts))}; the step after {late[0]} comes later",
                f"shorten the ladder (its last step is {last}), or lengthen the window",
            )


def waits(platform: Platform, report: Report) -> None:
    """Report intervals that Alertmanager does not keep."""
    settings, timings = platform.alertmanager, platform.routing.timings
    assert settings is not None
    steps = [rung.after for rung in platform.routing.critical if rung.after.ms]
    hasty = steps and steps[0] < platform.prometheus.evaluation_interval  # told by SLO406
    if steps and not hasty and timings.critical.group_wait >= steps[0]:
        report.error(
            timings.critical.span,
            "SLO407",
            f"critical: groupWait {timings.critical.group_wait} is not shorter than the first step, {steps[0]}: "
            "the page comes after it",
            "shorten groupWait",
        )
    turn = PEER_TIMEOUT * settings.replicas
    for name in ("critical", "escalation", "warning", "info"):
        timing = getattr(timings, name)
        if timing.repeat_interval < timing.group_interval:
            report.error(
                timing.span,
                "SLO407",
                f"{name}: repeatInterval {timing.repeat_interval} is shorter than groupInterval "
                f"{timing.group_interval}, which comes first",
                "lengthen repeatInterval",
            )
        if timing.repeat_interval >= settings.retention:
            report.error(
                timing.span,
                "SLO407",
                f"{name}: repeatInterval {timing.repeat_interval} is not within alertmanager.retention, "
                f"{settings.retention}: it repeats early",
                "shorten repeatInterval, or lengthen retention",
            )
        if settings.replicas > 1 and timing.group_interval < turn:
            report.error(
                timing.span,
                "SLO407",
                f"{name}: groupInterval {timing.group_interval} is shorter than the turns of {settings.replicas} "
                f"Alertmanagers, {turn}: several of them tell the same",
                f"write {turn} or longer",
            )


def markers_in_time(catalog: Catalog, report: Report) -> None:
    """Report pages that go out before what should mute them can come."""
    platform = catalog.platform
    timing, needed = platform.routing.timings.critical, platform.prometheus.evaluation_interval * 2
    if timing.group_wait >= needed:
        return
    for service in catalog.services:
        for dependency in service.depends_on:
            if dependency.mutes is AlertClass.CRITICAL and has_pages(service):
                report.error(
                    dependency.span,
                    "SLO407",
                    f"pages of {service.name} are told after critical.groupWait, {timing.group_wait}; that "
                    f"{dependency.service} pages too is known up to an evaluation later, and must be before",
                    f"write timings: {{critical: {{groupWait: {needed}}}}} in routing, or the dependency's name alone",
                )


def carried(platform: Platform, report: Report) -> None:
    """Report receivers that the oldest Alertmanager of the platform cannot have."""
    settings = platform.alertmanager
    assert settings is not None
    for receiver in platform.receivers:
        for key, _ in receiver.settings:
            since, what = SINCE.get((receiver.integration, key), (settings.version, ""))
            if since > settings.version:
                needed, mine = (".".join(map(str, version)) for version in (since, settings.version))
                report.error(
                    receiver.span,
                    "SLO408",
                    f"{what} needs Alertmanager {needed}, the platform's is {mine}",
                    "choose another integration, or raise alertmanager.version when every server is that new",
                )
        if receiver.integration == "email" and platform.email is None:
            report.error(
                receiver.span, "SLO413", "mail is sent by nobody", "add email: {from: …, smarthost: …} to the platform"
            )


def cycles(catalog: Catalog, report: Report) -> None:
    """Report services that depend on each other: each would mute the other, and nobody would be told."""
    needs = {service.name: service.depends_on for service in catalog.services}
    # What depends on nothing that is left is in no circle; what remains leads into one.
    left = _led_into_circles(needs)
    while left:
        path = _circle(next(iter(left)), left)
        names = [one.service for one in path]
        first = min(range(len(path)), key=lambda place: names[place - 1])
        path = [*path[first:], *path[:first]]
        told = " → ".join([path[-1].service, *(one.service for one in path)])
        report.error(path[0].span, "SLO404", f"services depend on each other: {told}", "remove one of the dependencies")
        left = _led_into_circles({name: left[name] for name in left if name not in names})


def _led_into_circles(needs: dict[str, tuple[Dependency, ...]]) -> dict[str, tuple[Dependency, ...]]:
    """Return the services that lead into a circle, with those of their dependencies that do."""
    wanted_by: dict[str, list[str]] = {}
    open_needs = {name: [one for one in given if one.service in needs] for name, given in needs.items()}
    for name, given in open_needs.items():
        for one in given:
            wanted_by.setdefault(one.service, []).append(name)
    count = {name: len(given) for name, given in open_needs.items()}
    free = [name for name, number in count.items() if not number]
    for name in free:
        for other in wanted_by.get(name, ()):
            count[other] -= 1
            if not count[other]:
                free.append(other)
    gone = set(free)
    return {
        name: tuple(one for one in given if one.service not in gone)
        for name, given in open_needs.items()
        if name not in gone
    }


def _circle(start: str, needs: dict[str, tuple[Dependency, ...]]) -> list[Dependency]:
    """Return the dependencies of the circle that `start` leads into; each service has one that does too."""
    way: list[Dependency] = []
    place = {start: 0}
    name = start
    while True:
        one = needs[name][0]
        way.append(one)
        if one.service in place:
            return way[place[one.service] :]
        name = one.service
        place[name] = len(way)


def mutes_nothing(catalog: Catalog, report: Report) -> None:
    """Report `mutes: critical` where one of the two never pages."""
    pages = {service.name: has_pages(service) for service in catalog.services}
    for service in catalog.services:
        for dependency in service.depends_on:
            if dependency.mutes is AlertClass.CRITICAL:
                quiet = [name for name in (dependency.service, service.name) if not pages.get(name, True)]
                if quiet:
                    report.warning(
                        dependency.span,
                        "SLO412",
                        f"{quiet[0]} never pages, so mutes: critical does nothing",
                        "write the name alone",
                    )
