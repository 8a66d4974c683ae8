"""Which tests to try first on a mutant: what noticed a mistake like it, then what notices most, then what is cheap."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from slogen.model import Service
from slogen.prove.mutants import Mutant
from slogen.prove.slices import Slice


class Experience:
    """What noticed the mistakes so far. It decides how soon the fate of a mutant is known, never what it is."""

    def __init__(self, service: Service, mutants: Iterable[Mutant]) -> None:
        self._causes = {alert.name for alert in service.alerts}
        known = sorted({*self._causes, *(slo.name for slo in service.slos)}, key=len, reverse=True)
        self._names = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, known))})(?![\w-])")
        self._last: dict[str, str] = {}  # for a kind of mistake, the test that noticed the last one
        self._often: Counter[tuple[str, str]] = Counter()  # for a kind of rule, how often each test noticed one
        # The same mistake in the same rule of another SLO or cause, and at the same of several places in it.
        self._kinds: dict[Mutant, str] = {}
        seen: Counter[tuple[int, int, str]] = Counter()
        for mutant in mutants:
            place = (mutant.group, mutant.place, self._told(mutant.what, mutant))
            self._kinds[mutant] = f"{self._rule(mutant)} {place[2]} {seen[place]}"
            seen[place] += 1

    def learn(self, mutant: Mutant, by: Slice) -> None:
        """Remember what noticed a mutant."""
        told = self._told(by.scenario.name, mutant)
        self._last[self._kinds[mutant]] = told
        self._often[self._rule(mutant), told] += 1

    def batches(self, mutant: Mutant, slices: Iterable[Slice]) -> Iterator[list[Slice]]:
        """Yield what to try at once: one test, then two others, and twice as many each time."""
        last, rule = self._last.get(self._kinds[mutant]), self._rule(mutant)

        def promise(one: Slice) -> tuple[bool, float, int]:
            told = self._told(one.scenario.name, mutant)
            return told != last, -self._often[rule, told] / one.cost, one.cost

        left, most = sorted(slices, key=promise), 1
        while left:
            yield left[:most]
            left, most = left[most:], most * 2

    def varied(self) -> list[Mutant]:
        """Return the first mutants of each kind, those of each rule as far apart as may be, then the second ones."""
        kinds: Counter[str] = Counter()
        rules: Counter[tuple[int, str]] = Counter()
        turns = []
        for mutant, kind in self._kinds.items():
            rule = (kinds[kind], self._rule(mutant))
            turns.append(((kinds[kind], rules[rule]), mutant))
            kinds[kind] += 1
            rules[rule] += 1
        return [mutant for _, mutant in sorted(turns, key=lambda turn: turn[0])]

    def _rule(self, mutant: Mutant) -> str:
        """Return what is the same for the same rule of another SLO or cause."""
        labels = dict(mutant.original.labels)
        name = "a cause" if mutant.name in self._causes else mutant.name
        return f"{name} {labels.get('severity', '')} {labels.get('escalation', '')}"

    def _told(self, text: str, mutant: Mutant) -> str:
        """Return a text that is the same for another SLO or cause: without names and numbers, with durations."""
        own = (mutant.slo, mutant.name)
        nameless = self._names.sub(lambda name: "own" if name[0] in own else "other", text)
        return re.sub(r"[0-9.]+(?![0-9.smhd])", "0", nameless)
