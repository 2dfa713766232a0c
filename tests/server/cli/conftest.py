"""A small real workspace, and the command line run in this process and in one of its own."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cascode_models.errors import ModelError
from cascode_models.load import resolve_folder
from cascode_server.cli.main import main

RETRY = '''import time


class Client:
    """Talks to the server."""

    def send_with_retry(self, request, attempts=3):
        """Send a request again when it failed, waiting longer each time."""
        for attempt in range(attempts):
            try:
                return self.send(request)
            except ConnectionError:
                time.sleep(2**attempt)
        raise ConnectionError(request)

    def send(self, request):
        return self.socket.write(request)
'''
CONFIG = """import json


def load_settings(path):
    with open(path) as file:
        return json.load(file)


def save_settings(path, settings):
    with open(path, "w") as file:
        json.dump(settings, file)
"""
CART = """export function totalPrice(items) {
  return items.reduce((sum, item) => sum + item.price * item.count, 0);
}
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _own_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Folders of the test's own, plain streams, and logging as it was."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    monkeypatch.setenv("CASCODE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("CASCODE_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("COLUMNS", "100")
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("cascode_server", "cascode_indexer", "cascode_models"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def model() -> None:
    """Skips where no model is at hand."""
    try:
        resolve_folder(None)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of two languages; the current directory."""
    root = tmp_path / "shop"
    (root / "net").mkdir(parents=True)
    (root / "net" / "client.py").write_text(RETRY, encoding="utf-8")
    (root / "config.py").write_text(CONFIG, encoding="utf-8")
    (root / "cart.js").write_text(CART, encoding="utf-8")
    (root / "build.log").write_text("done\n", encoding="utf-8")
    (root / ".gitignore").write_text("secret.py\n", encoding="utf-8")
    (root / "secret.py").write_text("def secret():\n    return 1\n", encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""

    def run_here(*arguments: str) -> Outcome:
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        out, err = capfd.readouterr()
        return Outcome(int(left.value.code or 0), out, err)

    return run_here


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command line in a process of its own, which does not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def start_process(*arguments: str, **options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from cascode_server.cli.main import main; main()", *arguments],
            text=True,
            encoding="utf-8",
            env=dict(os.environ),
            **options,  # type: ignore[arg-type]
        )
        started.append(process)
        return process

    yield start_process
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
