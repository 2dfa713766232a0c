"""What holds for every test."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Take Ctrl-C as a terminal gives it.

    A shell script starts what it puts into the background with SIGINT ignored, and the programs that tests interrupt
    would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
