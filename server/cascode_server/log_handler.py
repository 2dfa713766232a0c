"""A log file that only its owner may read. Loaded where a log is written: a search on the command line writes none."""

from __future__ import annotations

import logging.handlers
import os
from io import TextIOWrapper

#: Owner only: a log names paths and queries.
_FILE_MODE = 0o600


class PrivateFileHandler(logging.handlers.RotatingFileHandler):
    """A rotating file that nobody else may read, from its first byte."""

    def _open(self) -> TextIOWrapper:
        """Open the file with the owner's rights only."""
        return TextIOWrapper(
            open(self.baseFilename, "ab", opener=_open_private),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )


def _open_private(path: str, flags: int) -> int:
    """Open a file that only its owner may read; a link that somebody laid there is not followed."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), _FILE_MODE)
