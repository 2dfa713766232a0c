"""The SDK's own client against a real ``cascode mcp``, with a tiny model and a small real workspace."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from cascode_models.export import export_model
from cascode_models.tokenization import LibraryTokenizer
from tiny_model import make_network, make_tokenizer

#: The patience of a test; a machine that builds at the same time is many times slower than an idle one.
PATIENCE = 60.0
TOKEN = "a-token-of-the-tests-only"
COMMAND = [sys.executable, "-c", "from cascode_server.cli.main import main; main()", "mcp"]
#: How a client speaks: the handshake of 2025, and the one without of 2026.
ERAS = ("legacy", "auto")

UPLOAD = Path(__file__).parents[2] / "fixtures" / "uploads"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a server is started with."""

    workspace: Path
    model: Path
    environment: dict[str, str]

    @property
    def arguments(self) -> list[str]:
        """Of every server: a model that is quick to load."""
        return ["--model", str(self.model)]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model of two layers."""
    tokenizer = LibraryTokenizer(make_tokenizer(), pad_id=0)
    return export_model(make_network(), tokenizer, tmp_path_factory.mktemp("tiny") / "model")


def fill(root: Path) -> Path:
    """Make a workspace of two languages."""
    (root / "src").mkdir(parents=True)
    for name in ("upload.py", "queue.js"):
        (root / "src" / name).write_text((UPLOAD / name).read_text(encoding="utf-8"), encoding="utf-8")
    return root


@pytest.fixture
def setup(tmp_path: Path, tiny_model: Path) -> Setup:
    """A workspace, a model, and folders of the test's own."""
    own = {
        name: str(tmp_path / name.lower()) for name in ("CASCODE_INDEX_DIR", "CASCODE_LOG_DIR", "CASCODE_CONFIG_DIR")
    }
    return Setup(fill(tmp_path / "shop"), tiny_model, {**os.environ, **own, "CASCODE_MCP_TOKEN": TOKEN})


@contextlib.asynccontextmanager
async def by_stdio(setup: Setup, *arguments: str, cwd: Path | None = None, **options: Any) -> AsyncIterator[Client]:
    """Connect to a server of one's own on standard streams."""
    parameters = StdioServerParameters(
        command=COMMAND[0],
        args=[*COMMAND[1:], *setup.arguments, *arguments],
        env=setup.environment,
        cwd=cwd or setup.workspace,
    )
    async with Client(parameters, read_timeout_seconds=PATIENCE, **options) as client:
        yield client


@contextlib.asynccontextmanager
async def by_http(url: str, token: str = TOKEN, **options: Any) -> AsyncIterator[Client]:
    """Connect to a server on a port."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as http,
        Client(streamable_http_client(url, http_client=http), read_timeout_seconds=PATIENCE, **options) as client,
    ):
        yield client


@dataclass(frozen=True, slots=True)
class Listening:
    """A server on a port."""

    url: str
    process: subprocess.Popen[str]


@pytest.fixture
def listen(setup: Setup) -> Iterator[Callable[..., Listening]]:
    """Starts servers on a port, which do not outlive the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environment: str) -> Listening:
        process = subprocess.Popen(
            [*COMMAND, *setup.arguments, "--http", "0", "--workspace", str(setup.workspace), *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env={**setup.environment, **environment},
        )
        started.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"listening on (http://127\.0\.0\.1:\d+/mcp)", line)
        assert found is not None, line
        return Listening(found[1], process)

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@contextlib.asynccontextmanager
async def connected(
    transport: str, setup: Setup, listen: Callable[..., Listening], **options: Any
) -> AsyncIterator[Client]:
    """Connect by one of the two transports to a server of the workspace."""
    if transport == "stdio":
        async with by_stdio(setup, "--workspace", str(setup.workspace), **options) as client:
            yield client
    else:
        async with by_http(listen().url, **options) as client:
            yield client
