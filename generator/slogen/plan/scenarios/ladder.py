"""The escalation clock and its rungs, and the cause alerts as their owners test them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slogen.core import Duration
from slogen.model import Alert, AlertClass, Platform, Service
from slogen.plan.scenarios.decoys import Decoys
from slogen.plan.scenarios.scenario import Expect, Scenario, Subject, fired, minutes
from slogen.promql import names
from slogen.promql.sample import braces


def ladder_scenarios(service: Service, platform: Platform) -> Iterator[Scenario]:
    """Yield the scenarios of the clock, and of each rung of each critical alert that climbs."""
    steps = [step.after for step in platform.routing.critical if step.after.ms]
    pages = [page for page, _ in _pages(service, platform)]
    climbing = [page for page, climbs in _pages(service, platform) if climbs]
    if not pages:
        return
    bare = {alert.name: alert for alert in service.alerts if _needs_no_data(alert)}
    fed = [page for page in pages if page["alertname"] not in bare]
    if fed:
        yield _clock(service, platform, fed[0])
    for dependency in service.depends_on:
        if dependency.mutes is AlertClass.CRITICAL:
            yield from _muted(service, platform, pages[0], dependency.service, alone=len(fed) == len(pages))
    if not steps:
        return
    for page in climbing:
        yield from _rungs(service, platform, page, steps, _quiet(bare.get(page["alertname"])))
    names_that_climb = {page["alertname"] for page in climbing}
    for page, climbs in _pages(service, platform):
        if not climbs and page["alertname"] in names_that_climb:
            yield _does_not_climb(service, platform, page)


def _pages(service: Service, platform: Platform) -> Iterator[tuple[dict[str, str], bool]]:
    """Yield the labels of every critical alert of a service, and whether it climbs."""
    for slo in service.slos:
        subject = Subject(service, slo, platform)
        if slo.alerting.critical:
            yield subject.alert(names.BURN_ALERT, AlertClass.CRITICAL), slo.alerting.escalate
        if slo.no_data is AlertClass.CRITICAL:
            yield subject.alert(names.NO_DATA_ALERT, AlertClass.CRITICAL), slo.alerting.escalate
        if slo.recovery:
            yield subject.alert(names.RECOVERY_ALERT, AlertClass.CRITICAL), False
    for alert in service.alerts:
        if alert.severity is AlertClass.CRITICAL:
            yield {"alertname": alert.name, **cause_labels(service, alert)}, alert.escalate


def cause_labels(service: Service, alert: Alert) -> dict[str, str]:
    """Return the labels that a cause alert adds to those of its expression."""
    own = {"service": service.name, "severity": alert.severity.value, "team": alert.team or service.team}
    return own | dict(service.labels) | dict(alert.labels)


def _about(page: dict[str, str]) -> str:
    return f"{page['slo']} {page['alertname']}" if "slo" in page else page["alertname"]


def _clock(service: Service, platform: Platform, page: dict[str, str]) -> Scenario:
    """An incident of 5m, a pause shorter than the hold, the same under another team, a pause longer than the hold."""
    every, hold = platform.prometheus.evaluation_interval, platform.routing.hold
    some = max(2, int(minutes(5) / every))
    short, long = max(1, int(hold / every * 3) // 4), int(hold / every * 3) // 2
    other = {**page, "team": "another"}
    again, later = some + short, 2 * some + short + long
    start = every * 1
    alerts = [
        ("ALERTS" + braces({"alertstate": "firing", **page}), f"_ 1x{some - 2} stale"),
        (
            "ALERTS" + braces({"alertstate": "firing", **other}),
            f"_x{again} 1x{some - 1} stale _x{long - 1} 1x{some}",
        ),
    ]

    # What is no page of this service has no clock here.
    beside: tuple[dict[str, str], ...] = (
        {**page, "alertstate": "firing", "service": "another"},
        {**page, "alertstate": "firing", "severity": "warning", "team": "a"},
        {**page, "alertstate": "firing", "escalation": "1m", "team": "b"},
        {**page, "alertstate": "pending", "team": "c"},
    )
    alerts += [("ALERTS" + braces(labels), f"1x{later + some}") for labels in beside]

    def since(place: int, labels: dict[str, str], seconds: Duration) -> Expect:
        about = {name: value for name, value in page.items() if name in ("slo", "alertname")}
        expr = names.INCIDENT_START + braces(about)
        return Expect(
            at=every * place, expr=expr, samples=((names.INCIDENT_START + braces(labels), str(seconds.seconds)),)
        )

    return Scenario(
        name=f"clock: a pause of less than {hold} or another team does not reset it, a longer pause does",
        interval=every,
        series=tuple(alerts),
        expects=(
            since(1, page, start),
            since(some - 1, page, start),
            since(again, other, start),
            since(again + some - 1, other, start),
            since(later, other, every * later),
        ),
    )


def _needs_no_data(alert: Alert) -> bool:
    """Return whether an alert may fire in a test that feeds it nothing."""
    return "absent" in alert.expr.text or "vector(" in alert.expr.text


def _quiet(alert: Alert | None) -> tuple[tuple[str, str], ...]:
    """Return the series on which an alert stays quiet, as its owner says."""
    return next((test.series for test in alert.tests if test.quiet), ()) if alert else ()


def _rungs(
    service: Service,
    platform: Platform,
    page: dict[str, str],
    steps: list[Duration],
    quiet: tuple[tuple[str, str], ...],
) -> Iterator[Scenario]:
    every = platform.prometheus.evaluation_interval
    for place, after in enumerate(steps):
        before = [fired({**page, "escalation": str(step)}) for step in steps[:place]]
        start = every * 2 - after
        yield Scenario(
            name=f"ladder: {_about(page)} climbs after {after}, not before",
            interval=every,
            series=(
                _since(page, start),
                _since({**page, "service": "another"}, start),
                _since({**page, "alertname": "Another"}, start),
                *quiet,
            ),
            expects=(
                Expect(at=every, expr=_climbed(service), samples=tuple(before)),
                Expect(
                    at=every * 2,
                    expr=_climbed(service),
                    samples=(*before, fired({**page, "escalation": str(after)})),
                ),
            ),
            slo=page.get("slo"),
        )


HALF_HOUR = Duration.of("30m")


def _muted(
    service: Service, platform: Platform, page: dict[str, str], dependency: str, *, alone: bool
) -> Iterator[Scenario]:
    """Yield that a dependency's page mutes those of the service for half an hour, unless the service paged first.

    `alone`: no page of the service fires for want of data, which would go on when the clock that is fed has ended.
    """
    every, hold = platform.prometheus.evaluation_interval, platform.routing.hold
    alert = {"alertname": names.DEPENDENCY_ALERT, "alertstate": "firing", "service": service.name}
    labels = {**alert, "dependency": dependency, "severity": names.NO_SEVERITY}
    expr = "ALERTS" + braces({"alertname": names.DEPENDENCY_ALERT, "dependency": dependency, "alertstate": "firing"})
    fires = (("ALERTS" + braces(labels), "1"),)
    needed, start = {**page, "service": dependency}, every * 3 - HALF_HOUR
    earlier = start - every
    yield Scenario(
        name=f"dependency: for {HALF_HOUR} the page of {dependency} mutes those of {service.name}, also while it pages",
        interval=every,
        series=(
            _since(needed, start),
            _since({**needed, "alertname": "Another"}, start + every),
            _since(page, start + every),
            _since({**page, "service": "another"}, earlier - HALF_HOUR),
        ),
        expects=(Expect(at=every * 2, expr=expr, samples=fires), Expect(at=every * 3, expr=expr)),
    )
    clock, places = names.INCIDENT_START, hold.ms // every.ms
    since = every * 1
    told = f"it is not muted until {hold} after its page" if alone else "it is not muted"
    after = (Expect(at=every * (places + 3), expr=expr, samples=fires),) if alone else ()
    yield Scenario(
        name=f"dependency: {service.name} paged before {dependency} did: {told}",
        interval=every,
        series=(
            (clock + braces(needed), f"_ {since.seconds}x{places + 4}"),
            (clock + braces(page), "0x2 stale"),
        ),
        expects=(
            Expect(at=every, expr=expr),
            Expect(at=every * (places + 1), expr=expr),
            *after,
        ),
    )


def _does_not_climb(service: Service, platform: Platform, page: dict[str, str]) -> Scenario:
    every = platform.prometheus.evaluation_interval
    return Scenario(
        name=f"ladder: {_about(page)} does not climb, as declared",
        interval=every,
        series=(_since(page, Duration.of("1d") * -1),),
        expects=(Expect(at=every * 2, expr=_climbed(service)),),
        slo=page.get("slo"),
    )


def _since(page: dict[str, str], start: Duration) -> tuple[str, str]:
    """Return the clock of an incident that began at `start`, before the test does."""
    return names.INCIDENT_START + braces(page), f"{start.seconds}x4"


def _climbed(service: Service) -> str:
    return f'ALERTS{{alertstate="firing",service="{service.name}",escalation!=""}}'


def cause_scenarios(service: Service, alerts: Iterable[Alert]) -> Iterator[Scenario]:
    """Yield what the owners of cause alerts declare: series on which each fires, and on which it stays quiet."""
    for alert in alerts:
        labels = cause_labels(service, alert)
        expr = (
            f"group by ({', '.join(labels)}) "
            f'(ALERTS{{alertname="{alert.name}",service="{service.name}",alertstate="firing",escalation=""}})'
        )
        decoys = Decoys.of(alert.expr.text)
        fires = quiet = 0
        for test in alert.tests:
            at = test.fires or test.quiet
            assert at is not None
            fires, quiet = fires + bool(test.fires), quiet + bool(test.quiet)
            told = f"fires, case {fires}" if test.fires else f"stays quiet, case {quiet}"
            expects = [Expect(at=at, expr=expr, samples=((braces(labels), "1"),) if test.fires else ())]
            if test.fires and alert.for_ is not None and alert.for_.ms > 1000:
                # Whatever the series, it has not been pending for so long.
                expects.insert(0, Expect(at=alert.for_ - Duration(1000), expr=expr))
            others = [other.series for other in alert.tests if (other.fires is None) != (test.fires is None)]
            yield Scenario(
                name=f"{alert.name}: {told} of its owner",
                interval=minutes(1),
                series=(*test.series, *decoys.near(test.series, others)),
                expects=tuple(expects),
            )
        firing = [test for test in alert.tests if test.fires is not None]
        strangers = decoys.of_others([test.series for test in firing])
        if strangers:
            yield Scenario(
                name=f"{alert.name}: stays quiet on what others have",
                interval=minutes(1),
                series=tuple(strangers),
                expects=tuple(Expect(at=at, expr=expr) for at in sorted({test.fires for test in firing if test.fires})),
            )
