"""Calls that are cancelled, that fail, and that run while others are asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import Client

from cascode_server.mcp.build import build_server
from cascode_server.mcp.calls import CALLS
from cascode_server.mcp.options import Options
from cascode_server.mcp.workspaces import Workspaces
from cascode_server.service.budget import Budgeted
from cascode_server.service.types import Cancelled

from .conftest import ERAS, PATIENCE, Setup


class Held:
    """Stands for a call that takes as long as a test wants."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self.was_cancelled = threading.Event()

    def __call__(self, _workspaces: Workspaces, _arguments: Mapping[str, object], cancelled: Cancelled) -> Budgeted:
        """Wait until it is let go, or cancelled."""
        self.begun.set()
        while not self.let_go.wait(0.01):
            if cancelled():
                self.was_cancelled.set()
                break
        empty: Any = {"hits": [], "confident": True, "notes": [], "hits_left_out": 0}
        return Budgeted("done", empty | {"index": {"state": "ready", "functions": 0, "pending": 0}})


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """``search_code`` is held until the test lets it go."""
    call = Held()
    monkeypatch.setitem(CALLS, "search_code", call)
    yield call
    call.let_go.set()


@pytest.fixture
def workspaces(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspaces]:
    """The workspaces of a server in this process."""
    for name in ("CASCODE_INDEX_DIR", "CASCODE_LOG_DIR", "CASCODE_CONFIG_DIR"):
        monkeypatch.setenv(name, setup.environment[name])
    made = Workspaces(Options((setup.workspace,), setup.workspace, str(setup.model)))
    made.serve([setup.workspace])
    yield made
    made.close()
    assert made.indexing.join(PATIENCE)


@pytest.mark.parametrize("era", ERAS)
def test_a_cancelled_call_stops_its_thread(era: str, held: Held, workspaces: Workspaces) -> None:
    """What the client gives up is not computed to its end, and the next call is answered."""

    async def session() -> None:
        server = build_server(workspaces, follow_roots=False)
        async with Client(server, mode=era, read_timeout_seconds=PATIENCE) as client:
            call = asyncio.create_task(client.call_tool("search_code", {"query": "x"}))
            assert await asyncio.to_thread(held.begun.wait, PATIENCE)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert await asyncio.to_thread(held.was_cancelled.wait, PATIENCE)
            held.let_go.set()
            assert not (await client.call_tool("search_code", {"query": "x"})).is_error

    asyncio.run(session())


def test_the_event_loop_waits_for_no_call(held: Held, workspaces: Workspaces) -> None:
    """While calls are answered, the list of tools and other calls are: nothing heavy is on the loop."""

    async def session() -> None:
        server = build_server(workspaces, follow_roots=False)
        async with Client(server, mode="legacy", read_timeout_seconds=PATIENCE) as client:
            calls = [asyncio.create_task(client.call_tool("search_code", {"query": "x"})) for _ in range(2)]
            assert await asyncio.to_thread(held.begun.wait, PATIENCE)
            assert len((await client.list_tools()).tools) == 2
            place = {"path": "src/upload.py", "line": 6}
            assert not (await client.call_tool("find_similar", place)).is_error
            assert not any(call.done() for call in calls)
            held.let_go.set()
            assert [(await call).is_error for call in calls] == [False, False]

    asyncio.run(session())


def test_a_fault_of_ours_is_a_line_and_not_the_end(
    workspaces: Workspaces, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception fails its call alone, with one line; its traceback is in the log."""

    def broken(*_: object) -> Budgeted:
        raise RuntimeError("a fault\nof two lines")

    monkeypatch.setitem(CALLS, "search_code", broken)

    async def session() -> None:
        server = build_server(workspaces, follow_roots=False)
        async with Client(server, read_timeout_seconds=PATIENCE) as client:
            result = await client.call_tool("search_code", {"query": "x"})
            (content,) = result.content
            assert result.is_error
            assert isinstance(content, types.TextContent)
            assert (
                content.text == "internal error: RuntimeError: a fault of two lines; the log of 'cascode mcp' has more"
            )
            assert len((await client.list_tools()).tools) == 2

    asyncio.run(session())
    assert "Traceback" in caplog.text


def test_a_file_that_changes_is_found_as_it_is(workspaces: Workspaces, setup: Setup) -> None:
    """The workspace is watched: what an agent writes it finds by its next question."""

    async def session() -> None:
        server = build_server(workspaces, follow_roots=False)
        async with Client(server, read_timeout_seconds=PATIENCE) as client:
            arguments: dict[str, Any] = {"query": "weigh_parcel", "limit": 1}
            await client.call_tool("search_code", arguments)
            Path(setup.workspace, "src", "parcel.py").write_text("def weigh_parcel(scale):\n    return scale.read()\n")
            while True:
                hits = (await client.call_tool("search_code", arguments)).structured_content["hits"]
                if hits and hits[0]["name"] == "weigh_parcel":
                    assert (hits[0]["path"], hits[0]["end_line"]) == ("src/parcel.py", 2)
                    break
                await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(session(), PATIENCE))


def test_a_wrong_address_of_a_team_leaves_agents_the_search(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The line is logged, and one's own code is searched."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "cascode.toml").write_text('[team]\nurl = "mysql://db/code"\n')
    for name in ("CASCODE_INDEX_DIR", "CASCODE_LOG_DIR"):
        monkeypatch.setenv(name, setup.environment[name])
    monkeypatch.setenv("CASCODE_CONFIG_DIR", str(config))
    made = Workspaces(Options((setup.workspace,), setup.workspace, str(setup.model)))
    made.serve([setup.workspace])
    try:
        with made.indexing.holder.borrowed() as engine:
            assert [workspace.root for workspace in engine.workspaces] == [setup.workspace]
    finally:
        made.close()
    assert "searching without the team's index" in caplog.text
