"""The card's times against real promtool: when a page fires, and when it is over, to one evaluation.

Drawn are objective (90 to 99.99), period, error ratio and SLI kind; scrape and evaluation are 30 s. Six hours of
health, then an outage that lasts until every tier it can set off fires and its short window is full, then health
again. Raw series are fed, so that all of it is held: the 5m rates, the windows made of them, thresholds, `and`, `or`
and `keep_firing_for`.

"To one evaluation" is meant literally: the page begins and ends in the predicted evaluation or one beside it. It
needs that room: windows of promtool 2.42 are closed at both ends, so that one that begins at a sample holds it, and
those of 3 are not; the same rules fire up to two evaluations apart.

Left out, because the slope is too small for any prediction: outages that take more than nine tenths of the 1h window.
Of those that only the 6h tier notices, the ones that take more than 4 h 30 m are left out for speed. Ten SLOs share a
service, and so a promtool run; four runs, two of each promtool.

Last come literal figures of what is not drawn: the low-traffic guard, and tickets.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from slogen.core import Duration, Report
from slogen.model import AlertClass, Platform, Service
from slogen.plan.tiers import Tier, tiers
from slogen.prove.card import detection, notice
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM, SERVICE, Case, availability, compiled, prove

EVERY = 30
HEALTHY = 6 * 3600 // EVERY
BEGIN = HEALTHY * EVERY
EVENTS = 10_000  # a scrape
GAUGES = 20
SHORT = 1800 + 450  # seconds that fill the 30m window
SLIS = {
    "events": "{{events: {{total: 'n{n}_total', bad: 'n{n}_total{{code=\"500\"}}'}}}}",
    "latency": "{{latency: {{histogram: n{n}_seconds, threshold: 1s}}}}",
    "boolean": "{{boolean: n{n}_up}}",
    "threshold": "{{threshold: {{metric: n{n}_lag, bad: '> 60'}}}}",
}
COUNTED = ("events", "latency")
PLATFORM_TEXT = PLATFORM.format(scrape="30s", evaluation="30s", more="")


@dataclass(frozen=True)
class Drawn:
    """An SLO and the share of its events that is bad during the outage."""

    objective: Decimal
    window: str
    kind: str
    errors: Fraction

    def slo(self, n: int) -> str:
        """Return its entry in the service; the traffic is what `series` holds."""
        traffic = ", traffic: 300/s" if self.kind in COUNTED else ""
        sli = SLIS[self.kind].format(n=n)
        return f"  - {{name: n{n}, objective: {self.objective}, window: {self.window}, sli: {sli}{traffic}}}\n"

    def series(self, n: int, bad: int, after: int) -> dict[str, str]:
        """Return raw series: health, `bad` scrapes of outage, `after` scrapes of health."""
        if self.kind in COUNTED:
            failed, healthy = int(EVENTS * self.errors), EVENTS * HEALTHY
            good = EVENTS - failed
            fine = (
                f"0+{EVENTS}x{HEALTHY} {healthy + good}+{good}x{bad - 1} "
                f"{healthy + good * bad + EVENTS}+{EVENTS}x{after - 1}"
            )
            if self.kind == "events":
                broken = f"0x{HEALTHY} {failed}+{failed}x{bad - 1} {failed * bad}x{after - 1}"
                return {f'n{n}_total{{code="200"}}': fine, f'n{n}_total{{code="500"}}': broken}
            total = f"0+{EVENTS}x{HEALTHY + bad + after}"
            return {f"n{n}_seconds_count": total, f'n{n}_seconds_bucket{{le="1"}}': fine}
        name, ok, failing = (f"n{n}_up", 1, 0) if self.kind == "boolean" else (f"n{n}_lag", 10, 100)
        outage = f"{ok}x{HEALTHY} {failing}x{bad - 1} {ok}x{after - 1}"
        healthy_one = f"{ok}x{HEALTHY + bad + after}"
        return {
            f'{name}{{instance="{place}"}}': outage if place < GAUGES * self.errors else healthy_one
            for place in range(GAUGES)
        }


@dataclass(frozen=True)
class Predicted:
    """Seconds from the start of the outage to the page, how long it must last, and from its end to the page's."""

    tier: str
    after: int
    lasts: int
    ends: int


def predict(drawn: Drawn) -> Predicted | None:
    """Return what the card says, None when the case is not one that is tried."""
    body = "slos:\n" + drawn.slo(0)
    platform, service = read_file("test.yaml", PLATFORM_TEXT + "---" + SERVICE.format(body=body), Report())
    assert isinstance(platform, Platform)
    assert isinstance(service, Service)
    slo = service.slos[0]
    pages = [tier for tier in tiers(slo, platform, Report()) if tier.severity is AlertClass.CRITICAL]
    page = notice(drawn.errors, slo, pages, platform)
    if page is None or page.after > Duration.of("4h30m") or nearly_full(page.tier, page.after):
        return None
    all_firing = max(after for tier in pages if (after := detection(drawn.errors, slo, tier, platform)))
    lasts = max(int(all_firing.seconds) + 300, SHORT)
    return Predicted(str(page.tier.long), int(page.after.seconds), -(-lasts // EVERY) * EVERY, int(page.ends.seconds))


def nearly_full(tier: Tier, after: Duration) -> bool:
    """Tell whether the 1h window is nearly full of the outage when it fires."""
    return after / tier.long > Fraction(9, 10)


OBJECTIVES = st.one_of(
    st.sampled_from(["90", "95", "99", "99.5", "99.9", "99.95", "99.99"]).map(Decimal),
    st.integers(9000, 9999).map(lambda hundredths: Decimal(hundredths).scaleb(-2)),
)
PERIODS = {"7d": Decimal("1.4"), "28d": Decimal("5.6"), "30d": Decimal(6), "90d": Decimal(18)}  # burn of the 6h tier


@st.composite
def outages(draw: st.DrawFn) -> Drawn:
    """Draw an SLO and an outage of any share that its kind of series can show."""
    kind = draw(st.sampled_from(sorted(SLIS)))
    parts = EVENTS // 10 if kind in COUNTED else GAUGES
    shares = st.one_of(st.integers(1, parts), st.sampled_from([parts, parts // 2, parts // 10, parts // 20]))
    return Drawn(draw(OBJECTIVES), draw(st.sampled_from(sorted(PERIODS))), kind, Fraction(draw(shares), parts))


@st.composite
def slow_burns(draw: st.DrawFn) -> Drawn:
    """Draw an SLO and an outage that only the 6h tier notices: 1.35 to 2.35 times its threshold, below 2.4 times."""
    kind, objective = draw(st.sampled_from(sorted(SLIS))), draw(OBJECTIVES)
    window, times = draw(st.sampled_from(sorted(PERIODS))), Decimal(draw(st.integers(135, 235))).scaleb(-2)
    parts = EVENTS if kind in COUNTED else GAUGES
    share = round(times * PERIODS[window] * (100 - objective) / 100 * parts)
    return Drawn(objective, window, kind, Fraction(min(max(share, 1), parts), parts))


def tried(drawn: st.SearchStrategy[Drawn], tier: str) -> st.SearchStrategy[tuple[Drawn, Predicted]]:
    """Return the cases that are tried and that this tier notices first, each with what the card says."""
    pairs = drawn.map(lambda one: (one, predict(one)))
    return pairs.filter(lambda pair: pair[1] is not None and pair[1].tier == tier)


FAST, SLOW = tried(outages(), "1h"), tried(slow_burns(), "6h")


def page_of(n: int) -> str:
    """Return the series of an SLO's page while it fires."""
    return f'ALERTS{{alertname="SLOErrorBudgetBurn",alertstate="firing",severity="critical",escalation="",slo="n{n}"}}'


@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=2,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(fast=st.lists(FAST, min_size=8, max_size=8), slow=st.lists(SLOW, min_size=2, max_size=2))
def test_a_page_begins_and_ends_when_the_card_says(
    promtool: str, fast: list[tuple[Drawn, Predicted]], slow: list[tuple[Drawn, Predicted]]
) -> None:
    """Firing at the predicted evaluation and one more, quiet two before; the same of its end."""
    cases = fast + slow
    plan = compiled(
        "slos:\n" + "".join(drawn.slo(n) for n, (drawn, _) in enumerate(cases)), scrape="30s", evaluation="30s"
    )
    case = Case({}, interval="30s")
    for n, (drawn, told) in enumerate(cases):
        case.series |= drawn.series(n, told.lasts // EVERY, (told.ends + 300) // EVERY)
        page, over = page_of(n), BEGIN + told.lasts + told.ends
        case.count(page, max(BEGIN, BEGIN + told.after - 2 * EVERY), 0).count(page, BEGIN + told.after + EVERY, 1)
        case.count(page, over - 2 * EVERY, 1).count(page, over + EVERY, 0)
    prove(promtool, plan, [case])


def test_at_a_request_a_minute_the_third_failure_pages(promtool: str) -> None:
    """The card says 3 m for a total outage, 30 m for one failure in ten minutes."""
    sli = "{{events: {{total: {0}, bad: '{0}{{code=\"500\"}}'}}}}"
    slo = "  - {{name: {0}, objective: 99.9, traffic: 60/h, sli: " + sli + "}}\n"
    plan = compiled("slos:\n" + slo.format("all") + slo.format("tenth"), scrape="60s", evaluation="60s")
    failures = " ".join(f"{place}x9" for place in range(1, 6))
    series = {
        'all{code="200"}': "0+1x360 360x60",
        'all{code="500"}': "0x360 1+1x60",
        'tenth{code="200"}': "0+1x420",
        'tenth{code="500"}': f"0x369 {failures}",
    }
    case, begin = Case(series, interval="60s"), 360 * 60
    for name, after in (("all", 180), ("tenth", 1800)):
        page = page_of(0).replace('slo="n0"', f'slo="{name}"')
        case.count(page, begin + after - 60, 0).count(page, begin + after, 1)
    prove(promtool, plan, [case])


def test_tickets_come_and_go_when_the_card_says(promtool: str) -> None:
    """At 99.9 %: 10 % errors are a ticket after 50 m, 0.5 % after 14 h 30 m, over 4 h 50 m later."""
    plan = compiled(availability(more="traffic: 60/s"), scrape="30s", evaluation="30s")
    cases = []
    for errors, scrapes, after, ends in ((0.1, 240, 3000, None), (0.005, 18 * 120, 52_200, 17_400)):
        healthy, of = 3 * 2880, '{service="web",slo="up"}'
        rise = " ".join(f"{errors * tenths / 10:.6f}" for tenths in range(1, 10))
        fall = " ".join(f"{errors * tenths / 10:.6f}" for tenths in range(9, 0, -1))
        full, step = min(720, scrapes), errors / 720
        series = {
            f"slo:sli_errors:rate5m{of}": f"0x{healthy} {rise} {errors}x{scrapes - 10} {fall} 0x720",
            f"slo:sli_total:rate5m{of}": f"1x{healthy + scrapes + 720}",
            f"slo:error_budget:ratio{of}": f"0.001x{healthy + scrapes + 720}",
            f"slo:sli_error:ratio_rate6h{of}": f"0x{healthy} {step:.9f}+{step:.9f}x{full - 1} "
            + (f"{errors}x{scrapes - 721} {errors}-{step:.9f}x720" if full == 720 else ""),
        }
        case, begin = Case(series, interval="30s"), healthy * EVERY
        tickets = 'ALERTS{alertname="SLOErrorBudgetBurn",alertstate="firing",severity="warning"}'
        case.count(tickets, begin + after - 300, 0).count(tickets, begin + after, 1)
        if ends:
            over = begin + scrapes * EVERY + ends
            case.count(tickets, over - 300, 1).count(tickets, over, 0)
        cases.append(case)
    every_five_minutes = Case({}, interval="5m")  # the first case sets the interval of evaluation
    prove(promtool, plan, [every_five_minutes, *cases], speed="slow")
