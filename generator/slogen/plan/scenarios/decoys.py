"""Series beside those of the owners' tests: what their expressions must leave alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slogen.promql.query import Selector, matchers, needs_series, parse_series, selectors
from slogen.promql.sample import Matcher, beside, is_understood, series

Series = Iterable[tuple[str, str]]
_RECORDED = ("slo:", "slogen", "ALERTS")


@dataclass(frozen=True, slots=True)
class Decoys:
    """What the expressions `read`; `alone` when they give nothing of nothing, so that decoys can stand alone."""

    read: Sequence[Selector]
    alone: bool

    @classmethod
    def of(cls, *queries: str) -> Decoys:
        """Return the decoys for the expressions of one alert, or of the rates of one SLI."""
        return cls(tuple(one for query in queries for one in selectors(query)), all(map(needs_series, queries)))

    def of_others(self, tests: Sequence[Series]) -> list[tuple[str, str]]:
        """Return the series of tests as something else would have them: nothing that is read, so nothing comes of them.

        For each matcher that all selectors share there are those of the first test that has series which it lets in:
        if it were missing they would be read, and what must come of that test would come of them.
        """
        return _decoys((), tests, self.read, self._shared) if self.alone else []

    def near(self, own: Series, others: Iterable[Series]) -> list[tuple[str, str]]:
        """Return series to stand beside those of a test, for each matcher of which no others tell.

        Their values are those of a test that expects something else: if the matcher were missing, they would likely
        change what comes of this one.
        """
        every = {one for selector in self.read for one in matchers(selector)}
        return _decoys(own, [*others, own], self.read, every - (self._shared if self.alone else set()))

    @property
    def _shared(self) -> set[Matcher]:
        return set.intersection(*(set(matchers(selector)) for selector in self.read)) if self.read else set()


def _decoys(
    own: Series, tests: Iterable[Series], read: Sequence[Selector], wanted: set[Matcher]
) -> list[tuple[str, str]]:
    # Another rule may read decoys too: what it gives must not be read here.
    if not all(_is_raw(selector) and is_understood(selector) for selector in read):
        return []
    taken = [_told(parse_series(text)) for text, _ in own]
    found, told = [], set[Matcher]()
    for test in tests:
        left = wanted - told
        for text, values in test:
            for matcher, other in beside(parse_series(text), *read).items():
                told.add(matcher)
                labels = _told(other)
                if matcher in left and labels not in taken:
                    taken.append(labels)
                    found.append((series(labels), values))
    return found


def _told(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that a series has: one that is empty is none."""
    return {name: value for name, value in labels.items() if value}


def _is_raw(selector: Selector) -> bool:
    return any(
        (name, operator) == ("__name__", "=") and not value.startswith(_RECORDED)
        for name, operator, value in matchers(selector)
    )
