"""On recorded rates, one sample in 5m: the windows up to 6h, data that vanishes, flapping, values of `by`.

The samples lie so that no window begins or ends on one: Prometheus 2 and 3 then read the same. Rules are evaluated
twice as often, for in Prometheus 3 nothing is seen of what was recorded 5m ago.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from slogen.core import Duration, plain
from slogen.model import AlertClass
from slogen.plan.scenarios.levels import FIVE, PLENTY, level, only_page, remembered
from slogen.plan.scenarios.scenario import Expect, Labels, Scenario, Subject, enough, minutes, steps, strangers
from slogen.plan.texts import dashboard_uid
from slogen.plan.tiers import Tier
from slogen.promql import names
from slogen.promql.sample import braces

# The windows, and how many samples of 5m each holds.
WINDOWS = (("5m", 1), ("30m", 6), ("1h", 12), ("6h", 72))
HALF = Duration.of("2m30s")
HEALTHY = 72  # samples before, as long as the longest window


def window_scenarios(subjects: tuple[Subject, ...], tiers: dict[str, tuple[Tier, ...]]) -> Iterator[Scenario]:
    """Yield the scenarios on recorded rates of a service."""
    if not subjects:
        return
    yield _ratios(subjects)
    yield _no_traffic(subjects)
    yield strangers(subjects, FIVE, _made(subjects))
    for subject in subjects:
        yield _promises(subject)
        if subject.slo.no_data:
            yield from _half_missing(subject)
            yield _measured_again(subject)
            if len(subjects) == 1:
                yield _another_unmeasured(subject)
        mine = tiers[subject.slo.name]
        yield from remembered(subject, mine)
        if any(tier.severity is AlertClass.CRITICAL for tier in mine):
            yield _vanishes(subject)
            yield from _vanishes_at_the_level(subject, mine)
            yield _never_paged(subject)
            yield _recovers(subject)
            yield from _detected(subject, mine)
            yield from _flaps(subject, mine)
            yield from _smoulders(subject, mine)
        if subject.slo.by:
            yield from _by_values(subject, mine)


def _made(subjects: tuple[Subject, ...]) -> dict[str, Sequence[str]]:
    """Return what is recorded and what of, as far as no other SLO of the service shows that it is told apart."""
    rates, alone = (names.ERRORS_RATE, names.TOTAL_RATE), len(subjects) == 1
    made: dict[str, Sequence[str]] = {f"slo:sli_error:ratio_rate{window}": rates for window, _ in WINDOWS if alone}
    made |= {names.PERIOD_DAYS: (names.OBJECTIVE,)} if alone else {}
    return {**made, names.CURRENT_BURN: ("slo:sli_error:ratio_rate5m", names.BUDGET)}


def _rates(subject: Subject, errors: str, total: str, by: Labels | None = None) -> list[tuple[str, str]]:
    return [(subject.recorded(names.ERRORS_RATE, by), errors), (subject.recorded(names.TOTAL_RATE, by), total)]


def _ratios(subjects: tuple[Subject, ...]) -> Scenario:
    service = subjects[0].service.name
    series = [
        pair
        for number, subject in enumerate(subjects, 1)
        for pair in _rates(
            subject,
            steps((HEALTHY, 0), (1, 72), (HEALTHY, 0)),
            steps((HEALTHY, 100 * number), (1, 100 * number + 72), (HEALTHY, 100 * number)),
        )
    ]
    for subject in subjects:
        another = {**subject.labels(), "service": "another"}
        series += [(name + braces(another), "1x200") for name in (names.ERRORS_RATE, names.TOTAL_RATE)]
        another = {"service": "another", "slo": subject.slo.name}
        series += [(name + braces(another), "1x200") for name in (names.BUDGET, names.OBJECTIVE)]
    expects = []
    for window, parts in WINDOWS:
        seen = {subject: Fraction(72, 100 * number * parts + 72) for number, subject in enumerate(subjects, 1)}
        for place, times in ((HEALTHY, 1), (HEALTHY + parts - 1, 1), (HEALTHY + parts, 0)):
            expr = f"round(slo:sli_error:ratio_rate{window} * 1e9)"
            samples = tuple((braces(one.labels()), str(round(share * times * 10**9))) for one, share in seen.items())
            expects.append(Expect(at=FIVE * place, expr=expr, samples=samples))
    expects += [
        Expect(
            at=FIVE * HEALTHY,
            expr=f'round({names.CURRENT_BURN}{{slo="{subject.slo.name}"}} * {subject.slo.objective.budget} * 1e9)',
            samples=((braces(subject.labels()), str(round(Fraction(72, 100 * number + 72) * 10**9))),),
        )
        for number, subject in enumerate(subjects, 1)
    ]
    first = tuple((braces(subject.labels()), "0") for subject in subjects)
    expects += [
        Expect(at=Duration(0), expr=f"slo:sli_error:ratio_rate{window} * 0", samples=first) for window, _ in WINDOWS
    ]
    return Scenario(
        name=f"{service}: 5m of errors are counted in full by each window up to 6h, and no longer than it reaches",
        interval=FIVE,
        series=tuple(series),
        expects=tuple(sorted(expects, key=lambda expect: expect.at)),
    )


def _no_traffic(subjects: tuple[Subject, ...]) -> Scenario:
    service = subjects[0].service.name
    return Scenario(
        name=f"{service}: without traffic there is no ratio, neither 0 nor NaN",
        interval=FIVE,
        series=tuple(pair for subject in subjects for pair in _rates(subject, steps((3, 0)), steps((3, 0)))),
        expects=(Expect(at=minutes(10), expr=f'{{__name__=~"slo:sli_error:ratio_rate.*",service="{service}"}}'),),
    )


def _promises(subject: Subject) -> Scenario:
    slo, plain = subject.slo, subject.labels({})
    told = {
        "objective": slo.objective.target.percent,
        "window": str(slo.objective.window),
        "team": subject.service.team,
    }
    told |= {name: value for name, value in subject.service.labels if name == "tier"}
    if subject.platform.grafana:
        told["dashboard"] = dashboard_uid(subject.service.name, slo.name)
    days = slo.objective.window.ms // 86_400_000
    zero, another = Duration(0), names.OBJECTIVE + braces({"service": "another", "slo": slo.name})
    expects = [
        Expect(
            at=zero, expr=f'{name}{{slo="{slo.name}"}}', samples=((name + braces({**plain, **more}), value), *beside)
        )
        for name, more, value, beside in (
            (names.OBJECTIVE, {}, str(slo.objective.target), ((another, "1"),)),
            (names.BUDGET, {}, str(slo.objective.budget), ()),
            (names.PERIOD_DAYS, {}, str(days), ()),
            (names.INFO, told, "1", ()),
        )
    ]
    return subject.scenario(
        f"it promises {slo.objective.target.percent} % over {slo.objective.window}, and that is recorded; "
        + ("10m without data are told" if slo.no_data else "missing data are not told"),
        FIVE,
        [(another, "1x3")],
        [
            *expects,
            subject.firing(minutes(5)),
            subject.firing(minutes(10), *_silent(subject, {})),
        ],
    )


def _half_missing(subject: Subject) -> Iterator[Scenario]:
    """Yield that one of the two rates is not enough."""
    for name, told in ((names.TOTAL_RATE, "errors"), (names.ERRORS_RATE, "events")):
        # What is known of a value of `by` is its total.
        known = _silent(subject) if subject.slo.by and name is names.TOTAL_RATE else []
        yield subject.scenario(
            f"its {told} are missing for 10m: that is no data",
            FIVE,
            [(subject.recorded(name), "1x3")],
            [
                subject.firing_of(minutes(5), names.NO_DATA_ALERT),
                subject.firing_of(minutes(10), names.NO_DATA_ALERT, *known, *_silent(subject, {})),
            ],
        )


def _measured_again(subject: Subject) -> Scenario:
    """Return that no data are over: a ticket at once, a page after five minutes, as a lost scrape must not end it."""
    page = subject.slo.no_data is AlertClass.CRITICAL
    late = "_x3 "
    return subject.scenario(
        "it is measured again 15m after its birth: that it was not is told " + ("for 5m more" if page else "no longer"),
        FIVE,
        _rates(subject, late + steps((4, 0)), late + steps((4, PLENTY))),
        [
            subject.firing_of(minutes(10), names.NO_DATA_ALERT, *_silent(subject, {})),
            subject.firing_of(minutes(15), names.NO_DATA_ALERT, *(_silent(subject, {}) if page else [])),
            subject.firing_of(minutes(20), names.NO_DATA_ALERT),
        ],
    )


def _another_unmeasured(subject: Subject) -> Scenario:
    another = {"service": subject.service.name, "slo": "another"}
    return Scenario(
        name=f"{subject.slo.name}: it is measured, and that another SLO is not is not told of it",
        interval=FIVE,
        series=(*_rates(subject, "0x3", "1x3"), (names.OBJECTIVE + braces(another), "1x3")),
        expects=(subject.firing_of(minutes(10), names.NO_DATA_ALERT),),
        slo=subject.slo.name,
    )


def _silent(subject: Subject, by: Labels | None = None) -> list[dict[str, str]]:
    severity = subject.slo.no_data
    return [subject.alert(names.NO_DATA_ALERT, severity, by)] if severity else []


def _climbed(subject: Subject, page: dict[str, str], lasted: int) -> list[dict[str, str]]:
    """Return a critical alert with the rungs that it has climbed after so many minutes."""
    climbs = page["severity"] == "critical" and subject.slo.alerting.escalate
    ladder = [step.after for step in subject.platform.routing.critical if step.after.ms] if climbs else []
    return [page, *({**page, "escalation": str(after)} for after in ladder if after <= minutes(lasted))]


def _vanishes(subject: Subject) -> Scenario:
    page = subject.alert(names.BURN_ALERT, AlertClass.CRITICAL)
    missing = [*_silent(subject), *(_silent(subject, {}) if subject.slo.by else [])]

    def gone(lasted: int) -> list[dict[str, str]]:
        return [alert for one in missing for alert in _climbed(subject, one, lasted)]

    failing = steps((7, PLENTY)) + " stale"
    return subject.scenario(
        "everything fails, and after 30m its data vanish: the page and its ladder go on for an hour",
        FIVE,
        _rates(subject, failing, failing),
        [
            subject.firing(minutes(20), *_climbed(subject, page, 20)),
            subject.firing(minutes(40), *_climbed(subject, page, 40)),
            subject.firing(minutes(85), *_climbed(subject, page, 85), *gone(40)),
            subject.firing(minutes(110), *gone(65)),
        ],
    )


# Errors at so many times the level of the page over 1h: the samples of 5m that stay below it.
TIMES = ((4, 3), (2, 6), (Fraction(5, 4), 9))


def _detected(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    """Yield errors after six healthy hours: n of 12 samples bad at m times the level page once n > 12/m."""
    hourly = next((tier for tier in tiers if str(tier.long) == "1h"), None)
    at = Fraction(level(subject.slo, hourly)) if hourly else Fraction(1)
    for times, below in TIMES:
        share = at * times
        if share <= 1:
            total = enough(share)
            errors = steps((HEALTHY, 0), (12, share * total))
            yield subject.scenario(
                f"{plain(share * 100)} % errors after six healthy hours: the page comes after {FIVE * below}",
                FIVE,
                _rates(subject, errors, steps((HEALTHY + 12, total))),
                [
                    only_page(subject, FIVE * (HEALTHY + below - 1)),
                    only_page(subject, FIVE * (HEALTHY + below), fires=True),
                ],
            )
            return


def _vanishes_at_the_level(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    """Yield that a page is held without data only if the last share of bad events was above its lowest level."""
    lowest = min(level(subject.slo, tier) for tier in tiers if tier.severity is AlertClass.CRITICAL)
    for times, held in ((Fraction(95, 100), False), (Fraction(105, 100), True)):
        last = Fraction(lowest) * times * PLENTY
        if last < PLENTY:
            yield subject.scenario(
                f"its data vanish at {plain(last * 100 / PLENTY)} % errors: the page is {'held' if held else 'over'}",
                FIVE,
                _rates(subject, steps((6, PLENTY), (1, last)) + " stale", steps((7, PLENTY)) + " stale"),
                [only_page(subject, minutes(30), fires=True), only_page(subject, minutes(60), fires=held)],
            )


def _never_paged(subject: Subject) -> Scenario:
    """Everything fails, but too little of it to page, and its data vanish: nothing else may be taken for its page."""
    few = steps((7, Fraction(1, 10**6))) + " stale"
    page = subject.alert(names.BURN_ALERT, AlertClass.CRITICAL)
    beside = (
        {**page, "alertstate": "firing", "severity": "warning"},
        {**page, "alertstate": "firing", "escalation": "1m"},
        {**page, "alertstate": "firing", "alertname": "Another"},
        {**page, "alertstate": "pending", "team": "another"},
    )
    alerts = [("ALERTS" + braces(labels), "1x20") for labels in beside]
    return subject.scenario(
        "too few events to page, and their data vanish: no other alert is taken for its page",
        FIVE,
        [*_rates(subject, few, few), *alerts],
        [
            only_page(subject, minutes(25)),
            only_page(subject, minutes(45)),
            only_page(subject, minutes(75)),
        ],
    )


def _recovers(subject: Subject) -> Scenario:
    return subject.scenario(
        "everything fails for 10m: the page is over an hour later",
        FIVE,
        _rates(subject, steps((3, PLENTY), (12, 0)), steps((15, PLENTY))),
        [only_page(subject, minutes(10), fires=True), only_page(subject, minutes(70))],
    )


def _flaps(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    sixth = next((tier for tier in tiers if str(tier.long) == "6h" and tier.severity is AlertClass.CRITICAL), None)
    if sixth is None or level(subject.slo, sixth) >= Fraction(3, 10):
        return
    page = subject.alert(names.BURN_ALERT, AlertClass.CRITICAL)
    flapping = " ".join(f"{PLENTY} 0" for _ in range(8))
    yield subject.scenario(
        "it fails in every other 5m: one page, and the ladder goes on",
        FIVE,
        _rates(subject, flapping, steps((16, PLENTY))),
        [
            subject.firing(minutes(70), *_climbed(subject, page, 70)),
            subject.firing(minutes(75), *_climbed(subject, page, 75)),
        ],
    )


def between(subject: Subject, tiers: tuple[Tier, ...]) -> Fraction | None:
    """Return an error ratio that raises a ticket and no page, half-way between the two; None when there is none."""
    tickets = [level(subject.slo, tier) for tier in tiers if tier.severity is AlertClass.WARNING]
    pages = [level(subject.slo, tier) for tier in tiers if tier.severity is AlertClass.CRITICAL]
    if not tickets or not pages or min(pages) <= min(tickets):
        return None
    return (Fraction(min(pages)) + Fraction(min(tickets))) / 2


def _smoulders(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    share = between(subject, tiers)
    if share is not None:
        yield subject.scenario(
            "a burn that is worth a ticket does not page",
            FIVE,
            _rates(subject, steps((25, share * enough(share))), steps((25, enough(share)))),
            [subject.firing(minutes(60)), subject.firing(minutes(120))],
        )


def _by_values(subject: Subject, tiers: tuple[Tier, ...]) -> Iterator[Scenario]:
    label = subject.slo.by[0]
    other = {**subject.by, label: "b"}
    healthy = _rates(subject, steps((90, 0)), steps((90, PLENTY)))
    if any(tier.severity is AlertClass.CRITICAL for tier in tiers):
        yield subject.scenario(
            f"of two values of {label} one fails: the page names it alone",
            FIVE,
            [*healthy, *_rates(subject, steps((90, PLENTY)), steps((90, PLENTY)), other)],
            [only_page(subject, minutes(10), fires=True, by=other)],
        )
    alerts = _silent(subject, other)
    yield subject.scenario(
        f"of two values of {label} one vanishes: it is missed for 6h, the other is not",
        FIVE,
        [*healthy, *_rates(subject, steps((7, 0)) + " stale", steps((7, PLENTY)) + " stale", other)],
        [
            subject.firing_of(minutes(40), names.NO_DATA_ALERT),
            subject.firing_of(minutes(60), names.NO_DATA_ALERT, *alerts),
            subject.firing_of(minutes(380), names.NO_DATA_ALERT, *alerts),
            subject.firing_of(minutes(410), names.NO_DATA_ALERT),
        ],
    )
