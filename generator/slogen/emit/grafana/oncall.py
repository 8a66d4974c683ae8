"""The page of one SLO, which its alerts link to: is it real, how bad, until when, since when, who, what next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from slogen.core import Report, plain
from slogen.emit.grafana.common import (
    COLOURED,
    DASHED,
    FIRED,
    GONE_IN,
    LEFT,
    MISSING,
    NO_DATA,
    STATES,
    alert_marks,
    choices,
    chosen,
    deploy_marks,
    explore_link,
    matchers,
    selector,
    silence_link,
    traces_link,
)
from slogen.emit.grafana.kit import (
    FINE,
    IDLE,
    PAGE,
    PLAIN,
    TICKET,
    Fold,
    Link,
    Look,
    Page,
    Panel,
    Place,
    Query,
    Said,
    Step,
    literal,
)
from slogen.emit.grafana.panels import Column, bars, graph, stat, states, table, text
from slogen.emit.grafana.tables import alert_table
from slogen.model import AlertClass, Events, Latency, Platform, Service, Sli, Slo, Spans
from slogen.plan.sli import counted, le_spellings, noun, rates
from slogen.plan.texts import HEALTH, WALL, dashboard_uid, runbook_section
from slogen.plan.tiers import Tier, tiers
from slogen.promql import names, panels
from slogen.promql.query import Selector, parsed
from slogen.promql.template import By, Expr

_FAST = ("5m", "30m", "1h", "6h")  # windows of series that every evaluation records
# The lines of these windows: thin and thick ones of a colour page together.
_LINES = {
    "1h": Look(colour="dark-red", custom={"lineWidth": 3}),
    "6h": Look(colour="dark-orange", custom={"lineWidth": 3}),
    "5m": Look(colour="light-red"),
    "30m": Look(colour="light-orange"),
}
_INTERVAL = Expr("$__rate_interval")


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
            *alert_marks(Expr(f'{matchers(service, None, platform)},slo=~"|{slo.name}"')),
            *deploy_marks(service, platform),
        ),
        links=tuple(made.links()),
    )


class _OnCall:
    """What is asked and said on the page of one SLO."""

    def __init__(self, service: Service, slo: Slo, platform: Platform) -> None:
        self.service, self.slo, self.platform = service, slo, platform
        self.matchers = matchers(service, slo, platform)
        self.of = selector(self.matchers)
        self.tiers = tiers(slo, platform, Report())
        self.paging = [tier for tier in self.tiers if tier.severity is AlertClass.CRITICAL]
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
        if runbook := runbook_section(self.service, names.BURN_ALERT):
            yield Link("Runbook", runbook)
        for link in (traces_link(self.platform, self.service), silence_link(self.platform, self.service, self.slo)):
            if link:
                yield link

    def panels(self) -> Iterator[Panel | Fold]:
        """Yield the panels from top to bottom."""
        yield from self._six()
        yield self._burns()
        yield self._windows()
        yield self._what_next()
        yield from self._who_and_what()
        yield self._budget()
        yield self._history()
        yield self._definition()

    # --- the six questions ------------------------------------------------------------------------------------------

    def _six(self) -> Iterator[Panel]:
        yield stat(
            "Is it real?",
            "What fires now: PAGE (fast burn), TICKET (slow burn), OK. NO TRAFFIC: there are no events, so nothing "
            "fails. NO DATA: it is not measured; that is not OK.",
            (0, 0, 4, 4),
            [Query(panels.STATE.fill(states=panels.STATES.fill(of=self.of, matchers=self.matchers)))],
            STATES,
            filled=True,
        )
        yield stat(
            "How fast does it burn?",
            f"Times faster than allowed: 1 spends exactly the budget in {self.slo.objective.window}. {self._colours()}",
            (4, 0, 4, 4),
            [Query(self._burn(window), f"last {window}") for window in ("5m", "1h")],
            Look(unit="none", decimals=1, steps=self._burn_steps(FINE), said=(MISSING,), missing=NO_DATA),
        )
        yield stat(
            "How much fails now?",
            "In the last five minutes: the share of all events, and how many a second. Bad are those that "
            f"{_bad(self.slo)}.",
            (8, 0, 4, 4),
            [Query(panels.FAILING.fill(of=self.of), "of events"), Query(panels.FAILED.fill(of=self.of), "a second")],
            Look(unit="percentunit", decimals=2, steps=(Step(None, PLAIN),), said=(MISSING,), missing=NO_DATA),
            [("byFrameRefID", "B", Look(unit="short"))],
        )
        left = panels.LEFT.fill(of=self.of)
        yield stat(
            "How much budget is left?",
            f"Of the {self.slo.objective.window} budget: the share, and the time of total outage that this allows. "
            "Below 0 more was spent than there is; old failures leave the window again day by day.",
            (12, 0, 4, 4),
            [Query(left, "share"), Query(panels.TIME_LEFT.fill(left=left, seconds=self.budget), "time")],
            LEFT,
            [("byFrameRefID", "B", Look(unit="s", decimals=0))],
        )
        yield stat(
            "When is the budget gone?",
            "If it goes on as in the last hour. It does not count what flows back as old failures leave the window.",
            (16, 0, 4, 4),
            [Query(panels.GONE_IN.fill(seconds=self.slo.objective.window.ms // 1000, of=self.of))],
            GONE_IN,
        )
        yield stat(
            "Since when?",
            "When the page began; without one, the oldest ticket or note of this SLO.",
            (20, 0, 4, 4),
            [Query(panels.SINCE.fill(by=By(), matchers=self.matchers))],
            Look(unit="dateTimeFromNow", steps=(Step(None, PLAIN),), missing="nothing fires", colour=PLAIN),
        )

    # --- how bad ----------------------------------------------------------------------------------------------------

    def _burn_steps(self, lowest: str) -> tuple[Step, ...]:
        """Return the colours of a burn: orange above 1, red from where it pages if it lasts."""
        steps = {None: lowest, 1.0: TICKET} | {float(tier.factor): PAGE for tier in self.paging[-1:]}
        return tuple(Step(value, colour) for value, colour in steps.items())

    def _colours(self) -> str:
        """Return what these colours mean."""
        if not self.paging:
            return "Orange above 1, no burn of this SLO pages."
        least = self.paging[-1].factor
        return f"{'Orange above 1, red' if least > 1 else 'Red'} above {plain(least)}, which pages if it lasts."

    def _burns(self) -> Panel:
        dashed = [
            Step(float(tier.factor), PAGE if tier.severity is AlertClass.CRITICAL else TICKET)
            for tier in reversed(self.tiers)
        ]
        return graph(
            "Burn by window",
            f"Times faster than allowed. {self._pages_when()}"
            + (" Dashed lines are the thresholds of the alerts." if self.tiers else ""),
            (0, 4, 15, 11),
            [Query(self._burn(window), window) for window in _FAST],
            Look(
                unit="none",
                decimals=1,
                low=0,
                steps=(Step(None, "transparent"), *dashed),
                custom={**DASHED, "axisSoftMax": 2},
            ),
            [("byName", window, look) for window, look in _LINES.items()],
            links=[explore_link(self._burn("5m"))],
        )

    def _pages_when(self) -> str:
        """Return when a page fires, told by the lines of the graph: red are 5m and 1h, orange 30m and 6h."""
        red, orange = (any(str(tier.long) == long for tier in self.paging) for long in ("1h", "6h"))
        if red and orange:
            both = "both red lines are above the highest dashed line, or both orange ones above the one of 6h"
        elif red or orange:
            both = f"both {'red' if red else 'orange'} lines are above the highest dashed line"
        else:
            return "No burn of this SLO pages."
        return f"A page fires when {both}."

    def _windows(self) -> Panel:
        title, place = "Which windows burn?", (15, 4, 9, 6)
        if not self.tiers:
            return text(title, "The conditions of the alerts.", place, "No alert watches the burn of this SLO.\n")
        firing = Look(
            said=(Said("2", "yes", PAGE), Said("1", "yes", TICKET), Said("0", "no", PLAIN), MISSING),
            custom={**COLOURED, "width": 100, "align": "center"},
        )
        return table(
            title,
            "Each row is a condition of the alerts: both windows must burn faster than the last number. The guard "
            "against single failures and what keeps a page on are not shown.",
            place,
            [
                "windows",
                Column("short", self._rows(lambda tier: self._burn(str(tier.short)))),
                Column("long", self._rows(lambda tier: self._burn(str(tier.long)))),
                Column("threshold", self._rows(lambda tier: panels.FACTOR.fill(factor=tier.factor))),
                Column("both above", self._rows(self._fires), firing),
            ],
            Look(unit="none", decimals=1, missing=NO_DATA, custom={"align": "right", "width": 90}),
            [("byName", "windows", Look(custom={"align": "left", "width": 140}))],
        )

    def _rows(self, value: Callable[[Tier], Expr]) -> Expr:
        """Return a series for each tier, labelled with its windows."""
        rows = []
        for tier in self.tiers:
            called = "page" if tier.severity is AlertClass.CRITICAL else "ticket"
            windows = Expr(f"{called} {tier.short}/{tier.long}")
            rows.append(panels.TIER.fill(value=value(tier), told=windows).text)
        return Expr("\nor\n".join(rows))

    def _fires(self, tier: Tier) -> Expr:
        return panels.TIER_FIRES.fill(
            told=2 if tier.severity is AlertClass.CRITICAL else 1,
            short=self._ratio(str(tier.short)),
            long=self._ratio(str(tier.long)),
            threshold=tier.threshold,
        )

    def _burn(self, window: str) -> Expr:
        return (panels.BURN if window in _FAST else panels.SLOW_BURN).fill(window=Expr(window), of=self.of)

    def _ratio(self, window: str) -> Expr:
        return (panels.RATIO if window in _FAST else panels.SLOW_RATIO).fill(window=Expr(window), of=self.of)

    def _what_next(self) -> Panel:
        links = " · ".join(f"[{link.title}]({link.url})" for link in self._outside())
        ladder = self.platform.routing.critical if self.slo.alerting.escalate else self.platform.routing.critical[:1]
        steps = [
            f"**{'at once' if not rung.after.ms else f'after {rung.after}'}** {', '.join(rung.receivers)}"
            for rung in ladder
        ]
        if self.paging:
            told = f"A page is told to: {' → '.join(steps)}."
        elif self.slo.recovery:
            told = f"Only an outage of more than {self.slo.recovery} pages, and is told to: {steps[0]}."
        elif self.tiers:
            told = "This SLO does not page: its tickets are for the next working day."
        else:
            told = "This SLO neither pages nor raises tickets, however fast it burns."
        return text(
            "What next?",
            "Where to look, and who is told as long as a page lasts and is not acknowledged.",
            (15, 10, 9, 5),
            f"{links}\n\n{told}\n" if links else f"{told}\n",
        )

    # --- who --------------------------------------------------------------------------------------------------------

    def _who_and_what(self) -> Iterator[Panel]:
        """Yield two rows: who burns the budget, of what, and what else fires."""
        dimensions = list(self._dimensions())[:2]
        first = 8 if dimensions else 0
        width = 8 if dimensions else 12
        if dimensions:
            yield self._shares((0, 15, first, 7), *dimensions[0])
        yield self._kept((first, 15, width, 7))
        yield self._events((first + width, 15, width, 7))
        second = list(self._times((0, 22, 0, 8)))
        if dimensions[1:]:
            second.append(self._shares((0, 22, 0, 8), *dimensions[1]))
        second.append(self._alerts((0, 22, 0, 8)))
        width = 24 // len(second)
        for number, panel in enumerate(second):
            yield replace(panel, place=(number * width, 22, width, 8))

    def _dimensions(self) -> Iterator[tuple[str, Expr, str]]:
        """Yield the labels that tell who fails, what gives the burn of each value, and what it is of."""
        for label in self.slo.by:
            told = "in the last five minutes, the fastest above"
            yield label, panels.BURN_BY.fill(of=self.of, label=Expr(label)), told
        told = "in the last minutes, from its own metrics; together that of the SLO"
        for label in self._labels():
            bad, every = self._raw(Expr(label))
            yield label, panels.SHARES.fill(of=self.of, bad=bad, all=every, label=Expr(label)), told

    def _shares(self, place: Place, label: str, expr: Expr, told: str) -> Panel:
        named = f"${{__field.labels.{label}}}"  # also when there is but one
        look = Look(name=named, unit="none", decimals=2, low=0, steps=self._burn_steps(IDLE), missing=NO_DATA)
        return bars(
            f"Which {label} burns the budget?",
            f"Burn that each value of `{label}` contributes {told}.",
            place,
            [Query(expr, f"{{{{{label}}}}}")],
            look,
        )

    def _labels(self) -> Iterator[str]:
        """Yield the labels of the SLI's own counters that part its events: who counts them, and what parts bad ones."""
        match self._counters:
            case Events() as sli:
                spans = isinstance(self.slo.sli, Spans)
                if not spans:
                    yield "instance"  # of spans, that of the collector
                elif not sli.total.has_matcher("span_name"):
                    yield "span_name"
                of, exact = (sli.bad, False) if sli.bad is not None else (sli.good, True)
                assert of is not None
                yield from (
                    matcher.name
                    for matcher in parsed(of.text).matchers.matchers
                    if not sli.total.has_matcher(matcher.name) and (exact or str(matcher.op) != "MatchOp.Equal")
                )
            case Latency() as sli if not sli.native and not sli.sparse:
                if not isinstance(self.slo.sli, Spans):
                    yield "instance"
                elif not sli.histogram.has_matcher("span_name"):
                    yield "span_name"

    @property
    def _counters(self) -> Sli:
        return counted(self.slo.sli) if isinstance(self.slo.sli, Spans) else self.slo.sli

    def _raw(self, label: Expr) -> tuple[Expr, Expr]:
        """Return bad events of each value of a label and all events, from the counters that tell them."""
        sli = self._counters
        if isinstance(sli, Events):
            every = self._rate(sli.total)
            if sli.bad is not None:
                return panels.BAD_EACH.fill(bad=self._rate(sli.bad), all=every, label=label), every
            assert sli.good is not None
            return panels.NOT_GOOD_EACH.fill(good=self._rate(sli.good), all=every, label=label), every
        assert isinstance(sli, Latency)
        every = self._rate(sli.histogram.histogram_part("_count"))
        spellings = [one.replace(".", "\\\\.").replace("+", "\\\\+") for one in le_spellings(sli.threshold)]
        within = sli.histogram.histogram_part("_bucket", Expr(f'le=~"{"|".join(spellings)}"'))
        return panels.NOT_IN_BUCKET_EACH.fill(bucket=self._rate(within), all=every, label=label), every

    def _alerts(self, place: Place) -> Panel:
        return alert_table(
            "What fires in this service?",
            f"All alerts of {self.service.name} that fire, causes too, and since when.",
            place,
            matchers(self.service, None, self.platform),
        )

    def _rate(self, counter: Selector) -> Expr:
        return panels.RATE.fill(selector=self._chosen(counter), interval=_INTERVAL)

    def _chosen(self, series: Selector) -> Expr:
        """Return raw series, those of the cluster that is chosen."""
        return Expr(series.having(chosen(self.platform).text).text)

    # --- what was ---------------------------------------------------------------------------------------------------

    def _kept(self, place: Place) -> Panel:
        good = {window: panels.GOOD.fill(window=Expr(window), of=self.of) for window in ("5m", "1h")}
        return graph(
            "Is the objective kept?",
            "Share of good events in five minutes and in an hour, and the objective of "
            f"{self.slo.objective.target.percent} %.",
            place,
            [
                *(Query(expr, f"last {window}") for window, expr in good.items()),
                Query(panels.OBJECTIVE.fill(of=self.of), "objective"),
            ],
            Look(unit="percentunit", high=1.0),
            [
                ("byName", "last 5m", Look(colour=IDLE)),
                ("byName", "last 1h", Look(colour="dark-blue", custom={"lineWidth": 3})),
                ("byName", "objective", Look(colour=TICKET, custom={"lineStyle": {"fill": "dash", "dash": [10, 10]}})),
            ],
        )

    def _events(self, place: Place) -> Panel:
        return graph(
            "How many events are there?",
            "All events and bad ones, a second. When all of them fall, callers may have given up; when none are left, "
            "the share says nothing.",
            place,
            [Query(panels.EVENTS.fill(of=self.of), "all"), Query(panels.FAILED.fill(of=self.of), "bad")],
            Look(unit="short", low=0),
            [("byName", "all", Look(colour=IDLE)), ("byName", "bad", Look(colour=PAGE))],
        )

    def _times(self, place: Place) -> Iterator[Panel]:
        sli = self._counters
        if not isinstance(sli, Latency) or sli.native:
            return
        buckets = self._chosen(sli.histogram.histogram_part("_bucket"))
        seconds = sli.histogram.name.endswith("_seconds")
        shares = {
            f"{name} of events take less": (Decimal(share), colour)
            for share, name, colour in (
                ("0.5", "half", "light-blue"),
                ("0.95", "95 %", "blue"),
                ("0.99", "99 %", "dark-blue"),
            )
        }
        yield graph(
            "How long do they take?",
            "Quantiles as the buckets show them, with traces of single requests. The objective counts what takes "
            f"longer than {sli.spelled}.",
            place,
            [
                Query(panels.QUANTILE.fill(share=share, buckets=buckets, interval=_INTERVAL), name, exemplar=True)
                for name, (share, _) in shares.items()
            ],
            Look(
                unit="s" if seconds else "short",
                low=0,
                steps=(Step(None, "transparent"), Step(float(sli.threshold), TICKET)),
                custom=DASHED,
            ),
            [("byName", name, Look(colour=colour)) for name, (_, colour) in shares.items()],
        )

    def _budget(self) -> Panel:
        window = self.slo.objective.window
        seconds = window.ms // 1000
        since = panels.LEFT_SINCE.fill(of=self.of, period=window, seconds=seconds)
        return graph(
            "Budget left",
            f"Of the {window} budget. Thick: what was left at each moment of the last {window}, of what was spent "
            "in it; it ends where the stat above stands. Dashed: a budget that is spent evenly. Thin: what "
            "was left at that moment, with what it had spent before.",
            (0, 30, 12, 8),
            [
                Query(since, f"of these {window}"),
                Query(panels.SPENT_EVENLY.fill(of=self.of, seconds=seconds), "spent evenly"),
                Query(panels.LEFT_OVER_TIME.fill(of=self.of), "at that moment"),
            ],
            Look(
                unit="percentunit",
                high=1.0,
                steps=(Step(None, "transparent"), Step(0.0, PAGE)),
                custom={"axisSoftMin": 0, **DASHED},
            ),
            [
                ("byName", f"of these {window}", Look(colour=IDLE, custom={"lineWidth": 3})),
                (
                    "byName",
                    "spent evenly",
                    Look(colour=TICKET, custom={"lineStyle": {"fill": "dash", "dash": [10, 10]}}),
                ),
                ("byName", "at that moment", Look(colour="light-blue")),
            ],
            time_from=str(window),
            every=f"{seconds // 3600 // 60}h" if seconds >= 60 * 3600 else None,
        )

    def _history(self) -> Panel:
        fired = panels.FIRED.fill(labels=Expr("alertname"), matchers=self.matchers, interval=Expr("$__interval"))
        return states(
            "When did alerts fire?",
            "Pages and tickets of this SLO in the last seven days.",
            (12, 30, 12, 8),
            [Query(fired, "{{alertname}}")],
            FIRED,
            time_from="7d",
        )

    def _definition(self) -> Fold:
        errors, total = rates(self.service, self.slo, self.platform)
        said = f"Bad events a second:\n\n```\n{errors}\n```\n\nAll events a second:\n\n```\n{total}\n```\n"
        return Fold(
            title="How it is measured",
            y=38,
            panels=(
                text(
                    "What is counted",
                    "The two expressions that everything on this page comes from.",
                    (0, 0, 16, 9),
                    literal(said),
                ),
                stat(
                    "Are the rules evaluated?",
                    "Seconds since the rules were evaluated: the fast ones every "
                    f"{self.platform.prometheus.evaluation_interval}, those of the budget every 5m.",
                    (16, 0, 8, 5),
                    [
                        Query(panels.FRESH.fill(of=self.of), "fast rules"),
                        Query(panels.FRESH_SLOW.fill(of=self.of), "budget"),
                    ],
                    Look(
                        unit="s",
                        decimals=0,
                        steps=(Step(None, FINE), Step(600.0, TICKET)),
                        said=(MISSING,),
                        missing=NO_DATA,
                    ),
                ),
            ),
        )


def _bad(slo: Slo) -> str:
    return noun(slo.sli).removeprefix("of events ").removeprefix("of checks ").removeprefix("of samples ")
