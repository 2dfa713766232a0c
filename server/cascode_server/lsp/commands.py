"""The commands: search, similar, status, reindex, pause, resume."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cascode_server.lsp.arguments import Argument
from cascode_server.lsp.hits import answer_json
from cascode_server.lsp.session import Session
from cascode_server.lsp.status import status_json

if TYPE_CHECKING:
    from cascode_indexer.search.types import Answer, SearchRequest

SEARCH = "cascode.server.search"
SIMILAR = "cascode.server.similar"
STATUS = "cascode.server.status"
REINDEX = "cascode.server.reindex"
PAUSE = "cascode.server.pause"
RESUME = "cascode.server.resume"


def add_commands(session: Session) -> None:
    """Answer ``workspace/executeCommand``."""

    @session.feature(types.WORKSPACE_EXECUTE_COMMAND)
    async def execute(params: types.ExecuteCommandParams) -> Any:
        """Do what a command says."""
        command = COMMANDS.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"unknown command {params.command!r}; known: {', '.join(COMMANDS)}")
        return await command(session, Argument(params.command, params.arguments))


async def search(session: Session, argument: Argument) -> dict[str, Any]:
    """Answer a question; with a token the fast stage's answer goes out first."""
    from cascode_indexer.search.types import SearchRequest

    settings = session.settings.search
    rerank = argument.flag("rerank")
    request = SearchRequest(
        argument.text("query"),
        limit=argument.limit(settings.limit),
        languages=argument.texts("languages"),
        kinds=argument.texts("kinds"),
        paths=argument.texts("paths"),
        rerank=settings.rerank != "never" if rerank is None else rerank,
        rerank_top=settings.rerank_top or None,
    )
    return await run_search(session, request, argument.token("partialResultToken"))


async def run_search(session: Session, request: SearchRequest, token: str | int | None) -> dict[str, Any]:
    """Search on a thread for it.

    Args:
        session: Whose client asks.
        request: What it asks.
        token: Where the fast stage's answer goes to; None for nowhere.
    """
    session.start_indexing()

    def work(cancelled: Callable[[], bool]) -> dict[str, Any]:
        with session.indexing.holder.borrowed() as engine:

            def on_fast(answer: Answer) -> None:
                if token is not None and not cancelled():
                    value = answer_json(session, engine, answer)
                    session.protocol.notify(types.PROGRESS, types.ProgressParams(token, value))

            return answer_json(session, engine, engine.search(request, on_fast=on_fast, cancelled=cancelled))

    return await session.search_thread(work)


async def similar(session: Session, argument: Argument) -> dict[str, Any]:
    """Find functions like the one at a position."""
    session.start_indexing()
    _, path = argument.document()
    line, limit = argument.line() + 1, argument.limit(session.settings.search.limit)

    def work(_cancelled: Callable[[], bool]) -> dict[str, Any]:
        with session.indexing.holder.borrowed() as engine:
            return answer_json(session, engine, engine.similar(path, line, limit=limit))

    return await session.search_thread(work)


async def status(session: Session, _argument: Argument) -> dict[str, Any]:
    """Say how the indexes are."""
    return status_json(session)


async def reindex(session: Session, argument: Argument) -> None:
    """Look at every file again."""
    session.indexing.rescan(full=argument.flag("full") is True)


async def pause(session: Session, _argument: Argument) -> None:
    """Index nothing until ``resume``."""
    session.indexing.pause()


async def resume(session: Session, _argument: Argument) -> None:
    """Go on indexing."""
    session.indexing.resume()


Command = Callable[[Session, Argument], Awaitable[Any]]
#: What a client may execute.
COMMANDS: dict[str, Command] = {
    SEARCH: search,
    SIMILAR: similar,
    STATUS: status,
    REINDEX: reindex,
    PAUSE: pause,
    RESUME: resume,
}
