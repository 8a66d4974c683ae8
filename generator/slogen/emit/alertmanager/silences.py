"""The part of ROUTES.md on silences: how to acknowledge a page, and what a silence does."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from slogen.emit.alertmanager.words import bullets, code, commands, listed, pagers, prose
from slogen.model import AlertClass, Catalog, Platform, Service, Slo
from slogen.plan.routing import acknowledged_for
from slogen.promql import names

_LOCAL = "http://localhost:9093"  # where amtool looks without being told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Example:
    """A page that the catalog has, in words and as matchers, and the steps that it climbs."""

    words: str
    matchers: tuple[str, ...]
    steps: tuple[str, ...]


def silences(catalog: Catalog) -> Iterator[str]:
    """Yield the sections, with commands for a page that the catalog has; nothing when nothing pages."""
    example = _example(catalog)
    if example is not None:
        if example.steps:
            yield from _acknowledge(catalog, example)
        yield from _hide(catalog.platform, example)
        yield from _truths(catalog, example)


def _acknowledge(catalog: Catalog, example: _Example) -> Iterator[str]:
    platform, steps = catalog.platform, example.steps
    paged = {told.receiver for rung in platform.routing.critical for told in rung.notify}
    alone = pagers(one for one in platform.receivers if one.name in paged)
    not_enough = f" Acknowledging it in {listed(alone)} does not stop them." if alone else ""
    yield "## Acknowledging a page\n"
    yield prose(
        "To acknowledge a page, silence the steps that are still to come. Those who were told by then hear when it is "
        f"over.{not_enough} For {example.words}:"
    )
    lines = []
    for place in range(len(steps)):
        left = steps[place:]
        lines.append(f"# told so far: {listed(['the page', *steps[:place]])}; this stops {listed(left)}")
        matchers = (*example.matchers, _any_of(left))
        lines.append(_add(platform, matchers, acknowledged_for(platform), "acknowledged: INC-123"))
    yield commands(lines)
    narrower = _by(catalog)
    yield prose(f"A cause alert has no `slo`: leave it out.{' ' + narrower if narrower else ''}")
    yield prose(
        f"Or in {_place(platform)}: find the page, which is the alert without `escalation`, press *Silence* and add "
        f"the matcher `{_any_of(steps)}` with the steps that are still to come. The link *Acknowledge* in a message "
        f"opens such a silence, filled in but for its duration: set it to {acknowledged_for(platform)}, or the steps "
        "come when it ends."
    )


def _hide(platform: Platform, example: _Example) -> Iterator[str]:
    yield "## Silencing a page\n"
    steps = ", its steps" if example.steps else ""
    yield prose(f"This hides everything: the page{steps} and that it is over. For {example.words}:")
    yield commands([_add(platform, (*example.matchers, "severity=critical"), "1h", "known: INC-123")])
    too = ", which its steps have too" if example.steps else ""
    yield prose(
        f"Or in {_place(platform)}: press *Silence* on the page. It takes all labels of the page{too}. "
        "The link *Silence* in a message does the same."
    )
    service = next(one for one in example.matchers if one.startswith("service="))
    longer = platform.routing.critical[-1].after * 2 if example.steps else "2h"
    tool = _tool(platform)
    yield prose("Later, with the `ID` that the command printed:")
    yield commands(
        [
            "# which silences are there?",
            f"{tool} silence query {service}",
            "# make it longer, counted from its beginning",
            f'{tool} silence update --duration={longer} "$ID"',
            "# the incident is over: end the silence, else it hides the next one",
            f'{tool} silence expire "$ID"',
        ]
    )


def _truths(catalog: Catalog, example: _Example) -> Iterator[str]:
    platform = catalog.platform
    lines = [
        "It hides messages and nothing else: rules, dashboards and budgets go on. It is set once for all Alertmanagers "
        "of a cluster and outlives their restart.",
        "It hides whatever fits its matchers until it ends, the next incident too.",
    ]
    if example.steps:
        lines += [
            "It does not stop the clock. When it ends and the page still lasts, all steps that are due by then are "
            f"told at once. That is why acknowledging says {acknowledged_for(platform)}: no less than the ladder.",
            'Do not acknowledge with `escalation=~".+"`: it also hides the end from those who know of the beginning.',
        ]
    lines.append(f"A silenced page still mutes the tickets of its SLO{_dependants(catalog)}.")
    yield "## What a silence does and does not do\n"
    yield bullets(lines)


def _dependants(catalog: Catalog) -> str:
    mutes = {one.mutes for service in catalog.services for one in service.depends_on}
    if not mutes:
        return ""
    pages = ", and their pages as the table above says" if AlertClass.CRITICAL in mutes else ""
    return f" and of the services that depend on its own{pages}"


def _by(catalog: Catalog) -> str:
    labels = sorted({label for service in catalog.services for label in service.by})
    if not labels:
        return ""
    return (
        f"An SLO that is told by {listed([code(label) for label in labels])} has a page for each value: add the label "
        "to mean one alone."
    )


def _example(catalog: Catalog) -> _Example | None:
    """Return a page, if possible one of an SLO, and one that climbs."""
    platform = catalog.platform
    cluster = platform.clusters[0] if platform.clusters else None
    steps = tuple(str(rung.after) for rung in platform.routing.critical if rung.after.ms)
    for climbs in (True, False):
        for service in catalog.services:
            for name, slo in _pages(service, climbs):
                matchers = [f"alertname={name}", f"service={service.name}"]
                matchers += [f"slo={slo.name}"] if slo else []
                matchers += [f"cluster={cluster}"] if cluster else []
                words = f"`{name}` of {service.name}"
                words += f" `{slo.name}`" if slo else ""
                words += f" in {cluster}" if cluster else ""
                return _Example(words=words, matchers=tuple(matchers), steps=steps if climbs else ())
    return None


def _pages(service: Service, climbs: bool) -> Iterator[tuple[str, Slo | None]]:
    for slo in service.slos:
        if slo.alerting.escalate is climbs:
            if slo.alerting.critical:
                yield names.BURN_ALERT, slo
            if slo.no_data is AlertClass.CRITICAL:
                yield names.NO_DATA_ALERT, slo
    for alert in service.alerts:
        if alert.severity is AlertClass.CRITICAL and alert.escalate is climbs:
            yield alert.name, None


def _any_of(steps: tuple[str, ...]) -> str:
    return f"escalation={steps[0]}" if len(steps) == 1 else f'escalation=~"{"|".join(steps)}"'


def _add(platform: Platform, matchers: tuple[str, ...], duration: object, comment: str) -> str:
    given = " ".join(shlex.quote(one) for one in matchers)
    return f'{_tool(platform)} silence add {given} --duration={duration} --comment="{comment}"'


def _tool(platform: Platform) -> str:
    return f"amtool --alertmanager.url={shlex.quote(_url(platform))}"


def _place(platform: Platform) -> str:
    return f"[the web interface]({_url(platform)})"


def _url(platform: Platform) -> str:
    settings = platform.alertmanager
    return (settings.external_url if settings else None) or _LOCAL
