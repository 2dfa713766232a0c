"""What holds for every test."""

from __future__ import annotations

import signal
from collections.abc import Generator

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


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """Escape lone surrogates, which names of files that are no UTF-8 put into captured logs.

    pytest-xdist cannot send them from a worker, and ends the whole run.
    """
    report = yield
    return encodable(report)


def encodable(data: object) -> object:
    """Return the data of a report with strings that UTF-8 can encode."""
    if isinstance(data, str):
        return data.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(data, list | tuple):
        return type(data)(encodable(item) for item in data)
    if isinstance(data, dict):
        return {encodable(key): encodable(value) for key, value in data.items()}
    return data
