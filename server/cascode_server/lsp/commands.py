"""The commands: search, similar, status, reindex, pause, resume."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cascode_server.lsp.arguments import Argument
from cascode_server.lsp.hits import answer_json
from cascode_server.lsp.session import Session
from cascode_server.lsp.status import status_json

if TYPE_CHECKING:
    from cascode_indexer.engine import Engine
    from cascode_indexer.model import ModelHandle
    from cascode_indexer.search.types import Answer, SearchRequest

    Cancelled = Callable[[], bool]

SEARCH = "cascode.server.search"
SIMILAR = "cascode.server.similar"
STATUS = "cascode.server.status"
REINDEX = "cascode.server.reindex"
PAUSE = "cascode.server.pause"
RESUME = "cascode.server.resume"
#: Loading takes a second or two; a cancelled search should not hold its thread for longer than this.
_MODEL_POLL_SECONDS = 0.01
#: A workspace of 10,000 functions is read in about two seconds: a first question waits so long for all of it, and
#: longer only until anything at all is found.
_FIRST_SCAN_SECONDS = 2.0
_FIRST_HIT_SECONDS = 10.0
_FIRST_SCAN_POLL_SECONDS = 0.02
#: A search that found nothing in a part of the workspace is made again this much later.
_AGAIN_SECONDS = 0.5


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
    request = make_request(session, argument.text("query"), argument.flag("rerank"))
    request = dataclasses.replace(
        request,
        limit=argument.limit(request.limit),
        languages=argument.texts("languages"),
        kinds=argument.texts("kinds"),
        paths=argument.texts("paths"),
    )
    return await run_search(session, request, argument.token("partialResultToken"))


def make_request(session: Session, query: str, rerank: bool | None = None) -> SearchRequest:
    """Return a question as the settings have it.

    Args:
        session: Whose settings count.
        query: The question.
        rerank: Whether the slow classifier reads the best candidates; None for what the settings say.
    """
    from cascode_indexer.search.types import DEFAULT_RERANK_TOP, SearchRequest

    settings = session.settings.search
    mode = settings.rerank if rerank is None else ("always" if rerank else "never")
    # Left to itself the engine reads candidates only where its model was measured to gain by that.
    top = settings.rerank_top or (DEFAULT_RERANK_TOP if mode == "always" else None)
    return SearchRequest(query, limit=settings.limit, rerank=mode != "never", rerank_top=top)


async def run_search(session: Session, request: SearchRequest, token: str | int | None) -> dict[str, Any]:
    """Search on a thread for it.

    While the model is loading, a client that takes two answers gets one by words at once. Another one waits for the
    model where the index is complete, and else is answered by words: most functions have no vector yet anyway.

    Args:
        session: Whose client asks.
        request: What it asks.
        token: Where the fast stage's answer goes to; None for nowhere.
    """
    await session.wait_started()
    request = dataclasses.replace(request, wait_for_model=False)

    def work(cancelled: Cancelled) -> dict[str, Any]:
        with session.indexing.holder.borrowed() as engine:

            def on_fast(answer: Answer) -> None:
                if token is not None and not cancelled():
                    value = answer_json(session, engine, answer)
                    session.protocol.notify(types.PROGRESS, types.ProgressParams(token, value))

            session.push_documents(engine)
            patience = time.monotonic() + _FIRST_HIT_SECONDS
            _wait_for_first_scan(session, engine, _FIRST_SCAN_SECONDS, cancelled)
            while True:
                # Asked before the search: what is read after it would be missing from an answer taken for complete.
                reading = _is_first_scan(session, engine)
                answer = engine.search(request, on_fast=on_fast, cancelled=cancelled)
                if answer.hits or not reading or cancelled() or time.monotonic() > patience:
                    break
                _wait_for_first_scan(session, engine, _AGAIN_SECONDS, cancelled)
            complete = answer.state == "ready" or not answer.pending
            if not answer.model_ready and (token is not None or complete):
                on_fast(answer)
                wait_for_model(engine.model, cancelled)
                answer = engine.search(request, on_fast=on_fast, cancelled=cancelled)
            if answer.model_error is not None:
                session.show_problem(answer.model_error)  # the same line as from indexing, so that it is shown once
            return answer_json(session, engine, answer)

    return await session.search_thread(work)


def _is_first_scan(session: Session, engine: Engine) -> bool:
    """Whether a workspace is just being read for the first time: an empty answer would help nobody."""
    return session.indexing.state.state in ("starting", "indexing") and not engine.is_indexed()


def _wait_for_first_scan(session: Session, engine: Engine, seconds: float, cancelled: Cancelled) -> None:
    """Wait for the end of the first scan, without searches: those would go before it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not cancelled() and _is_first_scan(session, engine):
        time.sleep(_FIRST_SCAN_POLL_SECONDS)


async def similar(session: Session, argument: Argument) -> dict[str, Any]:
    """Find functions like the one at a position."""
    await session.wait_started()
    path = argument.document()
    line, limit = argument.line() + 1, argument.limit(session.settings.search.limit)

    def work(cancelled: Cancelled) -> dict[str, Any]:
        with session.indexing.holder.borrowed() as engine:
            session.push_documents(engine)
            wait_for_model(engine.model, cancelled)
            return answer_json(session, engine, engine.similar(path, line, limit=limit, wait_for_model=False))

    return await session.search_thread(work)


def wait_for_model(model: ModelHandle, cancelled: Cancelled) -> None:
    """Wait until the model is loaded, cannot be loaded, or nobody waits for it any more."""
    model.start()
    while not (model.loaded or model.error or cancelled()):
        time.sleep(_MODEL_POLL_SECONDS)


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
