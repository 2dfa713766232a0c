"""Text of a workspace without the characters that steer who shows it."""

from __future__ import annotations

#: Characters that turn the direction of writing: code that shows another order than it runs in.
_TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
#: Characters that steer a terminal; source code and file names may hold them. Tab and newline stay.
_CONTROLS = {
    code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160), *_TURNS) if chr(code) not in "\t\n"
}
#: Unicode's own line and paragraph separators break a line too.
_CONTROLS_AND_BREAKS = _CONTROLS | dict.fromkeys((ord("\n"), 0x2028, 0x2029), "\N{REPLACEMENT CHARACTER}")


def printable(text: str, *, one_line: bool = False) -> str:
    """Text without the characters that steer a terminal.

    Args:
        text: Source code, a name or a path.
        one_line: Whether a newline steers too, as in a path.
    """
    return text.translate(_CONTROLS_AND_BREAKS if one_line else _CONTROLS)
