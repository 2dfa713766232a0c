"""Standard streams: results on stdout, all else on stderr, nothing that a terminal would obey."""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
from pathlib import Path

import click

from cascode_server.service.printable import printable


def prepare_streams() -> None:
    """Make the streams take every path and every character, whatever the locale."""
    # A stream that was closed before the start is None; what is written to it goes nowhere.
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_utf8 = codecs.lookup(stream.encoding).name == "utf-8"
            # A file name that is no UTF-8 comes out as the bytes that it has on the disk.
            stream.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")


def note(text: str) -> None:
    """Say something that is not a result."""
    click.echo(printable(text), err=True)


def fail(text: str, status: int) -> int:
    """Say what went wrong.

    Args:
        text: One complete line.
        status: Exit status.

    Returns:
        The status.
    """
    note(f"cascode: {text}")
    return status


class StderrHandler(logging.Handler):
    """Log records as lines on the stderr of the moment, which a progress bar may have replaced."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; its traceback only where the level asks for details."""
        try:
            if not logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
                record.exc_info = None
                record.exc_text = None
            print(printable(f"cascode: {self.format(record)}"), file=sys.stderr)  # noqa: T201  a handler's job
        except Exception:
            self.handleError(record)
