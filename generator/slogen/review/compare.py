"""Two sides to everything that differs between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slogen.model import Alert, Service, Slo
from slogen.promql import names
from slogen.review.changes import Fact, Files, Mixing, Review, ServiceChange, SloChange, State
from slogen.review.cost import cost
from slogen.review.leaves import facts
from slogen.review.routing import muting_changes, routing_changes
from slogen.review.rules import rule_changes
from slogen.review.side import Side
from slogen.review.slo import Held, slo_change
from slogen.review.uses import broken

_SLO_TEXTS = ("summary", "description", "links")


def compare(before: Side, after: Side, files: Files, expressions: Iterable[tuple[str, str]] = ()) -> Review:
    """Return what differs; `expressions` of the new side are looked through for series that are gone."""
    renamed = _renamed(before, after)
    changes = [change for pair in _pairs(before, after, renamed) if (change := _service(*pair, before, after))]
    return Review(
        files=files,
        platform=facts(before.platform, after.platform),
        services=tuple(changes),
        routing=routing_changes(before, after, dict(_new_names(before, after, renamed))),
        muting=muting_changes(before.routing, after.routing),
        platform_rules=rule_changes(before.groups, after.groups),
        platform_dashboards=_dashboards(before, after, "SLOs"),
        broken=broken(before.plans, after.plans, expressions),
    )


def _pairs(before: Side, after: Side, renamed: dict[str, str]) -> Iterator[tuple[str | None, str | None]]:
    was = {new: old for old, new in renamed.items()}
    for name in sorted({*before.plans, *after.plans}):
        if name in was:
            yield was[name], name
        elif name not in renamed:
            yield (name if name in before.plans else None, name if name in after.plans else None)


def _new_names(before: Side, after: Side, renamed: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the names of alerts' owners before and after: `service/` and `service/slo`."""
    for old, new in _pairs(before, after, renamed):
        if old and new:
            yield f"{old}/", f"{new}/"
            for (_, was), (_, slo) in _slo_pairs(before.services[old], after.services[new]):
                if was and slo:
                    yield f"{old}/{was.name}", f"{new}/{slo.name}"


def _renamed(before: Side, after: Side) -> dict[str, str]:
    """Return the new names of services by their old ones: gone and new ones with the same promises."""
    gone = [before.services[name] for name in before.plans if name not in after.services]
    new = [after.services[name] for name in after.plans if name not in before.services]
    found: dict[str, str] = {}
    for service in gone:
        alike = [one for one in new if _alike(service, one)]
        if len(alike) == 1 and sum(_alike(other, alike[0]) for other in gone) == 1:
            found[service.name] = alike[0].name
    return found


def _alike(one: Service, other: Service) -> bool:
    """Return whether two services promise the same of the same, but for their own name in selectors."""
    if not one.slos or [slo.name for slo in one.slos] != [slo.name for slo in other.slos]:
        return False
    differing = (fact for pair in zip(one.slos, other.slos, strict=True) for fact in facts(*pair))
    return all((fact.before or "").replace(one.name, other.name) == fact.after for fact in differing if not fact.text)


def _service(old: str | None, new: str | None, before: Side, after: Side) -> ServiceChange | None:
    one = before.services[old] if old else None
    other = after.services[new] if new else None
    plans = before.plans[old] if old else None, after.plans[new] if new else None
    slos = tuple(
        change
        for pair in _slo_pairs(one, other)
        if (change := slo_change(_held(before, *pair[0]), _held(after, *pair[1])))
    )
    rules = rule_changes(plans[0].groups if plans[0] else (), plans[1].groups if plans[1] else ())
    had, has = (dict.fromkeys(_causes(side)) for side in (one, other))
    told = tuple(_service_facts(one, other))
    moved = one is not None and other is not None and one.span.file != other.span.file
    if moved and one and other:
        told += (Fact(about="file", before=one.span.file, after=other.span.file, text=True),)
    named = new or old
    assert named is not None
    was = old if old and new and old != new else None
    dashboards = tuple(dict.fromkeys(path for name in (old, new) if name for path in _dashboards(before, after, name)))
    if old and new and not (told or slos or rules or dashboards):
        return None
    return ServiceChange(
        name=named,
        state=State.of(old, new),
        was=was,
        facts=told,
        slos=slos,
        alerts_added=tuple(alert for alert in has if alert not in had),
        alerts_removed=tuple(alert for alert in had if alert not in has),
        rules=rules,
        cost_before=cost(plans[0], before.platform),
        cost_after=cost(plans[1], after.platform),
        dashboards=dashboards,
        history=tuple(_history(one, other)) if one and other else (),
    )


def _held(side: Side, service: str | None, slo: Slo | None) -> Held | None:
    if service is None or slo is None:
        return None
    return side.services[service], slo, side.plans[service], side.figures[service, slo.name]


_Pair = tuple[tuple[str | None, Slo | None], tuple[str | None, Slo | None]]


def _slo_pairs(old: Service | None, new: Service | None) -> Iterator[_Pair]:
    """Yield the SLOs of both sides by name, and those that differ in nothing but their name."""
    one = {slo.name: slo for slo in old.slos} if old else {}
    other = {slo.name: slo for slo in new.slos} if new else {}
    names_ = (old.name if old else None), (new.name if new else None)
    gone = [slo for name, slo in one.items() if name not in other]
    for name, slo in other.items():
        was = one.get(name) or next(
            (left for left in gone if (left.sli, left.objective) == (slo.sli, slo.objective)), None
        )
        if was in gone:
            gone.remove(was)
        yield (names_[0], was), (names_[1], slo)
    yield from (((names_[0], slo), (names_[1], None)) for slo in gone)


def _service_facts(old: Service | None, new: Service | None) -> Iterator[Fact]:
    if old is None or new is None:
        return
    yield from facts(old, new, without=("name", "slos", "alerts"), texts=("description", "links"))
    one, other = ({alert.name: alert for alert in side.alerts} for side in (old, new))
    for name in one:
        if name in other:
            yield from _alert_facts(one[name], other[name])


def _alert_facts(old: Alert, new: Alert) -> Iterator[Fact]:
    yield from facts(old, new, at=f"{old.name} ", without=("name", "tests"), texts=_SLO_TEXTS)
    if old.tests != new.tests:
        yield Fact(about=f"{old.name} tests", before=str(len(old.tests)), after=str(len(new.tests)), text=True)


def _causes(service: Service | None) -> list[str]:
    return [f"{alert.name} ({alert.severity})" for alert in service.alerts] if service else []


def _history(old: Service, new: Service) -> Iterator[Mixing]:
    if old.name != new.name:
        yield Mixing(
            series=("slo:*", names.INFO, "ALERTS"),
            why=f'they go on as service="{new.name}"; the past stays under service="{old.name}", '
            "and the budget begins anew",
            lasts=str(max(slo.objective.window for slo in new.slos)),
        )
    elif old.team != new.team:
        yield Mixing(
            series=(names.INFO, "ALERTS"),
            why=f'their label team changes, so that they are other series than those with team="{old.team}"',
            lasts="as long as data is kept",
        )


def _dashboards(before: Side, after: Side, folder: str) -> tuple[str, ...]:
    """Return the generated pages of a service that differ."""
    start = f"dashboards/grafana/{folder}/"
    paths = sorted(path for path in {*before.dashboards, *after.dashboards} if path.startswith(start))
    return tuple(path for path in paths if before.dashboards.get(path) != after.dashboards.get(path))


__all__ = ["SloChange", "compare"]
