"""What the scrapes of a run find: gauges that fail and recover by a timetable, in minutes of the declared times."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from math import inf

from tests.e2e.server import Exporter

Periods = Sequence[tuple[float, float]]


class Clock:
    """The time of a run in declared minutes: sixty real seconds divided by the time scale."""

    def __init__(self, scale: int) -> None:
        self.minute = 60 / scale
        self._zero: float | None = None

    def start(self) -> None:
        """Let minute 0 be now."""
        self._zero = time.monotonic()

    @property
    def now(self) -> float | None:
        """The minute that it is; None before the start."""
        return None if self._zero is None else self.at(time.monotonic())

    def at(self, monotonic: float) -> float:
        """Return the minute of a reading of `time.monotonic`."""
        assert self._zero is not None, "the clock was not started"
        return (monotonic - self._zero) / self.minute

    def sleep_until(self, minute: float) -> None:
        """Sleep until a minute; one that is over is no wait."""
        assert self._zero is not None, "the clock was not started"
        time.sleep(max(0.0, self._zero + minute * self.minute - time.monotonic()))


class Signals:
    """The gauge `healthy{of="NAME"}`: 1, and 0 in the periods in which NAME fails. All is well before the start."""

    def __init__(self, clock: Clock, failing: Mapping[str, Periods], *, more: str = "") -> None:
        self._clock, self._more = clock, more
        self._failing = {name: list(periods) for name, periods in failing.items()}
        self.exporter = Exporter(self._text)

    def fail(self, name: str) -> float:
        """Let it fail from now on; return the minute."""
        minute = self._clock.now
        assert minute is not None, "the clock was not started"
        self._failing[name].append((minute, inf))
        return minute

    def recover(self, name: str) -> float:
        """Let it be well from now on; return the minute."""
        minute = self._clock.now
        assert minute is not None, "the clock was not started"
        self._failing[name][-1] = (self._failing[name][-1][0], minute)
        return minute

    def _text(self) -> str:
        now = self._clock.now
        lines = ["# TYPE healthy gauge"]
        for name, periods in self._failing.items():
            failed = now is not None and any(start <= now < end for start, end in periods)
            lines.append(f'healthy{{of="{name}"}} {0 if failed else 1}')
        return "\n".join(lines) + "\n" + self._more
