"""Whether an alert's labels fit matchers, as Alertmanager has it: a label that is absent is empty."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from slogen.plan.routing import Matcher, Matchers

Labels = Mapping[str, str]


def matches(matchers: Matchers, labels: Labels) -> bool:
    """Return whether labels fit every matcher; no matchers fit anything."""
    return all(accepts(matcher, labels.get(matcher.label, "")) for matcher in matchers)


def accepts(matcher: Matcher, value: str) -> bool:
    """Return whether a label may have this value; a pattern must cover all of it."""
    match matcher.operator:
        case "=":
            return value == matcher.value
        case "!=":
            return value != matcher.value
        case "=~":
            return _pattern(matcher.value).fullmatch(value) is not None
        case "!~":
            return _pattern(matcher.value).fullmatch(value) is None
    raise ValueError(f"no operator of Alertmanager: {matcher.operator!r}")


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)  # classes such as \d are ASCII in Go
