"""The formulas behind what is told of an SLO, written down again from docs/formulas.md and the SRE Workbook."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.review.sides import seconds

# Long window and the share of the budget: Google SRE Workbook, "Alerting on SLOs".
TIERS = {
    "page above, 5m/1h": (3600, Fraction(2, 100)),
    "page above, 30m/6h": (21600, Fraction(5, 100)),
    "ticket above, 2h/1d": (86400, Fraction(10, 100)),
    "ticket above, 6h/3d": (259200, Fraction(10, 100)),
}
KINDS = {"critical": "page", "warning": "ticket"}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
EVERY = {"page": 30, "ticket": 300}  # seconds between two evaluations
SHARES = (100, 10, 1, Fraction(1, 10))  # percent of errors that are told of
SCRAPE = 30  # seconds: the default, which no case changes


@dataclass(frozen=True)
class Promise:
    """An SLO as the input has it; `traffic` in events a second, `sampled` when each scrape is one."""

    target: Fraction
    window: int
    traffic: Fraction | None
    sampled: bool
    silent: tuple[str, ...] = ()  # kinds of alerts that it does without

    @classmethod
    def of(cls, slo: dict[str, Any]) -> Promise:
        """Read what PyYAML gives of an SLO."""
        amount, _, unit = slo.get("traffic", "").partition("/")
        sampled = "boolean" in slo["sli"]
        declared = Fraction(amount) / SECONDS[unit] if amount else None
        return cls(
            target=Fraction(Decimal(slo["objective"])) / 100,
            window=seconds(slo.get("window", "30d")),
            traffic=Fraction(1, SCRAPE) if sampled else declared,
            sampled=sampled,
            silent=tuple(KINDS[kind] for kind, on in slo.get("alerting", {}).items() if on == "false"),
        )

    @property
    def budget(self) -> Fraction:
        """The share of events that may be bad."""
        return 1 - self.target

    @property
    def factors(self) -> dict[str, Fraction]:
        """How many times too fast the budget burns at each tier; of tiers with equal factors the first one stays."""
        found: dict[str, Fraction] = {}
        for name, (long, share) in TIERS.items():
            factor = max(Fraction(1), share * self.window / long)
            if factor not in found.values():
                found[name] = factor
        return {name: factor for name, factor in found.items() if name.split()[0] not in self.silent}

    @property
    def thresholds(self) -> dict[str, Fraction]:
        """The error ratio of each tier."""
        return {name: factor * self.budget for name, factor in self.factors.items()}

    @property
    def guards(self) -> dict[str, int]:
        """How many bad events each tier waits for: docs/formulas.md, "The guard".

        Two; more where the traffic is declared and a service that burns exactly its budget would have as many by
        chance more often than in one long window of ten periods, unless the threshold takes 30 anyway.
        """
        return {name: self._guard(TIERS[name][0], ratio) for name, ratio in self.thresholds.items()}

    def _guard(self, long: int, ratio: Fraction) -> int:
        if self.traffic is None or self.sampled or self.traffic * long * ratio >= 30:
            return 2
        expected, rare = float(self.traffic * long * self.budget), long / self.window / 10
        return max(2, next(k for k in range(1000) if _at_least(k, expected) < rare))


def _at_least(events: int, expected: float) -> float:
    """Return the probability of so many events or more, by Poisson."""
    return 1 - math.fsum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(events))


def holds(about: str, value: str, slo: Promise) -> bool | None:
    """Return whether a value is what the formulas give; None for what is no number of theirs."""
    if about == "objective":
        return number(value.removesuffix(" %")) == slo.target * 100
    if about == "window":
        return seconds(value) == slo.window
    if about == "error budget, minutes":
        return number(value) == slo.budget * slo.window / 60
    if about == "error budget, events":
        allowed = (slo.traffic or 0) * slo.window * slo.budget
        return number(value) == (math.floor(allowed) if allowed >= 100 else allowed)
    if about == "budget left today, ask a server for":
        rate = r"sum_over_time\(slo:sli_{}:avg_rate5m\{{.*\}}\[(\w+)\]\)"
        form = rf"1 - {rate.format('errors')} / {rate.format('total')} / (\S+)"
        found = re.fullmatch(form, value)
        assert found, value
        return (seconds(found[1]), seconds(found[2]), number(found[3])) == (slo.window, slo.window, slo.budget)
    if about == "traffic":
        return number(value[:-2]) / SECONDS[value[-1]] == slo.traffic
    if about in TIERS:
        found = re.fullmatch(r"(\S+) % errors \((\S+) times?\)", value)
        assert found, value
        close = abs(number(found[2]) - slo.factors[about]) < Fraction(1, 100)
        return close and number(found[1]) == slo.thresholds[about] * 100
    if about.startswith("bad events before a "):
        kind, windows = about.removeprefix("bad events before a ").split(", ")
        return int(value) == slo.guards[f"{kind} above, {windows}"]
    if found := re.fullmatch(r"first (\w+) at (\S+) % errors", about):
        return number(found[2]) in SHARES and _noticed(found[1], number(found[2]) / 100, value, slo)
    return None


def _noticed(kind: str, errors: Fraction, value: str, slo: Promise) -> bool:
    """Long window times threshold by the errors, or until the guard's events have happened, rounded up to evaluations.

    Recorded windows see a page up to 37 s sooner, a ticket 2m30s later. Of sampled events half an event less is
    enough, and 2m30s late. What takes longer than the long window never is.
    """
    found = []
    for name, ratio in slo.thresholds.items():
        long = TIERS[name][0]
        enough = slo.guards[name] - (Fraction(1, 2) if slo.sampled else 0)
        guard = enough / (slo.traffic * errors) if slo.traffic else 0
        if kind in name and ratio < errors and guard < long:
            found.append(max(long * ratio / errors, guard))
    if value == "never" or not found:
        return value == "never" and not found
    every = EVERY[kind]
    late = every + (30 if kind == "page" else 150) + 150 * slo.sampled
    return seconds(value) % every == 0 and bool(min(found) - 37 <= seconds(value) <= min(found) + late)


def number(text: str) -> Fraction:
    """Return a decimal as it is written, with commas between thousands."""
    return Fraction(Decimal(text.replace(",", "")))
