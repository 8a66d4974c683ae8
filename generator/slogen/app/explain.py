"""`slogen explain`: the alert-quality cards of a service's SLOs, and where its rules are evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slogen.app.build import Outcome, load
from slogen.core import Report
from slogen.model import Catalog, Service, Slo
from slogen.plan.build import plan_service
from slogen.plan.placement import Placed, placed
from slogen.plan.tiers import tiers
from slogen.plan.watch import platform_groups
from slogen.prove.card import Card, card
from slogen.source.fields import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The cards that were asked for; none when the input has errors, or when nothing has that name.

    `unknown` says then which name is not known, and names the nearest one.
    """

    outcome: Outcome
    cards: tuple[Card, ...] = ()
    unknown: str = ""


def explain(root: Path, name: str) -> Explained:
    """Return the cards of SERVICE/SLO, or of all SLOs of SERVICE."""
    outcome = Outcome(root)
    catalog = load(root, outcome)
    if catalog is None or outcome.report.failed:
        return Explained(outcome=outcome)
    found = _find(catalog, name)
    if isinstance(found, str):
        return Explained(outcome=outcome, unknown=found)
    service, slos = found
    cards = tuple(card(service, slo, tiers(slo, catalog.platform, outcome.report), catalog.platform) for slo in slos)
    return Explained(outcome=outcome, cards=() if outcome.report.failed else cards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Every rule and where it is evaluated; none when the input has errors, or when nothing has that name."""

    outcome: Outcome
    rules: tuple[Placed, ...] = ()
    unknown: str = ""


def placement(root: Path, name: str | None) -> Placement:
    """Return where the rules of a service, or of all of them and of the platform, are evaluated, and why there."""
    outcome = Outcome(root)
    catalog = load(root, outcome)
    if catalog is None or outcome.report.failed:
        return Placement(outcome=outcome)
    platform, services = catalog.platform, {service.name: service for service in catalog.services}
    if name is not None and name not in services:
        return Placement(outcome=outcome, unknown=f"there is no service {name!r}; {nearest(name, services)}")
    wanted = catalog.services if name is None else (services[name],)
    report = Report()
    groups = [] if name else list(platform_groups(platform))
    for service in wanted:
        groups += plan_service(service, platform, report).groups
    outcome.report.extend(report)
    return Placement(outcome=outcome, rules=() if report.failed else tuple(placed(groups, platform)))


def _find(catalog: Catalog, name: str) -> tuple[Service, tuple[Slo, ...]] | str:
    """Return a service and the SLOs that are meant, or what is wrong with the name."""
    wanted, slash, slo = name.partition("/")
    services = {service.name: service for service in catalog.services}
    if wanted not in services:
        return f"there is no service {wanted!r}; {nearest(wanted, services)}"
    service = services[wanted]
    slos = {one.name: one for one in service.slos}
    if not slos:
        return f"{wanted} has no SLO"
    if not slash:
        return service, service.slos
    if slo not in slos:
        return f"{wanted} has no SLO {slo!r}; {nearest(slo, slos)}"
    return service, (slos[slo],)
