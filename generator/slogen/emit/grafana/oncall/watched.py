"""The SLO that a page is about, and what several of its rows ask."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from slogen.core import Report, plain
from slogen.emit.grafana.common import chosen, matchers, selector
from slogen.emit.grafana.kit import PAGE, TICKET, Step, literal
from slogen.model import SAMPLED, AlertClass, Platform, Service, Sli, Slo, Spans
from slogen.plan.sli import counted, noun
from slogen.plan.tiers import Tier, tiers
from slogen.promql import panels
from slogen.promql.query import Selector
from slogen.promql.template import Expr

FAST = ("5m", "30m", "1h", "6h")  # windows of series that every evaluation records
INTERVAL = Expr("$__rate_interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An SLO, its conditions, and the selector of its series."""

    service: Service
    slo: Slo
    platform: Platform
    tiers: tuple[Tier, ...]
    matchers: Expr
    of: Expr  # the matchers in braces

    @classmethod
    def of_slo(cls, service: Service, slo: Slo, platform: Platform) -> Watched:
        """Return what is known of an SLO before anything is asked."""
        matching = matchers(service, slo, platform)
        return cls(
            service=service,
            slo=slo,
            platform=platform,
            tiers=tuple(tiers(slo, platform, Report())),
            matchers=matching,
            of=selector(matching),
        )

    @property
    def paging(self) -> list[Tier]:
        """The conditions that page."""
        return [tier for tier in self.tiers if tier.severity is AlertClass.CRITICAL]

    @property
    def budget(self) -> Decimal:
        """Seconds of total outage that a period allows."""
        return self.slo.objective.window.ms // 1000 * self.slo.objective.budget.value

    @property
    def bad(self) -> str:
        """What bad events are, after `those that`."""
        return noun(self.slo.sli).removeprefix("of events ").removeprefix("of checks ").removeprefix("of samples ")

    @property
    def seldom(self) -> bool:
        """Whether events are samples, of which there are some a minute and not some a second."""
        return isinstance(self.slo.sli, SAMPLED)

    @property
    def pace(self) -> str:
        """What events are counted in."""
        return "a minute" if self.seldom else "a second"

    @property
    def called(self) -> str:
        """What its events are."""
        return noun(self.slo.sli).split()[1]

    def paced(self, a_second: Expr) -> Expr:
        """Return a number of events in what they are counted in."""
        return panels.A_MINUTE.fill(rate=a_second) if self.seldom else a_second

    @property
    def promise(self) -> str:
        """The objective in words."""
        objective = self.slo.objective
        told = literal(self.slo.description) or f"share of good events; bad are those that {self.bad}"
        return f"{objective.target.percent} % over {objective.window}: {told}"

    @property
    def counters(self) -> Sli:
        """The SLI, of spans the counters that hold them."""
        return counted(self.slo.sli) if isinstance(self.slo.sli, Spans) else self.slo.sli

    def burn(self, window: str) -> Expr:
        """Return how many times faster than allowed the budget was spent in a window."""
        return (panels.BURN if window in FAST else panels.SLOW_BURN).fill(window=Expr(window), of=self.of)

    def ratio(self, window: str) -> Expr:
        """Return the share of bad events in a window."""
        return (panels.RATIO if window in FAST else panels.SLOW_RATIO).fill(window=Expr(window), of=self.of)

    def burn_steps(self, lowest: str) -> tuple[Step, ...]:
        """Return the colours of a burn: orange above 1, red from where it pages if it lasts."""
        steps = {None: lowest, 1.0: TICKET} | {float(tier.factor): PAGE for tier in self.paging[-1:]}
        return tuple(Step(value, colour) for value, colour in steps.items())

    def colours(self) -> str:
        """Return what these colours mean."""
        if not self.paging:
            return "Orange above 1, no burn of this SLO pages."
        least = self.paging[-1].factor
        return f"{'Orange above 1, red' if least > 1 else 'Red'} above {plain(least)}, which pages if it lasts."

    def here(self, series: Selector) -> Expr:
        """Return raw series, those of the cluster that is chosen."""
        return Expr(series.having(chosen(self.platform).text).text)

    def rate(self, counter: Selector) -> Expr:
        """Return the events a second of a raw counter."""
        return panels.RATE.fill(selector=self.here(counter), interval=INTERVAL)
