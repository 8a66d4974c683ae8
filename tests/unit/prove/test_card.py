"""When alerts notice an outage and what it costs by then, worked out by hand. 15 s scrape and evaluation.

At 99.9 % over 30 days the page wants 1.44 % errors over 1 h, or 51.84 s of total outage, or 0.6 % over 6 h; the budget
is 2,592 s. A counter's 5m rate has seen all of an outage after 292.5 s, the 1h ratio is then 3.75 s ahead of it.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from slogen.core import Report
from slogen.model import AlertClass, Platform, Service
from slogen.plan.tiers import tiers
from slogen.prove.card import Card, Outage, card, single_errors_page_below
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM, SERVICE

EVENTS = "{events: {total: a_total, bad: b_total}}"
BUSY = "traffic: 60/s"


def told(objective: str, window: str = "30d", *, sli: str = EVENTS, more: str = BUSY, every: str = "15s") -> Card:
    """Return the card of one SLO."""
    slo = f"slos:\n  - name: up\n    objective: {objective}\n    window: {window}\n    sli: {sli}\n    {more}\n"
    report = Report()
    text = PLATFORM.format(scrape=every, evaluation=every, more="") + "---" + SERVICE.format(body=slo)
    platform, service = read_file("test.yaml", text, report)
    assert list(report) == []
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    return card(service, service.slos[0], tiers(service.slos[0], platform, report), platform)


def at(card: Card, percent: str) -> Outage:
    """Return the row of an error ratio."""
    return next(outage for outage in card.outages if outage.errors == Fraction(percent) / 100)


def page_after(card: Card, percent: str) -> float | None:
    """Return the seconds to the page."""
    page = at(card, percent).page
    return None if page is None else float(page.after.seconds)


def ticket_after(card: Card, percent: str) -> float | None:
    """Return the seconds to the ticket."""
    ticket = at(card, percent).ticket
    return None if ticket is None else float(ticket.after.seconds)


@pytest.mark.parametrize(
    ("percent", "after", "tier"),
    [
        pytest.param("100", 60, "1h", id="51.84 s rounded up to the evaluation"),
        pytest.param("10", 525, "1h", id="518.4 s"),
        pytest.param("2", 2595, "1h", id="2592 s"),
        pytest.param("1", 12960, "6h", id="12960 s less 3.75 s, by the second tier"),
    ],
)
def test_a_page_comes_when_the_long_window_holds_enough(percent: str, after: int, tier: str) -> None:
    """As promtool finds: long window times threshold by error ratio."""
    page = at(told("99.9"), percent).page
    assert page is not None
    assert (page.after.seconds, str(page.tier.long)) == (after, tier)


def test_budget_gone_is_the_time_by_what_the_period_allows() -> None:
    """60 s of 2,592 s are 2.31 %; 2 % errors for 2,595 s are 51.9 s, 2.002 %."""
    card = told("99.9")
    gone = [page.spent for percent in ("100", "2") if (page := at(card, percent).page)]
    assert gone == [Fraction(60, 2592), Fraction(519, 25920)]


def test_slow_burn_is_only_a_ticket_and_what_the_budget_allows_is_nothing() -> None:
    """0.5 %: 0.3 % over 1 d is there after 51,840 s and half of 5 m; 0.1 % is the budget itself."""
    card = told("99.9")
    assert (page_after(card, "0.5"), ticket_after(card, "0.5")) == (None, 52200)
    assert (page_after(card, "0.1"), ticket_after(card, "0.1")) == (None, None)


@pytest.mark.parametrize(
    ("percent", "after", "ends"),
    [("100", 600, 21900), ("50", 900, 21600), ("10", 3000, 21600), ("2", 13200, 20700), ("1", 26100, 19500)],
)
def test_tickets_are_rounded_up_to_five_minutes(percent: str, after: int, ends: int) -> None:
    """As measured on promtool; the 6 h window of the 3 d tier keeps a ticket long."""
    ticket = at(told("99.9"), percent).ticket
    assert ticket is not None
    assert (ticket.after.seconds, ticket.ends.seconds) == (after, ends)


@pytest.mark.parametrize(
    ("objective", "total", "tenth"),
    [("99.99", 15, 60), ("99.9", 60, 525), ("99", 525, 12960), ("95", 2595, None)],
)
def test_detection_at_each_objective(objective: str, total: int, tenth: int | None) -> None:
    """1 h times 14.4 times the budget: 5.184 s, 51.84 s, 518.4 s, 2592 s of total outage; at 95 % only 15 % page."""
    card = told(objective)
    assert (page_after(card, "100"), page_after(card, "10")) == (total, tenth)


@pytest.mark.parametrize(
    ("window", "total", "tenth"),
    [("7d", 15, 120), ("28d", 60, 495), ("30d", 60, 525), ("90d", 165, 1560)],
)
def test_detection_in_each_period(window: str, total: int, tenth: int) -> None:
    """2 % of the period's budget at 99.9 %: 12.096 s, 48.384 s, 51.84 s, 155.52 s of total outage."""
    card = told("99.9", window)
    assert (page_after(card, "100"), page_after(card, "10")) == (total, tenth)


def test_a_tier_that_was_left_out_notices_nothing() -> None:
    """At 90 % the 1h tier would need 144 %: a total outage pages by the 6h tier, after 60 % of 6 h."""
    page = at(told("90"), "100").page
    assert page is not None
    assert (page.after.seconds, str(page.tier.long)) == (12960, "6h")


def test_without_pages_there_is_neither_a_page_nor_a_ladder() -> None:
    """Tickets stay."""
    card = told("99.9", more="alerting: {critical: false}")
    assert [outage.page for outage in card.outages] == [None] * 8
    assert (card.steps, card.paged_above, card.ticketed_above) == ((), None, Fraction(1, 1000))


def test_a_page_is_over_when_the_short_windows_are_empty_and_five_minutes_more() -> None:
    """At 1 % 40 % of 30 m must go, 720 s. At 10 % 94 % must, 1692 s, and the recorded rates go a little slower."""
    ends = [page.ends.seconds for percent in ("1", "10") if (page := at(told("99.9"), percent).page)]
    assert ends == [720 + 300, 1695 + 300]


def test_the_guard_waits_for_so_many_bad_events() -> None:
    """60 requests an hour at 99.9 %: three must fail, which takes 3 m at a total outage, 30 m at 10 %."""
    card = told("99.9", more="traffic: 60/h")
    assert [tier.least for tier in card.tiers[:2]] == [3, 4]
    assert (page_after(card, "100"), page_after(card, "10")) == (180, 1800)
    page = at(card, "2").page
    assert page is not None
    assert (page.after.seconds, str(page.tier.long)) == (12000, "6h")


def test_a_guard_that_a_window_cannot_satisfy_makes_its_tier_deaf() -> None:
    """60 an hour, 1 % fail: 3.6 in 6 h, where four are wanted. 4 of 360 are 1.11 %."""
    card = told("99.9", more="traffic: 60/h")
    assert page_after(card, "1") is None
    assert card.paged_above == Fraction(4, 360)


def test_of_unknown_traffic_the_guard_is_not_counted() -> None:
    """Two bad events are wanted, but nobody knows when they come."""
    card = told("99.9", more="")
    assert (card.traffic, card.tiers[0].least, page_after(card, "100")) == (None, 2, 60)


def test_two_failed_probes_page() -> None:
    """One probe in 30 s at 99.99 %: 5.184 s would be enough, the guard wants a second one."""
    card = told("99.99", sli="{boolean: probe_success}", more="", every="30s")
    assert (card.traffic, page_after(card, "100")) == (Fraction(1, 30), 60)


def test_single_errors_page_below_a_traffic() -> None:
    """One of 69.4 events in 1 h is 1.44 %; one of 166.7 in 6 h, 27.8 an hour, is 0.6 %."""
    pages = [tier for tier in told("99.9").tiers if tier.severity is AlertClass.CRITICAL]
    assert [single_errors_page_below(tier) for tier in pages] == [Fraction(625, 9), Fraction(250, 9)]


def test_any_share_above_the_lowest_threshold_is_noticed() -> None:
    """0.6 % pages, 0.1 % is a ticket."""
    card = told("99.9")
    assert (card.paged_above, card.ticketed_above) == (Fraction(6, 1000), Fraction(1, 1000))


def test_the_longest_unnoticed_outages_are_the_detection_times() -> None:
    """A total one of less than 60 s, one of 10 % of less than 525 s."""
    longest = [outage.page.after.seconds for outage in told("99.9").longest_unpaged if outage.page]
    assert longest == [60, 525]


def test_each_rung_says_how_much_budget_is_gone() -> None:
    """Total outage: 60 s, 960 s, 3660 s of 2592 s. At 0.6 %: 5 % at the page, then 6 times 15 m and 1 h of 30 d."""
    steps = told("99.9").steps
    assert [str(step.after) for step in steps] == ["0s", "15m", "1h"]
    assert [step.total for step in steps] == [Fraction(60, 2592), Fraction(960, 2592), Fraction(3660, 2592)]
    assert [step.slowest for step in steps] == [Fraction(5, 100), Fraction(5, 96), Fraction(7, 120)]


def test_an_slo_that_does_not_escalate_has_no_rungs() -> None:
    """It pages all the same."""
    card = told("99.9", more="alerting: {escalate: false}")
    assert (card.steps, page_after(card, "100")) == ((), 60)
