"""The page of one SLO, which its alerts link to: is it real, how bad, until when, since when, who, what next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from slogen.emit.grafana.common import alert_marks, choices, deploy_marks, matchers
from slogen.emit.grafana.kit import Fold, Page, Panel, Place
from slogen.emit.grafana.oncall.burn import burn_graph, conditions
from slogen.emit.grafana.oncall.course import budget, events, history, kept, times
from slogen.emit.grafana.oncall.measured import definition
from slogen.emit.grafana.oncall.now import six_stats
from slogen.emit.grafana.oncall.watched import Watched
from slogen.emit.grafana.oncall.whatnext import links, what_next
from slogen.emit.grafana.oncall.who import dimensions, shares
from slogen.emit.grafana.tables import alert_table
from slogen.model import Platform, Service, Slo
from slogen.plan.texts import dashboard_uid
from slogen.promql.template import Expr


def oncall_page(service: Service, slo: Slo, platform: Platform) -> Page:
    """Return the page of an SLO; it has no variables but the cluster, so that a link cannot set a wrong one."""
    on = Watched.of_slo(service, slo, platform)
    return Page(
        uid=dashboard_uid(service.name, slo.name),
        title=f"{service.name} {slo.name}",
        description=on.promise,
        tags=("slogen", "slo", service.name, service.team),
        panels=tuple(_panels(on)),
        choices=choices(platform),
        marks=(
            *alert_marks(Expr(f'{matchers(service, None, platform)},slo=~"|{slo.name}"')),
            *deploy_marks(service, platform),
        ),
        links=tuple(links(on)),
    )


def _panels(on: Watched) -> Iterator[Panel | Fold]:
    """Yield the panels from top to bottom."""
    yield from six_stats(on)
    yield burn_graph(on)
    yield conditions(on)
    yield what_next(on)
    yield from _who_and_what(on)
    yield budget(on)
    yield history(on)
    yield definition(on)


def _who_and_what(on: Watched) -> Iterator[Panel]:
    """Yield two rows: who burns the budget, of what, and what else fires."""
    found = list(dimensions(on))[:2]
    first = 8 if found else 0
    width = 8 if found else 12
    if found:
        yield shares(on, (0, 15, first, 7), *found[0])
    yield kept(on, (first, 15, width, 7))
    yield events(on, (first + width, 15, width, 7))
    second = list(times(on, (0, 22, 0, 8)))
    if found[1:]:
        second.append(shares(on, (0, 22, 0, 8), *found[1]))
    second.append(_alerts(on, (0, 22, 0, 8)))
    width = 24 // len(second)
    for number, panel in enumerate(second):
        yield replace(panel, place=(number * width, 22, width, 8))


def _alerts(on: Watched, place: Place) -> Panel:
    return alert_table(
        "What fires in this service?",
        f"All alerts of {on.service.name} that fire, causes too, and since when.",
        place,
        matchers(on.service, None, on.platform),
    )
