"""Manners on the wire: every request is answered, and errors say what is wrong and nothing more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Editor, ErrorAnswer, Start

Connect = Callable[[], Editor]

EXECUTE = "workspace/executeCommand"
SEARCH = "cascode.server.search"


def refusal(editor: Editor, method: str, params: Any = None) -> dict[str, Any]:
    """Return the error that a request is answered with."""
    with pytest.raises(ErrorAnswer) as refused:
        editor.request(method, params)
    return refused.value.error


def test_requests_before_initialize_are_refused(connect: Connect) -> None:
    """What comes before initialize is answered with ServerNotInitialized, and the session can still begin."""
    editor = connect()
    assert refusal(editor, "workspace/symbol", {"query": "? x"})["code"] == -32002
    assert refusal(editor, "shutdown")["code"] == -32002
    assert refusal(editor, "no/such/method")["code"] == -32002
    assert editor.initialize()["serverInfo"]["name"] == "cascode"


def test_second_initialize_is_refused(connect: Connect) -> None:
    """A session begins once."""
    editor = connect()
    editor.initialize()
    assert refusal(editor, "initialize", {"capabilities": {}})["code"] == -32600


@pytest.mark.parametrize("params", [None, [], {}, {"capabilities": 3}, "text"])
def test_invalid_initialize_is_refused_and_may_be_repeated(connect: Connect, params: Any) -> None:
    """Params of initialize that make no sense are refused; the next attempt is as good as the first."""
    editor = connect()
    assert refusal(editor, "initialize", params)["code"] == -32602
    assert editor.initialize()["capabilities"]["executeCommandProvider"]


def test_abilities_of_a_newer_protocol_are_no_mistake(connect: Connect) -> None:
    """Capabilities that this server does not know are passed over."""
    strange = {"general": {"positionEncodings": ["utf-64", "utf-8"]}, "workspace": 7, "textDocument": {"codeLens": []}}
    assert connect().initialize(capabilities=strange)["capabilities"]["positionEncoding"] == "utf-8"


def test_unknown_method_is_refused(connect: Connect) -> None:
    """A request that no handler knows is answered with MethodNotFound; a notification is passed over."""
    editor = connect()
    editor.initialize()
    assert refusal(editor, "textDocument/hover", {})["code"] == -32601
    assert refusal(editor, "$/strange", {})["code"] == -32601
    editor.notify("no/such/notification", {})
    editor.notify("$/strange")
    assert editor.execute("status")["version"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("workspace/executeCommand", None),
        ("workspace/executeCommand", {}),
        ("workspace/executeCommand", {"command": 3}),
        ("workspace/executeCommand", {"command": "no.such.command"}),
        ("workspace/executeCommand", {"command": "cascode.server.search"}),
        (EXECUTE, {"command": SEARCH, "arguments": []}),
        (EXECUTE, {"command": SEARCH, "arguments": ["text"]}),
        (EXECUTE, {"command": SEARCH, "arguments": [{"query": 3}]}),
        (EXECUTE, {"command": SEARCH, "arguments": [{"query": ""}]}),
        (EXECUTE, {"command": SEARCH, "arguments": [{"query": "x", "limit": 0}]}),
        (
            EXECUTE,
            {"command": SEARCH, "arguments": [{"query": "x", "limit": True}]},
        ),
        (EXECUTE, {"command": SEARCH, "arguments": [{"query": "x", "kinds": "f"}]}),
        (EXECUTE, {"command": SEARCH, "arguments": [{"query": "x"}, {}]}),
        (
            EXECUTE,
            {"command": SEARCH, "arguments": [{"query": "x", "languages": ["klingon"]}]},
        ),
        ("workspace/executeCommand", {"command": "cascode.server.similar", "arguments": [{}]}),
        (
            "workspace/executeCommand",
            {
                "command": "cascode.server.similar",
                "arguments": [{"textDocument": {"uri": "untitled:1"}, "position": {"line": 0, "character": 0}}],
            },
        ),
        ("workspace/executeCommand", {"command": "cascode.server.reindex", "arguments": [{"full": "yes"}]}),
        ("workspace/symbol", None),
        ("workspace/symbol", {"text": "x"}),
    ],
)
def test_wrong_params_are_refused(connect: Connect, method: str, params: Any) -> None:
    """Missing or wrong params are answered with InvalidParams and one line, without data."""
    editor = connect()
    editor.initialize()
    error = refusal(editor, method, params)
    assert error["code"] == -32602
    assert error.keys() == {"code", "message"}
    assert "\n" not in error["message"]
    assert "Traceback" not in error["message"]


def test_a_failure_of_ours_tells_no_traceback(start: Start, tmp_path: Path) -> None:
    """What breaks inside is an internal error whose answer holds neither a path nor a traceback."""
    # An index folder that is a file: nothing can be opened.
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    editor = start(CASCODE_INDEX_DIR=str(blocked))
    editor.initialize(tmp_path)
    error = refusal(
        editor,
        "workspace/executeCommand",
        {
            "command": "cascode.server.similar",
            "arguments": [
                {"textDocument": {"uri": tmp_path.as_uri() + "/a.py"}, "position": {"line": 0, "character": 0}}
            ],
        },
    )
    assert error.keys() == {"code", "message"}
    assert "Traceback" not in error["message"]
    assert "site-packages" not in error["message"]


def test_requests_after_shutdown_are_refused(connect: Connect) -> None:
    """After shutdown every request is answered with InvalidRequest."""
    editor = connect()
    editor.initialize()
    assert editor.request("shutdown") is None
    assert refusal(editor, "workspace/symbol", {"query": "? x"})["code"] == -32600
    assert refusal(editor, "shutdown")["code"] == -32600


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"3", -32600),
        (b"[]", -32600),
        (b'{"id": 5, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0"}', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": [1], "method": "shutdown"}', -32600),
    ],
)
def test_what_is_no_message_is_answered_without_an_id(connect: Connect, body: bytes, code: int) -> None:
    """Broken JSON and other than JSON-RPC get an error for no request in particular, and the session goes on."""
    editor = connect()
    editor.initialize()
    editor.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    with pytest.raises(ErrorAnswer) as refused:
        editor.answer(None)
    assert refused.value.code == code
    assert editor.execute("status")["version"]


@pytest.mark.parametrize(
    "header",
    [b"Content-Type: x\r\n\r\n", b"Content-Length: many\r\n\r\n", b"nonsense\r\n\r\n", b"x" * 200_000 + b"\r\n\r\n"],
    ids=["no length", "no number", "no header", "long line"],
)
def test_a_header_without_a_length_is_passed_over(connect: Connect, header: bytes) -> None:
    """After a header without a length the stream is read on."""
    editor = connect()
    editor.initialize()
    editor.raw(header)
    with pytest.raises(ErrorAnswer) as refused:
        editor.answer(None)
    assert refused.value.code == -32700
    assert editor.execute("status")["version"]


def test_headers_are_read_as_the_protocol_has_them(connect: Connect) -> None:
    """Names of headers have no case, and others than the length may stand around it."""
    editor = connect()
    editor.initialize()
    body = json.dumps({"jsonrpc": "2.0", "id": "a", "method": "shutdown"}).encode()
    editor.raw(b"content-type: application/vscode-jsonrpc\r\ncontent-length:%d\r\n\r\n" % len(body) + body)
    assert editor.answer("a") is None


def test_a_body_in_pieces_is_put_together(connect: Connect) -> None:
    """A message may come in as many pieces as it has bytes."""
    editor = connect()
    editor.initialize()
    body = json.dumps({"jsonrpc": "2.0", "id": "a", "method": "shutdown"}).encode()
    for byte in b"Content-Length: %d\r\n\r\n" % len(body) + body:
        editor.raw(bytes([byte]))
    assert editor.answer("a") is None


def test_an_answer_to_nothing_and_a_cancel_of_nothing_are_passed_over(connect: Connect) -> None:
    """Answers to no request of ours and cancels of answered requests are no mistake."""
    editor = connect()
    editor.initialize()
    editor.send({"jsonrpc": "2.0", "id": "never asked", "result": None})
    editor.send({"jsonrpc": "2.0", "id": [], "result": None})
    editor.send({"jsonrpc": "2.0", "id": 4, "error": "no object"})
    editor.notify("$/cancelRequest", {"id": 12345})
    editor.notify("$/cancelRequest")
    editor.notify("textDocument/didOpen", {"textDocument": 3})
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [3, {"uri": 4}, {}]})
    editor.notify("workspace/didChangeWatchedFiles", 3)
    assert editor.execute("status")["version"]


def test_each_client_has_a_session_of_its_own(connect: Connect, workspace: Path) -> None:
    """One client's shutdown does not touch another one, and ids do not mix."""
    first, second = connect(), connect()
    first.initialize(workspace)
    assert refusal(second, "workspace/symbol", {"query": "? x"})["code"] == -32002
    second.initialize()
    assert first.execute("status")["workspaces"][0]["name"] == "shop"
    assert second.execute("status")["workspaces"] == []
    first.request("shutdown")
    first.notify("exit")
    first.wait_until(lambda: first.ended)
    assert second.execute("status")["version"]
