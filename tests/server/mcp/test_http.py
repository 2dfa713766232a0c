"""Who may speak to the server on a port, and what it says where it cannot begin."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Callable

import httpx2
import psutil
import pytest

from cascode import CascodeError
from cascode_server.mcp.http import TOKEN_VARIABLE, token_of_environment
from cascode_server.service.tokens import count_tokens

from .conftest import COMMAND, ERAS, PATIENCE, TOKEN, Listening, Setup, by_http

#: Of two clients together. A leak of one answer a call shows within hundreds; `make soak` makes 1,000.
CALLS = int(os.environ.get("CASCODE_MCP_CALLS", "300"))
#: Rounds before memory is looked at: the allocator takes what it needs in the first.
WARMING = 50

_HELLO = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
_ACCEPT = {"Accept": "application/json, text/event-stream"}
_BEARER = {"Authorization": f"Bearer {TOKEN}"}


def test_only_the_token_opens_the_port(setup: Setup, listen: Callable[..., Listening]) -> None:
    """Without it, with another one or with two nobody is answered; a page of a browser is not, even with it."""
    server = listen()
    url = server.url
    port = url.split(":")[2].split("/")[0]
    with httpx2.Client(timeout=PATIENCE) as client:

        def status(headers: list[tuple[str, str]], method: str = "POST") -> int:
            sent = [*_ACCEPT.items(), *headers]
            return int(client.request(method, url, headers=sent, json=_HELLO).status_code)

        bearer = list(_BEARER.items())
        assert status([]) == 401
        assert status([], "GET") == 401
        assert status([], "DELETE") == 401
        assert status([("Authorization", f"Bearer {TOKEN[:-1]}")]) == 401
        assert status([("Authorization", f"Bearer {TOKEN}x")]) == 401
        assert status([("Authorization", f"Basic {TOKEN}")]) == 401
        assert status([*bearer, ("Authorization", "Bearer another")]) == 401
        assert status([*bearer, ("Origin", "https://example.org")]) == 403
        assert status([*bearer, ("Host", f"example.org:{port}")]) == 421
        refused = client.post(url, json=_HELLO)
        assert refused.text == "send the header 'Authorization: Bearer TOKEN' with the token of 'cascode mcp --http'\n"
        assert client.post(url, content=b"x" * (2 << 20), headers=_ACCEPT | _BEARER).status_code == 413
    addresses = {
        connection.laddr.ip
        for connection in psutil.Process(server.process.pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_a_token_is_made_and_named_where_none_is_set(setup: Setup, listen: Callable[..., Listening]) -> None:
    """The one that is printed opens the port; two runs do not have the same."""
    tokens = []
    for _ in range(2):
        server = listen(CASCODE_MCP_TOKEN="")
        assert server.process.stderr is not None
        line = server.process.stderr.readline()
        token = line.partition("the token of this run is ")[2].partition(";")[0]
        assert len(token) > 40
        tokens.append(token)

        async def session(url: str, token: str) -> int:
            async with by_http(url, token) as client:
                return len((await client.list_tools()).tools)

        assert asyncio.run(session(server.url, token)) == 2
    assert tokens[0] != tokens[1]


@pytest.mark.parametrize("token", ["short", "with a space in it, of some length", "ünïcödé-ünïcödé-ünïcödé", "x" * 15])
def test_an_unfit_token_is_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be guessed, or what no header takes, is one line before anything is served."""
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(CascodeError, match="at least 16 printable ASCII characters"):
        token_of_environment()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--stdio", "--http", "0"],
            "--stdio and --http cannot be combined: give one of them (see 'cascode mcp --help')",
        ),
        (["--workspace", "/no/such/folder"], "workspace /no/such/folder does not exist: name an existing folder"),
        (["--http", "PORT"], "cannot be taken (Address already in use): name another one, or 0"),
    ],
)
def test_what_cannot_begin_is_one_line(
    arguments: list[str], line: str, setup: Setup, listen: Callable[..., Listening]
) -> None:
    """A mistake of whoever starts the server is told at once, and nothing is served."""
    if "PORT" in arguments:
        arguments = ["--http", listen().url.split(":")[2].split("/")[0]]
    done = subprocess.run(
        [*COMMAND, *setup.arguments, *arguments],
        cwd=setup.workspace,
        env=setup.environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("cascode: ")
    assert done.stderr.endswith(f"{line}\n")
    assert done.stderr.count("\n") == 1


def test_without_the_sdk_the_line_says_what_to_install(setup: Setup) -> None:
    """The server for agents is an extra: who has not installed it is told how."""
    code = "import sys; sys.modules['mcp'] = None; from cascode_server.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "mcp"],
        cwd=setup.workspace,
        env=setup.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == b'cascode: mcp is not installed: pip install "cascode[mcp]"\n'


def test_nothing_heavy_is_loaded_before_a_client_is_there(setup: Setup) -> None:
    """The server's modules import neither torch nor FAISS nor transformers, nor the SDK where it is not needed."""
    code = (
        "import sys, cascode_server.cli.mcp; assert not {'mcp', 'uvicorn'} & set(sys.modules); "
        "import cascode_server.mcp.serve; assert not {'torch', 'faiss', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], env=setup.environment, check=True)


@pytest.mark.slow
def test_many_calls_of_two_clients_leave_nothing_behind(setup: Setup, listen: Callable[..., Listening]) -> None:
    """Memory, threads and open files of the server are at the end what they were after the first calls."""
    server = listen()
    process = psutil.Process(server.process.pid)
    answered = 0

    async def ask(client: object, number: int) -> None:
        nonlocal answered
        query = ("retry a failed upload", "parse the size", "next item of the queue", "UploadError")[number % 4]
        arguments = {"query": f"{query} {number}", "max_tokens": 500 + number}
        result = await client.call_tool("search_code", arguments)  # type: ignore[attr-defined]
        assert not result.is_error
        assert count_tokens(result.content[0].text) <= 500 + number
        answered += 1

    def held() -> tuple[int, int, int]:
        gc.collect()
        return process.memory_info().rss, process.num_threads(), process.num_fds()

    async def session() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        async with by_http(server.url, mode=ERAS[0]) as first, by_http(server.url, mode=ERAS[1]) as second:

            async def run(numbers: range) -> None:
                for number in numbers:
                    await asyncio.gather(ask(first, number), ask(second, number))

            await run(range(WARMING))
            before = held()
            await run(range(WARMING, CALLS // 2))
            return before, held()

    before, after = asyncio.run(session())
    assert answered == CALLS
    # The allocator keeps some of what it was once given; a leak of one answer a call would be tens of megabytes.
    assert after[0] - before[0] < 16 * 1024 * 1024
    assert after[1] <= before[1] + 2
    assert after[2] <= before[2] + 4
