"""A resident server of these tests alone, and editors that reach it through real relays."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
import pytest

from cascode_models.errors import ModelError
from cascode_models.load import resolve_folder
from cascode_server.relay.place import PROTOCOL, Place, PlaceError, find_place

from ..lsp.conftest import COMMAND, PATIENCE, Editor, eventually, make_workspace

SHARED = [*COMMAND, "--shared"]


class House:
    """One user's machine: folders, relays and the resident server.

    Args:
        base: A folder for all of it; its path is short enough for a socket.
        variables: More of the environment.
    """

    def __init__(self, base: Path, **variables: str) -> None:
        own = ("CASCODE_INDEX_DIR", "CASCODE_LOG_DIR", "CASCODE_CONFIG_DIR", "CASCODE_RUNTIME_DIR")
        self.environment = {**os.environ, **{name: str(base / name.lower()) for name in own}, **variables}
        self.base = base
        self._editors: list[Editor] = []
        self._variables: list[dict[str, str]] = [{}]
        self._pids: set[int] = set()

    def editor(self, *arguments: str, **variables: str) -> Editor:
        """Start a relay; with other variables than the house's it may have a server of its own."""
        self._variables.append(variables)
        process = subprocess.Popen(
            [*SHARED, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**self.environment, **variables},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._editors.append(Editor(process.stdout, process.stdin, process))
        return self._editors[-1]

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        command = [*COMMAND[:-1], *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment, check=False, timeout=PATIENCE, **options
        )

    def place(self) -> Place:
        """Where the resident server is."""
        with mock.patch.dict(os.environ, self.environment, clear=True):
            return find_place()

    def greet(self, **hello: Any) -> dict[str, Any]:
        """Say something to the resident server and return what it answers; nothing where nobody is there."""
        place = self.place()
        said = {"cascode": PROTOCOL, "identity": place.identity, "token": "", "wanted": "command", **hello}
        with socket.socket(socket.AF_UNIX if place.by_socket else socket.AF_INET) as connection:
            try:
                if place.by_socket:
                    connection.connect(str(place.socket))
                else:
                    found = json.loads(place.port.read_text())
                    said = {**said, "token": found["token"], **hello}
                    connection.connect(("127.0.0.1", found["port"]))
                connection.sendall(json.dumps(said).encode() + b"\n")
                with connection.makefile("rb") as lines:
                    answer: dict[str, Any] = json.loads(lines.readline() or b"{}")
            except OSError:
                return {}
        self._pids |= {answer["pid"]} if "pid" in answer else set()
        return answer

    def pid(self) -> int:
        """Process of the resident server."""
        return int(eventually(self.greet)["pid"])

    def close(self) -> None:
        """End all of it."""
        for editor in self._editors:
            editor.close()
        environment = self.environment
        for variables in self._variables:
            self.environment = {**environment, **variables}
            with contextlib.suppress(PlaceError):
                self.greet()
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


Build = Callable[..., House]


@pytest.fixture
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Builds houses of this test only."""
    built: list[House] = []

    def build_one(**variables: str) -> House:
        built.append(House(tmp_path_factory.mktemp("h"), **variables))
        return built[-1]

    yield build_one
    for house in built:
        house.close()


@pytest.fixture
def house(build: Build) -> House:
    """A house of this test only."""
    return build()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose resident server lives for a module."""
    house = House(tmp_path_factory.mktemp("h"))
    yield house
    house.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace of two languages, of this test only."""
    return make_workspace(tmp_path / "shop")


@pytest.fixture(scope="module")
def model() -> None:
    """Skips where no model is at hand."""
    try:
        resolve_folder(None)
    except ModelError as error:
        pytest.skip(str(error))
