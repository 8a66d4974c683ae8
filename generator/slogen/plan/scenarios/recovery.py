"""On recorded ratios: since when an outage lasts, and when it should have been over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from slogen.core import Duration
from slogen.model import AlertClass
from slogen.plan.scenarios.levels import PLENTY
from slogen.plan.scenarios.scenario import Expect, Scenario, Subject, absent, minutes, steps
from slogen.plan.tiers import Tier
from slogen.promql import names
from slogen.promql.sample import braces

UNDER, OVER = Decimal("0.48"), Decimal("0.52")  # shares of bad events on both sides of half


def recovery_scenarios(subject: Subject, tiers: Iterable[Tier]) -> Iterator[Scenario]:
    """Yield the scenarios of an outage's clock and of the alert that reads it."""
    within, every = subject.slo.recovery, subject.platform.prometheus.evaluation_interval
    if within is None:
        return
    least = max((tier.least for tier in tiers if tier.severity is AlertClass.CRITICAL), default=2)
    yield _overdue(subject, within, every)
    yield _no_outage(subject, least, every)
    yield _pauses(subject, every)
    yield from _vanishes(subject, every)
    yield _strangers(subject, every)


def _fed(subject: Subject, *parts: tuple[int, Decimal | int], end: str = "") -> list[tuple[str, str]]:
    """Return the recorded rates of plenty of events: so many samples with such a share of bad ones."""
    return [
        (subject.recorded(names.ERRORS_RATE), steps(*((count, share * PLENTY) for count, share in parts)) + end),
        (subject.recorded(names.TOTAL_RATE), steps((sum(count for count, _ in parts), PLENTY)) + end),
    ]


def _began(subject: Subject, at: Duration, start: Duration) -> Expect:
    """Return when the outage of `at` began, and that nothing else has a clock."""
    series = names.OUTAGE_START + braces(subject.labels())
    return Expect(at=at, expr=names.OUTAGE_START, samples=((series, str(start.seconds)),))


def _late(subject: Subject, at: Duration, fires: bool = False) -> Expect:
    alerts = [subject.alert(names.RECOVERY_ALERT, AlertClass.CRITICAL)] if fires else []
    return subject.firing_of(at, names.RECOVERY_ALERT, *alerts)


def _overdue(subject: Subject, within: Duration, every: Duration) -> Scenario:
    last = -(-within.ms // every.ms)
    end, after = last + 1, int(minutes(8) / every)
    lasted = (names.OUTAGE + braces(subject.labels()), str((every * last).seconds))
    return subject.scenario(
        f"most of its events fail for {within}: it should have recovered, and that is told for 5m after",
        every,
        _fed(subject, (end, OVER), (after, UNDER)),
        [
            _began(subject, every * last, Duration(0)),
            _late(subject, every * (last - 1)),
            _late(subject, every * last, fires=True),
            Expect(at=every * last, expr=names.OUTAGE, samples=(lasted,)),
            absent(every * end, names.OUTAGE_START),
            absent(every * end, names.OUTAGE),
            _late(subject, every * end + minutes(4), fires=True),
            _late(subject, every * end + minutes(6)),
        ],
    )


def _no_outage(subject: Subject, least: int, every: Duration) -> Scenario:
    some = 4
    few, enough = (Fraction(count, 300) for count in (least - 1, least))
    bad = (some, few), (1, enough)
    return subject.scenario(
        f"fewer than half of its events fail, or fewer than {least} of them: that is no outage",
        every,
        [
            (subject.recorded(names.ERRORS_RATE), steps((some, UNDER * PLENTY), *bad)),
            (subject.recorded(names.TOTAL_RATE), steps((some, PLENTY), *bad)),
        ],
        [
            absent(every * (some - 1), names.OUTAGE_START),
            absent(every * (2 * some - 1), names.OUTAGE_START),
            _began(subject, every * 2 * some, every * 2 * some),
        ],
    )


def _pauses(subject: Subject, every: Duration) -> Scenario:
    short, long = (int(minutes(count) / every) for count in (4, 6))
    again = 1 + short
    anew = again + 1 + long
    return subject.scenario(
        "an outage that pauses for 4m goes on, one that pauses for 6m is a new one",
        every,
        _fed(subject, (1, 1), (short, 0), (1, 1), (long, 0), (1, 1)),
        [_began(subject, every * again, Duration(0)), _began(subject, every * anew, every * anew)],
    )


def _vanishes(subject: Subject, every: Duration) -> Iterator[Scenario]:
    """Yield what becomes of an outage without data: it lasts for an hour, if it lasted when they vanished."""
    gone = 4
    half, hours = int(minutes(50) / every), int(minutes(70) / every)
    for share, held in ((UNDER, False), (OVER, True)):
        expects = [absent(every * (gone + 2), names.OUTAGE_START)]
        if held:
            expects = [
                _began(subject, every * (gone + half), Duration(0)),
                absent(every * (gone + hours), names.OUTAGE_START),
            ]
        yield subject.scenario(
            "its data vanish when "
            + ("most events fail: the outage goes on for an hour" if held else "it has recovered: the outage is over"),
            every,
            _fed(subject, (gone - 1, 1), (1, share), end=" stale"),
            expects,
        )


def _strangers(subject: Subject, every: Duration) -> Scenario:
    failing = [(name, "1x3") for name in (names.ratio_rate(minutes(5)), names.ERRORS_RATE)]
    made = {"outage": failing, "clock": [(names.OUTAGE_START, "0x3")], "alert": [(names.OUTAGE, "99999x3")]}
    series = [
        (subject.recorded(name).replace("{", f'{{case="{case}",', 1), values)
        for case, fed in made.items()
        for name, values in fed
    ]
    return Scenario(
        name=f"{subject.slo.name}: outages of other services and SLOs are left alone",
        interval=every,
        series=tuple(subject.others(series)),
        expects=(
            absent(every, names.OUTAGE_START + '{case="outage"}'),
            absent(every, names.OUTAGE + '{case="clock"}'),
            _late(subject, every),
        ),
        slo=subject.slo.name,
    )
