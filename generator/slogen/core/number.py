"""Exact ratios and durations: what is written in YAML is what stands in a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

# Enough digits for any threshold that a float can tell apart, few enough to read.
_REPEATING = Context(prec=12)

_UNITS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_SPELLED = ("d", "h", "m", "s", "ms")
DURATION_PATTERN = (
    r"(?=[0-9])(?:[0-9]{1,4}y)?(?:[0-9]{1,4}w)?(?:[0-9]{1,5}d)?(?:[0-9]{1,6}h)?"
    r"(?:[0-9]{1,8}m)?(?:[0-9]{1,9}s)?(?:[0-9]{1,12}ms)?"
)
_DURATION = re.compile(DURATION_PATTERN)
_PART = re.compile(r"([0-9]+)(ms|[ywdhms])")


def plain(value: Decimal | Fraction | int) -> str:
    """Return the shortest decimal spelling without an exponent: `0.00144`, `14.4`, `6`.

    A fraction whose decimals repeat is rounded to twelve significant digits.
    """
    if isinstance(value, Fraction):
        value = decimal_of(value)
    text = format(Decimal(value), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def decimal_of(value: Fraction) -> Decimal:
    """Return `value` as a decimal: exact where its decimals end, else twelve significant digits."""
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    context = _REPEATING if denominator != 1 else Context(prec=60)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


@dataclass(frozen=True, slots=True, order=True)
class Ratio:
    """A share between 0 and 1, exact. `Ratio.from_percent(Decimal("99.9")).complement` is 0.001."""

    value: Decimal

    @classmethod
    def from_percent(cls, percent: Decimal) -> Ratio:
        """Return the share that `percent` of a whole is."""
        return cls(percent.scaleb(-2))

    @property
    def complement(self) -> Ratio:
        """What is left of the whole: the error budget of an objective."""
        return Ratio(1 - self.value)

    @property
    def percent(self) -> str:
        """The share in percent, spelled without trailing zeros: `99.99`."""
        return plain(self.value.scaleb(2))

    def __str__(self) -> str:
        return plain(self.value)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time in whole milliseconds, spelled as Prometheus reads it (`1h30m`).

    Days are the largest unit that is written, so that a 28 day window is `28d`, not `4w`.
    """

    ms: int

    @classmethod
    def parse(cls, text: str) -> Duration | None:
        """Read a Prometheus duration such as `30d` or `1h30m`; None when it is not one."""
        if not _DURATION.fullmatch(text):
            return None
        return cls(sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text)))

    @classmethod
    def of(cls, text: str) -> Duration:
        """Read a duration that stands in the code; a mistake is a bug."""
        duration = cls.parse(text)
        if duration is None:
            raise ValueError(f"not a duration: {text!r}")
        return duration

    @property
    def seconds(self) -> Decimal:
        """The length in seconds, exact."""
        return Decimal(self.ms) / 1000

    def __str__(self) -> str:
        return _spell(self.ms)

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.ms + other.ms)

    def __sub__(self, other: Duration) -> Duration:
        return Duration(self.ms - other.ms)

    def __mul__(self, times: int) -> Duration:
        return Duration(self.ms * times)

    def __truediv__(self, other: Duration) -> Fraction:
        return Fraction(self.ms, other.ms)

    def scaled(self, divisor: int) -> Duration:
        """Return the duration divided by `divisor`, at least one millisecond unless it is zero."""
        return self if divisor == 1 else Duration(max(round(self.ms / divisor), min(self.ms, 1)))


@lru_cache(maxsize=4096)
def _spell(ms: int) -> str:
    rest, text = ms, ""
    for unit in _SPELLED:
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            text += f"{count}{unit}"
    return text or "0s"
