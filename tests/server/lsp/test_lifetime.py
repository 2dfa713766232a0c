"""How a server's process begins and ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import COMMAND, PATIENCE, Editor, Start, eventually

#: What an editor notices as hanging; the machine of a test may be busy.
PROMPT_SECONDS = 15.0


def test_ordered_shutdown_exits_with_0(start: Start, workspace: Path) -> None:
    """After shutdown and exit the process leaves with 0."""
    editor = start("--stdio")
    editor.initialize(workspace)
    assert editor.finish() == 0


def test_exit_without_shutdown_exits_with_1(start: Start, workspace: Path) -> None:
    """The protocol separates a crash of the client from its end by this status."""
    editor = start()
    editor.initialize(workspace)
    editor.notify("exit")
    assert process_status(editor) == 1


def test_exit_before_initialize_exits_with_1(start: Start) -> None:
    """A client that changes its mind at once is obeyed."""
    editor = start()
    editor.notify("exit")
    assert process_status(editor) == 1


@pytest.mark.parametrize("ordered", [True, False])
def test_closed_stdin_ends_the_process(start: Start, workspace: Path, ordered: bool) -> None:
    """A client that vanishes without exit leaves no process behind, also while its index is being made."""
    for number in range(300):
        (workspace / f"module_{number}.py").write_text(f"def task_{number}(items):\n    return sum(items) + {number}\n")
    editor = start()
    editor.initialize(workspace)
    editor.wait_until(lambda: editor.received("cascode/status"))
    if ordered:
        editor.request("shutdown")
    before = time.monotonic()
    editor.sink.close()
    assert process_status(editor) == (0 if ordered else 1)
    assert time.monotonic() - before < PROMPT_SECONDS


def test_closed_stdin_while_a_search_waits_ends_the_process(start: Start, workspace: Path) -> None:
    """A request under way, with the model still loading, does not keep the process alive."""
    editor = start()
    editor.initialize(workspace)
    editor.begin(
        "workspace/executeCommand",
        {"command": "cascode.server.search", "arguments": [{"query": "upload", "partialResultToken": 1}]},
    )
    editor.wait_until(lambda: editor.received("$/progress"))
    editor.sink.close()
    assert process_status(editor) == 1


@pytest.mark.parametrize("named_by", ["initialize", "command line"])
def test_a_dead_client_is_noticed(start: Start, workspace: Path, named_by: str) -> None:
    """The death of the client's process ends the server within seconds, though nobody closed its stdin."""
    client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        if named_by == "initialize":
            editor = start()
            editor.initialize(workspace, processId=client.pid)
        else:
            editor = start("--stdio", f"--clientProcessId={client.pid}")
            editor.initialize(workspace, processId=None)
        editor.execute("status")
        time.sleep(1.5)  # the process is looked at on a thread of its own, which nothing announces
        client.kill()  # and not waited for: a zombie is dead as well
        before = time.monotonic()
        assert process_status(editor) == 1
        assert time.monotonic() - before < PROMPT_SECONDS
    finally:
        client.kill()
        client.communicate()


def test_a_client_process_of_another_world_is_not_watched(start: Start, workspace: Path) -> None:
    """A number that is no process here, as of a client outside of a container, ends nothing."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    editor = start()
    editor.initialize(workspace, processId=gone.pid)
    editor.wait_ready()
    assert editor.process is not None
    assert editor.process.poll() is None


def test_what_libraries_print_does_not_reach_the_client(environment: dict[str, str], workspace: Path) -> None:
    """Standard output belongs to messages: what anything else prints there goes to stderr."""
    code = (
        "import os, threading\n"
        "import cascode_server.lsp.session as session\n"
        "class Noisy(session.IndexingService):\n"
        "    def start(self, *arguments, **options):\n"
        "        print('printed', flush=True)\n"
        "        os.write(1, b'written\\n')\n"
        "        super().start(*arguments, **options)\n"
        "session.IndexingService = Noisy\n"
        "from cascode_server.cli.main import main\n"
        "main(['serve'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stderr is not None
    editor = Editor(process.stdout, process.stdin, process)
    try:
        editor.initialize(workspace)
        editor.wait_ready()
        assert editor.finish() == 0
        assert process.stderr.read().replace(b"\r", b"") == b"printed\nwritten\n"
    finally:
        editor.close()
        process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to speak of")
def test_interrupt_ends_a_tcp_server(environment: dict[str, str]) -> None:
    """Ctrl-C ends a server on a port in one line, also while a client is there."""
    process = subprocess.Popen([*COMMAND, "--tcp", "0"], stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    listening = process.stderr.readline()
    assert "127.0.0.1" in listening
    with socket.create_connection(("127.0.0.1", int(listening.rsplit(":", 1)[1]))) as client:
        client.sendall(b"Content-Length: 2\r\n\r\n{}")
        assert client.recv(1), "the session answers"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PROMPT_SECONDS)
    assert process.returncode == 130
    assert err == "cascode: interrupted; what was indexed is kept\n"


def test_the_end_of_a_process_ends_a_tcp_server(environment: dict[str, str]) -> None:
    """That of the process which the command line names, also while a client is there."""
    named = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    command = [*COMMAND, "--tcp", "0", f"--clientProcessId={named.pid}"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert server.stderr is not None
    try:
        port = int(server.stderr.readline().rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"Content-Length: 2\r\n\r\n{}")
            assert client.recv(1), "the session answers"
            time.sleep(1.5)  # the process is looked at on a thread of its own, which nothing announces
            named.kill()  # and not waited for: a zombie is dead as well
            assert server.wait(PROMPT_SECONDS) == 0
    finally:
        for process in (named, server):
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stdio", "--tcp", "0"], "--stdio and --tcp"),
        (["--socket", "7777", "--pipe", "x"], "--socket and --pipe"),
        (["--socket", "0"], "--socket"),
        (["--node-ipc"], "--node-ipc"),
        (["--tcp", "70000"], "70000"),
        (["--clientProcessId", "x"], "'x'"),
        (["--shared", "--debug"], "log.level"),
    ],
)
def test_invalid_options_are_one_line(environment: dict[str, str], arguments: list[str], said: str) -> None:
    """A wrong option is reported on stderr, and stdout stays empty."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("way", ["--socket", "--pipe"])
def test_a_client_that_listens_is_served(
    environment: dict[str, str], workspace: Path, way: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Client libraries that choose a port or a pipe get a whole session there, and exit status 0 after it."""
    if way == "--pipe" and sys.platform == "win32":
        pytest.skip("the pipes of Windows are not sockets")
    with socket.socket(socket.AF_UNIX if way == "--pipe" else socket.AF_INET) as listening:
        # Not the test's own folder: the path of a socket must be short.
        listening.bind(str(tmp_path_factory.mktemp("s") / "s") if way == "--pipe" else ("127.0.0.1", 0))
        listening.listen()
        name = listening.getsockname()
        process = subprocess.Popen([*COMMAND, way, name if way == "--pipe" else str(name[1])], env=environment)
        listening.settimeout(PROMPT_SECONDS * 4)
        with listening.accept()[0] as connection:
            editor = Editor(connection.makefile("rb"), connection.makefile("wb"))
            assert "capabilities" in editor.initialize(workspace)
            editor.request("shutdown")
            editor.notify("exit")
            assert process.wait(PROMPT_SECONDS) == 0
            editor.close()


@pytest.mark.parametrize("arguments", [["--socket", "{port}"], ["--pipe", "/nobody/is.here"]])
def test_a_client_that_is_not_there_is_one_line(environment: dict[str, str], arguments: list[str]) -> None:
    """Where nobody listens the message names the place and the other way."""
    with socket.socket() as taken:  # bound and not listening: nobody else takes the port meanwhile
        taken.bind(("127.0.0.1", 0))
        given = [argument.format(port=taken.getsockname()[1]) for argument in arguments]
        done = subprocess.run([*COMMAND, *given], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert given[1] in done.stderr
    assert "--tcp" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_one_line(environment: dict[str, str], port: int) -> None:
    """A port that is in use is an error that names it."""
    done = subprocess.run([*COMMAND, "--tcp", str(port)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_initialize_loads_nothing_heavy(environment: dict[str, str], tmp_path: Path) -> None:
    """Until initialize is answered neither torch nor FAISS nor a parser is imported."""
    code = (
        "import sys\n"
        "import cascode_server.lsp.serve, cascode_server.lsp.build, cascode_server.cli.main\n"
        "print(*sorted({'torch', 'transformers', 'faiss', 'tree_sitter', 'numpy', 'psutil'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == []


def test_the_log_is_private_and_says_who_came(start: Start, environment: dict[str, str], workspace: Path) -> None:
    """The log file that the status names holds the session, for its owner's eyes only."""
    editor = start()
    editor.initialize(workspace, clientInfo={"name": "an editor of this test"})
    log = Path(editor.execute("status")["log_file"])
    assert log.parent == Path(environment["CASCODE_LOG_DIR"])
    assert "an editor of this test" in eventually(lambda: log.read_text(encoding="utf-8"))
    if os.name == "posix":
        assert log.stat().st_mode & 0o077 == 0
    assert any("an editor of this test" in message["message"] for message in editor.received("window/logMessage"))


def test_debug_goes_before_the_settings(start: Start, workspace: Path) -> None:
    """Settings that ask for less, or for something else, leave what the command line asked for."""
    editor = start("--stdio", "--debug")
    editor.initialize(workspace, options={"settings": {"log": {"level": "warning"}, "search": {"limit": 1}}})
    assert len(editor.search("upload")["hits"]) == 1, "the settings are in force"
    editor.notify("nobody/hasHeardOfIt", {})
    assert editor.wait_until(
        lambda: any("nobody/hasHeardOfIt" in log["message"] for log in editor.received("window/logMessage"))
    )


def process_status(editor: Editor) -> int:
    """Wait for the end of a server's process."""
    assert editor.process is not None
    return editor.process.wait(PATIENCE)  # the framework may still be being imported
