"""Who is told of every alert that the rules raise: by slogen.yaml, by our simulation, by amtool, and by ROUTES.md."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slogen.emit.alertmanager.config import config_text
from slogen.emit.alertmanager.people import routes_text
from slogen.plan.routing import Matcher, Route, RoutedReceiver, RoutingPlan, Waits, plan_routing
from slogen.prove.inhibition import inhibit_gaps
from slogen.prove.reach import shadowed, unrouted, untold
from slogen.prove.routing import matching, told
from tests.conftest import ROOT, required
from tests.rules.routing import (
    AMTOOLS,
    CATALOGS,
    Labels,
    Page,
    acgs2,
    amtool_receivers,
    config_of,
    distinct,
    emitted,
    page_of,
)

OFFICE = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # Wednesday, 13:00 in Berlin, not the end of the month
NIGHT = datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
MONTH_END = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)  # a Saturday
LAST_OFFICE = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)  # a Tuesday, the last of the month
TIMES = {"office": OFFICE, "night": NIGHT, "month end": MONTH_END, "office at month end": LAST_OFFICE}

# By hand from slogen.yaml: severity and escalation, or team.
LADDER = {
    "": ["oncall-sre", "incident-commander"],
    "15m": ["engineering-manager", "customer-success"],
    "1h": ["vp-engineering", "executive-team"],
    "4h": ["ceo", "public-communication"],
}
TEAMS = {
    "platform": ["slack-platform"],
    "core": ["slack-core"],
    "data": ["slack-data"],
    "security": ["slack-security"],
}
# Whose a service is, where it is not the platform team's; and alerts that are another team's than their service.
TEAM_OF = {
    **dict.fromkeys(["agent-bus", "audit-service", "policy-engine"], "core"),
    **dict.fromkeys(
        ["backups", "elasticsearch", "kafka", "object-storage", "pgbouncer", "postgresql", "redis"], "data"
    ),
    **dict.fromkeys(["network-policies", "security"], "security"),
    **dict.fromkeys(["MeshPlaintextTraffic", "WafBlocksSurge", "WafNotBlocking"], "security"),
}


def expected(labels: Labels) -> list[str]:
    """Return who is to be told of an alert of ACGS-2."""
    match labels["severity"]:
        case "critical":
            return LADDER[labels.get("escalation", "")]
        case "warning":
            return TEAMS[labels["team"]]
        case "info":
            return ["digest"]
    return ["deadmans-switch"] if labels["alertname"] == "Watchdog" else []


def test_every_rule_of_the_repository_is_among_the_alerts_that_are_tried() -> None:
    """Each rule of the committed files, with its labels; each page that climbs, with each rung."""
    alerts = emitted(acgs2())
    rules = [
        rule
        for folder in ("prometheus", "thanos")
        for path in sorted((ROOT / "rules" / folder).glob("*.yaml"))
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert len(rules) > 100
    for rule in rules:
        wanted = {"alertname": rule["alert"], **rule["labels"]}.items()
        assert any(wanted <= labels.items() for labels in alerts), wanted
    pages = [labels for labels in alerts if labels["severity"] == "critical"]
    steps = Counter(page.get("escalation", "") for page in pages if page["alertname"] != "SLORecoveryOverdue")
    assert set(steps) == {"", "15m", "1h", "4h"}
    assert len(set(steps.values())) == 1, "all pages of ACGS-2 climb, save those of an overdue recovery"
    assert not any("escalation" in page for page in pages if page["alertname"] == "SLORecoveryOverdue")
    for labels in alerts:
        if labels["severity"] == "critical":
            assert labels["team"]
            assert labels["cluster"] == "us-east-1"


def test_every_alert_of_acgs2_is_told_to_those_whom_slogen_yaml_names() -> None:
    """Worked out by hand above, severity by severity and rung by rung; nobody is told twice."""
    plan = plan_routing(acgs2())
    for labels in emitted(acgs2()):
        assert list(told(plan, labels).audiences) == expected(labels), labels
        if "service" in labels and labels["severity"] != "none":
            service, alert = labels["service"], labels["alertname"]
            assert labels["team"] == TEAM_OF.get(alert, TEAM_OF.get(service, "platform")), labels


def test_a_marker_and_what_no_rule_raises() -> None:
    """A marker is told to nobody; an alert without a severity, or of no team, is read with the notes."""
    plan = plan_routing(acgs2())
    marker = {"alertname": "SLODependencyPaging", "service": "api-gateway", "dependency": "etcd", "severity": "none"}
    assert told(plan, marker).receivers == ("nobody",)
    assert told(plan, marker).audiences == ()
    assert told(plan, {"alertname": "Other"}).audiences == ("digest",)
    assert told(plan, {"alertname": "Watchdog", "severity": "critical"}).audiences == tuple(LADDER[""])
    assert told(plan, {"severity": "warning", "team": "unheard-of"}).audiences == ("digest",)
    assert told(plan, {"severity": "critical", "escalation": "7h"}).audiences == tuple(LADDER[""])


@pytest.mark.parametrize("version", sorted(AMTOOLS))
@pytest.mark.parametrize("name", sorted(CATALOGS))
def test_amtool_agrees_on_every_alert(name: str, version: str, tmp_path: Path) -> None:
    """Every alert that looks different to the routes, and one that no rule raises."""
    catalog = CATALOGS[name]()
    plan, path = plan_routing(catalog), config_of(name, tmp_path)
    alerts = distinct(plan, [*emitted(catalog), {"alertname": "Other"}, {"severity": "warning", "team": "other"}])
    assert len(alerts) >= {"acgs2": 50, "rich": 15, "bare": 3}[name]
    found = amtool_receivers(program(version), path, alerts)
    assert found == [told(plan, labels).receivers for labels in alerts]


def program(version: str) -> str:
    """Return amtool."""
    return required(AMTOOLS[version], "amtool", current=version != "0.25")


@pytest.mark.parametrize("name", sorted(CATALOGS))
def test_nothing_in_a_plan_is_out_of_reach(name: str) -> None:
    """No route behind another, no receiver without a route, nobody declared for nothing, no gap in an inhibition."""
    catalog = CATALOGS[name]()
    plan = plan_routing(catalog)
    assert shadowed(plan) == ()
    assert unrouted(plan) == ()
    assert untold(plan, catalog.platform.receivers) == ()
    assert inhibit_gaps(plan.inhibitions) == ()


# --- any tree -------------------------------------------------------------------------------------------------------

LABELS = ("a", "b", "c")
VALUES = ("x", "y", "xy", "zz")
MATCHERS = st.one_of(
    st.builds(Matcher, st.sampled_from(LABELS), st.sampled_from(["=", "!="]), st.sampled_from(["", *VALUES])),
    st.builds(
        Matcher,
        st.sampled_from(LABELS),
        st.sampled_from(["=~", "!~"]),
        st.sampled_from(["x|y", "x.*", ".+", "", "[xy]+", "(x|xy)y?", "y|", "x", "z{2}", "^x$|zz"]),
    ),
)
RECEIVERS = tuple(f"r{number}" for number in range(5))


def routes(depth: int) -> st.SearchStrategy[tuple[Route, ...]]:
    """Return a strategy for sibling routes of at most this depth."""
    inner = routes(depth - 1) if depth > 1 else st.just(())
    return st.lists(
        st.builds(
            Route,
            matchers=st.lists(MATCHERS, max_size=2).map(tuple),
            receiver=st.none() | st.sampled_from(RECEIVERS),
            goes_on=st.booleans(),
            routes=inner,
        ),
        max_size=3,
    ).map(tuple)


def numbered(route: Route) -> Route:
    """Return a route in which each has its place in the tree for a comment: 0, 0.0, 0.1, 0.1.0."""
    places = ((f"{route.comment}.{place}", inner) for place, inner in enumerate(route.routes))
    return replace(route, routes=tuple(numbered(replace(inner, comment=place)) for place, inner in places))


WAITS = Waits(**dict.fromkeys(("group_wait", "group_interval", "repeat_interval"), acgs2().platform.routing.hold))
TREES = routes(3).map(lambda inner: numbered(Route(comment="0", receiver="r0", waits=WAITS, routes=inner)))
ALERTS = st.dictionaries(st.sampled_from(LABELS), st.sampled_from(VALUES)).map(lambda labels: {"z": "1", **labels})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES, alerts=st.lists(ALERTS, min_size=2, max_size=2))
def test_amtool_agrees_on_any_tree(tree: Route, alerts: list[Labels], tmp_path: Path) -> None:
    """Routes three deep, with and without `continue`, every operator; receivers in the same order, as often."""
    plan = RoutingPlan(
        group_by=("a",),
        root=tree,
        receivers=tuple(RoutedReceiver(name=name, audiences=()) for name in RECEIVERS),
        inhibitions=(),
        intervals=(),
    )
    path = tmp_path / "alertmanager.yaml"
    path.write_text(config_text(plan, acgs2().platform), "utf-8")
    expected = [told(plan, labels).receivers for labels in alerts]
    for tool in filter(None, AMTOOLS.values()):
        assert amtool_receivers(tool, path, alerts) == expected
    for lost in shadowed(plan):
        for labels in alerts:
            for route in matching(tree, labels):
                assert not f"{route.comment}.".startswith(f"{lost.route.comment}."), (lost, labels)


# --- ROUTES.md ------------------------------------------------------------------------------------------------------


def told_by_page(page: Page, labels: Labels, at: datetime) -> list[str]:
    """Return whom the page names for an alert at a time."""
    match labels.get("severity"):
        case "critical":
            step = f"{labels['escalation']} after the page" if labels.get("escalation") else "at once"
            rows = [row for row in page.table("Pages") if row["told"] == step]
            assert rows, f"the page does not know the step {step}"
        case "warning":
            team = labels.get("team", "none")
            rows = [row for row in page.table("Tickets") if row.get("team", team) == team]
        case "info":
            rows = [row for row in page.table("Notes") if row.get("team", labels["team"]) == labels["team"]]
        case "none":
            rows = page.table("Watchdog") if labels["alertname"] == "Watchdog" else []
        case _:
            rows = page.table("Everything else")
    return [row["who"] for row in rows if row["who"] != "nobody" and _told_now(row.get("when", "always"), at)]


def _told_now(when: str, at: datetime) -> bool:
    """Return whether a time is within what the column `when` says, by hand for the times above."""
    return {
        "always": True,
        "in `office`": at in (OFFICE, LAST_OFFICE),
        "in `month-end`": at in (MONTH_END, LAST_OFFICE),
    }[when]


@pytest.mark.parametrize("name", sorted(CATALOGS))
def test_every_alert_is_told_to_those_whom_routes_md_names(name: str) -> None:
    """Every alert, severity and rung, in office hours, at night, and at the end of a month."""
    catalog = CATALOGS[name]()
    plan = plan_routing(catalog)
    page = Page(page_of(name))
    for at in TIMES.values():
        for labels in [*emitted(catalog), {"alertname": "Other"}]:
            assert sorted(told(plan, labels, at).audiences) == sorted(told_by_page(page, labels, at)), (at, labels)


@pytest.mark.parametrize("name", sorted(CATALOGS))
def test_routes_md_says_what_mutes_what(name: str) -> None:
    """Each pair of services, tickets and pages: muted when the table has a row for it, and only then."""
    catalog = CATALOGS[name]()
    plan, page, alerts = plan_routing(catalog), Page(page_of(name)), emitted(catalog)
    rows = {(row["while there is"], row["nobody is told of"]) for row in page.table("What mutes what")}
    assert ("a page of an SLO", "tickets of the same SLO") in rows
    cluster = {"cluster": "us-east-1"} if catalog.platform.clusters else {}
    names = [service.name for service in catalog.services]
    seen = 0
    for needed in names:
        paging = {"alertname": "SLOErrorBudgetBurn", "service": needed, "slo": "s", "severity": "critical", **cluster}
        for dependant in names:
            ticket = {"alertname": "Cause", "service": dependant, "severity": "warning", "team": "core", **cluster}
            listed = _listed(rows, f"a page of {needed}", "tickets of ")
            assert (told(plan, ticket, active=[paging]).muted is not None) == (dependant in listed)
            marker = {"alertname": "SLODependencyPaging", "service": dependant, "dependency": needed}
            marker |= {"severity": "none", **cluster}
            hit = _listed(rows, f"a page of {needed}, for 30m", "pages of ")
            other = {**paging, "service": dependant}
            raised = any(marker.items() <= alert.items() for alert in alerts)
            assert raised == (dependant in hit)
            assert told(plan, other, active=[paging]).muted is None
            if raised:
                assert told(plan, other, active=[paging, marker]).muted is not None
            seen += (dependant in listed) + raised
    assert seen >= {"acgs2": 6, "rich": 4, "bare": 0}[name]


def _listed(rows: set[tuple[str, str]], cause: str, what: str) -> list[str]:
    """Return the services that the rows of a cause name."""
    mine = [target for first, target in rows if first == cause and target.startswith(what)]
    return [name for target in mine for name in target.removeprefix(what).replace(" and ", ", ").split(", ")]


def test_routes_md_is_written_for_what_the_platform_has() -> None:
    """Nothing about a ladder, clusters, teams, times or a watchdog where there is none."""
    text = page_of("bare")
    assert list(Page(text).sections) == [
        "Pages",
        "Tickets",
        "Notes",
        "Watchdog",
        "Everything else",
        "What mutes what",
        "Silencing a page",
        "What a silence does and does not do",
    ]
    for word in ("escalation", "cluster=", "ladder", "step", "team:", "dependsOn", "Acknowledg"):
        assert word not in text
    assert "amtool --alertmanager.url=http://localhost:9093 silence add" in text
    assert "Nobody else is told, however long a page lasts." in text
    assert "There is none: when Prometheus or Alertmanager is down, nobody is told." in text


def test_routes_md_of_the_rich_platform_in_words() -> None:
    """Intervals, labels by value, pages that stay, alerts of another team, a pipe in a channel."""
    text = page_of("rich")
    for part in (
        "| at once | room | Slack `#incidents\\|all` | in `office` |\n",
        "| `office` | Monday to Friday, 09:00 to 17:30, Europe/Berlin |\n",
        "| `month-end` | the 2nd last day to the last day of the month, UTC |\n",
        "- These never leave the first step: shop `quick` and shop `ShopBroken`.\n",
        "- core: stock, store and `ShopOdd` of shop\n",
        "Acknowledging it in Opsgenie does not stop them.",
        "has a page for each value",
        "| a page of store, for 30m | pages of shop |\n",
    ):
        assert part in text, part


@pytest.mark.parametrize("name", sorted(CATALOGS))
def test_routes_md_acknowledges_what_exists(name: str) -> None:
    """The commands are about a page that the rules raise, and stop the steps that are still to come and no others."""
    catalog = CATALOGS[name]()
    page, alerts = Page(page_of(name)), emitted(catalog)
    adds = [shlex.split(line) for line in page.commands() if " silence add " in line]
    steps = [str(rung.after) for rung in catalog.platform.routing.critical][1:]
    assert len(adds) == len(steps) + 1
    for place, words in enumerate(adds):
        fixed = dict(word.split("=", 1) for word in words if "=" in word and word[0] != "-" and "~" not in word)
        base = {label: value for label, value in fixed.items() if label not in ("escalation", "severity")}
        assert any(base.items() <= alert.items() and "escalation" not in alert for alert in alerts)
        assert ("cluster" in base) == bool(catalog.platform.clusters), "one incident, not that of another cluster"
        if place < len(steps):
            pattern = fixed.get("escalation") or next(word for word in words if "=~" in word).split('"')[1]
            assert pattern.split("|") == steps[place:]


@pytest.mark.parametrize("name", sorted(CATALOGS))
def test_amlint_finds_nothing_that_is_not_meant(name: str, tmp_path: Path) -> None:
    """A second opinion: a linter that simulates routes and inhibitions too."""
    meant = {
        ("empty-receiver", "receivers[nobody]"),  # markers are told to nobody; they mute others
        ("global-resolve-timeout-missing", "global"),  # Prometheus gives every alert an end
    }
    if CATALOGS[name]().platform.routing.watchdog:
        meant.add(("repeat-before-group", "route.routes[0]"))  # so that it is repeated at every turn of the group
    if not CATALOGS[name]().platform.clusters:  # then the names of the services are all that binds the two sides
        meant |= {("inhibit-no-equal", f"inhibit_rules[{place}]") for place in (1, 2)}
    path = config_of(name, tmp_path)
    assert findings(path) - meant == set()
    broken = path.read_text("utf-8").replace("equal: [service, slo", "equal: [] # [")
    if name != "acgs2":
        path.write_text(broken, "utf-8")
        assert findings(path) - meant == {("inhibit-no-equal", "inhibit_rules[0]")}, "it is awake"


def findings(path: Path) -> set[tuple[str, str]]:
    """Return the codes and places of what amlint finds."""
    command = [str(Path(sys.executable).with_name("amlint")), "check", "--format", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return {(one["code"], one["where"]) for one in yaml.safe_load(done.stdout)}


def test_the_committed_page_is_the_one_of_the_catalog() -> None:
    """It holds no time, no version and no order of a set."""
    assert page_of("acgs2") == routes_text(plan_routing(acgs2()), acgs2())
