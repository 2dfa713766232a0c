"""An ordinary client with the abilities of real editors; pytest-lsp checks each message against the specification."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from .conftest import COMMAND, PATIENCE, UPLOAD, make_workspace

pytestmark = [pytest.mark.usefixtures("model"), pytest.mark.asyncio]

SEARCH = "cascode.server.search"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes, logs and settings of this test only; the server inherits them."""
    for name in ("CASCODE_INDEX_DIR", "CASCODE_LOG_DIR", "CASCODE_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[*COMMAND, "--stdio"]), params=["neovim", "visual_studio_code", "emacs"]
)
async def client(lsp_client: LanguageClient, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[None]:
    """A session of an editor on a small workspace."""
    root = make_workspace(tmp_path / "shop")

    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(_params: types.RegistrationParams) -> None:
        """Take every registration."""

    lsp_client.set_configuration({"search": {"limit": 1}}, section="cascode")
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[types.WorkspaceFolder(uri=root.as_uri(), name="shop")],
            root_uri=root.as_uri(),
        )
    )
    yield
    await lsp_client.shutdown_session()


async def names(client: LanguageClient, query: str) -> list[str]:
    """Names of the hits of a search."""
    params = types.ExecuteCommandParams(SEARCH, [{"query": query}])
    found = await asyncio.wait_for(client.workspace_execute_command_async(params), PATIENCE)
    return [hit["name"] for hit in found["hits"]]


async def test_an_editor_searches_types_and_saves(client: LanguageClient, tmp_path: Path) -> None:
    """Search, an unsaved function, symbols and a change of settings work, and no message breaks the specification."""
    assert (await names(client, "retry a failed upload"))[0] == "retry_failed_upload"
    path = tmp_path / "shop" / "src" / "upload.py"
    document = types.TextDocumentItem(path.as_uri(), "python", 1, UPLOAD)
    client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    end = types.Position(UPLOAD.count("\n"), 0)
    typed = types.TextDocumentContentChangePartial(
        types.Range(end, end), '\n\ndef bake_bread(flour):\n    """Bake bread of flour."""\n    return flour\n'
    )
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, path.as_uri()), [typed])
    )
    assert await names(client, "bake bread") == ["bake_bread"]
    symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams("? bake bread"))
    assert symbols is not None
    assert symbols[0].name == "bake_bread"
    client.set_configuration({"search": {"limit": 3}}, section="cascode")
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))

    async def three_hits() -> None:
        while len(await names(client, "bake bread")) != 3:
            await asyncio.sleep(0.02)

    await asyncio.wait_for(three_hits(), PATIENCE)
    assert client.messages == []


async def test_a_cancelled_search_is_answered_as_cancelled(client: LanguageClient) -> None:
    """A client that cancels its request is answered, and goes on."""
    params = types.ExecuteCommandParams(SEARCH, [{"query": "retry a failed upload"}])
    future = client.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id="mine")
    client.cancel_request(types.CancelParams("mine"))
    with pytest.raises(Exception, match="cancelled"):
        await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE)
    assert await names(client, "retry a failed upload")


async def test_progress_is_created_begun_and_ended(client: LanguageClient, tmp_path: Path) -> None:
    """Work that lasts is shown in a display that the client was asked for, and that ends."""
    for number in range(40):
        (tmp_path / "shop" / f"more_{number}.py").write_text(
            "\n\n".join(f"def task_{number}_{part}(x):\n    return x + {part} * {number}\n" for part in range(5))
        )
    client.workspace_execute_command(types.ExecuteCommandParams("cascode.server.reindex", [{}]))
    assert client.capabilities is not None
    if client.capabilities.window is None or not client.capabilities.window.work_done_progress:
        assert client.progress_reports == {}
        return

    async def ended() -> None:
        shown = client.progress_reports
        while not any(values and isinstance(values[-1], types.WorkDoneProgressEnd) for values in shown.values()):
            await asyncio.sleep(0.05)

    await asyncio.wait_for(ended(), PATIENCE)
    for reports in client.progress_reports.values():
        kinds = [type(report) for report in reports]
        assert kinds.count(types.WorkDoneProgressBegin) == kinds.count(types.WorkDoneProgressEnd) == 1
        assert kinds[0] is types.WorkDoneProgressBegin
