"""The alert-quality card of one SLO: when an outage is noticed, by which tier, and what is gone by then.

An outage is a share `e` of all events, bad from one evaluation on, at constant traffic, in a service that was healthy
for as long as the longest window. `F·B` is a tier's threshold, `P` the period of the budget `B`. In general
(slo_math.md 4c):

    noticed after  long · F·B / e      if e > F·B, else never
    page over      short · (1 − F·B / e), and 5m for which a page is kept
    budget gone    noticed after · e / (P · B)

What is recorded sees an outage a little differently, and so does this card: `View` says how much of it each window
holds, as the expressions of `promql.burn` count. A page comes up to 37 s sooner than that when it comes after 2m30s
to 7m30s, and ends 1m30s later when it is the 30m window that must empty; tickets are 2m30s behind. Everything is
exact; times are rounded up to evaluations of the group that the alert stands in, and to scrapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slogen.core import Duration
from slogen.model import SAMPLED, AlertClass, Platform, Service, Slo
from slogen.plan.alerts import KEEP
from slogen.plan.records import FAST, HALF_PART
from slogen.plan.tiers import PART, Tier

ERRORS = tuple(Fraction(number, 1000) for number in (1000, 500, 100, 50, 20, 10, 5, 1))
_HOUR = Duration.of("1h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """What an alert makes of an outage.

    `after` is the time from its start to the alert, `spent` the share of the period's budget that is gone by then,
    `tier` the one that fires first. The alert ends `ends` after the outage at the latest: when that was long enough
    to fill every window. An outage shorter than `after` is not noticed.
    """

    after: Duration
    tier: Tier
    spent: Fraction
    ends: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A constant share of bad events, and what each class of alert makes of it; None where it never fires."""

    errors: Fraction
    page: Noticed | None
    ticket: Noticed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A rung of the ladder and the share of the period's budget that is gone when it is reached.

    `total` at a total outage, `slowest` at the lowest burn that pages at all.
    """

    after: Duration
    notify: tuple[str, ...]
    total: Fraction
    slowest: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that is told about the alerts of one SLO.

    `traffic` is in events per second, None when unknown. No share of errors up to `paged_above` ever pages, None when
    nothing does; `ticketed_above` likewise.
    """

    service: Service
    slo: Slo
    every: Duration
    traffic: Fraction | None
    tiers: tuple[Tier, ...]
    paged_above: Fraction | None
    ticketed_above: Fraction | None
    outages: tuple[Outage, ...]
    steps: tuple[Step, ...]

    @property
    def longest_unpaged(self) -> tuple[Outage, ...]:
        """A total outage and one of 10 %: what is shorter than `page.after` wakes nobody."""
        return tuple(outage for outage in self.outages if outage.errors in (1, Fraction(1, 10)))


def card(service: Service, slo: Slo, tiers: Sequence[Tier], platform: Platform) -> Card:
    """Return the card of an SLO with these tiers."""
    pages, tickets = _of(tiers, AlertClass.CRITICAL), _of(tiers, AlertClass.WARNING)
    outages = tuple(
        Outage(
            errors=errors,
            page=notice(errors, slo, pages, platform),
            ticket=notice(errors, slo, tickets, platform),
        )
        for errors in ERRORS
    )
    return Card(
        service=service,
        slo=slo,
        every=platform.prometheus.evaluation_interval,
        traffic=traffic(slo, platform),
        tiers=tuple(tiers),
        paged_above=_lowest(slo, pages, platform),
        ticketed_above=_lowest(slo, tickets, platform),
        outages=outages,
        steps=_steps(slo, pages, outages[0].page, platform),
    )


def traffic(slo: Slo, platform: Platform) -> Fraction | None:
    """Return events per second: one a scrape where each scrape is an event, else what the SLO says, if it does.

    A declared `60/h` was rounded to a decimal; here it is 1/60 again.
    """
    if isinstance(slo.sli, SAMPLED):
        return Duration(1000) / platform.prometheus.scrape_interval
    return None if slo.traffic is None else Fraction(slo.traffic).limit_denominator(10**9)


def single_errors_page_below(tier: Tier) -> Fraction:
    """Return the traffic, in events per hour, below which one bad event would raise the alert without its guard.

    1 / (F·B·long): one of 69.4 events in 1h is an error ratio of 0.0144.
    """
    return 1 / (Fraction(tier.threshold) * (tier.long / _HOUR))


def spent(errors: Fraction, during: Duration, slo: Slo) -> Fraction:
    """Return the share of the period's budget that so long at this error ratio takes: e · t / (P · B)."""
    return errors * (during / slo.objective.window) / Fraction(slo.objective.budget.value)


def notice(errors: Fraction, slo: Slo, tiers: Sequence[Tier], platform: Platform) -> Noticed | None:
    """Return when the alert of these tiers fires at a share `errors` of bad events; None when it never does."""
    found = [(after, tier) for tier in tiers if (after := detection(errors, slo, tier, platform)) is not None]
    if not found:
        return None
    after, first = min(found, key=lambda pair: (pair[0], pair[1].long))
    ends = max(reset(errors, slo, tier, platform) for _, tier in found)
    return Noticed(after=after, tier=first, spent=spent(errors, after, slo), ends=ends)


def detection(errors: Fraction, slo: Slo, tier: Tier, platform: Platform) -> Duration | None:
    """Return the time from the start of an outage to the evaluation at which the tier fires.

    Both windows must hold more than F·B of their length in errors, and the long one `least` bad events; where the
    traffic is known, k of them take k / (traffic · e). Requests fail whole; of sampled series a share may, and half
    an event less is enough for the guard.
    """
    events, view = traffic(slo, platform), view_of(slo, platform)
    whole = not isinstance(slo.sli, SAMPLED)

    def fires(seen: int) -> bool:
        if not _burns(errors, tier, lambda window: view.held(seen, window)):
            return False
        if events is None:
            return True
        happened, counted = (errors * events * ms / 1000 for ms in (seen, view.counted(seen, tier)))
        return counted > tier.least - Fraction(1, 2) and (happened >= tier.least or not whole)

    return _first(fires, tier, platform)


def reset(errors: Fraction, slo: Slo, tier: Tier, platform: Platform) -> Duration:
    """Return the time from the end of an outage to that of the alert; the outage filled both windows of the tier."""
    view = view_of(slo, platform)
    over = _first(
        lambda seen: not _burns(errors, tier, lambda window: window.ms - view.held(seen, window)), tier, platform
    )
    assert over is not None, "once healthy, a window empties"
    every = _interval(tier, platform)
    return over + every * -(-KEEP.ms // every.ms) if tier.severity is AlertClass.CRITICAL else over


def _burns(errors: Fraction, tier: Tier, held: Callable[[Duration], Fraction]) -> bool:
    return all(errors * held(window) > Fraction(tier.threshold) * window.ms for window in (tier.short, tier.long))


def _first(true: Callable[[int], bool], tier: Tier, platform: Platform) -> Duration | None:
    """Return the first evaluation at which `true` holds of the milliseconds that were scraped by then.

    `true` stays true once it is, so that halving finds it; nothing changes after the long window and three times 5m.
    """
    scrape, every = platform.prometheus.scrape_interval.ms, _interval(tier, platform)

    def at(evaluation: int) -> bool:
        return true(evaluation * every.ms // scrape * scrape)

    low, high = 0, -(-(tier.long + PART * 3).ms // every.ms) + -(-scrape // every.ms)
    if not at(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle) else (middle, high)
    return every * high


def view_of(slo: Slo, platform: Platform) -> View:
    """Return how the rates of an SLO see an outage. Measured: tests/property/test_detection_grid.py.

    A counter's 5m rate is made of what lies between its samples, 5m less a scrape; the 5m of a gauge hold a sample
    for each scrape. Before Prometheus 3.0 a window that begins at a sample holds that one too. The middle of both is
    within an evaluation of either.
    """
    half = Fraction(platform.prometheus.scrape_interval.ms, 2)
    return View(rise=PART.ms + (half if isinstance(slo.sli, SAMPLED) else -half))


@dataclass(frozen=True, slots=True)
class View:
    """What recorded series hold of an outage, in milliseconds of it; `rise` is how long a 5m rate takes to see all."""

    rise: Fraction

    def rate(self, since: Fraction | int) -> Fraction:
        """Return what the 5m rate holds of an outage that began `since` ms ago."""
        return min(max(Fraction(since), Fraction(0)), self.rise) * PART.ms / self.rise

    def total(self, since: Fraction | int) -> Fraction:
        """Return what all rates since then hold together, each for its share of 5m: t² / 2·rise, later t − rise / 2."""
        if since <= 0:
            return Fraction(0)
        return since * since / (2 * self.rise) if since < self.rise else since - self.rise / 2

    def held(self, since: int, window: Duration) -> Fraction:
        """Return what a recorded ratio holds.

        5m: the rate. 30m, 1h and 6h: the rate, and rates from 2m30s before on, each of which holds the 5m before it.
        2h and windows of days: rates alone, so they are half of 5m late.
        """
        if window == PART:
            return self.rate(since)
        if window in FAST:
            tail = since - HALF_PART.ms
            return self.rate(since) + self.total(tail) - self.total(tail - (window - PART).ms)
        return self.total(since) - self.total(since - window.ms)

    def counted(self, since: int, tier: Tier) -> Fraction:
        """Return what the low-traffic guard counts: the rate, and rates from 5m before on; of a ticket rates alone."""
        if tier.severity is AlertClass.CRITICAL:
            return self.rate(since) + self.total(since - PART.ms) - self.total(since - tier.long.ms)
        return self.held(since, tier.long)


def _interval(tier: Tier, platform: Platform) -> Duration:
    return platform.prometheus.evaluation_interval if tier.severity is AlertClass.CRITICAL else PART


def _of(tiers: Sequence[Tier], severity: AlertClass) -> tuple[Tier, ...]:
    return tuple(tier for tier in tiers if tier.severity is severity)


def floor(slo: Slo, tier: Tier, platform: Platform) -> Fraction:
    """Return the share of errors up to which a tier never fires: F·B, or what `least` events are of the long window."""
    events = traffic(slo, platform)
    if events is None:
        return Fraction(tier.threshold)
    least = Fraction(tier.least) if not isinstance(slo.sli, SAMPLED) else tier.least - Fraction(1, 2)
    return max(Fraction(tier.threshold), least * 1000 / (events * tier.long.ms))


def _lowest(slo: Slo, tiers: Sequence[Tier], platform: Platform) -> Fraction | None:
    return min((share for tier in tiers if (share := floor(slo, tier, platform)) < 1), default=None)


def _steps(slo: Slo, pages: Sequence[Tier], total: Noticed | None, platform: Platform) -> tuple[Step, ...]:
    """Return the rungs: the budget gone at the page, and then what the time up to the rung takes.

    An outage just above the lowest share that pages is noticed when it fills the long window.
    """
    if total is None or not slo.alerting.escalate:
        return ()
    slowest, tier = min(((floor(slo, tier, platform), tier) for tier in pages), key=lambda pair: pair[0])
    return tuple(
        Step(
            after=rung.after,
            notify=rung.receivers,
            total=spent(Fraction(1), total.after + rung.after, slo),
            slowest=spent(slowest, tier.long + rung.after, slo),
        )
        for rung in platform.routing.critical
    )
