"""A bare client that speaks to a real ``cascode serve``, byte for byte, and a small real workspace."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from cascode_models.errors import ModelError
from cascode_models.load import resolve_folder

#: The patience of a test; a machine that builds at the same time is many times slower than an idle one.
PATIENCE = 60.0
COMMAND = [sys.executable, "-c", "from cascode_server.cli.main import main; main()", "serve"]

#: Sources that the indexer's and the server's tests ask about.
SOURCES = Path(__file__).parents[2] / "fixtures" / "uploads"
UPLOAD = (SOURCES / "upload.py").read_text(encoding="utf-8")
QUEUE = (SOURCES / "queue.js").read_text(encoding="utf-8")


class ErrorAnswer(Exception):
    """An answer that is an error; ``logged`` is what the server said meanwhile."""

    def __init__(self, error: dict[str, Any], logged: list[str]) -> None:
        super().__init__("\n".join([f"{error.get('code')}: {error.get('message')}", *logged]))
        self.error = error
        self.code = error["code"]


class NoAnswer(Exception):
    """Raised in place of an answer: the client leaves the server without one."""


class Editor:
    """A client on two byte streams.

    Args:
        source: What the server writes.
        sink: What the server reads.
        process: The server's process, where it is this client's.
    """

    def __init__(self, source: IO[bytes], sink: IO[bytes], process: subprocess.Popen[bytes] | None = None) -> None:
        self.process = process
        self.sink = sink
        self.notifications: list[tuple[str, Any]] = []
        #: Requests of the server, by method.
        self.asked: list[tuple[str, Any]] = []
        #: How they are answered; an exception becomes an error.
        self.answers: dict[str, Callable[[Any], Any]] = {}
        self.settings: object = None
        #: Called with the id of each answer.
        self.on_answer: Callable[[object], None] = lambda _msg_id: None
        self.ended = False
        self._source = source
        self._answered: dict[object, dict[str, Any]] = {}
        self._id = 0
        self._changed = threading.Condition()
        self._write_lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def initialize(
        self,
        *folders: Path,
        capabilities: dict[str, Any] | None = None,
        plugin: str = "test",
        options: dict[str, Any] | None = None,
        **params: Any,
    ) -> Any:
        """Begin a session with some workspaces."""
        result = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "capabilities": capabilities or {},
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
                "initializationOptions": {"client": plugin, **(options or {})},
                **params,
            },
        )
        self.notify("initialized", {})
        return result

    def raw(self, data: bytes) -> None:
        """Send bytes."""
        with self._write_lock:
            self.sink.write(data)
            self.sink.flush()

    def send(self, message: object) -> None:
        """Send a message."""
        body = json.dumps(message).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def begin(self, method: str, params: Any = None) -> int:
        """Send a request and return its id."""
        self._id += 1
        message = {"jsonrpc": "2.0", "id": self._id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return self._id

    def answer(self, msg_id: object, timeout: float = PATIENCE) -> Any:
        """Wait for the answer of a request."""
        with self._changed:
            if not self._changed.wait_for(lambda: msg_id in self._answered or self.ended, timeout):
                raise TimeoutError(f"no answer to {msg_id}")
            if msg_id not in self._answered:
                raise ConnectionError(f"the server left without an answer to {msg_id}")
            message = self._answered.pop(msg_id)
        if "error" in message:
            raise ErrorAnswer(message["error"], [log["message"] for log in self.received("window/logMessage")][-3:])
        return message["result"]

    def request(self, method: str, params: Any = None, timeout: float = PATIENCE) -> Any:
        """Send a request and wait for its answer."""
        return self.answer(self.begin(method, params), timeout)

    def execute(self, command: str, argument: Any = None, timeout: float = PATIENCE) -> Any:
        """Execute a command of ours."""
        arguments = [] if argument is None else [argument]
        return self.request(
            "workspace/executeCommand", {"command": f"cascode.server.{command}", "arguments": arguments}, timeout
        )

    def search(self, query: str, **argument: Any) -> Any:
        """Search."""
        return self.execute("search", {"query": query, **argument})

    def names(self, query: str, **argument: Any) -> list[str]:
        """Names of the hits of a search."""
        return [hit["name"] for hit in self.search(query, **argument)["hits"]]

    def wait_until(self, true: Callable[[], Any], timeout: float = PATIENCE) -> Any:
        """Wait until something holds that messages of the server bring about; return what it gives."""
        with self._changed:
            if not self._changed.wait_for(lambda: true() or self.ended, timeout):
                raise TimeoutError("what was waited for did not come")
        return true()

    def received(self, method: str) -> list[Any]:
        """Params of the notifications of a method, in order."""
        return [params for name, params in list(self.notifications) if name == method]

    def wait_ready(self, timeout: float = PATIENCE) -> Any:
        """Wait until the index is complete; return the status."""

        def ready() -> Any:
            states = self.received("cascode/status")
            return states[-1] if states and states[-1]["state"] == "ready" else None

        return self.wait_until(ready, timeout)

    def open(self, path: Path, text: str) -> str:
        """Open a document; return its URI."""
        uri = path.as_uri()
        document = {"uri": uri, "languageId": "x", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def change(self, uri: str, *changes: dict[str, Any]) -> None:
        """Edit a document."""
        params = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": list(changes)}
        self.notify("textDocument/didChange", params)

    def finish(self) -> int:
        """Shut down in good order and return the exit status."""
        self.request("shutdown")
        self.notify("exit")
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End whatever still runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for stream in (self.sink, self._source):
            with contextlib.suppress(OSError):
                stream.close()

    def _read(self) -> None:
        """Take up what the server says."""
        with contextlib.suppress(OSError, ValueError):
            while True:
                length = 0
                while (line := self._source.readline()).strip():
                    length = int(re.fullmatch(rb"Content-Length: (\d+)\r\n", line)[1])  # type: ignore[index]
                if not line:
                    break
                message = json.loads(self._source.read(length))
                if "method" in message and "id" in message:
                    self._serve(message)
                with self._changed:
                    if "method" not in message:
                        self.on_answer(message["id"])
                        self._answered[message["id"]] = message
                    elif "id" not in message:
                        self.notifications.append((message["method"], message["params"]))
                    self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _serve(self, message: dict[str, Any]) -> None:
        """Answer a request of the server."""
        method, params = message["method"], message.get("params")
        with self._changed:
            self.asked.append((method, params))
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            if method in self.answers:
                result = self.answers[method](params)
            else:
                result = [self.settings for _ in params["items"]] if method == "workspace/configuration" else None
            self.send({**answer, "result": result})
        except (OSError, NoAnswer):
            return
        except Exception as error:
            self.send({**answer, "error": {"code": -32603, "message": str(error)}})


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Indexes, logs and settings of these tests only."""
    base = tmp_path_factory.mktemp("cascode")
    own = {name: str(base / name.lower()) for name in ("CASCODE_INDEX_DIR", "CASCODE_LOG_DIR", "CASCODE_CONFIG_DIR")}
    return {**os.environ, **own}


@pytest.fixture(scope="module")
def model() -> None:
    """Skips where no model is at hand."""
    try:
        resolve_folder(None)
    except ModelError as error:
        pytest.skip(str(error))


Start = Callable[..., Editor]


@contextlib.contextmanager
def starting(environment: dict[str, str]) -> Iterator[Start]:
    """Give a function that starts servers, which do not outlive the block."""
    started: list[Editor] = []

    def start(*arguments: str, cwd: Path | None = None, **variables: str) -> Editor:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=cwd,
            env={**environment, **variables},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        started.append(Editor(process.stdout, process.stdin, process))
        return started[-1]

    yield start
    for editor in started:
        editor.close()


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Starts servers of this test."""
    with starting(environment) as start_one:
        yield start_one


def make_workspace(root: Path) -> Path:
    """Write a workspace of two languages."""
    (root / "src").mkdir(parents=True)
    (root / "src" / "upload.py").write_text(UPLOAD, encoding="utf-8")
    (root / "src" / "queue.js").write_text(QUEUE, encoding="utf-8")
    return root


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace of two languages, of this test only."""
    return make_workspace(tmp_path / "shop")


@pytest.fixture(scope="module")
def port(environment: dict[str, str]) -> Iterator[int]:
    """The port of a server that serves every client of a module."""
    process = subprocess.Popen([*COMMAND, "--tcp", "0"], stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    found = re.search(r"127\.0\.0\.1:(\d+)", process.stderr.readline())
    assert found is not None
    threading.Thread(target=process.stderr.read, daemon=True).start()
    yield int(found[1])
    process.kill()
    process.wait()
    process.stderr.close()


@pytest.fixture
def connect(port: int) -> Iterator[Callable[[], Editor]]:
    """Connects clients to that server."""
    opened: list[tuple[socket.socket, Editor]] = []

    def connect_one() -> Editor:
        connection = socket.create_connection(("127.0.0.1", port))
        editor = Editor(connection.makefile("rb"), connection.makefile("wb"))
        opened.append((connection, editor))
        return editor

    yield connect_one
    for connection, editor in opened:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        editor.close()
        connection.close()


def eventually(true: Callable[[], Any], timeout: float = PATIENCE) -> Any:
    """Ask again until something holds that nothing announces."""
    until = time.monotonic() + timeout
    while not (found := true()):
        if time.monotonic() > until:
            raise TimeoutError("it did not come about")
        time.sleep(0.02)
    return found
