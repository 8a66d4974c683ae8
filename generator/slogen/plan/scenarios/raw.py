"""From raw series: what each SLI counts, what is missing, and when its page fires. At the platform's own intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from slogen.core import Duration
from slogen.model import AlertClass
from slogen.plan.scenarios.levels import level
from slogen.plan.scenarios.scenario import Expect, Scenario, Subject, absent, minutes, rate_is
from slogen.plan.scenarios.sources import EACH, Phase, Phases, Source, source
from slogen.plan.tiers import Tier
from slogen.promql import names
from slogen.promql.sample import braces


def raw_scenarios(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    """Yield the scenarios on raw series of one SLO."""
    yield from _declared(subject)
    feed = source(subject.slo, subject.platform)
    if feed is None:
        return
    every = subject.platform.prometheus.scrape_interval
    per = Fraction(every.ms, 60_000)  # minutes between scrapes
    yield _counted(subject, feed, every, per)
    if feed.counts:
        yield _idle(subject, feed, every, per)
        yield _restarted(subject, feed, every, per)
    if feed.late is not None:
        yield _born_late(subject, feed, every, per)
    yield _vanished(subject, feed, every, per)
    pages = [level(subject.slo, tier) for tier in tiers if tier.severity is AlertClass.CRITICAL]
    if pages:
        yield _born_failing(subject, feed, every, per)
        yield from _outage(subject, feed, every, per, Fraction(min(pages)))


def _scrapes(length: int, per: Fraction) -> int:
    """Return how many scrapes there are in so many minutes, at least one."""
    return max(1, int(length / per))


def _events_a_second(subject: Subject, feed: Source) -> Fraction:
    """Return how many events a second the source makes: ten a scrape, or one where each scrape is an event."""
    each = EACH if feed.counts else 1
    return Fraction(each * 1000, subject.platform.prometheus.scrape_interval.ms)


def _counted(subject: Subject, feed: Source, every: Duration, per: Fraction) -> Scenario:
    phases = (Phase(_scrapes(10, per) + 1, bad=3), Phase(_scrapes(8, per)))
    rate = _events_a_second(subject, feed)
    share = Fraction(3, 10) if len(feed.write(phases)) > 1 else Fraction(1)
    errors = subject.recorded(names.ERRORS_RATE)
    return subject.scenario(
        "three of ten events are bad for 10m: they are counted, and for 5m after the last",
        every,
        [*feed.write(phases), *((name, "1+1000x40" if feed.counts else "7x40") for name in feed.foreign)],
        [
            rate_is(minutes(8), subject, names.TOTAL_RATE, rate),
            rate_is(minutes(8), subject, names.ERRORS_RATE, rate * share),
            Expect(at=minutes(13), expr=f"{errors} > bool 0", samples=((braces(subject.labels()), "1"),)),
            Expect(at=minutes(17), expr=f"{errors} > bool 0", samples=((braces(subject.labels()), "0"),)),
        ],
    )


def _idle(subject: Subject, feed: Source, every: Duration, per: Fraction) -> Scenario:
    phases = (Phase(_scrapes(10, per), bad=3), Phase(_scrapes(20, per), events=0))
    at = minutes(28)
    return subject.scenario(
        "traffic stops at 10m: no events, and no ratio",
        every,
        feed.write(phases),
        [
            rate_is(at, subject, names.TOTAL_RATE, Fraction(0)),
            rate_is(at, subject, names.ERRORS_RATE, Fraction(0)),
            absent(at, subject.recorded("slo:sli_error:ratio_rate5m")),
        ],
    )


def _restarted(subject: Subject, feed: Source, every: Duration, per: Fraction) -> Scenario:
    phases = (Phase(_scrapes(10, per), bad=1), Phase(_scrapes(5, per), bad=1, restart=True))
    rate = _events_a_second(subject, feed)
    return subject.scenario(
        "its counters begin at zero again at 10m: no event is lost or invented",
        every,
        feed.write(phases),
        [
            rate_is(minutes(12), subject, names.TOTAL_RATE, rate),
            rate_is(minutes(12), subject, names.ERRORS_RATE, rate / 10),
        ],
    )


def _born_late(subject: Subject, feed: Source, every: Duration, per: Fraction) -> Scenario:
    assert feed.late is not None
    at = minutes(8)
    return subject.scenario(
        "no series of bad events yet: errors are 0, not missing",
        every,
        feed.late((Phase(_scrapes(10, per)),)),
        [
            rate_is(at, subject, names.TOTAL_RATE, _events_a_second(subject, feed)),
            rate_is(at, subject, names.ERRORS_RATE, Fraction(0)),
            subject.firing(at),
        ],
    )


def _vanished(subject: Subject, feed: Source, every: Duration, per: Fraction) -> Scenario:
    phases = (Phase(_scrapes(10, per)), Phase(_scrapes(20, per), gone=True))
    severity = subject.slo.no_data
    # With `by` the value is missed, and the SLO as a whole.
    whose: list[dict[str, str] | None] = [None, {}] if subject.slo.by else [None]
    alerts = [subject.alert(names.NO_DATA_ALERT, severity, by) for by in whose] if severity else []
    told = "SLONoData fires 10m after the last rate" if severity else "no alert, as declared"
    return subject.scenario(
        f"its target vanishes at 10m: {told}, and nothing looks healthy",
        every,
        feed.write(phases),
        [
            subject.firing(minutes(23)),
            subject.firing(minutes(27), *alerts),
            absent(minutes(27), subject.recorded(names.TOTAL_RATE)),
            absent(minutes(27), subject.recorded("slo:sli_error:ratio_rate5m")),
            absent(minutes(27), subject.recorded("slo:sli_error:ratio_rate1h")),
        ],
    )


def _born_failing(subject: Subject, feed: Source, every: Duration, per: Fraction) -> Scenario:
    page = subject.alert(names.BURN_ALERT, AlertClass.CRITICAL)
    two = max(subject.platform.prometheus.evaluation_interval * 2, every + every)
    return subject.scenario(
        "born failing: it pages as soon as there are two scrapes",
        every,
        feed.write((Phase(_scrapes(4, per), bad=EACH),)),
        [subject.firing(two, page)],
    )


def _outage(subject: Subject, feed: Source, every: Duration, per: Fraction, lowest: Fraction) -> Iterator[Scenario]:
    """Yield a total outage after ten good minutes.

    After n minutes of it the last five alone are n/5 of 1/72 of the 6h window; or, six minutes later, the share of bad
    events since the start is above the page's level.
    """
    before = _scrapes(11, per)
    begin = before * per
    after = min(2 + 360 * lowest, 6 + begin * lowest / (1 - lowest))
    if after > 30:
        return
    page = subject.alert(names.BURN_ALERT, AlertClass.CRITICAL)
    phases: Phases = (Phase(before), Phase(_scrapes(int(after) + 20, per), bad=EACH))
    expects = [subject.firing(minutes(begin - per)), subject.firing(minutes(begin + after), page)]
    sentence = f"nothing but errors after ten good minutes page within {_told(after)}"
    rung = _first_rung(subject)
    if rung is not None:
        name, length, receivers = rung
        expects.append(subject.firing(minutes(begin + after + length), page, {**page, "escalation": name}))
        sentence += f" and reach {receivers} {name} later"
    yield subject.scenario(sentence, every, feed.write(phases), expects)


def _first_rung(subject: Subject) -> tuple[str, Fraction, str] | None:
    """Return the first step of the ladder that comes within a quarter of an hour, if the page climbs."""
    steps = [step for step in subject.platform.routing.critical if step.after.ms]
    if not subject.slo.alerting.escalate or not steps or steps[0].after > Duration.of("15m"):
        return None
    return str(steps[0].after), Fraction(steps[0].after.ms, 60_000), " and ".join(steps[0].receivers)


def _told(length: Fraction) -> str:
    return str(Duration(max(1, math.ceil(length)) * 60_000))


def _declared(subject: Subject) -> Iterator[Scenario]:
    """Yield the tests that the owner of the SLO wrote."""
    for number, test in enumerate(subject.slo.tests, 1):
        by = {**subject.by, **dict(test.labels)}
        if test.errors is None or test.total is None:
            expects = [
                Expect(
                    at=test.at,
                    expr=subject.recorded(names.TOTAL_RATE, by) + " and " + subject.recorded(names.ERRORS_RATE, by),
                )
            ]
        else:
            expects = [
                rate_is(test.at, subject, names.ERRORS_RATE, Fraction(test.errors), by),
                rate_is(test.at, subject, names.TOTAL_RATE, Fraction(test.total), by),
            ]
        yield subject.scenario(
            f"test {number} of its owner: {test.name}",
            subject.platform.prometheus.scrape_interval,
            test.series,
            expects,
        )
