"""The page of one SLO, which its alerts link to: is it real, how bad, until when, since when, who, what next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from slogen.emit.grafana.common import alert_marks, choices, deploy_marks, matchers
from slogen.emit.grafana.kit import NOWHERE, WIDTH, Fold, Page, Panel
from slogen.emit.grafana.oncall.burn import burn_graph, conditions
from slogen.emit.grafana.oncall.course import budget, events, history, kept
from slogen.emit.grafana.oncall.measured import definition
from slogen.emit.grafana.oncall.now import six_stats
from slogen.emit.grafana.oncall.times import times
from slogen.emit.grafana.oncall.watched import Watched
from slogen.emit.grafana.oncall.whatnext import links, what_next
from slogen.emit.grafana.oncall.who import dimensions, shares
from slogen.emit.grafana.tables import alert_table, logs_of
from slogen.model import Platform, Service, Slo
from slogen.plan.texts import dashboard_uid
from slogen.promql.template import Expr

_BESIDE = 3  # panels of a row, if they are to be read


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
    found = list(dimensions(on))[:2]
    fires = _what_fires(on, instead=not found)
    yield from _row([shares(on, *found[0]) if found else fires, kept(on), events(on)], 15, 7)
    below = 22
    more = [*times(on), *(shares(on, *one) for one in found[1:]), *([fires] if found else [])]
    for row in (more[:2], more[2:]) if len(more) > _BESIDE else (more,):
        yield from _row(row, below, 8)
        below += 8 if row else 0
    yield from _row([budget(on), history(on)], below, 8)
    below += 8
    logged = logs_of(on.service, on.platform, below)
    if logged is not None:
        yield logged
        below += logged.place[3]
    yield definition(on, below)


def _row(panels: list[Panel], below: int, height: int) -> Iterator[Panel]:
    """Yield panels beside each other; a table among two others is wider than they are."""
    left = 0
    table = len(panels) == _BESIDE and any(one.kind == "table" for one in panels)
    for panel in panels:
        width = (10 if panel.kind == "table" else 7) if table else WIDTH // len(panels)
        yield replace(panel, place=(left, below, width, height))
        left += width


def _what_fires(on: Watched, *, instead: bool) -> Panel:
    """Return the alerts of the service; `instead` of who burns the budget, where no label tells."""
    why = " No label of this SLI tells who fails, and `by` in its SLO would: causes are what comes nearest."
    return alert_table(
        "What fires in this service?",
        f"All alerts of {on.service.name} that fire, causes too, and since when.{why if instead else ''}",
        NOWHERE,
        matchers(on.service, None, on.platform),
    )
