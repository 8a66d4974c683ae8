"""Whether a time lies in a time interval, as Alertmanager 0.25 to 0.34 has it (timeinterval.ContainsTime)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from slogen.model import TimeInterval

_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def within(interval: TimeInterval, at: datetime) -> bool:
    """Return whether `at`, which knows its zone, lies in an interval: in one of its ranges of each kind that it has.

    Days, months and the clock are those of the interval's location, else of UTC. The end of `times` is outside.
    """
    local = at.astimezone(ZoneInfo(interval.location) if interval.location else UTC)
    minute = local.hour * 60 + local.minute
    return (
        (not interval.times or any(_minute(start) <= minute < _minute(end) for start, end in interval.times))
        and _in(interval.weekdays, _WEEKDAYS.index, local.isoweekday() % 7)
        and _in(interval.months, lambda name: _MONTHS.index(name) + 1, local.month)
        and (not interval.days_of_month or any(_on_day(days, local) for days in interval.days_of_month))
    )


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _in(ranges: Iterable[str], number: Callable[[str], int], value: int) -> bool:
    """Return whether a value is in one of the ranges such as `monday:friday` or `monday`, or there are none."""
    pairs = [_ends(text) for text in ranges]
    return not pairs or any(number(first) <= value <= number(last) for first, last in pairs)


def _ends(text: str) -> tuple[str, str]:
    first, _, last = text.partition(":")
    return first, last or first


def _on_day(days: str, local: datetime) -> bool:
    length = _days(local)
    first, last = (length + int(end) + 1 if int(end) < 0 else int(end) for end in _ends(days))
    return first <= local.day <= min(last, length)


def _days(local: datetime) -> int:
    """Return how many whole days of 24 hours a month has.

    As Alertmanager counts: the month in which clocks go forward is a day short, and its last day belongs to no range.
    """
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    following = (first + timedelta(days=31)).replace(day=1)
    return (following.astimezone(UTC) - first.astimezone(UTC)).days
