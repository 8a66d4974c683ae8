"""On recorded rates over days: tickets, and the windows of up to three days.

One sample in 55m: days take a moment, and no window begins or ends on a sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from slogen.core import Duration
from slogen.model import AlertClass
from slogen.plan.scenarios.levels import exhausted, level_scenarios
from slogen.plan.scenarios.scenario import Scenario, Subject, constants, enough, millionths, steps, strangers
from slogen.plan.scenarios.windows import between
from slogen.plan.tiers import Tier
from slogen.promql import names

EVERY = Duration.of("55m")
DAYS = (Duration.of("2h"), Duration.of("1d"), Duration.of("3d"))


def slow_scenarios(
    subjects: tuple[Subject, ...], tiers: dict[str, tuple[Tier, ...]], apart: bool
) -> Iterator[Scenario]:
    """Yield the scenarios of the slow group; `apart`: what the fast group records must be fed, it runs elsewhere."""
    if not subjects:
        return
    yield _windows(subjects, apart)
    yield _days(subjects)
    yield strangers(subjects, EVERY, _strangers(subjects))
    for subject in subjects:
        yield exhausted(subject, EVERY)
        mine = tiers[subject.slo.name]
        yield from level_scenarios(subject, mine, AlertClass.WARNING, EVERY)
        yield from _remembered(subject, mine)
        yield from _smoulders(subject, mine, apart)


def _windows(subjects: tuple[Subject, ...], apart: bool) -> Scenario:
    """Errors in the first sample, with three times the traffic: each window keeps them to its end and drops them."""
    longest = _samples(DAYS[-1])
    series: list[tuple[str, str]] = []
    expects = []
    for number, subject in enumerate(subjects, 1):
        total = 100 * number
        own = [
            (subject.recorded(names.ERRORS_RATE), steps((1, total), (longest, 0))),
            (subject.recorded(names.TOTAL_RATE), steps((1, 3 * total), (longest, total))),
            *constants(subject, longest + 1, apart),
        ]
        series += [*own, *subject.elsewhere(own)]
        for window in DAYS:
            count = _samples(window)
            expects += [
                millionths(subject, EVERY * (count - 1), names.ratio_rate(window), Fraction(1, count + 2)),
                millionths(subject, EVERY * count, names.ratio_rate(window), Fraction(0)),
            ]
        expects += [
            millionths(subject, EVERY, names.ERRORS_AVG, Fraction(0)),
            millionths(subject, EVERY, names.TOTAL_AVG, Fraction(total)),
        ]
    return Scenario(
        name=f"{subjects[0].service.name}: windows of days keep an outage at a peak to their end",
        interval=EVERY,
        series=tuple(series),
        expects=tuple(sorted(expects, key=lambda expect: expect.at)),
    )


def _days(subjects: tuple[Subject, ...]) -> Scenario:
    """Six days of traffic, then errors in one sample: each window counts the events of its own length, not of more."""
    before = 2 * _samples(DAYS[-1])
    series, expects = [], []
    for number, subject in enumerate(subjects, 1):
        series += [
            (subject.recorded(names.ERRORS_RATE), steps((before, 0), (1, 10))),
            (subject.recorded(names.TOTAL_RATE), steps((before + 1, 100 * number))),
        ]
        expects += [
            millionths(subject, EVERY * before, names.ratio_rate(window), Fraction(10, 100 * number * _samples(window)))
            for window in DAYS
        ]
    return Scenario(
        name=f"{subjects[0].service.name}: windows of days count the events of their own length",
        interval=EVERY,
        series=tuple(series),
        expects=tuple(expects),
    )


def _remembered(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    """Yield how long the guard of a ticket remembers bad events."""
    for tier in (tier for tier in tiers if tier.severity is AlertClass.WARNING):
        last = _samples(tier.long)
        for place, counts in ((last - 1, True), (last, False)):
            ones = steps((place, None), (1, 1))
            ticket = [subject.alert(names.BURN_ALERT, AlertClass.WARNING)] if counts else []
            yield subject.scenario(
                f"ticket over {tier.short} and {tier.long}: bad events of {EVERY * place} ago "
                + ("still count" if counts else "are forgotten"),
                EVERY,
                [
                    (subject.recorded(names.ERRORS_AVG), steps((1, Fraction(tier.least, 300)), (place, 0))),
                    (subject.recorded(names.ratio_rate(tier.short)), ones),
                    (subject.recorded(names.ratio_rate(tier.long)), ones),
                ],
                [subject.firing_of(EVERY * place, names.BURN_ALERT, *ticket)],
            )


def _strangers(subjects: tuple[Subject, ...]) -> dict[str, Sequence[str]]:
    rates, period = (names.ERRORS_AVG, names.TOTAL_AVG), max(subject.slo.objective.window for subject in subjects)
    windows: dict[str, Sequence[str]] = {names.ratio_rate(window): rates for window in sorted({*DAYS, period})}
    means = {names.ERRORS_AVG: (names.ERRORS_RATE,), names.TOTAL_AVG: (names.TOTAL_RATE,)}
    return {
        **(means if len(subjects) == 1 else {}),
        **windows,
        names.PERIOD_BURN: (names.ratio_rate(period), names.BUDGET),
        names.BUDGET_REMAINING: (names.PERIOD_BURN, names.TOTAL_AVG),
    }


def _samples(window: Duration) -> int:
    """Return how many samples a window holds: it ends on one and begins between two."""
    return window.ms // EVERY.ms + 1


def _smoulders(subject: Subject, tiers: tuple[Tier, ...], apart: bool) -> Iterator[Scenario]:
    share = between(subject, tiers)
    if share is None:
        return
    count = 4
    series = [
        (subject.recorded(names.ERRORS_RATE), steps((count, share * enough(share)))),
        (subject.recorded(names.TOTAL_RATE), steps((count, enough(share)))),
        *constants(subject, count, apart),
    ]
    if apart:
        series.append((subject.recorded(names.ratio_rate(Duration.of("6h"))), steps((count, share))))
    ticket = subject.alert(names.BURN_ALERT, AlertClass.WARNING)
    yield subject.scenario(
        "a burn that is worth a ticket raises one",
        EVERY,
        series,
        [subject.firing_of(EVERY * 3, names.BURN_ALERT, ticket)],
    )
