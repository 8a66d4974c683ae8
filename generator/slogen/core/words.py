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
