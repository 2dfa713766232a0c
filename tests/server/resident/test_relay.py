"""The parts of a relay: whole messages, and what a new server has to hear."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascode import INDEX_DIR_VARIABLE
from cascode_models.load import ENGINE_VARIABLE
from cascode_server.logs import LOG_DIR_VARIABLE
from cascode_server.relay import place
from cascode_server.relay.frames import Frames, frame
from cascode_server.relay.journal import Journal
from cascode_server.relay.lock import FileLock
from cascode_server.settings import CONFIG_DIR_VARIABLE, MODEL_VARIABLE, TEAM_VARIABLE

BODIES = st.lists(st.binary(max_size=60), max_size=6)


@settings(deadline=None)
@given(BODIES, st.integers(1, 50), st.sampled_from([b"\r\n", b"\n"]))
def test_messages_come_out_as_they_went_in(bodies: list[bytes], step: int, end: bytes) -> None:
    """However a stream is cut, each message comes whole, once, with every byte of its header."""
    sent = [b"content-type: x" + end + b"Content-Length: %d" % len(body) + end + end + body for body in bodies]
    stream, frames = b"".join(sent), Frames()
    found = [pair for at in range(0, len(stream), step) for pair in frames.feed(stream[at : at + step])]
    assert found == list(zip(sent, bodies, strict=True))
    assert not frames.lost


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_byte_is_lost_where_there_are_no_messages(stream: bytes, step: int) -> None:
    """What cannot be read is handed on as it is: the server has an answer to it."""
    frames = Frames()
    parts = [*(stream[at : at + step] for at in range(0, len(stream), step)), b"x" * 9000]
    found = b"".join(message for part in parts for message, _ in frames.feed(part))
    assert (stream + parts[-1]).startswith(found)
    assert not frames.lost or found == stream + parts[-1]


@pytest.mark.parametrize("start", [b"{}", b"\r\n\r\n", b"Content-Type: x\r\n\r\n", b"x" * 9000])
def test_a_wrong_header_is_handed_on_at_once(start: bytes) -> None:
    """Nobody waits for the rest of a message that has no length."""
    frames = Frames()
    assert frames.feed(start) == [(start, None)]
    assert frames.lost
    assert frames.feed(b"more") == [(b"more", None)]


class Session:
    """A journal and what was said to it."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.client("initialize", {}, msg_id=0)
        self.server(id=0, result={})
        self.client("initialized", {})

    def client(self, method: str, params: Any, msg_id: object = None) -> None:
        """The client sends something."""
        content = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(content if msg_id is None else {**content, "id": msg_id}).encode()
        self.journal.from_client(frame(body), body)

    def server(self, **content: Any) -> bytes | None:
        """The server sends something."""
        return self.journal.from_server(json.dumps({"jsonrpc": "2.0", **content}).encode())

    def replayed(self) -> list[tuple[str, Any]]:
        """Methods and params that a new server hears."""
        return [(content["method"], content["params"]) for content in map(parse, self.journal.replay())]


def parse(message: bytes) -> dict[str, Any]:
    """Read a message with its header."""
    ((_, body),) = Frames().feed(message)
    content: dict[str, Any] = json.loads(body or b"")
    return content


def document(**fields: Any) -> dict[str, Any]:
    """Params about a document."""
    return {"textDocument": {"uri": "file:///a.py"}, **fields}


def test_a_new_server_hears_the_state_and_not_the_history() -> None:
    """Open documents with their edits, the last settings, all folder changes; closed documents and answers are over."""
    session = Session()
    other = {"textDocument": {"uri": "file:///b.py"}}
    edit = document(contentChanges=[{"range": {}, "text": "x"}])
    session.client("textDocument/didOpen", document())
    session.client("textDocument/didChange", document(contentChanges=[{"range": {}, "text": "lost"}]))
    session.client("textDocument/didChange", document(contentChanges=[{"text": "whole"}]))
    session.client("textDocument/didChange", edit)
    session.client("textDocument/didOpen", other)
    session.client("textDocument/didClose", other)
    for number in range(2):
        session.client("workspace/didChangeConfiguration", {"settings": number})
        session.client("workspace/didChangeWorkspaceFolders", {"event": number})
        session.client("workspace/executeCommand", number, msg_id=f"r{number}")
    session.server(id="r0", result=None)
    assert session.replayed() == [
        ("initialize", {}),
        ("initialized", {}),
        ("workspace/didChangeWorkspaceFolders", {"event": 0}),
        ("workspace/didChangeWorkspaceFolders", {"event": 1}),
        ("workspace/didChangeConfiguration", {"settings": 1}),
        ("textDocument/didOpen", document()),
        ("textDocument/didChange", document(contentChanges=[{"text": "whole"}])),
        ("textDocument/didChange", edit),
        ("workspace/executeCommand", 1),
    ]


def test_a_request_that_lost_two_servers_is_not_given_to_a_third() -> None:
    """It may be what they died of: its client gets an error."""
    session = Session()
    session.client("workspace/executeCommand", 1, msg_id=7)
    assert session.journal.give_up_requests() == []
    assert len(session.replayed()) == 3
    (answer,) = map(parse, session.journal.give_up_requests())
    assert (answer["id"], answer["error"]["code"]) == (7, -32603)
    assert len(session.replayed()) == 2


def test_a_cancelled_request_is_answered_and_not_repeated() -> None:
    """The client waits for an answer to what it cancelled, and for no result."""
    session = Session()
    session.client("workspace/executeCommand", 1, msg_id=7)
    session.client("$/cancelRequest", {"id": 7})
    session.client("$/cancelRequest", {"id": []})
    assert [parse(message)["error"]["code"] for message in session.journal.give_up_requests()] == [-32800]
    assert len(session.replayed()) == 2


def test_initialize_is_repeated_without_its_answer() -> None:
    """The client has its answer; one whose initialize was not answered yet gets the new server's."""
    session = Session()
    list(session.journal.replay())
    answer = json.dumps({"jsonrpc": "2.0", "id": 0, "result": {}}).encode()
    assert session.journal.is_repeated_start(answer)
    early = Journal()
    body = b'{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}}'
    early.from_client(frame(body), body)
    assert list(early.replay()) == [frame(body)]
    assert not early.is_repeated_start(answer)


def test_a_client_whose_initialize_failed_may_try_again() -> None:
    """The second one counts."""
    journal = Journal()
    for number in range(2):
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "initialize", "params": number}).encode()
        journal.from_client(frame(body), body)
        assert not journal.begun
        journal.from_server(json.dumps({"id": number, **({"error": {}} if number == 0 else {"result": 1})}).encode())
    assert journal.begun
    assert [parse(message)["params"] for message in journal.replay()] == [1]


def test_registrations_are_made_once() -> None:
    """A client that has a registration refuses it the second time: the relay answers in its place."""
    session = Session()
    params = {"registrations": [{"id": "files", "method": "x"}]}
    assert session.server(id="a", method="client/registerCapability", params=params) is None
    answer = session.server(id="b", method="client/registerCapability", params=params)
    assert answer is not None
    assert parse(answer) == {"jsonrpc": "2.0", "id": "b", "result": None}


def test_open_displays_of_progress_are_closed() -> None:
    """The new server knows nothing of what the lost one had begun to show."""
    session = Session()
    for token, kind in (("a", "begin"), ("b", "begin"), ("a", "end"), ("c", "report")):
        session.server(method="$/progress", params={"token": token, "value": {"kind": kind}})
    (end,) = map(parse, session.journal.close_progress())
    assert end["params"] == {"token": "b", "value": {"kind": "end"}}
    assert session.journal.close_progress() == []


def test_edits_without_end_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a day of typing a lost server's document counts as it is on disk."""
    monkeypatch.setattr("cascode_server.relay.journal._MOST_EDITS", 300)
    session = Session()
    session.client("textDocument/didOpen", document())
    for _ in range(9):
        session.client("textDocument/didChange", document(contentChanges=[{"range": {}, "text": "x"}]))
    assert len(session.replayed()) == 2


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_whatever_passes_by_is_survived(junk: Any) -> None:
    """A client's mistakes are the server's to answer."""
    session = Session()
    for method in ("textDocument/didOpen", "$/cancelRequest", "$/progress", "client/registerCapability"):
        session.client(method, junk)
        session.server(method=method, params=junk)
        session.server(id=junk, result=1)
    body = json.dumps(junk).encode()
    session.journal.from_client(frame(body), body)
    session.journal.from_server(b"{")
    assert [method for method, _ in session.replayed()][:2] == ["initialize", "initialized"]


def test_paths_are_those_of_a_server() -> None:
    """What a server reads relative to its folder is made whole before one starts elsewhere."""
    named = {INDEX_DIR_VARIABLE, LOG_DIR_VARIABLE, CONFIG_DIR_VARIABLE, MODEL_VARIABLE}
    assert set(place.PATH_VARIABLES) == named


@pytest.mark.parametrize(
    "variable", [ENGINE_VARIABLE, TEAM_VARIABLE, MODEL_VARIABLE, "HUGGINGFACE_HUB_CACHE", "CUDA_VISIBLE_DEVICES"]
)
def test_whoever_is_served_otherwise_has_another_server(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a server reads of its environment is part of its name, and a password is not said in a greeting."""
    monkeypatch.setenv(place.RUNTIME_DIR_VARIABLE, str(tmp_path / "run"))
    monkeypatch.delenv(variable, raising=False)
    without = place.find_place()
    monkeypatch.setenv(variable, "postgresql://ana:geheim@db/code")
    first = place.find_place()
    monkeypatch.setenv(variable, "postgresql://ana:geheim@other/code")
    second = place.find_place()
    assert len({each.identity for each in (without, first, second)}) == 3
    assert len({each.name for each in (without, first, second)}) == 3
    assert variable != TEAM_VARIABLE or "geheim" not in first.identity
    monkeypatch.setenv(variable, "postgresql://ana:geheim@db/code")
    assert place.find_place().identity == first.identity


def test_whoever_holds_a_lock_can_be_named(tmp_path: Path) -> None:
    """The number that the holder writes is read while it is held, by another handle, also where locks forbid that."""
    path = tmp_path / "lock"
    path.write_text("an older and much longer text", encoding="ascii")
    held, other = FileLock(path), FileLock(path)
    assert held.acquire(0)
    held.sign()
    assert not other.acquire(0)
    assert path.read_text(encoding="ascii") == f"{os.getpid()}\n"
    held.release()
    assert other.acquire(0)
    other.release()


def test_a_relay_imports_nothing_heavy() -> None:
    """There is one for each editor: no framework, no event loop, nothing of ours besides."""
    code = (
        "import sys\nfrom cascode_server.cli.main import main\nimport cascode_server.relay.relay\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('cascode')))\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    packages, own = (line.split() for line in done.stdout.splitlines())
    heavy = {"asyncio", "click", "dataclasses", "hashlib", "logging", "numpy", "psutil", "pygls", "ssl", "torch"}
    assert not heavy & set(packages)
    assert [name for name in own if not name.startswith("cascode_server.relay")] == [
        "cascode_server", "cascode_server.cli", "cascode_server.cli.main",
    ]  # fmt: skip
