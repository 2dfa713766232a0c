"""The SDK's own client gets from both transports, in both eras of the protocol, what the protocol promises."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from jsonschema import Draft202012Validator
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

from cascode_server.schema.tools import TOOLS, ToolAnswer, json_schema
from cascode_server.service.tokens import count_tokens
from shape_check import misfits

from .conftest import ERAS, Listening, Setup, by_http, by_stdio, connected, fill

TRANSPORTS = ("stdio", "http")


def text_of(result: types.CallToolResult) -> str:
    """The text of a result."""
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


def tree(root: Path) -> dict[str, tuple[int, int]]:
    """Everything in a folder, with times and sizes."""
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in (root, *root.rglob("*"))}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_session_from_its_first_message_to_its_last(
    transport: str, era: str, setup: Setup, listen: Callable[..., Listening]
) -> None:
    """Identity, tools, answers as text and as JSON, progress and errors; and the workspace is as it was before."""
    before = tree(setup.workspace)

    async def session() -> None:
        async with connected(transport, setup, listen, mode=era) as client:
            await check_identity(client)
            await check_tools(client)
            await check_search(client)
            await check_similar(client)
            await check_errors(client)

    asyncio.run(session())
    assert tree(setup.workspace) == before


async def check_identity(client: Any) -> None:
    """The server says who it is, what it can do and when to use it."""
    assert client.server_info.name == "cascode"
    assert client.server_info.version == importlib.metadata.version("cascode")
    assert client.server_capabilities.tools is not None
    assert client.server_capabilities.resources is None
    assert "search_code" in client.instructions


async def check_tools(client: Any) -> None:
    """Both tools are described by schemas that are valid, bounded and documented."""
    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == [tool.name for tool in TOOLS]
    for tool in tools:
        for schema in (tool.input_schema, tool.output_schema):
            Draft202012Validator.check_schema(schema)
        assert all(field["description"] for field in tool.input_schema["properties"].values())
        assert tool.annotations.read_only_hint
        assert tool.annotations.open_world_hint is False


async def check_search(client: Any) -> None:
    """An answer has the lines of the file, twice; progress never goes back; the budget is kept."""
    seen: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        assert total == 100
        assert message
        seen.append(progress)

    result = await client.call_tool(
        "search_code", {"query": "retry_failed_upload", "languages": ["python"]}, progress_callback=on_progress
    )
    assert not result.is_error
    assert misfits(ToolAnswer, result.structured_content) == []
    Draft202012Validator(json_schema(ToolAnswer)).validate(result.structured_content)
    best = result.structured_content["hits"][0]
    lines = Path(__file__).parents[2].joinpath("fixtures", "uploads", "upload.py").read_text().split("\n")
    assert best["path"] == "src/upload.py"
    assert best["code"] == "\n".join(lines[best["start_line"] - 1 : best["end_line"]])
    assert best["code"].startswith("def retry_failed_upload")
    assert f"src/upload.py:{best['start_line']}-{best['end_line']}" in text_of(result)
    assert best["code"] in text_of(result)
    assert seen == sorted(set(seen))
    assert seen
    small = await client.call_tool(
        "search_code", {"query": "upload", "max_tokens": 500, "snippet_lines": 0, "limit": 3}
    )
    assert count_tokens(text_of(small)) <= 500
    assert len(small.structured_content["hits"]) == 3
    assert not any("code" in hit for hit in small.structured_content["hits"])


async def check_similar(client: Any) -> None:
    """Code like the definition at a line, which is itself left out."""
    result = await client.call_tool("find_similar", {"path": "src/upload.py", "line": 6, "limit": 2})
    assert not result.is_error, text_of(result)
    assert misfits(ToolAnswer, result.structured_content) == []
    names = [hit["name"] for hit in result.structured_content["hits"]]
    assert len(names) == 2
    assert "retry_failed_upload" not in names


async def check_errors(client: Any) -> None:
    """A mistake of the agent is a line that it can act on; a tool that is not there is an error of the protocol."""
    for name, arguments, words in (
        ("search_code", {"query": " "}, "the query is empty"),
        ("search_code", {}, "query is missing"),
        ("search_code", {"query": "x", "kinds": ["macro"]}, "unknown kind 'macro'"),
        ("search_code", {"query": "x", "max_tokens": 25_001}, "from 500 to 25000, not 25001"),
        ("search_code", {"query": "x", "limit": "ten"}, "limit must be"),
        ("find_similar", {"path": "src/upload.py", "line": 1}, "no definition at line 1"),
        ("find_similar", {"path": "../outside.py", "line": 1}, "there is no file"),
        ("find_similar", {"path": __file__, "line": 1}, "not in any of the workspaces"),
        ("find_similar", {"path": "src/\0.py", "line": 1}, "there is no file"),
    ):
        result = await client.call_tool(name, arguments)
        assert result.is_error, arguments
        assert words in text_of(result)
        assert "\n" not in text_of(result)
    with pytest.raises(MCPError, match="unknown tool 'grep'; there are search_code, find_similar"):
        await client.call_tool("grep", {})


def roots_of(*folders: Path) -> Callable[..., Any]:
    """Answers for its roots as a client does."""
    given = list(folders)

    async def answer(_context: object) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri=folder.as_uri()) for folder in given])  # type: ignore[arg-type]

    answer.given = given  # type: ignore[attr-defined]
    return answer


async def paths_found(client: Any) -> set[str]:
    """The paths of a search for everything."""
    result = await client.call_tool("search_code", {"query": "upload", "limit": 50})
    assert not result.is_error, text_of(result)
    return {hit["path"] for hit in result.structured_content["hits"]}


@pytest.mark.parametrize("era", ERAS)
def test_the_roots_of_the_client_are_searched(era: str, setup: Setup, tmp_path: Path) -> None:
    """On standard streams the client says what the workspaces are; not its home, and nothing that is no folder."""
    other = fill(tmp_path / "other")
    (other / "src" / "queue.js").unlink()
    callback = roots_of(other, Path.home(), other / "src" / "upload.py", tmp_path / "missing")

    async def session() -> None:
        async with by_stdio(setup, mode=era, list_roots_callback=callback) as client:
            assert await paths_found(client) == {"src/upload.py"}

    asyncio.run(session())


def test_each_root_has_settings_of_its_own(setup: Setup, tmp_path: Path) -> None:
    """What a root's file says of its index holds for it alone, and the file where the server was started for none."""
    elsewhere, small, left_out = tmp_path / "elsewhere", fill(tmp_path / "small"), fill(tmp_path / "left_out")
    elsewhere.mkdir()
    (elsewhere / "cascode.toml").write_text("[indexing]\nmaxFileSize = 1\n", encoding="utf-8")
    (small / "cascode.toml").write_text("[indexing]\nmaxFileSize = 300\n", encoding="utf-8")
    (left_out / "cascode.toml").write_text("[indexing]\nenabled = false\n", encoding="utf-8")
    callback = roots_of(small, setup.workspace, left_out)

    async def session() -> None:
        async with by_stdio(setup, mode="legacy", cwd=elsewhere, list_roots_callback=callback) as client:
            # Absolute, since there are several; of the first the larger file is left out.
            files = ((small, "queue.js"), (setup.workspace, "upload.py"), (setup.workspace, "queue.js"))
            assert await paths_found(client) == {(root / "src" / name).as_posix() for root, name in files}

    asyncio.run(session())


def test_changed_roots_are_followed(setup: Setup, tmp_path: Path) -> None:
    """A folder that the client adds is searched from then on; with several, paths are absolute."""
    other = fill(tmp_path / "other")
    callback = roots_of(setup.workspace)

    async def session() -> None:
        async with by_stdio(setup, mode="legacy", list_roots_callback=callback) as client:
            assert await paths_found(client) == {"src/upload.py", "src/queue.js"}
            callback.given.append(other)  # type: ignore[attr-defined]
            with pytest.warns(MCPDeprecationWarning, match="roots"):
                await client.send_roots_list_changed()
            while not any(path.startswith(other.as_posix()) for path in await paths_found(client)):
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(session(), 60))


def test_a_client_without_roots_searches_where_it_was_started(setup: Setup) -> None:
    """The current directory stands in; a home folder does not, and the line says what to do."""

    async def session(cwd: Path) -> types.CallToolResult:
        async with by_stdio(setup, cwd=cwd) as client:
            result: types.CallToolResult = await client.call_tool("search_code", {"query": "retry_failed_upload"})
            return result

    found = asyncio.run(session(setup.workspace))
    assert not found.is_error
    assert "src/upload.py" in text_of(found)
    setup.environment["HOME"] = str(setup.workspace.parent)
    refused = asyncio.run(session(setup.workspace.parent))
    assert refused.is_error
    assert "add --workspace DIR to the arguments of 'cascode mcp'" in text_of(refused)


def test_the_roots_of_a_client_on_a_port_are_not_followed(
    setup: Setup, listen: Callable[..., Listening], tmp_path: Path
) -> None:
    """Who started the server named what may be read: a client can not have another folder read."""
    other = fill(tmp_path / "other")

    async def session(url: str, era: str) -> None:
        async with by_http(url, mode=era, list_roots_callback=roots_of(other)) as client:
            assert await paths_found(client) == {"src/upload.py", "src/queue.js"}

    url = listen().url
    for era in ERAS:
        asyncio.run(session(url, era))
