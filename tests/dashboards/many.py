"""A wall of 200 SLOs: what 50 services with four SLOs each would record, without their rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.dashboards.filled import DAY, END, HOUR, MINUTE, Filling

SERVICES = 50
NAMES = ("availability", "latency", "freshness-of-what-customers-see", "checkout")
TARGETS = {"availability": 0.999, "latency": 0.99, "freshness-of-what-customers-see": 0.995, "checkout": 0.9999}
TEAMS = ("core", "data", "platform", "security")


def many(filling: Filling) -> Filling:
    """Add the SLOs: of 200 twelve page, twenty have a ticket, five are not measured, three have no traffic."""
    filling.lines(_lines())
    return filling


def wall(folder: Path, filling: Filling) -> tuple[Path, Filling]:
    """Return the wall of a build, and the server that holds 200 SLOs."""
    return folder / "dashboards" / "grafana" / "SLOs" / "slogen-wall.json", many(filling)


def _lines() -> Iterator[str]:
    told: dict[str, list[str]] = {}
    for number in range(4 * SERVICES):
        for family, line in _slo(number):
            told.setdefault(family, []).append(line)
    for family, lines in told.items():
        yield f"# TYPE {family} gauge"
        yield from lines


def _slo(number: int) -> Iterator[tuple[str, str]]:
    service, slo = f"service-{number // 4:02}", NAMES[number % 4]
    if number // 4 % 10 == 7:
        service += "-with-a-name-that-is-long"
    of = f'service="{service}",slo="{slo}"'
    budget = 1 - TARGETS[slo]
    pages, ticket = number % 17 == 3, number % 10 == 6 and number % 17 != 3
    missing, idle = number in (41, 42, 43, 150, 199), number in (60, 61, 62)
    burn = 20.0 + number % 31 if pages else 4.0 if ticket else 0.1 * (number % 9)
    left = -0.4 if number in (3, 96, 110) else 0.3 if pages else 0.55 if ticket else 1 - 0.09 * (number % 9)
    constants = {"slo:objective:ratio": TARGETS[slo], "slo:error_budget:ratio": budget, "slo:time_period:days": 30}
    yield from _series(of, constants, 0)
    info = f'{of},team="{TEAMS[number // 4 % 4]}",tier="{number // 4 % 3}",dashboard="slogen-{service}-{slo}"'
    yield from _series(info, {"slogen_slo_info": 1}, 0)
    if missing:
        yield from _alert(of, "SLONoData", "critical", HOUR)
        return
    rates = {"slo:sli_errors:rate5m": 0 if idle else 10 * burn * budget, "slo:sli_total:rate5m": 0 if idle else 10}
    yield from _series(of, rates, 0)
    yield from _series(of, {"slo:period_error_budget_remaining:ratio": left}, 0)
    if not idle:
        for window, part in (("5m", 1.0), ("1h", 0.8), ("6h", 0.3)):
            before = 1.0 if number % 3 else 0.2
            of_window = f"slo:sli_error:ratio_rate{window}"
            yield from _series(of, {of_window: burn * part * before * budget}, 40 * MINUTE)
            yield from _series(of, {of_window: burn * part * budget}, 0, 40 * MINUTE - 60)
    if pages:
        yield from _alert(of, "SLOErrorBudgetBurn", "critical", 20 * MINUTE + number * 5 * MINUTE)
    if ticket:
        yield from _alert(of, "SLOErrorBudgetBurn", "warning", 2 * HOUR + number * 6 * MINUTE)


def _series(of: str, told: Mapping[str, float], until: int, since: int = 3 * HOUR) -> Iterator[tuple[str, str]]:
    for name, value in told.items():
        yield from ((name, f"{name}{{{of}}} {value:.8g} {END - ago}") for ago in range(since, until - 1, -60))


def _alert(of: str, name: str, severity: str, lasts: int) -> Iterator[tuple[str, str]]:
    labels = f'alertname="{name}",{of},severity="{severity}"'
    every = 30 if severity == "critical" else 300
    for ago in range(min(lasts, DAY), -1, -every):
        yield "ALERTS", f'ALERTS{{{labels},alertstate="firing"}} 1 {END - ago}'
        yield "ALERTS_FOR_STATE", f"ALERTS_FOR_STATE{{{labels}}} {END - lasts} {END - ago}"
