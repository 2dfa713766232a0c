"""A client that sends whatever it likes: no crash, no hang, each request answered once, the state right at the end."""

from __future__ import annotations

import contextlib
import os
import time
import unittest
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cascode_server.schema import methods
from cascode_server.schema.shapes import Place
from shape_strategies import JUNK, damaged, shaped

from .conftest import UPLOAD, Editor, ErrorAnswer, Start, eventually

#: A minute in CI; by hand, as in ``make fuzz``, a number of messages.
SECONDS = float(os.environ.get("CASCODE_FUZZ_SECONDS", "60"))
MESSAGES = int(os.environ.get("CASCODE_FUZZ_MESSAGES", "0"))

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("model"), pytest.mark.timeout(7200 if MESSAGES else 900)]

#: Messages that are sent before their answers are awaited.
BATCH = 40
#: JSON-RPC's code of a fault of the server.
INTERNAL_ERROR = -32603
QUESTION = "try an upload again after the connection failed"
QUERIES = ["upload", "retry a failed upload", "", " ", "? x", "a" * 3000]


def uris(root: Path) -> st.SearchStrategy[str]:
    """URIs of documents in and beside a workspace."""
    inside = [(root / "src" / name).as_uri() for name in ("upload.py", "queue.js", "new.py")]
    return st.sampled_from([*inside, root.as_uri(), "untitled:1", "file:///", "file://host/a.py", "file:///a%00", "?"])


def requests(root: Path) -> st.SearchStrategy[tuple[str, Any]]:
    """Methods of requests with their params."""
    known = {
        "uri": uris(root),
        "query": st.sampled_from(QUERIES),
        "partialResultToken": st.sampled_from(["token", 7]),
        "languages": st.sampled_from([[], ["python"], ["klingon"]]),
        "kinds": st.sampled_from([[], ["method"], ["no kind"]]),
        "paths": st.sampled_from([[], ["*.py"], ["!*.py"], ["[" * 50], ["**/" * 50]]),
        "rerank": st.just(False),
    }
    commands = st.one_of(
        *(
            st.fixed_dictionaries(
                {"command": st.just(command.name), "arguments": st.tuples(shaped(command.argument, known)).map(list)}
            )
            for command in methods.COMMANDS
        )
    )
    symbols = st.fixed_dictionaries({"query": st.sampled_from(QUERIES)})
    return st.one_of(
        damaged(commands).map(lambda params: ("workspace/executeCommand", params)),
        damaged(symbols).map(lambda params: ("workspace/symbol", params)),
        JUNK.map(lambda params: ("textDocument/hover", params)),
        JUNK.map(lambda params: ("initialize", params)),
    )


def notifications(root: Path) -> st.SearchStrategy[tuple[str, Any]]:
    """Methods of notifications with their params."""
    place = st.one_of(shaped(Place, {}), st.fixed_dictionaries({"line": st.integers(0, 9), "character": st.just(2)}))
    document = st.fixed_dictionaries({"uri": uris(root), "version": st.integers(0, 9)})
    text = st.sampled_from([UPLOAD, "", "def new():\n    pass\n", "\r\n", "\N{ROCKET}" * 50])
    opened = st.fixed_dictionaries({"uri": uris(root), "languageId": st.just("python"), "text": text})
    change = st.one_of(
        st.fixed_dictionaries({"text": text}),
        st.fixed_dictionaries({"range": st.fixed_dictionaries({"start": place, "end": place}), "text": text}),
    )
    folder = st.fixed_dictionaries({"uri": st.sampled_from([root.as_uri(), (root / "src").as_uri()])})
    event = st.fixed_dictionaries({"added": st.lists(folder, max_size=2), "removed": st.lists(folder, max_size=1)})
    values = st.sampled_from([{}, {"search": {"limit": 3}}, {"search": {"limit": "x"}}, {"pylsp": {}}])
    files = st.lists(st.fixed_dictionaries({"uri": uris(root), "type": st.integers(1, 3)}), max_size=3)
    notebook = st.fixed_dictionaries({"uri": st.sampled_from([(root / "a.ipynb").as_uri(), "untitled:n", "?"])})
    cells = st.lists(st.fixed_dictionaries({"kind": st.integers(1, 2), "document": st.sampled_from("xyz")}), max_size=3)
    items = st.lists(
        st.fixed_dictionaries({"uri": st.sampled_from("xyz"), "languageId": st.just("python"), "text": text}),
        max_size=3,
    )
    array = st.fixed_dictionaries({"start": st.integers(-1, 9), "deleteCount": st.integers(0, 9), "cells": cells})
    edited = st.fixed_dictionaries(
        {
            "document": st.fixed_dictionaries({"uri": st.sampled_from("xyz")}),
            "changes": st.lists(change, max_size=2),
        }
    )
    restructured = st.fixed_dictionaries({"array": array, "didOpen": items})
    in_cells = st.fixed_dictionaries({"structure": restructured, "textContent": st.lists(edited, max_size=2)})
    by_method: dict[str, st.SearchStrategy[Any]] = {
        "textDocument/didOpen": st.fixed_dictionaries({"textDocument": opened}),
        "textDocument/didChange": st.fixed_dictionaries(
            {"textDocument": document, "contentChanges": st.lists(change, max_size=3)}
        ),
        "textDocument/didSave": st.fixed_dictionaries({"textDocument": document}),
        "textDocument/didClose": st.fixed_dictionaries({"textDocument": document}),
        "notebookDocument/didOpen": st.fixed_dictionaries(
            {
                "notebookDocument": st.tuples(notebook, cells).map(lambda both: {**both[0], "cells": both[1]}),
                "cellTextDocuments": items,
            }
        ),
        "notebookDocument/didChange": st.fixed_dictionaries(
            {"notebookDocument": notebook, "change": st.fixed_dictionaries({"cells": in_cells})}
        ),
        "notebookDocument/didSave": st.fixed_dictionaries({"notebookDocument": notebook}),
        "notebookDocument/didClose": st.fixed_dictionaries({"notebookDocument": notebook}),
        "workspace/didChangeWorkspaceFolders": st.fixed_dictionaries({"event": event}),
        "workspace/didChangeConfiguration": st.fixed_dictionaries(
            {"settings": st.fixed_dictionaries({"cascode": values})}
        ),
        "workspace/didChangeWatchedFiles": st.fixed_dictionaries({"changes": files}),
        "window/workDoneProgress/cancel": st.fixed_dictionaries({"token": JUNK}),
        "$/cancelRequest": st.fixed_dictionaries({"id": st.one_of(st.integers(0, 5000), JUNK)}),
        "$/setTrace": st.fixed_dictionaries({"value": st.just("off")}),
        "initialized": st.just({}),
        "no/such": JUNK,
    }
    return st.one_of(
        *(
            damaged(params).map(lambda params, method=method: (method, params))  # type: ignore[misc]
            for method, params in by_method.items()
        )
    )


class CountingEditor:
    """Sends messages and counts answers.

    Args:
        editor: An initialized client.
    """

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.sent = 0
        self.answers: Counter[object] = Counter()
        editor.on_answer = self._count

    def _count(self, msg_id: object) -> None:
        """Note an answer; those without an id belong to no request."""
        if msg_id is not None:
            self.answers[msg_id] += 1

    def send(self, messages: list[tuple[str, str, Any]]) -> None:
        """Send messages, then wait until all requests among them are answered."""
        begun = []
        for kind, method, params in messages:
            self.sent += 1
            if kind == "request":
                begun.append(self.editor.begin(method, params))
            else:
                self.editor.notify(method, params)
        for msg_id in begun:
            problem = ""
            try:
                self.editor.answer(msg_id)
            except ErrorAnswer as error:
                problem = "" if error.code != INTERNAL_ERROR and "\n" not in error.error["message"] else str(error)
            assert not problem
            assert self.answers[msg_id] == 1


def test_whatever_a_client_sends_is_survived(start: Start, workspace: Path) -> None:
    """Damaged messages of every kind are sent, for a minute or as many as were asked for; each request is answered
    once, and none by a fault."""
    editor = start("--stdio")
    editor.initialize(workspace)
    editor.wait_ready()
    client = CountingEditor(editor)
    message = st.one_of(
        requests(workspace).map(lambda found: ("request", *found)),
        notifications(workspace).map(lambda found: ("notification", *found)),
        notifications(workspace).map(lambda found: ("notification", *found)),
    )
    until = time.monotonic() + SECONDS

    @settings(max_examples=1_000_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(message, min_size=BATCH // 2, max_size=BATCH))
    def fuzz(messages: list[tuple[str, str, Any]]) -> None:
        if client.sent >= MESSAGES if MESSAGES else time.monotonic() > until:
            raise unittest.SkipTest  # Hypothesis ends at once
        client.send(messages)

    with contextlib.suppress(unittest.SkipTest):
        fuzz()
    print(f"{client.sent:,} messages, {len(client.answers):,} of them requests")  # noqa: T201  shown with -s
    assert client.sent >= max(MESSAGES, 1000)
    assert set(client.answers.values()) == {1}
    restored(editor, workspace)
    assert editor.finish() == 0


def restored(editor: Editor, root: Path) -> None:
    """Bring the session back to where it began, and check that it is there."""
    gone = [{"uri": path.as_uri()} for path in (root, root / "src")]
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"removed": gone}})
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": gone[:1]}})
    editor.notify("workspace/didChangeConfiguration", {"settings": {"cascode": {}}})
    editor.execute("resume")
    for name in ("upload.py", "queue.js", "new.py"):
        editor.notify("textDocument/didClose", {"textDocument": {"uri": (root / "src" / name).as_uri()}})
    eventually(lambda: (s := editor.execute("status")) and s["state"] == "ready" and s["functions"] == 5)
    assert [folder["uri"] for folder in editor.execute("status")["workspaces"]] == [root.as_uri()]
    editor.notify("notebookDocument/didClose", {"notebookDocument": {"uri": (root / "a.ipynb").as_uri()}})
    found = editor.search(QUESTION)
    assert (found["hits"][0]["name"], found["hits"][0]["start_line"]) == ("retry_failed_upload", 5)
    assert "new" not in [hit["name"] for hit in found["hits"]]
