"""A progress bar for what takes over a second."""

from __future__ import annotations

import sys
import time
from typing import Any


class Progress:
    """A progress bar on a terminal, once something takes over a second."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def advance(self, step: str, done: int, total: int) -> None:
        """Show how far a step is."""
        if self.bar is None:
            if not sys.stderr.isatty() or time.monotonic() - self.started < 1:
                return
            from rich.console import Console
            from rich.progress import Progress as Bar

            self.bar = Bar(console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task(step, total=total)
            self.bar.start()
        self.bar.update(self.task, description=step, completed=done, total=total)
