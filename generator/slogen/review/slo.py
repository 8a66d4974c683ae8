"""One SLO on both sides: its promise, its budget, when it alerts, and which series change meaning."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from fractions import Fraction

from slogen.core import Duration, plain
from slogen.core.number import decimal_of
from slogen.model import AlertClass, Service, Slo
from slogen.plan.rules import AlertRule, RecordingRule, ServicePlan
from slogen.plan.tiers import Tier
from slogen.promql import names
from slogen.promql.query import normal_form
from slogen.review.changes import Fact, Mixing, SloChange, State
from slogen.review.leaves import facts
from slogen.review.side import Figures

_KINDS = {AlertClass.CRITICAL: "page", AlertClass.WARNING: "ticket"}
_LONGEST = Duration.of("3d")  # of the windows that every SLO has
_THREE = Context(prec=3)
_MINUTE = Duration.of("1m")
_UNITS = (("s", 1), ("m", 60), ("h", 3600), ("d", 86400))

Held = tuple[Service, Slo, ServicePlan, Figures]  # everything that one side knows of an SLO


def slo_change(before: Held | None, after: Held | None) -> SloChange | None:
    """Return what became of an SLO; None when nothing did."""
    there = after or before
    assert there is not None
    old, new = before[1] if before else None, after[1] if after else None
    told = tuple(_facts(before, after)) if new else tuple(_promise(old, None))
    one, other = (_alerts(side) for side in (before, after))
    history = tuple(_history(before, after)) if before and after else ()
    was = old.name if old and new and old.name != new.name else None
    change = SloChange(
        name=there[1].name,
        state=State.of(old, new),
        was=was,
        facts=told,
        alerts_added=tuple(alert for alert in other if alert not in one),
        alerts_removed=tuple(alert for alert in one if alert not in other),
        history=history,
    )
    return None if change.text and not change.facts else change


def _facts(before: Held | None, after: Held | None) -> Iterator[Fact]:
    old, new = before[1] if before else None, after[1] if after else None
    yield from _promise(old, new)
    figures = [side[3] if side else None for side in (before, after)]
    yield from _fact("error budget, minutes", *(_minutes(slo) for slo in (old, new)))
    yield from _fact("error budget, events", *(_events(s, f) for s, f in zip((old, new), figures, strict=True)))
    yield from _left_today(before, after)
    kinds = [type(slo.sli).__name__ if slo else None for slo in (old, new)]
    yield from _fact("SLI kind", *kinds)
    yield from facts(
        old.sli if old else None, new.sli if new else None, at="SLI ", without=("seconds", "spelled", "needs")
    )
    yield from facts(
        old,
        new,
        without=("name", "objective", "sli", "tests", "traffic"),
        texts=("description", "rationale"),
    )
    yield from _fact("traffic", *(_traffic(slo) for slo in (old, new)))
    yield from _thresholds(*figures)
    yield from _detections(*figures)
    if old and new and old.tests != new.tests:
        yield Fact(about="tests", before=str(len(old.tests)), after=str(len(new.tests)), text=True)


def _promise(old: Slo | None, new: Slo | None) -> Iterator[Fact]:
    yield from _fact("objective", *(f"{slo.objective.target.percent} %" if slo else None for slo in (old, new)))
    yield from _fact("window", *(str(slo.objective.window) if slo else None for slo in (old, new)))


def _fact(about: str, before: str | None, after: str | None) -> Iterator[Fact]:
    if before != after:
        yield Fact(about=about, before=before, after=after)


def _minutes(slo: Slo | None) -> str | None:
    if slo is None:
        return None
    return _short(Fraction(slo.objective.budget.value) * (slo.objective.window / _MINUTE), 6)


def _events(slo: Slo | None, figures: Figures | None) -> str | None:
    """Return how many events may be bad in a period, at the traffic that is declared."""
    if slo is None or figures is None or figures.traffic is None:
        return None
    seconds = Fraction(slo.objective.window.ms, 1000)
    allowed = figures.traffic * seconds * Fraction(slo.objective.budget.value)
    return f"{allowed.numerator // allowed.denominator:,}" if allowed >= 100 else _short(allowed)


def _left_today(before: Held | None, after: Held | None) -> Iterator[Fact]:
    """Yield what to ask a server for the budget that is left today, of data that means the same on both sides."""
    if before is None or after is None or before[1].objective == after[1].objective:
        return
    if (before[0].name, before[1].name, before[1].sli) == (after[0].name, after[1].name, after[1].sli):
        yield Fact(about="budget left today, ask a server for", before=_left(before), after=_left(after))


def _left(side: Held) -> str:
    service, slo = side[:2]
    whose = f'{{service="{service.name}",slo="{slo.name}"}}[{slo.objective.window}]'
    errors, total = (f"sum_over_time({name}{whose})" for name in (names.ERRORS_AVG, names.TOTAL_AVG))
    return f"1 - {errors} / {total} / {plain(slo.objective.budget.value)}"


def _traffic(slo: Slo | None) -> str | None:
    """Return events in the shortest unit that has one of them: `60/h` was rounded to events a second, `1/m` is not."""
    if slo is None or slo.traffic is None:
        return None
    second = Fraction(slo.traffic).limit_denominator(10**9)
    unit, length = next((pair for pair in _UNITS if second * pair[1] >= 1), _UNITS[-1])
    return f"{_short(second * length, 12)}/{unit}"


def _thresholds(old: Figures | None, new: Figures | None) -> Iterator[Fact]:
    one, other = ({_name(tier): tier for tier in side.tiers} if side else {} for side in (old, new))
    for name in dict.fromkeys([*one, *other]):
        yield from _fact(name, *(_threshold(side.get(name)) for side in (one, other)))
    for name in dict.fromkeys([*one, *other]):
        yield from _fact(
            f"bad events before a {name.replace(' above', '')}", *(_least(side.get(name)) for side in (one, other))
        )


def _name(tier: Tier) -> str:
    return f"{_KINDS[tier.severity]} above, {tier.short}/{tier.long}"


def _threshold(tier: Tier | None) -> str | None:
    if tier is None:
        return None
    times = plain(_THREE.plus(tier.factor))
    return f"{plain(tier.threshold * 100)} % errors ({times} {'time' if times == '1' else 'times'})"


def _least(tier: Tier | None) -> str | None:
    return None if tier is None else str(tier.least)


def _detections(old: Figures | None, new: Figures | None) -> Iterator[Fact]:
    for kind in ("page", "ticket"):
        one, other = (
            {row.errors: getattr(row, kind) for row in side.detections} if side else {} for side in (old, new)
        )
        for errors in dict.fromkeys([*one, *other]):
            about = f"first {kind} at {_short(errors * 100)} % errors"
            yield from _fact(about, *(_after(side, errors) for side in (one, other)))


def _after(rows: dict[Fraction, Duration | None], errors: Fraction) -> str | None:
    if errors not in rows:
        return None
    found = rows[errors]
    return "never" if found is None else str(found)


def _short(value: Fraction, digits: int = 3) -> str:
    return plain(Context(prec=digits).plus(decimal_of(value)) if value else Decimal(0))


def _alerts(side: Held | None) -> list[str]:
    """Return the alerts that an SLO has by itself, with their class; rungs are told as routing."""
    if side is None:
        return []
    _, slo, plan, _ = side
    return [
        f"{rule.alert} ({labels['severity']})"
        for group in plan.groups
        for rule in group.rules
        if isinstance(rule, AlertRule) and (labels := dict(rule.labels)).get("slo") == slo.name
    ]


def _history(before: Held, after: Held) -> Iterator[Mixing]:
    """Yield the series whose past means something else than what is recorded from now on."""
    old, new = before[1], after[1]
    if (before[0].name, old.name) != (after[0].name, new.name):
        if before[0].name == after[0].name:
            yield Mixing(
                series=("slo:*", names.INFO, "ALERTS"),
                why=f'they go on as slo="{new.name}"; the past stays under slo="{old.name}", '
                "and the budget begins anew",
                lasts=str(new.objective.window),
            )
        return  # other labels, so other series
    lasts = str(max(_LONGEST, new.objective.window))
    if old.by != new.by:
        extra = ", ".join(dict.fromkeys((*old.by, *new.by)))
        yield Mixing(
            series=("slo:*",),
            why=f"the labels by which series are kept change ({extra}); old and new ones stand side by side",
            lasts=lasts,
        )
    rates = [name for name in (names.ERRORS_RATE, names.TOTAL_RATE) if _rate(before, name) != _rate(after, name)]
    if rates and (old.by == new.by or old.sli != new.sli):
        averages = {names.ERRORS_RATE: names.ERRORS_AVG, names.TOTAL_RATE: names.TOTAL_AVG}
        yield Mixing(
            series=(
                *rates,
                *(averages[name] for name in rates),
                "slo:sli_error:ratio_rate*",
                names.CURRENT_BURN,
                names.PERIOD_BURN,
                names.BUDGET_REMAINING,
            ),
            why="what counts as an event, or as a bad one, changes",
            lasts=lasts,
        )
    if old.objective.target != new.objective.target:
        yield Mixing(
            series=(names.OBJECTIVE, names.BUDGET, names.CURRENT_BURN, names.PERIOD_BURN, names.BUDGET_REMAINING),
            why="they step to the new objective at once; events before the change count against the new budget",
            lasts=lasts,
        )
    if old.objective.window != new.objective.window:
        yield Mixing(
            series=(names.PERIOD_DAYS, names.PERIOD_BURN, names.BUDGET_REMAINING),
            why=f"they are of {new.objective.window} from now on, and were of {old.objective.window}",
            lasts=lasts,
        )


def _rate(side: Held, record: str) -> str | None:
    _, slo, plan, _ = side
    for group in plan.groups:
        for rule in group.rules:
            if isinstance(rule, RecordingRule) and rule.record == record and dict(rule.labels).get("slo") == slo.name:
                return normal_form(rule.expr)
    return None
