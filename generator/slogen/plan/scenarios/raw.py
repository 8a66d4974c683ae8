"""From raw series: what each SLI counts, what is missing, and when its page fires. At the platform's own intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import assert_never

from slogen.core import Duration, plain
from slogen.model import AlertClass, Boolean, Events, Freshness, Latency, QuerySli, Sli, Spans, Threshold
from slogen.plan.scenarios.decoys import Decoys
from slogen.plan.scenarios.levels import FIVE, level
from slogen.plan.scenarios.scenario import Expect, Scenario, Subject, absent, minutes, rate_is, steps
from slogen.plan.scenarios.sources import EACH, Phase, Phases, Source, Write, source
from slogen.plan.tiers import PART, Tier
from slogen.promql import names
from slogen.promql.query import Query
from slogen.promql.sample import braces

MINUTE = Duration.of("1m")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Raw series of one SLO, and when they are looked at.

    A time stamp can be too old only long after promtool's clock began, too long to evaluate rules all the while. So
    each of its expectations is moved to the time `only`, and stands alone.
    """

    subject: Subject
    feed: Source
    only: Duration | None = None

    @property
    def every(self) -> Duration:
        """The time between scrapes."""
        return self.subject.platform.prometheus.scrape_interval

    @property
    def rate(self) -> Fraction:
        """How many events a second the source makes: ten a scrape, or one where each scrape is an event."""
        return Fraction((EACH if self.feed.counts else 1) * 1000, self.every.ms)

    @property
    def even(self) -> bool:
        """Whether scrapes and evaluations come at whole minutes."""
        evaluation = self.subject.platform.prometheus.evaluation_interval
        return MINUTE.ms % self.every.ms == 0 and MINUTE.ms % evaluation.ms == 0

    def scrapes(self, length: int | Fraction) -> int:
        """Return how many scrapes there are in so many minutes, at least one."""
        return max(1, int(length * MINUTE.ms / Fraction(self.every.ms)))

    def minutes(self, scrapes: int) -> Fraction:
        """Return how many minutes so many scrapes take."""
        return Fraction(scrapes * self.every.ms, MINUTE.ms)

    def a_scrape(self, at: Duration, name: str, count: str, nearest: str) -> Expect:
        """Return what is counted from one scrape to the next, to the nearest multiple of a number."""
        labels = braces(self.subject.labels())
        expr = f"round({name}{labels} * {plain(self.every.seconds)}, {nearest})"
        return Expect(at=at, expr=expr, samples=((labels, count),))

    def some(self, at: Duration, there: bool) -> Expect:
        """Return whether there are bad events at all, of events that are counted."""
        labels = braces(self.subject.labels())
        return Expect(at=at, expr=f"{names.ERRORS_RATE}{labels} > bool 0", samples=((labels, str(int(there))),))

    def nothing(self, at: Duration) -> tuple[Expect, ...]:
        """Return that neither rate is there."""
        return tuple(absent(at, self.subject.recorded(name)) for name in (names.TOTAL_RATE, names.ERRORS_RATE))

    def scenarios(
        self,
        sentence: str,
        phases: Phases,
        expects: Iterable[Expect],
        *,
        lasting: Iterable[Expect] = (),
        write: Write | None = None,
        beside: Phases = (),
    ) -> Iterator[Scenario]:
        """Yield what must hold while the phases are written; `lasting` needs evaluations all the while."""
        write = write or self.feed.write

        def written(lead: Phases) -> list[tuple[str, str]]:
            return [*write((*lead, *phases)), *(self.feed.beside((*lead, *beside)) if beside else [])]

        if self.only is None:
            yield self.subject.scenario(sentence, self.every, written(()), (*expects, *lasting))
            return
        for at in dict.fromkeys(expect.at for expect in expects):
            lead = Phase((self.only.ms - at.ms) // self.every.ms, gone=True)
            now = [replace(expect, at=self.only) for expect in expects if expect.at == at]
            yield self.subject.scenario(f"{sentence} ({at})", self.every, written((lead,)), now)


def raw_scenarios(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    """Yield the scenarios on raw series of one SLO."""
    yield from _declared(subject)
    feed = source(subject.slo, subject.platform)
    if feed is None or feed.earliest.ms:
        return
    stage = _Stage(subject=subject, feed=feed)
    yield from _rates(stage)
    pages = [tier for tier in tiers if tier.severity is AlertClass.CRITICAL]
    if pages:
        yield from _born_failing(stage, min(tier.least for tier in pages))
        yield from _outage(stage, Fraction(min(level(subject.slo, tier) for tier in pages)))


def aging(subjects: Iterable[Subject]) -> tuple[Duration, tuple[Scenario, ...]]:
    """Return the scenarios on time stamps, and when they are all looked at."""
    fed = [(subject, feed) for subject in subjects if (feed := source(subject.slo, subject.platform)) is not None]
    old = [(subject, feed) for subject, feed in fed if feed.earliest.ms]
    latest = max((feed.earliest for _, feed in old), default=Duration(0))
    only = minutes(latest.ms // MINUTE.ms // 5 * 5 + 30)
    return only, tuple(
        scenario for subject, feed in old for scenario in _rates(_Stage(subject=subject, feed=feed, only=only))
    )


def _rates(stage: _Stage) -> Iterator[Scenario]:
    yield from _counted(stage)
    yield from _told_apart(stage)
    if stage.feed.counts:
        yield from _idle(stage)
        yield from _restarted(stage)
    if stage.even:
        yield from _rises(stage) if stage.feed.counts else _last_samples(stage)
    if stage.feed.unborn is not None:
        yield from _unborn(stage, stage.feed.unborn, stage.feed.unborn_bad)
    if stage.feed.blind is not None:
        yield from _blinded(stage, stage.feed.blind)
    yield from _vanished(stage)


def _counted(stage: _Stage) -> Iterator[Scenario]:
    subject, scrapes = stage.subject, stage.scrapes
    phases = (Phase(scrapes(10) + 1, bad=3), Phase(scrapes(8)))
    share = Fraction(3, 10) if len(stage.feed.write(phases)) > 1 else Fraction(1)
    # Where scrapes do not divide 5m there is now one more and now one less.
    told = [(names.TOTAL_RATE, stage.rate), (names.ERRORS_RATE, stage.rate * share)]
    whole = stage.feed.counts or FIVE.ms % stage.every.ms == 0
    yield from stage.scenarios(
        "three of ten events are bad for 10m: they are counted, and for 5m after the last",
        phases,
        [
            *(rate_is(minutes(8), subject, name, rate) for name, rate in told if whole),
            stage.some(minutes(13), True),
            stage.some(minutes(17), False),
        ],
        beside=(Phase(scrapes(6)), Phase(scrapes(12), gone=True)),
    )


def _told_apart(stage: _Stage) -> Iterator[Scenario]:
    for told, write in stage.feed.ways:
        yield from stage.scenarios(
            f"three of ten events are bad, and {told}: they are told apart",
            (Phase(stage.scrapes(10) + 1, bad=3),),
            [
                rate_is(minutes(8), stage.subject, names.TOTAL_RATE, stage.rate),
                rate_is(minutes(8), stage.subject, names.ERRORS_RATE, stage.rate * Fraction(3, 10)),
            ],
            write=write,
        )


def _idle(stage: _Stage) -> Iterator[Scenario]:
    at = minutes(28)
    yield from stage.scenarios(
        "traffic stops at 10m: no events, and no ratio",
        (Phase(stage.scrapes(10), bad=3), Phase(stage.scrapes(20), events=0)),
        [
            rate_is(at, stage.subject, names.TOTAL_RATE, Fraction(0)),
            rate_is(at, stage.subject, names.ERRORS_RATE, Fraction(0)),
            absent(at, stage.subject.recorded("slo:sli_error:ratio_rate5m")),
        ],
    )


def _restarted(stage: _Stage) -> Iterator[Scenario]:
    yield from stage.scenarios(
        "its counters begin at zero again at 10m: no event is lost or invented",
        (Phase(stage.scrapes(10), bad=1), Phase(stage.scrapes(5), bad=1, restart=True)),
        [
            rate_is(minutes(12), stage.subject, names.TOTAL_RATE, stage.rate),
            rate_is(minutes(12), stage.subject, names.ERRORS_RATE, stage.rate / 10),
        ],
    )


def _rises(stage: _Stage) -> Iterator[Scenario]:
    """Yield a window that holds 2m of the events before and 3m of those after: (2 * 100 + 3 * 400) / 5 a scrape.

    That is 280 in Prometheus 2, and up to 325 in 3, where the first of the samples is out of the window: 300. Over
    2m30s they would be 400, over 10m 190. Three of ten are bad, 84 to 98: 90, and not 120 or 57.
    """
    before, after = Phase(stage.scrapes(10) + 1, bad=3, events=100), Phase(stage.scrapes(4), bad=3, events=400)
    yield from stage.scenarios(
        "traffic rises fourfold at 10m: 3m later the last 5m count, no more and no less",
        (before, after),
        [
            stage.a_scrape(minutes(13), names.TOTAL_RATE, "300", "100"),
            stage.a_scrape(minutes(13), names.ERRORS_RATE, "90", "30"),
        ],
    )


def _last_samples(stage: _Stage) -> Iterator[Scenario]:
    """Yield windows of 5m, of whose samples two fifths to a half were bad, and of which so many were there at all.

    Over 2m30s it would be none, over 10m three quarters or all.
    """
    bad = Phase(stage.scrapes(10) + 1, bad=EACH)
    yield from stage.scenarios(
        "all samples were bad until 3m ago: half of those of the last 5m",
        (bad, Phase(stage.scrapes(4))),
        [
            stage.a_scrape(minutes(13), names.TOTAL_RATE, "1", "0.25"),
            stage.a_scrape(minutes(13), names.ERRORS_RATE, "0.5", "0.25"),
        ],
    )
    yield from stage.scenarios(
        "its samples, all bad, ended 3m ago: half as many count",
        (bad, Phase(stage.scrapes(4), gone=True)),
        [
            stage.a_scrape(minutes(13), names.TOTAL_RATE, "0.5", "0.5"),
            stage.a_scrape(minutes(13), names.ERRORS_RATE, "0.5", "0.5"),
        ],
    )


def _unborn(stage: _Stage, write: Write, bad: int) -> Iterator[Scenario]:
    told = "good events yet: all are bad" if bad else "bad events yet: errors are 0"
    share = Fraction(bad, EACH)
    yield from stage.scenarios(
        f"no series of {told}, as long as there are events",
        (Phase(stage.scrapes(10) + 1, bad=bad), Phase(stage.scrapes(10), gone=True)),
        [
            rate_is(minutes(8), stage.subject, names.TOTAL_RATE, stage.rate),
            rate_is(minutes(8), stage.subject, names.ERRORS_RATE, stage.rate * share),
            *(() if bad else (stage.subject.firing(minutes(8)),)),
            stage.some(minutes(13), bad > 0),
            *stage.nothing(minutes(17)),
        ],
        write=write,
    )


def _blinded(stage: _Stage, write: Write) -> Iterator[Scenario]:
    yield from stage.scenarios(
        "the bucket at its threshold is gone at 10m: events count for 5m after, and then nothing is known",
        (Phase(stage.scrapes(10) + 1), Phase(stage.scrapes(10), gone=True)),
        [rate_is(minutes(13), stage.subject, names.TOTAL_RATE, stage.rate), *stage.nothing(minutes(17))],
        write=write,
    )


def _vanished(stage: _Stage) -> Iterator[Scenario]:
    subject, severity = stage.subject, stage.subject.slo.no_data
    # With `by` the value is missed, and the SLO as a whole.
    whose: list[dict[str, str] | None] = [None, {}] if subject.slo.by else [None]
    alerts = [subject.alert(names.NO_DATA_ALERT, severity, by) for by in whose] if severity else []
    told = "SLONoData fires 10m after the last rate" if severity else "no alert, as declared"
    yield from stage.scenarios(
        f"its target vanishes at 10m: {told}, and nothing looks healthy",
        (Phase(stage.scrapes(10) + 1), Phase(stage.scrapes(20), gone=True)),
        stage.nothing(minutes(17)),
        beside=(Phase(stage.scrapes(30) + 1),),
        lasting=[
            subject.firing(minutes(23)),
            subject.firing(minutes(27), *alerts),
            absent(minutes(27), subject.recorded("slo:sli_error:ratio_rate5m")),
            absent(minutes(27), subject.recorded("slo:sli_error:ratio_rate1h")),
        ],
    )


def _born_failing(stage: _Stage, least: int) -> Iterator[Scenario]:
    """Yield that everything fails from the start; where each scrape is an event there must be `least`, at least two."""
    page = stage.subject.alert(names.BURN_ALERT, AlertClass.CRITICAL)
    scrapes = 2 if stage.feed.counts else max(2, least)
    at = max(stage.subject.platform.prometheus.evaluation_interval * 2, stage.every * scrapes)
    yield from stage.scenarios(
        f"born failing: it pages as soon as there are {'two' if scrapes == 2 else scrapes} scrapes",
        (Phase(stage.scrapes(4), bad=EACH),),
        [stage.subject.firing(at, page)],
    )


def _outage(stage: _Stage, lowest: Fraction) -> Iterator[Scenario]:
    """Yield a total outage after ten good minutes.

    After n minutes of it the last five alone are n/5 of 1/72 of the 6h window; or, six minutes later, the share of bad
    events since the start is above the page's level.
    """
    subject, before = stage.subject, stage.scrapes(11)
    begin = stage.minutes(before)
    after = min(2 + 360 * lowest, 6 + begin * lowest / (1 - lowest))
    if after > 30:
        return
    page = subject.alert(names.BURN_ALERT, AlertClass.CRITICAL)
    expects = [subject.firing(minutes(begin) - stage.every), subject.firing(minutes(begin + after), page)]
    sentence = f"nothing but errors after ten good minutes page within {_told(after)}"
    rung = _first_rung(subject)
    if rung is not None:
        name, length, receivers = rung
        expects.append(subject.firing(minutes(begin + after + length), page, {**page, "escalation": name}))
        sentence += f" and reach {receivers} {name} later"
    yield from stage.scenarios(sentence, (Phase(before), Phase(stage.scrapes(int(after) + 20), bad=EACH)), expects)


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
    tests, decoys = subject.slo.tests, Decoys.of(*_asked(subject.slo.sli))
    every = subject.platform.prometheus.scrape_interval
    beside_errors = isinstance(subject.slo.sli, QuerySli)  # its total counts only where its own errors are
    if beside_errors:
        # Of what others have, a total that read it would make nothing.
        decoys = replace(decoys, alone=False)
    for number, test in enumerate(tests, 1):
        by = {**subject.by, **dict(test.labels)}
        recorded: list[tuple[str, str]] = []
        if beside_errors and test.total is None:
            always = steps((test.at.ms // every.ms + 1, 0))
            recorded += subject.others([(subject.recorded(names.ERRORS_RATE, by), always)])
            expects = [absent(test.at, subject.recorded(names.TOTAL_RATE, by))]
        elif test.errors is None or test.total is None:
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
        others = [other.series for other in tests if (other.errors, other.total) != (test.errors, test.total)]
        yield subject.scenario(
            f"test {number} of its owner: {test.name}",
            every,
            (*test.series, *decoys.near(test.series, others), *recorded),
            expects,
        )
    counted = [test for test in tests if test.total is not None]
    strangers = decoys.of_others([test.series for test in counted])
    if strangers:
        yield subject.scenario(
            "what others have is not counted",
            every,
            strangers,
            [
                absent(at, subject.recorded(name, {}))
                for at in sorted({test.at for test in counted})
                for name in (names.TOTAL_RATE, names.ERRORS_RATE)
            ],
        )


def _asked(sli: Sli) -> list[str]:
    """Return the expressions that an owner wrote; none when there are only selectors."""
    match sli:
        case Boolean() | Threshold():
            queries: tuple[Query, ...] = (sli.metric,)
        case Freshness():
            queries = (sli.timestamp,)
        case QuerySli():
            queries = (sli.errors, sli.total)
        case Events() | Latency() | Spans():
            queries = ()
        case _:
            assert_never(sli)
    return [query.with_window(PART).text for query in queries if not query.selector]
