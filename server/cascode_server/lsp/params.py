"""Reads the params of the protocol's messages from plain JSON, as leniently as they can be used.

Clients leave out what a server does not need (a version, a language, a folder's name), or send null for it. A
notification cannot be answered, so that a strict reader would drop an edit, and every later one would be applied to
another text than the client's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cascode_server.schema.read import ShapeError

#: The largest number of LSP, an ``uinteger``. What lies beyond is the end of the line or of the text all the same.
_MOST = 2**31 - 1


class UnusableParamsError(ShapeError):
    """Params without what their message is about; the message names it."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a document, in the client's units."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Range:
    """What lies between two places; the end is not part of it."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a document."""

    #: What is replaced; None for all of it.
    range: Range | None
    text: str


def at(tree: object, *names: str) -> Any:
    """Return what is at a path of names; None where there is nothing."""
    for name in names:
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(name)
    return tree


def string_at(params: object, method: str, *names: str) -> str:
    """Return a string that must be there.

    Raises:
        UnusableParamsError: It is not.
    """
    value = at(params, *names)
    if not isinstance(value, str):
        raise UnusableParamsError(f"{method}: {'.'.join(names)} must be a string")
    return value


def objects_at(params: object, *names: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list; nothing where there is no list."""
    value = at(params, *names)
    yield from (item for item in (value if isinstance(value, list) else ()) if isinstance(item, Mapping))


def edits_at(params: object, method: str) -> list[Edit]:
    """Return the changes of a document.

    Raises:
        UnusableParamsError: One of them cannot be applied.
    """
    changes = at(params, "contentChanges")
    if isinstance(changes, Mapping):  # an empty table of Lua
        changes = list(changes.values())
    if not isinstance(changes, list):
        raise UnusableParamsError(f"{method}: contentChanges must be a list")
    return [_edit(change, method) for change in changes]


def _edit(change: object, method: str) -> Edit:
    """Read one change; without a range it is the whole text."""
    text = string_at(change, method, "text")
    span = at(change, "range")
    if span is None:
        return Edit(None, text)
    return Edit(Range(_position(at(span, "start"), method), _position(at(span, "end"), method)), text)


def _position(value: object, method: str) -> Position:
    """Read a position; numbers out of bounds are moved to the nearest one that is allowed."""
    return Position(_number(at(value, "line"), method), _number(at(value, "character"), method))


def _number(value: object, method: str) -> int:
    """Read a number of a position."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise UnusableParamsError(f"{method}: a position needs a line and a character")
    return int(max(0, min(value, _MOST)))
