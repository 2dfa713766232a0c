"""What an editor waits for at the start of a server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import PATIENCE, Editor, Start

#: Starts a server where the packages named first cannot be imported.
PROGRAM = """
import sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None
from cascode_server.cli.main import main
main(sys.argv[2:])
"""
#: What a session needs and the answer to ``initialize`` does not.
HEAVY = "pygls,lsprotocol,attrs,cattrs,click,rich,numpy,faiss,openvino,tokenizers,sqlite3,sqlite_utils,asyncio,psutil"


@pytest.fixture
def bare(environment: dict[str, str]) -> Iterator[Editor]:
    """A client of a server that can import nothing heavy."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, HEAVY, "serve", "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    yield Editor(process.stdout, process.stdin, process)
    process.kill()
    process.communicate()


def test_initialize_is_answered_before_anything_heavy_is_imported(bare: Editor, workspace: Path) -> None:
    """The framework, the index and the model are not needed to say what the server can do."""
    result = bare.initialize(workspace)
    assert "cascode.server.search" in result["capabilities"]["executeCommandProvider"]["commands"]
    assert result["serverInfo"]["name"] == "cascode"


def test_the_early_answer_is_the_only_one(start: Start, workspace: Path) -> None:
    """The session takes the same message up, and the client reads one answer to it."""
    editor = start("--stdio")
    answered: list[object] = []
    editor.on_answer = answered.append
    editor.initialize(workspace)
    assert editor.execute("status")["workspaces"]
    assert answered.count(1) == 1


@pytest.mark.parametrize("name", ["rootUri", "rootPath"])
def test_a_folder_that_cannot_be_read_is_none(start: Start, name: str) -> None:
    """Half a character in its name is no reason for the server to end."""
    editor = start("--stdio")
    root = "file:///\ud800" if name == "rootUri" else f"{Path.cwd().anchor}\ud800"
    editor.request("initialize", {"processId": None, "capabilities": {}, name: root})
    editor.notify("initialized", {})
    assert editor.execute("status")["workspaces"] == []


def test_messages_in_one_piece_are_all_read(start: Start, workspace: Path) -> None:
    """What comes along with the first message, part of a message included, reaches the session in its order."""
    editor = start("--stdio")
    body = b'{"jsonrpc":"2.0","id":"a","method":"initialize","params":{"capabilities":{},"rootUri":"%s"}}'
    first = body % workspace.as_uri().encode()
    second = b'{"jsonrpc":"2.0","id":"b","method":"shutdown"}'
    framed = b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in (first, second))
    editor.raw(framed[:-10])
    assert "capabilities" in editor.answer("a")
    editor.raw(framed[-10:])
    assert editor.answer("b") is None
    editor.notify("exit")
    assert editor.process is not None
    assert editor.process.wait(PATIENCE) == 0
