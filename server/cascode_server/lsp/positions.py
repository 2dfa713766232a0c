"""Positions in the client's units: LSP counts columns in UTF-8, UTF-16 or UTF-32, whatever was agreed on.

Not pygls' codec: its way back from units, and its lines, put a column past the end, or inside a character, in the wrong
place, and end lines where LSP does not (tests/server/lsp/test_pygls_differences.py). Nor is ``initialize`` to wait for
its import.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

#: Line ends of LSP. Python's ``splitlines`` knows more of them (form feed, U+2028), and would count other lines.
_LINE_END = re.compile(r"\r\n|\n|\r")

#: What columns are counted in, by its name in the protocol.
Encoding = Literal["utf-16", "utf-8", "utf-32"]
_KNOWN: dict[str, Encoding] = {name: name for name in get_args(Encoding)}


def choose_encoding(offered: object) -> Encoding:
    """Agree on the unit of columns.

    Args:
        offered: What the client can do, the best for it first; None where it says nothing.

    Returns:
        Its first one that we know, or UTF-16, which every client must know.
    """
    if isinstance(offered, Sequence):
        for name in offered:
            if isinstance(name, str) and name in _KNOWN:
                return _KNOWN[name]
    return "utf-16"


def split_lines(text: str) -> list[str]:
    """Split a text into lines as LSP counts them, without their ends."""
    return _LINE_END.split(text)


def to_units(line: str, column: int, encoding: Encoding) -> int:
    """Return the client's column of a column in code points."""
    before = line[:column]
    if encoding == "utf-32" or before.isascii():
        return len(before)
    if encoding == "utf-16":
        return len(before) + sum(character > "\uffff" for character in before)
    return len(before.encode("utf-8", "surrogatepass"))


def from_units(line: str, units: int, encoding: Encoding) -> int:
    """Return the column in code points of a client's column.

    A column past the end is the end, as the protocol has it; one inside a character is the character's begin.
    """
    if encoding == "utf-32" or line.isascii():
        return min(units, len(line))
    counted = 0
    for column, character in enumerate(line):
        width = to_units(character, 1, encoding)
        if counted + width > units:
            return column
        counted += width
    return len(line)
