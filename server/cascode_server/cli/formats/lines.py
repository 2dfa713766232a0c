"""Lines and columns as grep and vim count them."""

from __future__ import annotations

import codecs
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
    content = _content(hit)
    if content is None or not _LONE_CR.search(content):
        return line
    return 1 + content.count(b"\n", 0, _start(content, line))


def grep_column(hit: Hit) -> int:
    """Return the column that ``rg --vimgrep`` gives the name of a hit: in bytes, 1-based.

    Args:
        hit: Names the file; where it cannot be read the column stays one of characters.
    """
    content = _content(hit)
    if content is None:
        return hit.name_column + 1
    start = _start(content, hit.name_line)
    line = _LINE_END.split(content[start:], maxsplit=1)[0].decode("utf-8", "surrogateescape")
    before = len(line[: hit.name_column].encode("utf-8", "surrogateescape"))
    return start + before - content.rfind(b"\n", 0, start)


def _content(hit: Hit) -> bytes | None:
    """The file of a hit without its byte order mark; None where there is none to look into."""
    if hit.repository is not None:  # of another machine
        return None
    try:
        content = Path(hit.root, hit.path).read_bytes()
    except OSError:
        return None
    return None if b"\0" in content else content.removeprefix(codecs.BOM_UTF8)  # in UTF-16 bytes are not characters


def _start(content: bytes, line: int) -> int:
    """Where a line begins, 1-based and as the index counts."""
    ends = [match.end() for match, _ in zip(_LINE_END.finditer(content), range(line - 1), strict=False)]
    return ends[-1] if ends else 0
