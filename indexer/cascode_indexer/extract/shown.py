"""What the parser is shown in place of a source: as long, all that it cannot read blanked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Every byte to a space, line breaks to themselves.
_BLANKS = bytes(byte if byte in b"\r\n" else 0x20 for byte in range(256))
#: Every byte of a character beyond ASCII to a letter.
_LETTERS = bytes(byte if byte < 0x80 else ord("x") for byte in range(256))


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a definition where it stands in a macro's arguments."""

    #: Parts of the name.
    parts: tuple[str, ...]
    #: First byte of the last part in the source.
    start: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A source as the parser sees it."""

    #: As long as the source, every byte that was kept in its place; line breaks may be blanked, too.
    data: bytes
    #: First byte of a name's node to the name that is meant.
    names: Mapping[int, Named] = field(default_factory=dict)
    #: End to first byte of what was blanked in front of a declaration and belongs to it.
    prefixes: Mapping[int, int] = field(default_factory=dict)
    #: Branches of conditionals that were blanked, first byte and end: they are read apart.
    branches: tuple[tuple[int, int], ...] = ()


def blanked(text: bytes) -> bytes:
    """Spaces as long as a text, its line breaks kept."""
    return text.translate(_BLANKS)


def blank(buffer: bytearray, start: int, end: int) -> None:
    """Blank a part of a buffer."""
    buffer[start:end] = buffer[start:end].translate(_BLANKS)


def ascii_shown(text: bytes) -> Shown:
    """What a grammar is shown whose scanner takes each character for an index into the C library's table of classes.

    The table has 256 entries: characters far beyond it end the process (tree-sitter-bash, issue 337: ``{`` and a
    character of four bytes). Letters in their place are what they are in names and words.
    """
    return Shown(text if text.isascii() else text.translate(_LETTERS))
