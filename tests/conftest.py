"""What holds for every test."""

from __future__ import annotations

import signal

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update-golden``: rewrite the reviewed files from what comes out now; each line of the diff is a claim."""
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files; review the diff")


def pytest_configure() -> None:
    """Take Ctrl-C as a terminal gives it.

    A shell script starts what it puts into the background with SIGINT ignored, and the programs that tests interrupt
    would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
