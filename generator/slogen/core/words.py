"""The word that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like `word`, or that begins with it; None when none is."""
    known = tuple(map(str, known))
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    close = close or [other for other in known if word and other.lower().startswith(word.lower())]
    return close[0] if close else None


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` is but for one slip: a letter more, less or another one, or two swapped.

    A digit is no slip: `node_1` and `node_2` are both meant. None when it is known itself.
    """
    known = tuple(known)
    return None if word in known else next((other for other in known if _one_slip(word, other)), None)


def _one_slip(one: str, other: str) -> bool:
    start = _common(one, other)
    one, other = one[start:], other[start:]
    end = _common(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    if (one + other).isdigit():
        return False
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _common(one: str, other: str) -> int:
    """Return how many letters two words begin with alike."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)
