"""What a new server has to hear to be where the lost one was, collected from the messages that pass by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cascode_server.relay.frames import frame

#: Edits of a document that are kept, in bytes: a day of typing. After more, a document whose server is lost counts as
#: it is on disk until it is opened again.
_MOST_EDITS = 4_000_000
#: Messages about open documents begin so, and name the document in a field of the same name.
_DOCUMENTS = ("textDocument", "notebookDocument")
_CANCELLED = {"code": -32800, "message": "the request was cancelled"}
_LOST = {"code": -32603, "message": "the server ended while it was at work on this request"}
#: Sent by the resident server alone, when a session ends for a good reason: a lost connection needs none.
OVER = "$/cascode/over"


class _Asked:
    """A request that is not answered yet."""

    __slots__ = ("cancelled", "message", "repeated")

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.cancelled = False
        #: Whether a server was lost at it already: it may be the reason.
        self.repeated = False


class _Document:
    """An open document: how it was opened, and its edits since."""

    __slots__ = ("edits", "opened", "size")

    def __init__(self, opened: bytes) -> None:
        self.opened = opened
        self.edits: list[bytes] = []
        self.size = 0


class Journal:
    """Follows a session from outside; its methods never fail, whatever passes by."""

    def __init__(self) -> None:
        #: ``shutdown`` and ``exit`` were sent.
        self.shut_down = False
        self.left = False
        #: The client knows what the server can do: it takes messages from now on.
        self.begun = False
        #: The exit status that the server gave, where it ended the session.
        self.over: int | None = None
        self._start: list[bytes] = []
        self._settings: list[bytes] = []
        self._folders: list[bytes] = []
        #: By their kind and URI: a notebook can be open as text, too.
        self._documents: dict[tuple[str, str], _Document] = {}
        self._asked: dict[object, _Asked] = {}
        self._initialize_id: object = None
        self._registered: set[object] = set()
        self._progress: list[object] = []

    # --- what passes by -------------------------------------------------------------------------------

    def from_client(self, message: bytes, body: bytes) -> None:
        """Note a message of the client."""
        content = _read(body)
        method, msg_id = content.get("method"), content.get("id")
        if not isinstance(method, str):
            return
        if isinstance(msg_id, int | str):
            self.shut_down = self.shut_down or method == "shutdown"
            if method == "initialize" and not self._start:
                self._start, self._initialize_id = [message], msg_id
            self._asked[msg_id] = _Asked(message)
            return
        params = content.get("params")
        if method == "exit":
            self.left = True
        elif method == "initialized":
            self._start = [*self._start[:1], message]
        elif method == "$/cancelRequest":
            asked = self._asked.get(_at(params, "id")) if isinstance(_at(params, "id"), int | str) else None
            if asked is not None:
                asked.cancelled = True
        elif method == "workspace/didChangeConfiguration":
            self._settings = [message]
        elif method == "workspace/didChangeWorkspaceFolders":
            self._folders.append(message)
        else:
            kind, _, event = method.partition("/")
            if kind in _DOCUMENTS:
                self._note_document(kind, event, params, message)

    def from_server(self, body: bytes) -> bytes | None:
        """Note a message of the server.

        Returns:
            An answer that the server gets in place of the message being handed to the client; None to hand it on.
        """
        content = _read(body)
        method, msg_id, params = content.get("method"), content.get("id"), content.get("params")
        if method is None:
            self._asked.pop(msg_id, None)
            if self._start and msg_id == self._initialize_id and not self.begun:
                self.begun = "result" in content
                if not self.begun:  # the client may try again
                    self._start = []
        elif method == OVER:
            status = _at(params, "status")
            self.over = status if isinstance(status, int) else 1
            return b""
        elif method == "client/registerCapability":
            listed = _at(params, "registrations")
            ids = {_at(item, "id") for item in (listed if isinstance(listed, list) else ())}
            if ids and ids <= self._registered:  # a client that has them may refuse to take them again
                return _message({"id": msg_id, "result": None})
            self._registered |= ids
        elif method == "$/progress":
            token, kind = _at(params, "token"), _at(params, "value", "kind")
            if kind == "begin":
                self._progress.append(token)
            elif kind == "end" and token in self._progress:
                self._progress.remove(token)
        return None

    # --- after a loss ---------------------------------------------------------------------------------

    def close_progress(self) -> list[bytes]:
        """Return what closes the displays that the lost server had open."""
        open_ones, self._progress = self._progress, []
        return [
            _message({"method": "$/progress", "params": {"token": token, "value": {"kind": "end"}}})
            for token in open_ones
        ]

    def give_up_requests(self) -> list[bytes]:
        """Return answers to requests that are not sent again: those that were cancelled, or lost a server before."""
        given_up = {msg_id: asked for msg_id, asked in self._asked.items() if asked.cancelled or asked.repeated}
        for msg_id in given_up:
            del self._asked[msg_id]
        return [
            _message({"id": msg_id, "error": _CANCELLED if asked.cancelled else _LOST})
            for msg_id, asked in given_up.items()
        ]

    def replay(self) -> Iterator[bytes]:
        """Yield what the new server hears: the session's beginning, its state, and what is not answered."""
        yield from self._start
        if not self._start:
            self._asked.clear()
        yield from (*self._folders, *self._settings)
        for document in self._documents.values():
            yield document.opened
            yield from document.edits
        for asked in self._asked.values():
            asked.repeated = True
            if asked.message not in self._start:
                yield asked.message

    def is_repeated_start(self, body: bytes) -> bool:
        """Whether a message of the new server answers an ``initialize`` that the client has an answer to."""
        content = _read(body)
        return self.begun and "method" not in content and content.get("id") == self._initialize_id

    def _note_document(self, kind: str, event: str, params: object, message: bytes) -> None:
        """Note that a document or a notebook was opened, edited or closed."""
        uri = _at(params, kind, "uri")
        if not isinstance(uri, str):
            return
        key = (kind, uri)
        if event == "didOpen":
            self._documents[key] = _Document(message)
        elif event == "didClose":
            self._documents.pop(key, None)
        elif event == "didChange" and key in self._documents:
            document = self._documents[key]
            changes = _at(params, "contentChanges")
            if isinstance(changes, list) and changes and _at(changes[-1], "range") is None:
                document.edits, document.size = [], 0  # the whole text: nothing before it counts
            document.edits.append(message)
            document.size += len(message)
            if document.size > _MOST_EDITS + len(document.opened):
                del self._documents[key]


def log_message(text: str) -> bytes:
    """Return a warning for the client's log."""
    return _message({"method": "window/logMessage", "params": {"type": 2, "message": f"CasCode: {text}"}})


def _message(content: dict[str, Any]) -> bytes:
    """Return a message with its header."""
    return frame(json.dumps({"jsonrpc": "2.0", **content}).encode())


def _read(body: bytes) -> Mapping[str, Any]:
    """Return a message as JSON; nothing where it is none, which the server answers."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _at(tree: object, *names: str) -> Any:
    """Return what is at a path of names; None where there is nothing."""
    for name in names:
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(name)
    return tree
