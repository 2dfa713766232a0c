"""The text of an open document, kept up to date by the client's edits.

Not pygls' document: that one ends lines at form feeds and other separators, so that edits land elsewhere, misplaces
columns past the end, and copies the whole text for each keystroke (tests/server/lsp/test_pygls_differences.py).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from cascode_server.lsp.params import Edit, Position
from cascode_server.lsp.positions import Encoding, from_units

#: A line with its end; the last one has none, and may be empty.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


class Buffer:
    """An open document.

    Lines are kept apart with their ends, so that a keystroke in a large file costs its line and not the file.

    Args:
        text: What the client opened.
        encoding: The unit of its columns.
    """

    def __init__(self, text: str, encoding: Encoding) -> None:
        self._encoding = encoding
        self._lines = _split(text)

    def snapshot(self) -> tuple[str, ...]:
        """Return the text in pieces to be joined."""
        return tuple(self._lines)

    def frozen(self) -> Callable[[], str]:
        """Return what makes the text of this moment, for a thread: taking it is cheap enough for the event loop."""
        return functools.partial("".join, self.snapshot())

    def apply(self, edits: Sequence[Edit]) -> None:
        """Apply edits, each to what the one before it left."""
        for edit in edits:
            if edit.range is None:
                self._lines = _split(edit.text)
            else:
                self._replace(edit.range.start, edit.range.end, edit.text)

    def _replace(self, start: Position, end: Position, text: str) -> None:
        """Put ``text`` in the place of a range; what lies past the end of a line or of the text is that end."""
        first, first_column = self._place(start)
        last, last_column = max(self._place(end), (first, first_column))
        middle = self._lines[first][:first_column] + text + self._lines[last][last_column:]
        # A lone CR before what begins with LF now is one line end.
        while first > 0 and self._lines[first - 1].endswith("\r") and middle.startswith("\n"):
            first -= 1
            middle = self._lines[first] + middle
        pieces = _split(middle)
        if last + 1 < len(self._lines) and not pieces[-1]:
            pieces.pop()  # the line after it follows at once
        self._lines[first : last + 1] = pieces

    def _place(self, position: Position) -> tuple[int, int]:
        """Return the line and the column in code points of a position."""
        if position.line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        content = self._lines[position.line].rstrip("\r\n")
        return position.line, from_units(content, position.character, self._encoding)


def _split(text: str) -> list[str]:
    """Split a text into lines with their ends, and a last one without."""
    lines = _LINE.findall(text)
    # The expression also finds nothing at the end: that is the last line after a line end, and one too many elsewhere.
    if len(lines) > 1 and not lines[-2].endswith(("\n", "\r")):
        lines.pop()
    return lines
