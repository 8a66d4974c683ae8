"""The command line. Ctrl-C is listened to before anything else is imported."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

from slogen.app.interrupts import Interrupted, listen, wrote

_INTERRUPTED = 130  # 128 and the number of the signal, as a shell says it


def main() -> None:
    """Run slogen and end the process."""
    listen()
    try:
        from slogen.cli.root import run

        code = run()
    except Interrupted:
        code = _INTERRUPTED
        with suppress(OSError, AttributeError):  # a stderr that is full, or closed
            below = "\n" * sys.stderr.isatty()  # a terminal shows ^C
            sys.stderr.write(below + ("interrupted\n" if wrote() else "interrupted; nothing was written\n"))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)
