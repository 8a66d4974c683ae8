"""What Alertmanager decides, on small plans; tests/rules asks amtool and real servers the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from slogen.core import Duration, Report, Span
from slogen.model import Catalog, Platform, Receiver, TimeInterval
from slogen.plan.build import plan_service
from slogen.plan.routing import Inhibition, Matcher, Matchers, Route, RoutedReceiver, RoutingPlan, Waits
from slogen.prove.emitted import emitted_alerts
from slogen.prove.inhibition import inhibit_gaps
from slogen.prove.matching import matches
from slogen.prove.reach import Shadowed, shadowed, unrouted, untold
from slogen.prove.routing import matching, told
from slogen.source.documents import read_file
from tests.rules.harness import PLATFORM

SPAN = Span("x")
OFFICE = TimeInterval(name="office", times=(("09:00", "17:00"),), span=SPAN)
DAY, NIGHT = datetime(2026, 1, 2, 12, tzinfo=UTC), datetime(2026, 1, 2, 22, tzinfo=UTC)
WAITS = Waits(group_wait=Duration(1), group_interval=Duration(2), repeat_interval=Duration(3))


def on(text: str) -> Matchers:
    """Return matchers such as `a=x b!=y c=~x|y d!~z`."""
    found = []
    for part in text.split():
        operator = next(one for one in ("=~", "!~", "!=", "=") if one in part)
        label, _, value = part.partition(operator)
        found.append(Matcher(label, operator, value))
    return tuple(found)


def labels(text: str) -> dict[str, str]:
    """Return labels such as `a=x b=y`."""
    return dict(part.split("=") for part in text.split())


def to(text: str, receiver: str | None = None, *inner: Route, goes_on: bool = False, during: str = "") -> Route:
    """Return a route."""
    return Route(matchers=on(text), receiver=receiver, routes=inner, goes_on=goes_on, during=during or None)


def plan(*routes: Route, mute: tuple[Inhibition, ...] = (), more: tuple[str, ...] = ()) -> RoutingPlan:
    """Return a plan with root receiver `root`; each receiver tells one audience of its name, in capitals."""
    root = Route(receiver="root", waits=WAITS, routes=routes)
    names = dict.fromkeys(["root", *(name for route in routes for name in _receivers(route)), *more])
    receivers = tuple(RoutedReceiver(name=name, audiences=(audience(name.upper()),)) for name in names)
    return RoutingPlan(group_by=("a",), root=root, receivers=receivers, inhibitions=mute, intervals=(OFFICE,))


def _receivers(route: Route) -> list[str]:
    inner = [name for one in route.routes for name in _receivers(one)]
    return [route.receiver, *inner] if route.receiver else inner


def audience(name: str) -> Receiver:
    """Return an audience."""
    return Receiver(name=name, integration="webhook", span=SPAN)


@pytest.mark.parametrize(
    ("matchers", "alert", "fits"),
    [
        ("a=x", "a=x", True),
        ("a=x", "a=xx", False),
        ("a=", "b=x", True),
        ("a!=", "b=x", False),
        ("a!=x", "b=x", True),
        ("a=~x|y", "a=y", True),
        ("a=~x|y", "a=xy", False),
        ("a=~x", "a=xx", False),
        ("a=~.*", "b=x", True),
        ("a=~.+", "b=x", False),
        ("a!~x|y", "a=z", True),
        ("a!~x|y", "a=x", False),
        ("a!~.+", "b=x", True),
        (r"a=~\d", "a=٣", False),
        ("a=x b=y", "a=x b=y", True),
        ("a=x b=y", "a=x", False),
        ("", "a=x", True),
    ],
)
def test_matchers(matchers: str, alert: str, fits: bool) -> None:
    """All of them must fit the whole value; a label that is absent is empty; digits are those of ASCII."""
    assert matches(on(matchers), labels(alert)) is fits


@pytest.mark.parametrize(
    ("routes", "receivers"),
    [
        pytest.param((to("a=y", "one"),), "root", id="none fits"),
        pytest.param((to("a=x", "one"), to("a=x", "two")), "one", id="the first takes it"),
        pytest.param((to("a=x", "one", goes_on=True), to("a=x", "two")), "one two", id="continue"),
        pytest.param((to("a=x", "one", goes_on=True), to("a=y", "two")), "one", id="continue, and nobody follows"),
        pytest.param((to("a=x", "one", to("b=y", "two")),), "one", id="no inner one fits"),
        pytest.param((to("a=x", "one", to("b=x", "two")),), "two", id="the inner one instead of the outer"),
        pytest.param((to("a=x", "one", to("b=x")),), "one", id="an inner one has its parent's receiver"),
        pytest.param((to("a=x", None, to("b=x")),), "root", id="and that of its parent's parent"),
        pytest.param((to("a=x", "one", to("b=y", "two")), to("", "three")), "one", id="taken without an inner one"),
        pytest.param((to("a=x", "one", goes_on=True), to("", "one")), "one one", id="the same receiver twice"),
        pytest.param(
            (to("a=x", "one", to("b=x", "two", goes_on=True), goes_on=True), to("", "three")),
            "two three",
            id="both go on",
        ),
        pytest.param((to("a=x", "one", to("b=x", "two", goes_on=True)), to("", "three")), "two", id="inside alone"),
    ],
)
def test_routes(routes: tuple[Route, ...], receivers: str) -> None:
    """Of an alert with a=x and b=x."""
    decision = told(plan(*routes), {"a": "x", "b": "x"})
    assert decision.receivers == tuple(receivers.split())
    assert decision.audiences == tuple(receivers.upper().split())
    assert decision.asleep == ()


def test_a_route_has_the_waits_of_its_parent_and_not_its_interval() -> None:
    """A time interval is a route's own."""
    (found,) = matching(plan(to("a=x", "one", to("b=x"), during="office")).root, {"a": "x", "b": "x"})
    assert (found.receiver, found.waits, found.during) == ("one", WAITS, None)


def test_a_route_outside_its_interval_still_takes_the_alert() -> None:
    """The route behind it does not see it; nobody is told until the interval begins."""
    both = plan(to("a=x", "one", during="office"), to("", "two"))
    assert told(both, {"a": "x"}, DAY).audiences == ("ONE",)
    night = told(both, {"a": "x"}, NIGHT)
    assert (night.receivers, night.asleep, night.audiences) == (("one",), ("one",), ())
    assert told(both, {"a": "x"}).audiences == ("ONE",), "without a time all intervals are on"
    on_it_goes = plan(to("a=x", "one", during="office", goes_on=True), to("", "two"))
    assert told(on_it_goes, {"a": "x"}, DAY).audiences == ("ONE", "TWO")
    assert told(on_it_goes, {"a": "x"}, NIGHT).audiences == ("TWO",)


def rule(source: str, target: str, *equal: str) -> Inhibition:
    """Return an inhibition."""
    return Inhibition(comment="", source=on(source), target=on(target), equal=equal)


@pytest.mark.parametrize(
    ("inhibition", "alert", "active", "muted"),
    [
        pytest.param(rule("s=1", "t=1", "c"), "t=1 c=x", ["s=1 c=x"], True, id="equal"),
        pytest.param(rule("s=1", "t=1", "c"), "t=1 c=x", ["s=1 c=y"], False, id="unequal"),
        pytest.param(rule("s=1", "t=1", "c"), "t=1 c=x", ["s=1"], False, id="missing on one side"),
        pytest.param(rule("s=1", "t=1", "c"), "t=1", ["s=1"], True, id="missing on both sides"),
        pytest.param(rule("s=1 c!=", "t=1", "c"), "t=1", ["s=1"], False, id="present on both sides"),
        pytest.param(rule("s=1", "t=1"), "t=1", [], False, id="no source"),
        pytest.param(rule("s=1", "t=1"), "t=2", ["s=1"], False, id="no target"),
        pytest.param(rule("s=1", "t=1"), "s=1 t=1", ["s=1 t=1"], False, id="not itself"),
        pytest.param(rule("s=1", "t=1"), "s=1 t=1 n=1", ["s=1 t=1 n=2"], False, id="not its like"),
        pytest.param(rule("s=1", "t=1"), "s=1 t=1", ["s=1"], True, id="by a mere source"),
        pytest.param(rule("s=1", "t=1"), "t=1", ["s=1 t=1"], True, id="by one that matches both sides"),
    ],
)
def test_inhibition(inhibition: Inhibition, alert: str, active: list[str], muted: bool) -> None:
    """A muted alert is routed and told to nobody."""
    decision = told(plan(mute=(inhibition,)), labels(alert), active=[labels(one) for one in active])
    assert (decision.muted is not None) is muted
    assert decision.audiences == (() if muted else ("ROOT",))
    assert decision.receivers == ("root",)


def test_two_that_mute_each_other_are_both_told_to_nobody() -> None:
    """A circle of dependencies; it is refused for that."""
    circle = plan(mute=(rule("s=a", "s=b"), rule("s=b", "s=a")))
    both = [{"s": "a"}, {"s": "b"}]
    assert [told(circle, one, active=both).audiences for one in both] == [(), ()]


def test_gaps_in_equal() -> None:
    """Each label and side that need not have it; a value or a pattern that is never empty demands it as well."""
    rules = (rule("s=1 c!=", "t=~x|y c=~.+", "c", "t"), rule("s=1", "t=1", "c"), rule("c=~x|", "c=y", "c"))
    gaps = [(rules.index(one.inhibition), one.label, one.side) for one in inhibit_gaps(rules)]
    assert gaps == [(0, "t", "source"), (1, "c", "source"), (1, "c", "target"), (2, "c", "source")]


@pytest.mark.parametrize(
    ("routes", "lost"),
    [
        pytest.param([to("a=x"), to("a=y")], "", id="different values"),
        pytest.param([to("a=x"), to("a=x b=y")], "1:0", id="fewer matchers"),
        pytest.param([to("a=x b=y"), to("a=x")], "", id="more matchers"),
        pytest.param([to("a=x", goes_on=True), to("a=x")], "", id="it goes on"),
        pytest.param([to(""), to("a=x")], "1:0", id="no matchers"),
        pytest.param([to("a=~x|y"), to("a=y")], "1:0", id="among alternatives"),
        pytest.param([to("a=~x|y"), to("a=~y|z")], "", id="not all of them"),
        pytest.param([to("a=x"), to("a=y"), to("a=~x|y")], "2:0,1", id="two together"),
        pytest.param([to("a=x b=p"), to("a=y"), to("a=~x|y")], "", id="two together, not all"),
        pytest.param([to("a!="), to("a=x")], "1:0", id="a value is present"),
        pytest.param([to("a!="), to("a!= b=x")], "1:0", id="the same open matcher"),
        pytest.param([to("a=~x.*"), to("a=xy")], "1:0", id="a pattern that the value fits"),
        pytest.param([to("a=~x.*"), to("a=~xy.*")], "", id="patterns are not compared"),
        pytest.param([to("a=x b!=y"), to("a=x b=z")], "1:0", id="another value"),
        pytest.param([to("a=x a=y")], "0:", id="nothing fits"),
        pytest.param([to("a=~x|y a!=x a!=y")], "0:", id="no alternative is left"),
    ],
)
def test_routes_behind_others(routes: list[Route], lost: str) -> None:
    """The place of the one that nothing reaches, and of those that take it all."""
    found = shadowed(plan(*routes))
    told = ";".join(f"{routes.index(one.route)}:{','.join(str(routes.index(by)) for by in one.by)}" for one in found)
    assert told == lost


def test_inner_routes_behind_others() -> None:
    """What a parent demands counts, and what was taken before the parent."""
    inner, contrary = to("b=x", "inner"), to("a=z", "contrary")
    before, parent = to("b=x", "before"), to("a=x", "parent", inner, contrary)
    assert shadowed(plan(before, parent)) == (
        Shadowed(route=inner, by=(before,)),
        Shadowed(route=contrary, by=()),
    )
    assert shadowed(plan(parent, before)) == (Shadowed(route=contrary, by=()),)


def test_receivers_and_audiences_that_nothing_uses() -> None:
    """A receiver without a route, inside or not; an audience that no receiver holds."""
    used = plan(to("a=x", None, to("b=x", "inner")), more=("idle",))
    assert [receiver.name for receiver in unrouted(used)] == ["idle"]
    declared = [audience("ROOT"), audience("INNER"), audience("IDLE"), audience("OTHER")]
    assert [one.name for one in untold(used, declared)] == ["OTHER"]


# --- the alerts that rules raise ------------------------------------------------------------------------------------

SERVICES = """
apiVersion: slogen/v1
kind: Service
metadata: {name: web, team: core, labels: {tier: "1"}, dependsOn: [{service: db, mutes: critical}]}
slos:
  - name: up
    objective: 99.9
    by: [zone]
    sli: {events: {total: a_total, bad: b_total}}
  - name: quick
    objective: 99.9
    sli: {events: {total: a_total, bad: b_total}}
    noData: off
    alerting: {warning: false, escalate: false}
alerts:
  - {name: WebGone, severity: critical, expr: "sum by (pod) (x) > 1", summary: x, team: ops, labels: {part: a}}
---
apiVersion: slogen/v1
kind: Service
metadata: {name: db, team: core}
alerts:
  - {name: DbGone, severity: critical, expr: absent(x), summary: x, escalate: false}
"""


def test_alerts_that_the_rules_raise() -> None:
    """By hand: each with all of its labels, and each rung of those that climb."""
    report = Report()
    more = "  watchdog: {notify: [ceo]}\nclusters: [c1, c2]"
    text = PLATFORM.format(scrape="15s", evaluation="15s", more=more) + "---" + SERVICES
    platform, *services = read_file("test.yaml", text, report)
    assert isinstance(platform, Platform)
    catalog = Catalog(platform=platform, services=tuple(services))
    found = emitted_alerts(catalog, [plan_service(one, platform, report) for one in services])
    assert [str(one) for one in report if one.severity == "error"] == []
    web = "service=web team=core tier=1 cluster=c1"
    gone = "alertname=WebGone severity=critical service=web team=ops tier=1 part=a pod=some-pod cluster=c1"
    page = f"alertname=SLOErrorBudgetBurn severity=critical slo=up zone=some-zone {web}"
    servers = "severity=warning service=slogen instance=some-instance cluster=c1"
    expected = [
        "alertname=Watchdog severity=none cluster=c1",
        f"alertname=SLORulesFailing rule_group=some-rule_group {servers}",
        f"alertname=SLORulesLate rule_group=some-rule_group {servers}",
        f"alertname=SLONotificationsDropped {servers}",
        page,
        f"{page} escalation=15m",
        f"{page} escalation=1h",
        f"alertname=SLOErrorBudgetBurn severity=warning slo=up zone=some-zone {web}",
        f"alertname=SLONoData severity=warning slo=up zone=some-zone {web}",
        f"alertname=SLONoData severity=warning slo=up {web}",
        f"alertname=SLOErrorBudgetExhausted severity=info slo=up zone=some-zone {web}",
        f"alertname=SLOErrorBudgetBurn severity=critical slo=quick {web}",
        f"alertname=SLOErrorBudgetExhausted severity=info slo=quick {web}",
        gone,
        f"{gone} escalation=15m",
        f"{gone} escalation=1h",
        "alertname=SLODependencyPaging severity=none service=web dependency=db cluster=c1",
        "alertname=DbGone severity=critical service=db team=core cluster=c1",
    ]
    assert sorted(sorted(one.items()) for one in found) == sorted(sorted(labels(one).items()) for one in expected)
