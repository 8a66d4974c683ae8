"""The ladder: a recorded clock that survives flaps and restarts, and a rung for every later step.

A rung repeats the page's labels and adds `escalation`, so that a silence of the page covers it.
Six designs were tried: see docs/decisions/0004-escalation.md.
"""

from __future__ import annotations

from slogen.core import Duration
from slogen.model import AlertClass, Platform, Rung, Service
from slogen.plan import texts
from slogen.plan.rules import AlertRule, Block, RecordingRule
from slogen.promql import burn, names
from slogen.promql.template import Expr

MUTED = Duration.of("30m")  # how long a dependency's page mutes those of its dependants


def escalation(service: Service, platform: Platform) -> tuple[Block, ...]:
    """Return the clock of every critical alert, and the rungs of those that climb; nothing when none is critical.

    Services that depend on this one read the clock, so it is there without a ladder too.
    """
    if not has_pages(service):
        return ()
    climbing = _climbing(service)
    steps = tuple(rung for rung in platform.routing.critical if rung.after.ms)
    hold = platform.routing.hold
    labels = Expr(", ".join(("alertname", "service", "slo", *service.by)))
    clock = RecordingRule(
        record=names.INCIDENT_START,
        expr=burn.INCIDENT_START.fill(service=Expr(service.name), labels=labels, hold=platform.scaled(hold)).text,
        lookback=hold,
    )
    rungs = tuple(
        _rung(service, platform, name, matchers, steps[: place + 1])
        for name, matchers in climbing
        for place in range(len(steps))
    )
    blocks = [
        Block(
            comment="escalation: since when each page of the service lasts; a pause of up to "
            f"{hold} or a restart does not reset it",
            rules=(clock,),
        )
    ]
    if rungs:
        told = ", ".join(str(step.after) for step in steps)
        blocks.append(Block(comment=f"escalation: a rung after {told} for every page", rules=rungs))
    return tuple(blocks)


def has_pages(service: Service) -> bool:
    """Return whether any alert of a service is critical."""
    pages = any(slo.alerting.critical or slo.recovery or slo.no_data is AlertClass.CRITICAL for slo in service.slos)
    return pages or any(alert.severity is AlertClass.CRITICAL for alert in service.alerts)


def markers(service: Service, platform: Platform) -> tuple[Block, ...]:
    """Return, for each dependency whose pages mute those of a service, the alert that does so for half an hour.

    Muted by the dependency's page itself, a page already sent would never be told to be over, and one that begins
    during a long or silenced incident of the dependency would never be told at all.
    """
    if not has_pages(service):
        return ()
    rules = tuple(
        AlertRule(
            alert=names.DEPENDENCY_ALERT,
            expr=burn.DEPENDENCY.fill(
                service=Expr(service.name),
                dependency=Expr(dependency.service),
                seconds=platform.scaled(MUTED).seconds,
                hold=platform.scaled(platform.routing.hold),
                every=platform.scaled(platform.prometheus.evaluation_interval).seconds,
            ).text,
            labels=(("service", service.name), ("dependency", dependency.service), ("severity", names.NO_SEVERITY)),
            annotations=(("summary", f"{dependency.service} pages: pages of {service.name} are not told for {MUTED}"),),
            lookback=platform.routing.hold,
        )
        for dependency in service.depends_on
        if dependency.mutes is AlertClass.CRITICAL
    )
    comment = f"dependencies: for {MUTED} their pages mute those of {service.name}, unless it paged first"
    return (Block(comment=comment, rules=rules),) if rules else ()


def _climbing(service: Service) -> list[tuple[str, str]]:
    """Return the names of critical alerts that climb, with what tells their SLOs from those that do not."""
    found = []
    for name, having in (
        (names.BURN_ALERT, [slo for slo in service.slos if slo.alerting.critical]),
        (names.NO_DATA_ALERT, [slo for slo in service.slos if slo.no_data is AlertClass.CRITICAL]),
    ):
        climbing = [slo.name for slo in having if slo.alerting.escalate]
        if climbing:
            matcher = "" if len(climbing) == len(having) else f',slo=~"{"|".join(climbing)}"'
            found.append((name, matcher))
    found += [(alert.name, "") for alert in service.alerts if alert.severity is AlertClass.CRITICAL and alert.escalate]
    return found


def _rung(service: Service, platform: Platform, name: str, matchers: str, steps: tuple[Rung, ...]) -> AlertRule:
    after: Duration = steps[-1].after
    told = [
        one.receiver + (f" (in {one.during})" if one.during else "")
        for rung in platform.routing.critical
        if rung.after < after
        for one in rung.notify
    ]
    cause = next((alert for alert in service.alerts if alert.name == name), None)
    what = "{{ $labels.service }}: " + name if cause else "{{ $labels.service }} {{ $labels.slo }}"
    links = (
        texts.cause_links(service, platform, cause) if cause else texts.links(service, platform, name, _uid(service))
    )
    # The value of a rung is how long the page lasts: a summary that tells the page's own value would tell a wrong one.
    about = f"{cause.summary.rstrip('.')}. " if cause and "{{" not in cause.summary else ""
    verb = {names.BURN_ALERT: "has burned its error budget", names.NO_DATA_ALERT: "has not been measured"}
    return AlertRule(
        alert=name,
        expr=burn.RUNG.fill(
            matchers=Expr(f'service="{service.name}",alertname="{name}"{matchers}'),
            seconds=platform.scaled(after).seconds,
        ).text,
        labels=(("service", service.name), ("escalation", str(after))),
        annotations=(
            ("summary", f"{what} {verb.get(name, 'has lasted')} for {{{{ $value | humanizeDuration }}}}"),
            ("description", f"{about}Still going on {after} after the first page. Told so far: {', '.join(told)}."),
            *links,
        ),
    )


def _uid(service: Service) -> str:
    """Return the uid as a template over the alert's labels, with a branch for each uid that was cut."""
    uid = "slogen-{{ $labels.service }}-{{ $labels.slo }}"
    for slo in service.slos:
        hashed = texts.dashboard_uid(service.name, slo.name)
        if hashed != f"slogen-{service.name}-{slo.name}":
            uid = f'{{{{ if eq $labels.slo "{slo.name}" }}}}{hashed}{{{{ else }}}}{uid}{{{{ end }}}}'
    return uid
