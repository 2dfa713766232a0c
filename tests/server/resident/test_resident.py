"""One server for all editors of a user, with real processes: found, started, shared, lost and left."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from ..lsp.conftest import Editor, eventually, make_workspace
from .conftest import Build, House, is_gone

pytestmark = [
    pytest.mark.usefixtures("model"),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX stand for what happens to processes"),
]

QUESTION = "try an upload again after the connection failed"
WEATHER = "convert a temperature from celsius"
TYPED = '''

def convert_celsius_to_fahrenheit(degrees):
    """Turn a temperature into the other unit."""
    return degrees * 9 / 5 + 32
'''
LEAVES_AT_ONCE = {"settings": {"shared": {"exitAfter": 0}}}


def folder(path: Path) -> list[dict[str, str]]:
    """A workspace folder as a client lists it."""
    return [{"uri": path.as_uri(), "name": path.name}]


def said(editor: Editor) -> str:
    """All that a client was sent beside answers, as text."""
    return json.dumps(editor.notifications)


# --- sharing --------------------------------------------------------------------------------------------


def test_two_editors_have_one_server_and_one_index(home: House, workspace: Path) -> None:
    """Both are answered, neither is put off because of the other, and each leaves in good order."""
    first, second = home.editor(), home.editor()
    first.initialize(workspace)
    second.initialize(workspace)
    for editor in (first, second):
        assert editor.wait_ready()["workspaces"][0]["read_only"] is False
        assert editor.names(QUESTION)[0] == "retry_failed_upload"
    assert first.execute("status")["log_file"] == second.execute("status")["log_file"]
    (workspace / "src" / "new.py").write_text(TYPED)
    for editor in (first, second):
        eventually(lambda editor=editor: editor.names(WEATHER)[0] == "convert_celsius_to_fahrenheit")  # type: ignore[misc]
    assert first.finish() == 0
    assert second.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"
    second.notify("exit")
    assert second.process is not None
    assert second.process.wait(30) == 1


def test_what_one_editor_types_is_not_found_by_the_other(home: House, workspace: Path) -> None:
    """Unsaved text is that of its client, though the index is one."""
    first, second = home.editor(), home.editor()
    for editor in (first, second):
        editor.initialize(workspace)
        editor.wait_ready()
    first.open(workspace / "src" / "upload.py", TYPED)
    assert first.names(WEATHER)[0] == "convert_celsius_to_fahrenheit"
    assert "retry_failed_upload" not in first.names(QUESTION)
    assert "convert_celsius_to_fahrenheit" not in second.names(WEATHER)
    assert second.names(QUESTION)[0] == "retry_failed_upload"


def test_nothing_of_one_client_reaches_another(home: House, tmp_path: Path) -> None:
    """Log lines, progress, status and settings are those of one client, also the level of its log."""
    roots = [make_workspace(tmp_path / name) for name in ("apple", "banana")]
    first, second = home.editor(), home.editor()
    settings = {"settings": {"log": {"level": "debug"}, "search": {"limit": 1}}}
    first.initialize(roots[0], options=settings, capabilities={"window": {"workDoneProgress": True}})
    second.initialize(roots[1], capabilities={"window": {"workDoneProgress": True}})
    for editor in (first, second):
        editor.wait_ready()
    for number in range(40):
        (roots[0] / f"more{number}.py").write_text(f"def more_{number}(x):\n    return x * {number}\n")
    eventually(lambda: first.execute("status")["functions"] == 45)
    assert len(first.search(QUESTION)["hits"]) == 1
    assert len(second.search(QUESTION)["hits"]) > 1
    for editor in (first, second):
        editor.notify("no/such", None)  # which is worth a line at the level debug
        editor.execute("status")
    assert second.execute("status")["functions"] == 5
    assert "banana" not in said(first)
    assert "apple" not in said(second)
    assert any(message["type"] == 4 for message in first.received("window/logMessage")), "debug, as it was set"
    assert not any(message["type"] == 4 for message in second.received("window/logMessage"))


def test_editors_that_start_at_once_start_one_server(house: House, workspace: Path) -> None:
    """One of them starts it, and the others wait for it."""
    editors = [house.editor() for _ in range(4)]
    starting = [threading.Thread(target=editor.initialize, args=(workspace,)) for editor in editors]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    assert len({editor.execute("status")["log_file"] for editor in editors}) == 1


def test_another_model_is_another_server(home: House, workspace: Path, tmp_path: Path) -> None:
    """Whoever names another model in the environment does not get answers of the first one."""
    editor, other = home.editor(), home.editor(CASCODE_MODEL="no-such-model")
    for each in (editor, other):
        each.initialize(workspace)
    assert editor.execute("status")["model"]["label"] == "bundled"
    assert other.execute("status")["model"]["label"] == "no-such-model"
    assert editor.execute("status")["log_file"] != other.execute("status")["log_file"]


# --- loss -----------------------------------------------------------------------------------------------


def test_a_killed_server_costs_its_editors_nothing(house: House, workspace: Path, tmp_path: Path) -> None:
    """Another one takes its place with folders, settings, unsaved text and open requests; the log says so."""
    editor, other = house.editor(), house.editor()
    editor.initialize(capabilities={"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": folder(workspace), "removed": []}})
    editor.notify("workspace/didChangeConfiguration", {"settings": {"cascode": {"search": {"limit": 1}}}})
    other.initialize(make_workspace(tmp_path / "banana"))
    editor.wait_ready()
    other.wait_ready()
    uri = editor.open(workspace / "src" / "upload.py", "")
    end = {"line": 0, "character": 0}
    editor.change(uri, {"range": {"start": end, "end": end}, "text": TYPED})
    assert editor.names(WEATHER) == ["convert_celsius_to_fahrenheit"]
    asked = len(editor.asked)
    pid = house.pid()
    os.kill(pid, signal.SIGSTOP)
    argument = {"command": "cascode.server.search", "arguments": [{"query": WEATHER}]}
    pending = editor.begin("workspace/executeCommand", argument)
    os.kill(pid, signal.SIGKILL)
    assert [hit["name"] for hit in editor.answer(pending)["hits"]] == ["convert_celsius_to_fahrenheit"]
    assert other.names(QUESTION)[0] == "retry_failed_upload"
    assert house.pid() != pid
    assert "another one takes its place" in json.dumps(editor.received("window/logMessage"))
    registered = [params for method, params in editor.asked if method == "client/registerCapability"]
    assert len(registered) == len([0 for method, _ in editor.asked[:asked] if method == "client/registerCapability"])
    assert editor.finish() == 0


def test_a_server_that_keeps_dying_is_given_up(house: House, workspace: Path) -> None:
    """After the third loss within a minute an editor has a server of its own, which lives with it."""
    editor = house.editor()
    editor.initialize(workspace)
    for _ in range(3):
        assert editor.names(QUESTION)[0] == "retry_failed_upload"
        os.kill(house.pid(), signal.SIGKILL)
    assert editor.names(QUESTION)[0] == "retry_failed_upload"
    assert "a server of its own" in json.dumps(editor.received("window/logMessage"))
    assert house.greet() == {}
    assert editor.finish() == 0


def test_a_server_that_hangs_is_not_waited_for(house: House, workspace: Path) -> None:
    """A new editor gets a server of its own, and the command line searches by itself."""
    first = house.editor()
    first.initialize(workspace)
    first.wait_ready()
    pid = house.pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        editor = house.editor()
        editor.initialize(workspace)
        assert editor.names(QUESTION)[0] == "retry_failed_upload"
        assert "did not answer" in json.dumps(editor.received("window/logMessage"))
        done = house.run("search", QUESTION, "--format", "jsonl", cwd=workspace)
        assert json.loads(done.stdout)["hits"][0]["name"] == "retry_failed_upload"
        assert editor.finish() == 0
    finally:
        os.kill(pid, signal.SIGCONT)
    assert first.names(QUESTION)[0] == "retry_failed_upload"


def test_a_client_that_is_killed_leaves_nothing(house: House, workspace: Path) -> None:
    """Its session ends; where it was the last one, the server leaves as it was set, and with it its files."""
    editor = house.editor()
    editor.initialize(workspace, options=LEAVES_AT_ONCE)
    editor.wait_ready()
    pid = house.pid()
    assert editor.process is not None
    editor.process.kill()
    eventually(lambda: is_gone(pid))
    assert not house.place().socket.exists()


def test_a_dead_editor_ends_its_relay(home: House, workspace: Path) -> None:
    """An editor that dies and leaves its streams open is noticed, and not taken for the loss of the server."""
    import subprocess

    client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    editor = home.editor(f"--clientProcessId={client.pid}")
    editor.initialize(workspace, processId=client.pid)
    editor.wait_ready()
    client.kill()
    client.communicate()
    assert editor.process is not None
    assert editor.process.wait(30) == 1


# --- coming and going -----------------------------------------------------------------------------------


def test_the_server_leaves_when_nobody_is_there_and_comes_back(house: House, workspace: Path) -> None:
    """It waits for as long as is set, and the most patient of its editors counts."""
    editor, patient = house.editor(), house.editor()
    editor.initialize(workspace, options=LEAVES_AT_ONCE)
    patient.initialize(workspace)
    editor.wait_ready()
    patient.wait_ready()
    pid = house.pid()
    assert editor.finish() == 0
    assert patient.names(QUESTION)[0] == "retry_failed_upload"
    patient.notify("workspace/didChangeConfiguration", {"settings": {"cascode": LEAVES_AT_ONCE["settings"]}})
    assert patient.execute("status")["state"] == "ready"
    assert patient.finish() == 0
    eventually(lambda: is_gone(pid))
    again = house.editor()
    again.initialize(workspace)
    assert again.names(QUESTION)[0] == "retry_failed_upload"
    assert house.pid() != pid


def test_a_server_of_another_version_is_left_alone(house: House, workspace: Path) -> None:
    """Whatever listens where the server should be, and does not serve this client, an editor is served."""
    place = house.place()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place.socket))
        listening.listen()

        def refuse() -> None:
            for _ in range(2):
                connection, _ = listening.accept()
                with connection, connection.makefile("rb") as lines:
                    lines.readline()
                    connection.sendall(b'{"welcome": false, "reason": "version 7"}\n')

        refusing = threading.Thread(target=refuse, daemon=True)
        refusing.start()
        editor = house.editor()
        editor.initialize(workspace)
        assert editor.names(QUESTION)[0] == "retry_failed_upload"
        assert "version 7" in json.dumps(editor.received("window/logMessage"))
        assert house.run("search", QUESTION, cwd=workspace).returncode == 0
        refusing.join()
        assert editor.finish() == 0


@pytest.mark.parametrize(
    ("hello", "reason"),
    [
        ({"identity": "x"}, "another version"),
        ({"cascode": 0}, "another version"),
        ({"token": "x"}, "token"),
    ],
)
def test_whoever_is_not_meant_is_refused(home: House, hello: dict[str, Any], reason: str, workspace: Path) -> None:
    """Another version and a wrong token are answered with the reason."""
    editor = home.editor()
    editor.initialize(workspace)
    answer = home.greet(**hello)
    assert answer["welcome"] is False
    assert reason in answer["reason"]


# --- the folder and the port ----------------------------------------------------------------------------


def test_the_files_are_for_their_owner_alone(home: House, workspace: Path) -> None:
    """Nobody else can reach the server, or lay something into its way."""
    editor = home.editor()
    editor.initialize(workspace)
    place = home.place()
    assert place.directory.stat().st_mode & 0o077 == 0
    assert [path for path in place.directory.iterdir() if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("what", ["open to others", "a link", "a file"])
def test_a_folder_that_others_may_enter_is_not_used(house: House, workspace: Path, what: str) -> None:
    """The editor has a server of its own then, and its log says why."""
    path = house.base / "cascode_runtime_dir"
    elsewhere = house.base / "elsewhere"
    elsewhere.mkdir()
    if what == "open to others":
        path.mkdir()
        path.chmod(0o755)
    elif what == "a link":
        path.symlink_to(elsewhere)
    else:
        path.write_text("")
    editor = house.editor()
    editor.initialize(workspace)
    assert editor.names(QUESTION)[0] == "retry_failed_upload"
    assert str(path) in json.dumps(editor.received("window/logMessage"))
    assert list(elsewhere.iterdir()) == []
    assert editor.finish() == 0


def test_doctor_names_the_process_of_a_server(house: House, workspace: Path) -> None:
    """By its number, and without it where the file that holds that cannot be read: what else was found is shown."""
    editor = house.editor()
    editor.initialize(workspace)
    pid = house.pid()
    assert f"shared server: process {pid} in " in house.run("doctor", cwd=workspace).stdout
    house.place().lock.unlink()
    assert "shared server: process of unknown number in " in house.run("doctor", cwd=workspace).stdout


def test_a_port_takes_the_place_of_a_socket(build: Build, workspace: Path) -> None:
    """As on Windows: a port of this machine, and a token in a file for its owner alone."""
    house = build(CASCODE_SHARED_TRANSPORT="loopback")
    first, second = house.editor(), house.editor()
    for editor in (first, second):
        editor.initialize(workspace)
        assert editor.names(QUESTION)[0] == "retry_failed_upload"
    assert first.execute("status")["log_file"] == second.execute("status")["log_file"]
    port = house.place().port
    assert port.stat().st_mode & 0o077 == 0
    assert "token" in house.greet(token="")["reason"]
    found = json.loads(port.read_text())
    with socket.create_connection(("127.0.0.1", found["port"])) as browser:
        browser.sendall(b"POST / HTTP/1.1\r\n\r\n" + json.dumps({"token": found["token"]}).encode())
        assert browser.recv(100) == b""


def test_a_token_is_shown_to_the_living_server_alone(build: Build, workspace: Path) -> None:
    """A killed server's port may be another user's by now: what is said to it is nothing."""
    house = build(CASCODE_SHARED_TRANSPORT="loopback")
    editor = house.editor()
    editor.initialize(workspace)
    editor.wait_ready()
    port = house.place().port
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", 0))
        thief.listen()
        thief.settimeout(1)
        stale = {"port": thief.getsockname()[1], "token": "secret"}
        os.kill(house.pid(), signal.SIGKILL)
        assert editor.names(QUESTION)[0] == "retry_failed_upload", "another one takes its place"
        editor.finish()
        killed = psutil.Process(house.pid())
        killed.kill()
        # Until it is gone it holds the lock of the living, and is spoken to.
        psutil.wait_procs([killed], timeout=30)
        port.write_text(json.dumps(stale))
        assert house.run("search", QUESTION, cwd=workspace).returncode == 0
        with pytest.raises(TimeoutError):
            thief.accept()
