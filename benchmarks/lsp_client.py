"""A client that measures: it notes when each message arrived, on the thread that reads it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

#: Nothing that is measured takes as long; a server that hangs must not hang the benchmark.
PATIENCE_SECONDS = 120.0


def environment_of(index: Path) -> dict[str, str]:
    """Return the variables of processes that keep all that they write in a folder."""
    return {
        **os.environ,
        "CASCODE_INDEX_DIR": str(index),
        "CASCODE_LOG_DIR": str(index / "logs"),
        "CASCODE_CONFIG_DIR": str(index / "config"),
    }


class Client:
    """A session with a language server.

    Args:
        folders: The workspaces.
        index: Folder of the indexes.
        settings: The tree of settings that the client sends.
        shared: Whether the session is one of the resident server.
    """

    def __init__(
        self, folders: list[Path], index: Path, settings: dict[str, Any] | None = None, *, shared: bool = False
    ) -> None:
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._arrived: dict[int | str, tuple[float, Any]] = {}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("cascode")), "serve", *(["--shared"] if shared else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment_of(index),
        )
        threading.Thread(target=self._read, daemon=True).start()
        workspace_folders = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        options = {"settings": settings or {}, "client": "benchmark"}
        params = {
            "processId": os.getpid(),
            "capabilities": {},
            "workspaceFolders": workspace_folders,
            "initializationOptions": options,
        }
        #: Seconds from the start of the process to the answer of ``initialize``.
        self.initialized_after = self.wait(self.begin("initialize", params))[0] - self.started
        self.notify("initialized", {})

    def begin(self, method: str, params: Any) -> int:
        """Send a request; return its id."""
        msg_id = next(self._ids)
        self._send({"id": msg_id, "method": method, "params": params})
        return msg_id

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def execute(self, command: str, **argument: Any) -> tuple[float, Any]:
        """Execute a command; return the seconds that it took, and its result."""
        started = time.perf_counter()
        arrived, result = self.wait(self.begin_command(command, **argument))
        return arrived - started, result

    def begin_command(self, command: str, **argument: Any) -> int:
        """Send a command; return the id of its request."""
        params = {"command": f"cascode.server.{command}", "arguments": [argument]}
        return self.begin("workspace/executeCommand", params)

    def wait(self, key: int | str) -> tuple[float, Any]:
        """Return when a response, or the first progress of a token, arrived, and what it holds."""
        with self._changed:
            if not self._changed.wait_for(lambda: key in self._arrived, PATIENCE_SECONDS):
                sys.exit(f"the server did not answer within {PATIENCE_SECONDS:.0f} s")
            return self._arrived.pop(key)

    def wait_ready(self) -> dict[str, Any]:
        """Wait for the complete index; return the status."""
        while True:
            status: dict[str, Any] = self.execute("status")[1]
            if status["state"] == "ready" and not status["pending"] and status["functions"]:
                return status
            if status["state"] in ("error", "disabled"):
                sys.exit(f"the server does not index: {status['message']}")
            time.sleep(0.1)

    def close(self) -> None:
        """End the session in good order."""
        self.wait(self.begin("shutdown", None))
        self.notify("exit", None)
        self.process.wait(PATIENCE_SECONDS)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        """Write a message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> None:
        """Note what the server says; its requests are not answered, since the client offers nothing to ask for."""
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.partition(b":")[2])
            while stream.readline().strip():
                pass
            body = stream.read(length)
            now = time.perf_counter()
            message = json.loads(body)
            with self._changed:
                if "method" not in message:
                    if "error" in message:
                        sys.stderr.write(f"-- the server answers with an error: {message['error']}\n")
                    self._arrived[message["id"]] = (now, message.get("result"))
                elif message["method"] == "$/progress":
                    self._arrived.setdefault(message["params"]["token"], (now, message["params"]["value"]))
                self._changed.notify_all()
