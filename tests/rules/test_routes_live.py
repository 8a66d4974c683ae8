"""What real Alertmanagers make of alerts: inhibition, time intervals, and the commands of ROUTES.md."""

from __future__ import annotations

import random
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from slogen.core import Duration, Span
from slogen.model import TimeInterval
from slogen.plan.routing import Inhibition, Matcher, Matchers, Route, RoutedReceiver, RoutingPlan, Waits, plan_routing
from slogen.prove.inhibition import mutes
from slogen.prove.routing import told
from tests.conftest import required
from tests.e2e.server import wait
from tests.rules.routing import (
    ALERTMANAGERS,
    AMTOOLS,
    CATALOGS,
    Labels,
    Live,
    Page,
    acgs2,
    alertmanager,
    emitted,
    key,
    page_of,
    quiet_config,
)

AT_ONCE = Waits(group_wait=Duration(0), group_interval=Duration(1000), repeat_interval=Duration(3_600_000))
VERSIONS = pytest.mark.parametrize("version", sorted(ALERTMANAGERS))


@contextmanager
def serving(version: str, plan: RoutingPlan, folder: Path) -> Iterator[Live]:
    """Run an Alertmanager with a plan, whose receivers tell nobody."""
    program = required(ALERTMANAGERS[version], "alertmanager", current=version != "0.25")
    with alertmanager(program, quiet_config(plan, acgs2().platform, folder)) as server:
        yield server


def agree(server: Live, plan: RoutingPlan, active: Sequence[Labels]) -> int:
    """Compare what a server and we make of the alerts that are active; return how many are muted."""
    expected = {key(labels): told(plan, labels, active=active) for labels in active}
    muted = {labels for labels, one in expected.items() if one.muted}

    def settled() -> bool:
        state = server.state()
        return state.keys() == expected.keys() and muted == {labels for labels, one in state.items() if one["muted_by"]}

    wait(settled, 10, f"the server mutes these {len(muted)} of {len(expected)} alerts, and no others")
    for labels, one in server.state().items():
        assert sorted(one["receivers"]) == sorted(expected[labels].receivers)
        for source in one["muted_by"]:
            ours = [found for found in mutes(plan.inhibitions, dict(labels), active) if key(found.source) == source]
            assert any(found.inhibition == expected[labels].muted.inhibition for found in ours), (labels, source)
    return len(muted)


def rule(source: Matchers, target: Matchers, *equal: str) -> Inhibition:
    """Return an inhibition."""
    return Inhibition(comment="", source=source, target=target, equal=equal)


def plan_with(inhibitions: Sequence[Inhibition], root: Route | None = None) -> RoutingPlan:
    """Return a plan that routes everything to one receiver, with these inhibitions."""
    root = root or Route(receiver="r", waits=AT_ONCE)
    receivers = (RoutedReceiver(name="r", audiences=()),)
    return RoutingPlan(group_by=("a",), root=root, receivers=receivers, inhibitions=tuple(inhibitions), intervals=())


S, T = Matcher("s", "=", "1"), Matcher("t", "=", "1")
# Inhibitions; then alerts, the letters of `muted` being those which it mutes.
TABLE = {
    "equal labels": (rule((S,), (T,), "c"), {"a": "s=1 c=x", "b": "t=1 c=x", "c": "t=1 c=y", "d": "t=1"}, "b"),
    "missing on both sides is equal": (rule((S,), (T,), "c"), {"a": "s=1", "b": "t=1", "c": "t=1 c=x"}, "b"),
    "a presence matcher": (rule((S, Matcher("c", "!=", "")), (T,), "c"), {"a": "s=1", "b": "t=1"}, ""),
    "both sides: not itself": (rule((S,), (T,)), {"a": "s=1 t=1"}, ""),
    "both sides: not each other": (rule((S,), (T,)), {"a": "s=1 t=1", "b": "s=1 t=1 n=2"}, ""),
    "both sides: mutes a mere target": (rule((S,), (T,)), {"a": "s=1 t=1", "b": "t=1"}, "b"),
    "both sides: muted by a mere source": (rule((S,), (T,)), {"a": "s=1 t=1", "b": "s=1"}, "a"),
    "nothing equal is asked for": (rule((S,), (T,)), {"a": "s=1 c=x", "b": "t=1 c=y"}, "b"),
    "a pattern covers the whole value": (
        rule((Matcher("s", "=~", "1|2"),), (T,)),
        {"a": "s=12", "b": "t=1"},
        "",
    ),
}


@VERSIONS
def test_inhibition_by_the_table(version: str, tmp_path: Path) -> None:
    """Each row beside the others, told apart by a label `row` that every matcher asks for."""
    inhibitions, active, muted = [], [], set()
    for row, (one, alerts, hit) in enumerate(TABLE.values()):
        mine = (Matcher("row", "=", str(row)),)
        inhibitions.append(replace(one, source=one.source + mine, target=one.target + mine))
        for letter, text in alerts.items():
            labels = {"row": str(row), "letter": letter, **dict(part.split("=") for part in text.split())}
            active.append(labels)
            if letter in hit:
                muted.add(key(labels))
    plan = plan_with(inhibitions)
    assert {key(labels) for labels in active if told(plan, labels, active=active).muted} == muted
    with serving(version, plan, tmp_path) as server:
        server.send(active)
        assert agree(server, plan, active) == len(muted) == 5


@VERSIONS
def test_inhibition_at_random(version: str, tmp_path: Path) -> None:
    """Ten inhibitions with every operator, sixty alerts; chains and circles among them."""
    chance = random.Random(5)

    def matchers() -> Matchers:
        return tuple(
            Matcher(label, operator, chance.choice(["x", "y", ""] if operator in ("=", "!=") else ["x|y", "x?", ".+"]))
            for label in chance.sample("abcd", chance.choice([1, 2, 2]))
            for operator in chance.choice(["=", "=", "!=", "=~", "!~"]).split()
        )

    # By a label that every alert has with a value of its own, so that not all of them are muted.
    inhibitions = [
        rule(
            (*matchers(), Matcher("n", "=~", chance.choice(["1.", "2.", ".5", ".8"]))),
            (*matchers(), Matcher("n", "!~", "[35].")),
            *chance.sample("abcd", chance.choice([1, 2])),
        )
        for _ in range(10)
    ]
    active = [
        {"n": f"{number:02}"} | {label: value for label in "abcd" if (value := chance.choice(["x", "y", ""]))}
        for number in range(60)
    ]
    plan = plan_with(inhibitions)
    with serving(version, plan, tmp_path) as server:
        server.send(active)
        assert 10 <= agree(server, plan, active) <= 40


@VERSIONS
def test_inhibition_of_acgs2(version: str, tmp_path: Path) -> None:
    """A dependency fails in one cluster, then another with its ladder: dependants' tickets there are muted alone."""
    plan, alerts = plan_routing(acgs2()), emitted(acgs2())
    elsewhere = [{**labels, "cluster": "us-west-2"} for labels in alerts]
    active: list[Labels] = [one for one in [*alerts, *elsewhere] if one["severity"] in ("warning", "info", "none")]
    with serving(version, plan, tmp_path) as server:
        server.send(active)
        assert agree(server, plan, active) == 0
        fails = [one for one in alerts if one.get("service") == "postgresql" and one["severity"] == "critical"]
        server.send(fails)
        active += fails
        hit = {
            (one["service"], one["cluster"])
            for one in active
            if told(plan, one, active=active).muted and one["service"] != "postgresql"
        }
        assert hit >= {("audit-service", "us-east-1"), ("policy-engine", "us-east-1")}
        assert {cluster for _, cluster in hit} == {"us-east-1"}
        first = agree(server, plan, active)
        etcd = [one for one in elsewhere if one.get("service") == "etcd" and one["severity"] == "critical"]
        server.send(etcd)
        active += etcd
        assert agree(server, plan, active) > first


@VERSIONS
def test_inhibition_by_a_marker(version: str, tmp_path: Path) -> None:
    """Only the marker mutes pages; it mutes the rungs with them, and nothing of other services."""
    plan, alerts = plan_routing(CATALOGS["rich"]()), emitted(CATALOGS["rich"]())
    marker = [one for one in alerts if one["alertname"] == "SLODependencyPaging"]
    active: list[Labels] = [one for one in alerts if one["severity"] == "critical"]
    assert len(marker) == 1
    with serving(version, plan, tmp_path) as server:
        server.send(active)
        assert agree(server, plan, active) == 0
        server.send(marker)
        active += marker
        muted = [one for one in active if told(plan, one, active=active).muted]
        assert {one["service"] for one in muted} == {"shop"}
        assert {one.get("escalation") for one in muted} == {None, "10m", "2h"}
        assert agree(server, plan, active) == len(muted) == sum(one["service"] == "shop" for one in active) - 1


def test_time_intervals_now(tmp_path: Path) -> None:
    """Every day of the week, at two places that never have the same one; only the current Alertmanager tells."""
    days = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    intervals = [
        TimeInterval(name=f"i{place}-{day}", weekdays=(day,), location=location, span=Span("x"))
        for place, location in enumerate(("Pacific/Kiritimati", "Pacific/Pago_Pago"))
        for day in days
    ]
    intervals += [
        TimeInterval(name="always", times=(("00:00", "24:00"),), days_of_month=("1:-1",), span=Span("x")),
        TimeInterval(name="never", weekdays=(days[(datetime.now(UTC).weekday() + 4) % 7],), span=Span("x")),
    ]
    routes = tuple(Route(matchers=(Matcher("a", "=", one.name),), receiver="r", during=one.name) for one in intervals)
    plan = replace(plan_with((), Route(receiver="r", waits=AT_ONCE, routes=routes)), intervals=tuple(intervals))
    active = [{"a": one.name} for one in intervals]
    with serving("current", plan, tmp_path) as server:
        server.send(active)
        before = _asleep(plan, active)
        asleep: set[str] = set()

        def muted() -> bool:
            groups = server.ask("alerts/groups")
            asleep.clear()
            asleep.update(one["labels"]["a"] for group in groups for one in group["alerts"] if one["status"]["mutedBy"])
            return asleep in (before, _asleep(plan, active))

        wait(muted, 15, f"the server mutes {sorted(before)}")
    assert len(before) == 13
    assert {"never"} <= before
    assert "always" not in before


def _asleep(plan: RoutingPlan, active: Sequence[Labels]) -> set[str]:
    """Return the alerts whose receiver is outside its interval."""
    now = datetime.now(UTC)
    return {labels["a"] for labels in active if told(plan, labels, now).asleep}


@VERSIONS
@pytest.mark.parametrize("name", sorted(CATALOGS))
def test_every_command_of_routes_md_does_what_it_says(name: str, version: str, tmp_path: Path) -> None:
    """As a person would run it: the steps that are still to come are silent, or the page with all of them."""
    catalog = CATALOGS[name]()
    plan, page = plan_routing(catalog), Page(page_of(name))
    adds = [line for line in page.commands() if " silence add " in line]
    query, update, expire = page.commands()[len(adds) :]
    steps = [str(rung.after) for rung in catalog.platform.routing.critical][1:]
    alerts = list(emitted(catalog))
    if catalog.platform.clusters:
        alerts += [{**labels, "cluster": catalog.platform.clusters[1]} for labels in alerts]
    wanted = dict(part.split("=", 1) for part in shlex.split(adds[-1]) if "=" in part and part[0] != "-")
    mine = [one for one in alerts if wanted.items() <= one.items()]
    assert {one.get("escalation", "") for one in mine} == {"", *steps}
    with serving(version, plan, tmp_path) as server:
        shell = Shell(server, catalog.platform.alertmanager.external_url, AMTOOLS[version])
        server.send(alerts)
        wait(lambda: len(server.state()) == len(alerts), 10, "the alerts are there")
        muted = {labels for labels, one in server.state().items() if one["muted_by"]}
        for place, command in enumerate(adds):
            identity = shell.run(command).strip()
            left = {"", *steps} if place == len(steps) else set(steps[place:])
            expected = {key(one) for one in mine if one.get("escalation", "") in left}
            wait(lambda want=expected: shell.silenced() == want, 10, command)
            assert identity in shell.run(query)
            began, ended = shell.times(identity)
            shell.run(update, ID=identity)
            assert shell.times(identity)[0] == began
            assert shell.times(identity)[1] > ended
            assert muted <= {labels for labels, one in server.state().items() if one["muted_by"]}, "mutes all the same"
            shell.run(expire, ID=identity)
            wait(lambda: shell.silenced() == set(), 10, expire)


class Shell:
    """Runs commands of the page against a server on this machine."""

    def __init__(self, server: Live, url: str | None, amtool: str | None) -> None:
        self._server, self._amtool = server, amtool or ""
        self._url = url or "http://localhost:9093"

    def run(self, command: str, **variables: str) -> str:
        """Return what a command prints; a complaint fails the test."""
        assert command.startswith(f"amtool --alertmanager.url={self._url} silence ")
        local = command.replace(self._url, f"http://127.0.0.1:{self._server.port}", 1)
        local = local.replace("amtool", shlex.quote(self._amtool), 1)
        given = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "USER": "alice", **variables}
        done = subprocess.run(["bash", "-euc", local], capture_output=True, text=True, env=given, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def silenced(self) -> set[tuple[tuple[str, str], ...]]:
        """Return the alerts that a silence hides."""
        return {labels for labels, one in self._server.state().items() if one["silenced"]}

    def times(self, identity: str) -> tuple[str, str]:
        """Return the beginning and the end of a silence."""
        found = self._server.ask(f"silence/{identity}")
        return found["startsAt"], found["endsAt"]
