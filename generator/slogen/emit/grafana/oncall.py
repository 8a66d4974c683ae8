"""The page of one SLO, which its alerts link to: is it real, how bad, until when, since when, who, what next."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from slogen.core import Report, plain
from slogen.emit.grafana.common import (
    FIRED,
    GONE_IN,
    LEFT,
    STATES,
    alert_marks,
    choices,
    chosen,
    deploy_marks,
    explore_link,
    matchers,
    silence_link,
    traces_link,
)
from slogen.emit.grafana.kit import (
    FINE,
    IDLE,
    PAGE,
    PLAIN,
    TICKET,
    UNKNOWN,
    Fold,
    Link,
    Look,
    Page,
    Panel,
    Query,
    Said,
    Step,
    literal,
)
from slogen.emit.grafana.panels import bars, graph, stat, states, table, text
from slogen.model import AlertClass, Events, Latency, Platform, Service, Slo
from slogen.plan.sli import le_spellings, noun, rates
from slogen.plan.texts import HEALTH, WALL, dashboard_uid
from slogen.plan.tiers import tiers
from slogen.promql import panels
from slogen.promql.query import Selector
from slogen.promql.template import Expr

_BURN = ("5m", "30m", "1h", "6h")
_MISSING = (Said(None, "NO DATA", UNKNOWN),)


def oncall_page(service: Service, slo: Slo, platform: Platform) -> Page:
    """Return the page of an SLO; it has no variables but the cluster, so that a link cannot set a wrong one."""
    made = _OnCall(service, slo, platform)
    return Page(
        uid=dashboard_uid(service.name, slo.name),
        title=f"{service.name} {slo.name}",
        description=made.promise,
        tags=("slogen", "slo", service.name, service.team),
        panels=tuple(made.panels()),
        choices=choices(platform),
        marks=(
            *alert_marks(f'{matchers(service, None, platform)},slo=~"|{slo.name}"'),
            *deploy_marks(service, platform),
        ),
        links=tuple(made.links()),
    )


class _OnCall:
    """What is asked and said on the page of one SLO."""

    def __init__(self, service: Service, slo: Slo, platform: Platform) -> None:
        self.service, self.slo, self.platform = service, slo, platform
        self.matchers = matchers(service, slo, platform)
        self.of = Expr(f"{{{self.matchers}}}")
        self.tiers = tiers(slo, platform, Report())
        objective = slo.objective
        told = literal(slo.description) or f"share of good events; bad are those that {_bad(slo)}"
        self.promise = f"{objective.target.percent} % over {objective.window}: {told}"
        self.budget = objective.window.ms // 1000 * objective.budget.value  # seconds of total outage

    def links(self) -> Iterator[Link]:
        """Yield where to go from here."""
        yield Link("All SLOs", f"/d/{WALL}")
        yield Link(f"Service {self.service.name}", f"/d/{dashboard_uid(self.service.name)}")
        yield Link("Are the rules evaluated?", f"/d/{HEALTH}")
        yield from self._outside()

    def _outside(self) -> Iterator[Link]:
        if self.service.runbook:
            yield Link("Runbook", f"{self.service.runbook}#sloerrorbudgetburn")
        for link in (traces_link(self.platform, self.service), silence_link(self.platform, self.service, self.slo)):
            if link:
                yield link

    def panels(self) -> Iterator[Panel | Fold]:
        """Yield the panels from top to bottom."""
        yield from self._six()
        yield self._burns()
        yield self._windows()
        yield self._what_next()
        yield self._who()
        yield self._kept()
        yield self._events()
        yield from self._times()
        yield self._budget()
        yield self._history()
        yield self._definition()

    # --- the six questions ------------------------------------------------------------------------------------------

    def _six(self) -> Iterator[Panel]:
        of = {"of": self.of}
        yield stat(
            "Is it real?",
            "What fires now: PAGE (fast burn), TICKET (slow burn), OK. NO TRAFFIC: there are no events, so nothing "
            "fails. NO DATA: it is not measured; that is not OK.",
            (0, 0, 4, 4),
            [Query(expr=panels.STATE.fill(states=panels.STATES.fill(of=self.of, matchers=self.matchers)).text)],
            STATES,
            filled=True,
        )
        pages = [tier.factor for tier in self.tiers if tier.severity is AlertClass.CRITICAL]
        red = f"red above {plain(min(pages))}, which pages if it lasts" if pages else "no burn of this SLO pages"
        yield stat(
            "How fast does it burn?",
            "Times faster than allowed: 1 spends exactly the budget in "
            f"{self.slo.objective.window}. Orange above 1, {red}.",
            (4, 0, 4, 4),
            [
                Query(expr=panels.BURN.fill(window=Expr(window), **of).text, legend=f"last {window}")
                for window in ("5m", "1h")
            ],
            Look(
                unit="none",
                decimals=1,
                steps=(Step(None, FINE), Step(1.0, TICKET), *(Step(float(factor), PAGE) for factor in pages[-1:])),
                said=_MISSING,
                missing="NO DATA",
            ),
        )
        yield stat(
            "How much fails now?",
            f"In the last five minutes: the share of all events, and how many a second. Bad are those that "
            f"{_bad(self.slo)}.",
            (8, 0, 4, 4),
            [
                Query(expr=panels.FAILING.fill(**of).text, legend="of events"),
                Query(expr=panels.FAILED.fill(**of).text, legend="a second"),
            ],
            Look(unit="percentunit", decimals=2, steps=(Step(None, PLAIN),), said=_MISSING, missing="NO DATA"),
            [("byFrameRefID", "B", Look(unit="short"))],
        )
        yield stat(
            "How much budget is left?",
            f"Of the {self.slo.objective.window} budget: the share, and the time of total outage that this "
            f"allows. Below 0 more was "
            "spent than there is; old failures leave the window again day by day.",
            (12, 0, 4, 4),
            [
                Query(expr=panels.LEFT.fill(**of).text, legend="share"),
                Query(expr=f"({panels.LEFT.fill(**of)}) * {plain(self.budget)}", legend="time"),
            ],
            LEFT,
            [("byFrameRefID", "B", Look(unit="s", decimals=0))],
        )
        yield stat(
            "When is the budget gone?",
            "If it goes on as in the last hour. It does not count what flows back as old failures leave the window.",
            (16, 0, 4, 4),
            [Query(expr=panels.GONE_IN.fill(seconds=self.slo.objective.window.ms // 1000, **of).text)],
            GONE_IN,
        )
        yield stat(
            "Since when?",
            "When the page began; without one, the oldest ticket or note of this SLO.",
            (20, 0, 4, 4),
            [Query(expr=panels.SINCE.fill(matchers=self.matchers).text)],
            Look(unit="dateTimeFromNow", steps=(Step(None, PLAIN),), missing="nothing fires", color=PLAIN),
        )

    # --- how bad ----------------------------------------------------------------------------------------------------

    def _burns(self) -> Panel:
        thick = {"1h": "dark-red", "6h": "dark-orange"}
        looks = [("byName", window, Look(color=color, custom={"lineWidth": 3})) for window, color in thick.items()] + [
            ("byName", window, Look(color=color)) for window, color in (("5m", "light-red"), ("30m", "light-orange"))
        ]
        steps = [Step(None, "transparent")]
        for tier in reversed(self.tiers):
            color = PAGE if tier.severity is AlertClass.CRITICAL else TICKET
            if float(tier.factor) > (steps[-1].value or 0):
                steps.append(Step(float(tier.factor), color))
        return graph(
            "Burn by window",
            "Times faster than allowed. A page fires when both red lines are above the highest dashed line, or both "
            "orange ones above the one of 6h. Dashed lines are the thresholds of the alerts.",
            (0, 4, 15, 11),
            [
                Query(expr=panels.BURN.fill(window=Expr(window), of=self.of).text, legend=window, instant=False)
                for window in _BURN
            ],
            Look(
                unit="none",
                decimals=1,
                low=0,
                steps=tuple(steps),
                color=None,
                custom={"thresholdsStyle": {"mode": "dashed"}, "axisSoftMax": 2},
            ),
            looks,
            links=[explore_link(panels.BURN.fill(window=Expr("5m"), of=self.of).text)],
        )

    def _windows(self) -> Panel:
        short, long, above, fires = [], [], [], []
        for tier in self.tiers:
            pages = tier.severity is AlertClass.CRITICAL
            told = Expr(f"{'page' if pages else 'ticket'} {tier.short}/{tier.long}")
            one, other = str(tier.short), str(tier.long)
            short.append(panels.TIER.fill(value=self._burn(one), told=told).text)
            long.append(panels.TIER.fill(value=self._burn(other), told=told).text)
            above.append(panels.TIER.fill(value=Expr(f"vector({plain(tier.factor)})"), told=told).text)
            both = panels.TIER_FIRES.fill(
                told=2 if pages else 1, short=self._ratio(one), long=self._ratio(other), threshold=tier.threshold
            )
            fires.append(panels.TIER.fill(value=both, told=told).text)
        firing = Look(
            said=(
                Said("2", "yes", PAGE),
                Said("1", "yes", TICKET),
                Said("0", "no", PLAIN),
                Said(None, "NO DATA", UNKNOWN),
            ),
            custom={"cellOptions": {"type": "color-text"}, "width": 80, "align": "center"},
        )
        columns = ["windows", "Value #A", "Value #B", "Value #C", "Value #D"]
        return table(
            "Which windows burn?",
            "Each row is a condition of the alerts: both windows must burn faster than the last number. The guard "
            "against single failures and what keeps a page on are not shown.",
            (15, 4, 9, 6),
            [Query(expr="\nor\n".join(each), table=True) for each in (short, long, above, fires)],
            Look(unit="none", decimals=1, missing="NO DATA", custom={"align": "right", "width": 90}),
            [
                ("byName", "windows", Look(custom={"align": "left", "width": 140})),
                ("byName", "both above", firing),
            ],
            columns=columns,
            names=dict(zip(columns[1:], ("short", "long", "threshold", "both above"), strict=True)),
        )

    def _burn(self, window: str) -> Expr:
        return (panels.BURN if window in _BURN else panels.SLOW_BURN).fill(window=Expr(window), of=self.of)

    def _ratio(self, window: str) -> Expr:
        return (panels.RATIO if window in _BURN else panels.SLOW_RATIO).fill(window=Expr(window), of=self.of)

    def _what_next(self) -> Panel:
        links = " · ".join(f"[{link.title}]({link.url})" for link in self._outside())
        ladder = self.platform.routing.critical if self.slo.alerting.escalate else self.platform.routing.critical[:1]
        steps = [
            f"**{'at once' if not rung.after.ms else f'after {rung.after}'}** {', '.join(rung.receivers)}"
            for rung in ladder
        ]
        told = f"A page is told to: {' → '.join(steps)}."
        if not self.slo.alerting.critical:
            told = "This SLO does not page: its tickets are for the next working day."
        return text(
            "What next?",
            "Where to look, and who is told as long as a page lasts and is not acknowledged.",
            (15, 10, 9, 5),
            f"{links}\n\n{told}\n" if links else f"{told}\n",
        )

    # --- who --------------------------------------------------------------------------------------------------------

    def _who(self) -> Panel:
        place = (0, 15, 8, 7)
        look = Look(
            unit="none",
            decimals=2,
            low=0,
            steps=(Step(None, IDLE), Step(1.0, TICKET), Step(6.0, PAGE)),
            missing="NO DATA",
        )
        if self.slo.by:
            label = self.slo.by[0]
            return bars(
                f"Which {label} burns?",
                f"Burn of each value of `{label}` in the last five minutes, the fastest above.",
                place,
                [Query(expr=panels.BURN_BY.fill(of=self.of, label=Expr(label)).text, legend=f"{{{{{label}}}}}")],
                look,
            )
        raw = self._raw_bad()
        if raw is None:
            return self._cause_list(place)
        bad, every = raw
        expr = panels.SHARES.fill(of=self.of, bad=bad, all=every).text
        told = (
            "Burn that each instance contributes in the last minutes, from its own metrics; together that of the SLO."
        )
        return bars("Which instance burns the budget?", told, place, [Query(expr=expr, legend="{{instance}}")], look)

    def _raw_bad(self) -> tuple[Expr, Expr] | None:
        """Return bad and all events of each instance, where counters tell them; what was never bad is 0."""
        sli, where = self.slo.sli, chosen(self.platform)

        def rate(selector: Selector) -> str:
            return f"rate({selector.having(where).text}[$__rate_interval])"

        if isinstance(sli, Events):
            every = rate(sli.total)
            none = f"0 * sum by (instance) ({every})"
            if sli.bad is not None:
                return Expr(f"sum by (instance) ({rate(sli.bad)}) or {none}"), Expr(every)
            assert sli.good is not None
            good = f"(sum by (instance) ({rate(sli.good)}) or {none})"
            return Expr(f"sum by (instance) ({every}) - {good}"), Expr(every)
        if isinstance(sli, Latency) and not sli.native and not sli.sparse:
            every = rate(sli.histogram.histogram_part("_count"))
            spellings = [one.replace(".", "\\\\.").replace("+", "\\\\+") for one in le_spellings(sli.threshold)]
            bucket = rate(sli.histogram.histogram_part("_bucket", Expr(f'le=~"{"|".join(spellings)}"')))
            return Expr(f"sum by (instance) ({every}) - sum by (instance) ({bucket})"), Expr(every)
        return None

    def _cause_list(self, place: tuple[int, int, int, int]) -> Panel:
        columns = ["alertname", "severity", "Value #A"]
        return table(
            "Which causes fire?",
            "Alerts of this service that name a cause. None is no proof that all is well.",
            place,
            [Query(expr=panels.CAUSES.fill(matchers=matchers(self.service, None, self.platform)).text, table=True)],
            Look(missing="none", custom={"align": "left"}),
            [("byName", "firing", Look(said=(Said("1", "yes", PAGE),), custom={"width": 80}))],
            columns=columns,
            names={"Value #A": "firing"},
        )

    # --- what was ---------------------------------------------------------------------------------------------------

    def _kept(self) -> Panel:
        return graph(
            "Is the objective kept?",
            "Share of good events in five minutes and in an hour, and the objective of "
            f"{self.slo.objective.target.percent} %.",
            (8, 15, 8, 7),
            [
                Query(expr=panels.GOOD.fill(window=Expr("5m"), of=self.of).text, legend="last 5m", instant=False),
                Query(expr=panels.GOOD.fill(window=Expr("1h"), of=self.of).text, legend="last 1h", instant=False),
                Query(expr=f"max(slo:objective:ratio{self.of})", legend="objective", instant=False),
            ],
            Look(unit="percentunit", high=1.0),
            [
                ("byName", "last 5m", Look(color=IDLE)),
                ("byName", "last 1h", Look(color="dark-blue", custom={"lineWidth": 3})),
                ("byName", "objective", Look(color=TICKET, custom={"lineStyle": {"fill": "dash", "dash": [10, 10]}})),
            ],
        )

    def _events(self) -> Panel:
        return graph(
            "How many events are there?",
            "All events and bad ones, a second. When all of them fall, callers may have given up; when none are left, "
            "the share says nothing.",
            (16, 15, 8, 7),
            [
                Query(expr=panels.EVENTS.fill(of=self.of).text, legend="all", instant=False),
                Query(expr=panels.FAILED.fill(of=self.of).text, legend="bad", instant=False),
            ],
            Look(unit="short", low=0),
            [("byName", "all", Look(color=IDLE)), ("byName", "bad", Look(color=PAGE))],
        )

    def _times(self) -> Iterator[Panel]:
        sli = self.slo.sli
        if not isinstance(sli, Latency) or sli.native:
            return
        buckets = Expr(sli.histogram.histogram_part("_bucket").having(chosen(self.platform)).text)
        seconds = sli.histogram.name.endswith("_seconds")
        shares = (("0.5", "half", "light-blue"), ("0.95", "95 %", "blue"), ("0.99", "99 %", "dark-blue"))
        interval = Expr("$__rate_interval")
        yield graph(
            "How long do they take?",
            "Quantiles as the buckets show them, with traces of single requests. The objective counts what takes "
            f"longer than {sli.spelled}.",
            (0, 22, 24, 8),
            [
                Query(
                    expr=panels.QUANTILE.fill(share=Decimal(share), buckets=buckets, interval=interval).text,
                    legend=f"{name} of events take less",
                    instant=False,
                    exemplar=True,
                )
                for share, name, _ in shares
            ],
            Look(
                unit="s" if seconds else "short",
                low=0,
                steps=(Step(None, "transparent"), Step(float(sli.threshold), TICKET)),
                custom={"thresholdsStyle": {"mode": "dashed"}},
            ),
            [("byName", f"{name} of events take less", Look(color=color)) for _, name, color in shares],
        )

    def _budget(self) -> Panel:
        return graph(
            "Budget left",
            f"Of the {self.slo.objective.window} budget, at each moment of the last {self.slo.objective.window}.",
            (0, 30, 12, 8),
            [Query(expr=panels.LEFT_OVER_TIME.fill(of=self.of).text, legend="budget left", instant=False)],
            Look(
                unit="percentunit",
                high=1.0,
                color=IDLE,
                steps=(Step(None, "transparent"), Step(0.0, PAGE)),
                custom={"lineWidth": 2, "axisSoftMin": 0, "thresholdsStyle": {"mode": "dashed"}},
            ),
            time_from=str(self.slo.objective.window),
        )

    def _history(self) -> Panel:
        return states(
            "When did alerts fire?",
            "Pages and tickets of this SLO in the last seven days.",
            (12, 30, 12, 8),
            [
                Query(
                    expr=panels.FIRED.fill(
                        labels=Expr("alertname"), matchers=self.matchers, interval=Expr("$__interval")
                    ).text,
                    legend="{{alertname}}",
                    instant=False,
                )
            ],
            FIRED,
            time_from="7d",
        )

    def _definition(self) -> Fold:
        errors, total = rates(self.service, self.slo, self.platform)
        said = f"Bad events a second:\n\n```\n{errors}\n```\n\nAll events a second:\n\n```\n{total}\n```\n"
        said = literal(said)
        return Fold(
            title="How it is measured",
            y=38,
            panels=(
                text(
                    "What is counted",
                    "The two expressions that everything on this page comes from.",
                    (0, 0, 16, 9),
                    said,
                ),
                stat(
                    "Are the rules evaluated?",
                    "Seconds since the rules were evaluated: the fast ones every "
                    f"{self.platform.prometheus.evaluation_interval}, those of the budget every 5m.",
                    (16, 0, 8, 5),
                    [
                        Query(expr=panels.FRESH.fill(of=self.of).text, legend="fast rules"),
                        Query(expr=panels.FRESH_SLOW.fill(of=self.of).text, legend="budget"),
                    ],
                    Look(
                        unit="s",
                        decimals=0,
                        steps=(Step(None, FINE), Step(600.0, TICKET)),
                        said=_MISSING,
                        missing="NO DATA",
                    ),
                ),
            ),
        )


def _bad(slo: Slo) -> str:
    return noun(slo.sli).removeprefix("of events ").removeprefix("of checks ").removeprefix("of samples ")
