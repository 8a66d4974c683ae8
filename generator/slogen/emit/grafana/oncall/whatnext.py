"""What next: where to look, and who is told."""

from __future__ import annotations

from collections.abc import Iterator

from slogen.emit.grafana.common import silence_link, traces_link
from slogen.emit.grafana.kit import Link, Panel
from slogen.emit.grafana.listings import text
from slogen.emit.grafana.oncall.watched import Watched
from slogen.plan.texts import HEALTH, WALL, dashboard_uid, runbook_section
from slogen.promql import names


def links(on: Watched) -> Iterator[Link]:
    """Yield where to go from here."""
    yield Link("All SLOs", f"/d/{WALL}")
    yield Link(f"Service {on.service.name}", f"/d/{dashboard_uid(on.service.name)}")
    yield Link("Are the rules evaluated?", f"/d/{HEALTH}")
    yield from _outside(on)


def _outside(on: Watched) -> Iterator[Link]:
    if runbook := runbook_section(on.service, names.BURN_ALERT):
        yield Link("Runbook", runbook)
    for link in (traces_link(on.platform, on.service), silence_link(on.platform, on.service, on.slo)):
        if link:
            yield link


def what_next(on: Watched) -> Panel:
    """Return where to look, and who is told."""
    links = " · ".join(f"[{link.title}]({link.url})" for link in _outside(on))
    ladder = on.platform.routing.critical if on.slo.alerting.escalate else on.platform.routing.critical[:1]
    steps = [
        f"**{'at once' if not rung.after.ms else f'after {rung.after}'}** {', '.join(rung.receivers)}"
        for rung in ladder
    ]
    if on.paging:
        told = f"A page is told to: {' → '.join(steps)}."
    elif on.slo.recovery:
        told = f"Only an outage of more than {on.slo.recovery} pages, and is told to: {steps[0]}."
    elif on.tiers:
        told = "This SLO does not page: its tickets are for the next working day."
    else:
        told = "This SLO neither pages nor raises tickets, however fast it burns."
    return text(
        "What next?",
        "Where to look, and who is told as long as a page lasts and is not acknowledged.",
        (15, 10, 9, 5),
        f"{links}\n\n{told}\n" if links else f"{told}\n",
    )
