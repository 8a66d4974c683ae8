"""What the page of an SLO says of the alerts that the SLO really has."""

from __future__ import annotations

import pytest

from slogen.emit.grafana.kit import LogQuery, Page, Panel, Step
from slogen.emit.grafana.oncall import oncall_page
from slogen.emit.grafana.wall import wall_page
from tests.unit.emit.making import catalog

GRAFANA = 'grafana: {url: "https://g"}\nthanos: {}\n'
DASHED = "Dashed lines are the thresholds of the alerts."
EVENTS = "{events: {total: a_total, bad: b_total}}"


def page(slo: str) -> Page:
    """Return the page of an SLO with these keys."""
    of = catalog(GRAFANA, web=f"  - {{name: x, {slo}, sli: {EVENTS}}}\n")
    return oncall_page(of.services[0], of.services[0].slos[1], of.platform)


def panel(slo: str, title: str) -> Panel:
    """Return the panel with this title."""
    (found,) = [one for one in page(slo).panels if one.title == title]
    assert isinstance(found, Panel)
    return found


def titles(sli: str, more: str = "") -> list[tuple[str, int, int, int]]:
    """Return title, x, y and width of what stands from the second row of graphs on, for an SLI."""
    of = catalog(GRAFANA, web=f"  - {{name: x, objective: 99, {more}sli: {sli}}}\n")
    made = oncall_page(of.services[0], of.services[0].slos[1], of.platform)
    panels = [one for one in made.panels if isinstance(one, Panel)]
    return [(one.title, one.place[0], one.place[1], one.place[2]) for one in panels if one.place[1] >= 15]


KEPT, EVENTS_SEEN, FIRES = "Is the objective kept?", "How many events are there?", "What fires in this service?"
LEFT, ALERTS = "Budget left", "When did alerts fire?"


def test_who_burns_the_budget_stands_first() -> None:
    """Or the alerts of the service, where no label tells; what there is more of fills one row or two."""
    assert titles("{query: {errors: 'sum(rate(a[$window]))', total: 'sum(rate(b[$window]))'}}") == [
        (FIRES, 0, 15, 10), (KEPT, 10, 15, 7), (EVENTS_SEEN, 17, 15, 7), (LEFT, 0, 22, 12), (ALERTS, 12, 22, 12),
    ]  # fmt: skip
    assert titles("{boolean: 'max(up)'}")[0] == (FIRES, 0, 15, 10)
    assert titles("{boolean: up}")[:4] == [
        ("Which instance burns the budget?", 0, 15, 8), (KEPT, 8, 15, 8), ("How many checks are there?", 16, 15, 8),
        (FIRES, 0, 22, 24),
    ]  # fmt: skip
    # Its instance is kube-state-metrics, which only tells.
    assert titles("{freshness: {timestamp: kube_cronjob_status_last_successful_time, maxAge: 1d}}")[0] == (
        FIRES, 0, 15, 10,
    )  # fmt: skip
    latency = "{latency: {histogram: d_seconds, threshold: 5ms}}"
    times = ("How long do they take?", "How many take how long? Above 5ms is bad")
    assert titles(latency)[3:] == [
        (times[0], 0, 22, 7), (times[1], 7, 22, 7), (FIRES, 14, 22, 10), (LEFT, 0, 30, 12), (ALERTS, 12, 30, 12),
    ]  # fmt: skip
    assert titles(latency, "by: [zone], ") == [
        ("Which zone burns the budget?", 0, 15, 8), (KEPT, 8, 15, 8), (EVENTS_SEEN, 16, 15, 8),
        (times[0], 0, 22, 12), (times[1], 12, 22, 12),
        ("Which instance burns the budget?", 0, 30, 12), (FIRES, 12, 30, 12),
        (LEFT, 0, 38, 12), (ALERTS, 12, 38, 12),
    ]  # fmt: skip


def test_a_page_without_who_says_what_would_tell() -> None:
    """Only there: elsewhere a label tells."""
    of = catalog(GRAFANA, web="  - {name: x, objective: 99, sli: {boolean: 'max(up)'}}\n")
    told = {}
    for slo in of.services[0].slos:
        made = oncall_page(of.services[0], slo, of.platform).panels
        told[slo.name] = next(one.description for one in made if isinstance(one, Panel) and one.title == FIRES)
    fires = "All alerts of web that fire, causes too, and since when."
    why = " No label of this SLI tells who fails, and `by` in its SLO would: causes are what comes nearest."
    assert told == {"up": fires, "x": fires + why}


def content(slo: str, title: str) -> str:
    """Return the words of a panel of words."""
    return str(panel(slo, title).options["content"])


@pytest.mark.parametrize(
    ("slo", "expected"),
    [
        (
            "objective: 99.9",
            "A page fires when both red lines are above the highest dashed line, or both orange ones above the one of "
            f"6h. {DASHED}",
        ),
        ("objective: 90", f"A page fires when both orange lines are above the highest dashed line. {DASHED}"),
        ("objective: 99, window: 1d", f"A page fires when both red lines are above the highest dashed line. {DASHED}"),
        ("objective: 99, alerting: {critical: false}", f"No burn of this SLO pages. {DASHED}"),
        ("objective: 99, alerting: {critical: false, warning: false}", "No burn of this SLO pages."),
    ],
)
def test_the_graph_of_burn_tells_when_a_page_fires(slo: str, expected: str) -> None:
    """At 90 % no outage burns 14.4 times too fast; of a budget of one day 1h may spend no more than 6h may."""
    assert panel(slo, "Burn by window").description == f"Times faster than allowed. {expected}"


@pytest.mark.parametrize(
    ("slo", "words", "steps"),
    [
        (
            "objective: 99.9",
            "in 30d. Orange above 1, red above 6, which pages if it lasts.",
            [(1.0, "orange"), (6.0, "red")],
        ),
        (
            "objective: 99.9, window: 90d",
            "in 90d. Orange above 1, red above 18, which pages if it lasts.",
            [(1.0, "orange"), (18.0, "red")],
        ),
        ("objective: 99, window: 1d", "in 1d. Red above 1, which pages if it lasts.", [(1.0, "red")]),
        (
            "objective: 99, alerting: {critical: false}",
            "in 30d. Orange above 1, no burn of this SLO pages.",
            [(1.0, "orange")],
        ),
    ],
)
def test_burn_is_red_from_where_it_pages(slo: str, words: str, steps: list[tuple[float, str]]) -> None:
    """Of the SLO and of its instances, and the words say so."""
    burn = panel(slo, "How fast does it burn?")
    assert burn.description == f"Times faster than allowed: 1 spends exactly the budget {words}"
    assert burn.look.steps == (Step(None, "green"), *(Step(*one) for one in steps))
    instances = panel(slo, "Which instance burns the budget?")
    assert instances.look.steps == (Step(None, "blue"), *(Step(*one) for one in steps))


def test_an_slo_without_burn_alerts_says_so() -> None:
    """There is no condition to show, and nobody is told."""
    silent = "objective: 99, alerting: {critical: false, warning: false}"
    assert content(silent, "Which windows burn?") == "No alert watches the burn of this SLO.\n"
    assert content(silent, "What next?") == "This SLO neither pages nor raises tickets, however fast it burns.\n"
    tickets = "objective: 99, alerting: {critical: false}"
    assert content(tickets, "What next?") == "This SLO does not page: its tickets are for the next working day.\n"
    assert panel(tickets, "Which windows burn?").kind == "table"
    assert content("objective: 99", "What next?") == "A page is told to: **at once** sre.\n"
    overdue = "objective: 99, recovery: {within: 15m}, alerting: {critical: false}"
    assert content(overdue, "What next?") == "Only an outage of more than 15m pages, and is told to: **at once** sre.\n"


def test_the_service_is_named_where_the_word_is_whole() -> None:
    """On its own page `$service` is its name, `$service_x` is something else; on the wall it is one of several."""
    asked = r"""deploys: 'changes(x{a=''$service'',b!=`$service`,c="$service_x"}[5m])'"""
    logs = """logs: {query: '{a="$service",b!="$service_x"}'}"""
    of = catalog(f'grafana: {{url: "https://g", {asked}, {logs}}}\n', web="")
    own = oncall_page(of.services[0], of.services[0].slos[0], of.platform)
    assert own.marks[-1].expr.text == """changes(x{a='web',b!=`web`,c="$service_x"}[5m])"""
    (found,) = [query for one in own.panels if isinstance(one, Panel) and one.kind == "logs" for query in one.queries]
    assert isinstance(found, LogQuery)
    assert found.text == '{a="web",b!="$service_x"}'
    (deploys,) = wall_page(of.platform).marks
    assert deploys.expr.text == """changes(x{a=~'$service',b!~`$service`,c="$service_x"}[5m])"""
    assert deploys.title == "deploy of {{a}}"
