"""On recorded rates over the period of each SLO: what its window and its budget keep, and what they forget.

One sample in half a day and half a minute: n days hold 2 n samples, whichever n, and no window begins or ends on one.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from slogen.core import Duration
from slogen.plan.scenarios.scenario import Expect, Scenario, Subject, absent, constants, millionths, steps
from slogen.plan.scenarios.slow import DAYS
from slogen.promql import names

EVERY = Duration.of("12h30s")
DAY = Duration.of("1d")


def period_scenarios(subjects: tuple[Subject, ...], apart: bool) -> Iterator[Scenario]:
    """Yield the scenarios of whole periods; `apart`: what the fast group records must be fed, it runs elsewhere."""
    if subjects:
        yield _outages(subjects, apart)


def _outages(subjects: tuple[Subject, ...], apart: bool) -> Scenario:
    """An outage in the first sample, with three times the traffic, and another one when the first is forgotten.

    A sample stands for 5m, a 144th of half a day: so much of the period is known, and in it 72 times the allowed share
    of bad events spends half of the budget.
    """
    series: list[tuple[str, str]] = []
    expects: list[Expect] = []
    for number, subject in enumerate(subjects, 1):
        budget = Fraction(subject.slo.objective.budget.value)
        total, held = 100 * number, 2 * (subject.slo.objective.window.ms // DAY.ms)
        outage = 72 * budget * total * held
        own = [
            (subject.recorded(names.ERRORS_RATE), steps((1, outage), (held - 1, 0), (1, outage))),
            (subject.recorded(names.TOTAL_RATE), steps((1, 3 * total), (held, total))),
            *constants(subject, held + 1, apart),
        ]
        series += [*own, *subject.elsewhere(own)]
        ratio = names.ratio_rate(subject.slo.objective.window)
        for at, burnt in ((EVERY * (held - 1), Fraction(72 * held, held + 2)), (EVERY * held, Fraction(72))):
            expects += [
                millionths(subject, at, ratio, burnt * budget),
                millionths(subject, at, names.PERIOD_BURN, burnt),
                millionths(subject, at, names.BUDGET_REMAINING, 1 - burnt / 144),
            ]
        expects += [
            absent(EVERY * held, other.recorded(ratio, {}))
            for other in subjects
            if subject.slo.objective.window not in {other.slo.objective.window, *DAYS}
        ]
    return Scenario(
        name=f"{subjects[0].service.name}: an outage is kept for the whole period, and what was before is forgotten",
        interval=EVERY,
        series=tuple(series),
        expects=tuple(sorted(expects, key=lambda expect: expect.at)),
    )
