"""The argument of a command: one JSON object, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from cascode_server.lsp.uris import to_path

#: More hits than this are read by nobody and make answers slow to draw; the settings have the same bound.
_MOST_HITS = 1000


class Argument:
    """Reads the fields of a command's argument.

    Args:
        command: Its name, for messages.
        arguments: What the client sent.

    Raises:
        JsonRpcInvalidParams: It is not one object, or nothing.
    """

    def __init__(self, command: str, arguments: Sequence[Any] | None) -> None:
        self._command = command
        arguments = [one for one in arguments or () if one is not None]
        if len(arguments) > 1 or (arguments and not isinstance(arguments[0], Mapping)):
            raise JsonRpcInvalidParams(f"{command} takes one object as its argument")
        self._fields: Mapping[str, Any] = arguments[0] if arguments else {}

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self._fields.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; empty where there is none."""
        value = self._fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(name, "a list of texts")
        return tuple(value)

    def flag(self, name: str) -> bool | None:
        """Return true or false; None where it is not said."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def limit(self, default: int) -> int:
        """Return how many hits are wanted."""
        value = self._fields.get("limit")
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_HITS:
            raise self._wrong("limit", f"a whole number from 1 to {_MOST_HITS}")
        return value

    def token(self, name: str) -> str | int | None:
        """Return a progress token; None where there is none."""
        value = self._fields.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
            raise self._wrong(name, "a text or a whole number")
        return value

    def document(self) -> Path:
        """Return the path of the document."""
        document = self._fields.get("textDocument")
        uri = document.get("uri") if isinstance(document, Mapping) else None
        if not isinstance(uri, str):
            raise self._wrong("textDocument", "an object with a uri")
        path = to_path(uri)
        if path is None:
            raise JsonRpcInvalidParams(f"{uri} is no file of this machine: save it into a workspace first")
        return path

    def line(self) -> int:
        """Return the line of the position, 0-based."""
        position = self._fields.get("position")
        line = position.get("line") if isinstance(position, Mapping) else None
        if isinstance(line, bool) or not isinstance(line, int) or line < 0:
            raise self._wrong("position", "an object with a line from 0 on")
        return line

    def _wrong(self, name: str, wanted: str) -> JsonRpcInvalidParams:
        """Say what is wrong with a field."""
        shown = repr(self._fields[name])[:80] if name in self._fields else "missing"
        return JsonRpcInvalidParams(f"{self._command}: {name} must be {wanted}, and is {shown}")
