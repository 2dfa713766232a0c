"""Clients that are not perfect: what they leave out, send twice, spell otherwise or never answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import UPLOAD, Editor, ErrorAnswer, NoAnswer, eventually, make_workspace

pytestmark = pytest.mark.usefixtures("model")

Connect = Callable[[], Editor]

PULLS = {"workspace": {"configuration": True}}
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
QUESTION = "try an upload again after the connection failed"
TYPED = '''

def convert_celsius_to_fahrenheit(degrees):
    """Turn a temperature into the other unit."""
    return degrees * 9 / 5 + 32
'''
WEATHER = "convert a temperature from celsius"


def folders(*paths: Path) -> list[dict[str, str]]:
    """Workspace folders as a client lists them."""
    return [{"uri": path.as_uri(), "name": path.name} for path in paths]


# --- settings are read once they are known --------------------------------------------------------------


@pytest.mark.parametrize("way", ["pull", "options", "file"])
def test_the_first_search_knows_the_settings(connect: Connect, workspace: Path, way: str) -> None:
    """A search right after ``initialized`` has the limit that the user set, wherever that comes from."""
    editor = connect()
    settings = {"search": {"limit": 1}}
    if way == "file":
        (workspace / "cascode.toml").write_text("[search]\nlimit = 1\n")
    if way == "pull":
        editor.settings = settings
    editor.initialize(
        workspace,
        capabilities=PULLS if way == "pull" else {},
        options={"settings": settings} if way == "options" else {},
    )
    assert len(editor.search(QUESTION)["hits"]) == 1


def test_the_first_status_knows_the_settings(connect: Connect, workspace: Path) -> None:
    """The model that a status names is the one that is set."""
    editor = connect()
    editor.settings = {"model": {"path": "no-such-model"}}
    editor.initialize(workspace, capabilities=PULLS)
    assert editor.execute("status")["model"]["label"] == "no-such-model"


def test_settings_that_are_taken_back_leave_force(connect: Connect, workspace: Path) -> None:
    """Null after a value means the default; so does an empty table that is pushed."""
    pulls, pushes = connect(), connect()
    pulls.settings = {"search": {"limit": 1}}
    pulls.initialize(workspace, capabilities=PULLS)
    pushes.initialize(workspace)
    pushes.notify("workspace/didChangeConfiguration", {"settings": {"cascode": {"search": {"limit": 1}}}})
    for editor in (pulls, pushes):
        eventually(lambda editor=editor: len(editor.search(QUESTION)["hits"]) == 1)  # type: ignore[misc]
    pulls.settings = None
    pulls.notify("workspace/didChangeConfiguration")
    pushes.notify("workspace/didChangeConfiguration", {"settings": {}})
    for editor in (pulls, pushes):
        eventually(lambda editor=editor: len(editor.search(QUESTION)["hits"]) > 1)  # type: ignore[misc]


def test_settings_of_other_servers_are_passed_over(connect: Connect, workspace: Path) -> None:
    """A client that pushes the settings of all its servers gets no complaints about theirs, and ours are used."""
    editor = connect()
    editor.initialize(workspace)
    others = {"pylsp": {"plugins": {}}, "rust-analyzer": {"check": 1}}
    editor.notify("workspace/didChangeConfiguration", {"settings": others})
    editor.notify("workspace/didChangeConfiguration", {"settings": {**others, "search": {"limit": 1}}})
    assert len(editor.search(QUESTION)["hits"]) == 1
    assert editor.received("window/showMessage") == []


# --- fields that are missing, null or out of bounds -----------------------------------------------------


def test_initialized_needs_no_params(connect: Connect, workspace: Path) -> None:
    """A notification without params is a notification: indexing begins."""
    editor = connect()
    editor.request("initialize", {"capabilities": {}, "workspaceFolders": folders(workspace)})
    editor.send({"jsonrpc": "2.0", "method": "initialized"})
    eventually(lambda: editor.execute("status")["functions"] == 5)


@pytest.mark.parametrize(
    "change",
    [
        {"range": None, "text": UPLOAD + TYPED},
        {"range": None, "rangeLength": -1, "text": UPLOAD + TYPED},
        {
            "range": {"start": {"line": 2**40, "character": 0}, "end": {"line": 2**40, "character": 2**70}},
            "rangeLength": -1,
            "text": TYPED,
        },
        {"range": {"start": {"line": 99.0, "character": -3}, "end": {"line": 99.0, "character": 1e3}}, "text": TYPED},
    ],
)
def test_a_change_is_applied_whatever_else_is_odd(connect: Connect, workspace: Path, change: dict[str, Any]) -> None:
    """No version, no language, a null range, a negative length and lines beyond the end cost no edit."""
    editor = connect()
    editor.initialize(workspace)
    editor.wait_ready()
    uri = (workspace / "src" / "upload.py").as_uri()
    editor.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "version": None, "text": UPLOAD}})
    editor.notify("textDocument/didChange", {"textDocument": {"uri": uri}, "contentChanges": [change]})
    names = editor.names(WEATHER)
    assert names[0] == "convert_celsius_to_fahrenheit"
    assert "retry_failed_upload" in editor.names(QUESTION)


def test_a_change_that_cannot_be_applied_lets_the_disk_rule(connect: Connect, workspace: Path) -> None:
    """An edit at an unknown place would make a wrong text of the document; the next opening is as good as the first."""
    editor = connect()
    editor.initialize(workspace)
    editor.wait_ready()
    uri = editor.open(workspace / "src" / "upload.py", TYPED)
    assert "retry_failed_upload" not in editor.names(QUESTION)
    editor.change(uri, {"range": {"start": "here"}, "text": "x"})
    assert editor.names(QUESTION)[0] == "retry_failed_upload"
    editor.open(workspace / "src" / "upload.py", TYPED)
    assert editor.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"


def test_folders_need_a_uri_only(connect: Connect, workspace: Path, tmp_path: Path) -> None:
    """A folder without a name, beside one that is none, is added; ``removed`` may be missing."""
    editor = connect()
    editor.initialize()
    event = {"added": [3, {"uri": 4}, {"uri": workspace.as_uri()}]}
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    eventually(lambda: editor.execute("status")["functions"] == 5)
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"removed": [{"uri": workspace.as_uri()}]}})
    eventually(lambda: editor.execute("status")["workspaces"] == [])


def test_arguments_as_lua_writes_them(connect: Connect, workspace: Path) -> None:
    """Whole numbers as fractions and empty tables as objects or lists are understood."""
    editor = connect()
    editor.initialize(workspace)
    editor.wait_ready()
    assert len(editor.search(QUESTION, limit=1.0, languages={}, kinds={}, paths=[])["hits"]) == 1
    for arguments in ([[]], {}, None, [None]):
        params = {"command": "cascode.server.status", "arguments": arguments}
        assert editor.request("workspace/executeCommand", params)["version"]


def test_a_search_without_a_folder_says_so(connect: Connect) -> None:
    """An empty answer because no folder is open is explained, once."""
    editor = connect()
    editor.initialize()
    for _ in range(2):
        assert editor.search(QUESTION)["hits"] == []
    assert [message["message"] for message in editor.received("window/showMessage")] == [
        "CasCode: no folder is open, so there is nothing to search: open the folder of a project"
    ]


def test_a_root_path_is_a_folder(connect: Connect, workspace: Path) -> None:
    """Clients of before ``workspaceFolders`` name a path."""
    editor = connect()
    params = {"capabilities": {}, "workspaceFolders": None, "rootUri": None, "rootPath": str(workspace)}
    editor.request("initialize", params)
    editor.notify("initialized", {})
    assert editor.names(QUESTION)[0] == "retry_failed_upload"


def test_a_huge_query_is_answered_soon(connect: Connect, workspace: Path) -> None:
    """Ten megabytes of words are cut to what can be of use."""
    editor = connect()
    editor.initialize(workspace)
    editor.search(QUESTION)
    answer = editor.search(QUESTION + " word" * 2_000_000)
    assert answer["hits"][0]["name"] == "retry_failed_upload"
    assert len(answer["query"]) <= 20_000


# --- clients that watch badly ---------------------------------------------------------------------------

#: Runs a server whose patience with its client is short.
HASTY = (
    "import cascode_server.lsp.watching as watching\n"
    "watching._ANSWER_SECONDS, watching._CHECK_SECONDS = 0.2, {check}\n"
    "from cascode_server.cli.main import main\n"
    "main(['serve'])\n"
)


def hasty(environment: dict[str, str], *, check: float) -> Editor:
    """A client of such a server."""
    process = subprocess.Popen(
        [sys.executable, "-c", HASTY.format(check=check)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    return Editor(process.stdout, process.stdin, process)


@pytest.mark.parametrize("badly", ["never answers", "misses changes", "is not asked"])
def test_a_client_that_watches_badly_is_not_relied_on(environment: dict[str, str], workspace: Path, badly: str) -> None:
    """A registration without an answer, changes without events and the user's own setting do without the client."""
    editor = hasty(environment, check=0.5 if badly == "misses changes" else 1000)

    def leave(_params: Any) -> None:
        raise NoAnswer

    if badly == "never answers":
        editor.answers["client/registerCapability"] = leave
    settings = {"watcher": "server"} if badly == "is not asked" else {}
    try:
        editor.initialize(workspace, capabilities=WATCHES, options={"settings": settings})
        editor.wait_ready()
        (workspace / "weather.py").write_text(TYPED)
        eventually(lambda: editor.execute("status")["functions"] == 6)
        assert (badly == "is not asked") == (editor.asked == [])
    finally:
        editor.close()


# --- open documents and the index -----------------------------------------------------------------------


def test_an_open_document_is_found_though_its_file_is_not_indexed_yet(connect: Connect, workspace: Path) -> None:
    """A document that equals its file stands in for it until the index has that file."""
    editor = connect()
    editor.initialize(workspace)
    editor.wait_ready()
    editor.execute("pause")
    path = workspace / "src" / "weather.py"
    path.write_text(TYPED, encoding="utf-8")
    editor.open(path, TYPED)
    assert editor.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"
    editor.execute("resume")


def test_an_event_is_believed_over_size_and_time(connect: Connect, workspace: Path) -> None:
    """A file that was changed within the same second to the same size is read again when a client says so."""
    editor = connect()
    editor.initialize(workspace, capabilities=WATCHES)
    editor.wait_ready()
    path = workspace / "bread.py"
    path.write_text("def bake_bread(flour):\n    return flour\n")
    before = path.stat()
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": path.as_uri(), "type": 1}]})
    eventually(lambda: editor.execute("status")["functions"] == 6)
    path.write_text("def sell_bread(flour):\n    return flour\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": path.as_uri(), "type": 2}]})
    eventually(lambda: "sell_bread" in editor.names("sell bread"))


# --- the wire -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-10, -1, 1, 7])
def test_a_wrong_length_costs_two_messages_at_most(connect: Connect, workspace: Path, wrong: int) -> None:
    """After a Content-Length that is too short or too long the session goes on."""
    editor = connect()
    editor.initialize(workspace)
    status = {"command": "cascode.server.status", "arguments": []}
    body = json.dumps({"jsonrpc": "2.0", "id": "lost", "method": "workspace/executeCommand", "params": status}).encode()
    editor.raw(b"Content-Length: %d\r\n\r\n%b" % (len(body) + wrong, body))
    for _ in range(2):
        editor.notify("$/padding", {"text": "GET / HTTP/1.1"})
    assert editor.execute("status")["version"]


def test_a_refused_progress_token_is_asked_for_once(connect: Connect, workspace: Path) -> None:
    """A client that shows no progress is not asked for it again and again."""

    def refuse(_params: Any) -> None:
        raise RuntimeError("not shown")

    editor = connect()
    editor.answers["window/workDoneProgress/create"] = refuse
    for number in range(400):
        (workspace / f"module_{number}.py").write_text(f"def task_{number}(items):\n    return sum(items) + {number}\n")
    editor.initialize(workspace, capabilities={"window": {"workDoneProgress": True}})
    editor.wait_ready()
    for number in range(400, 800):
        (workspace / f"module_{number}.py").write_text(f"def task_{number}(items):\n    return sum(items) + {number}\n")
    editor.execute("reindex")
    eventually(lambda: editor.execute("status")["functions"] == 805 and editor.execute("status")["state"] == "ready")
    assert len([1 for method, _ in editor.asked if method == "window/workDoneProgress/create"]) == 1


def test_log_lines_stay_in_their_session(connect: Connect, workspace: Path, tmp_path: Path) -> None:
    """Two clients of one process do not read each other's paths."""
    first, second = connect(), connect()
    second.initialize(make_workspace(tmp_path / "second"))
    first.initialize(workspace, clientInfo={"name": "the first client"})
    first.open(workspace / "src" / "upload.py", UPLOAD)
    first.change((workspace / "src" / "never-opened.py").as_uri(), {"text": "x"})
    first.wait_until(lambda: any("never-opened" in log["message"] for log in first.received("window/logMessage")))
    first.search(QUESTION)
    second.search(QUESTION)
    messages = [log["message"] for log in second.received("window/logMessage")]
    assert not [line for line in messages if "the first client" in line or str(workspace) in line]


def test_errors_are_answers(connect: Connect, workspace: Path) -> None:
    """A wrong argument is refused by its name."""
    editor = connect()
    editor.initialize(workspace)
    with pytest.raises(ErrorAnswer, match="limit must be a whole number from 1 to 1000, not 0"):
        editor.search(QUESTION, limit=0)
