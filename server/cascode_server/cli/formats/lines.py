"""Line numbers as grep and vim count them."""

from __future__ import annotations

import re
from pathlib import Path

from cascode import Hit

#: Ends a line in LSP and in the index, and not for grep and vim.
_LONE_CR = re.compile(rb"\r(?!\n)")
_LINE_END = re.compile(rb"\r\n|\n|\r")


def grep_range(hit: Hit) -> str:
    """Return the first and the last line of a hit: ``12-34``."""
    return f"{grep_line(hit, hit.start_line)}-{grep_line(hit, hit.end_line)}"


def grep_line(hit: Hit, line: int) -> int:
    """Return the number that ``grep -n`` gives a line.

    Args:
        hit: Names the file; where it cannot be read the line stays as it is.
        line: A line of it, 1-based, where a lone carriage return ends lines too.
    """
    if hit.repository is not None:  # of another machine: there is no file to look into
        return line
    try:
        content = Path(hit.root, hit.path).read_bytes()
    except OSError:
        return line
    if b"\0" in content or not _LONE_CR.search(content):  # in UTF-16 bytes are not characters
        return line
    ends = [match.end() for match, _ in zip(_LINE_END.finditer(content), range(line - 1), strict=False)]
    return 1 + content.count(b"\n", 0, ends[-1] if ends else 0)
