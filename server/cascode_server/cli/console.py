"""Standard streams: results on stdout, all else on stderr, nothing that a terminal would obey."""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
from pathlib import Path

import click

#: Characters that turn the direction of writing: code that shows another order than it runs in.
_TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
#: Characters that steer a terminal; source code and file names may hold them. Tab and newline stay.
_CONTROLS = {
    code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160), *_TURNS) if chr(code) not in "\t\n"
}
#: Unicode's own line and paragraph separators break a line too.
_CONTROLS_AND_BREAKS = _CONTROLS | dict.fromkeys((ord("\n"), 0x2028, 0x2029), "\N{REPLACEMENT CHARACTER}")


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


def printable(text: str, *, one_line: bool = False) -> str:
    """Text without the characters that steer a terminal.

    Args:
        text: Source code, a name or a path.
        one_line: Whether a newline steers too, as in a path.
    """
    return text.translate(_CONTROLS_AND_BREAKS if one_line else _CONTROLS)


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
