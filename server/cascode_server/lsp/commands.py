"""The commands: search, similar, describe, status, skipped, reindex, pause, resume."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cascode_server.lsp.hits import editor_answer
from cascode_server.lsp.params import at, string_at
from cascode_server.lsp.session import Session
from cascode_server.schema import methods
from cascode_server.schema.read import read_argument
from cascode_server.schema.shapes import (
    Answer,
    DescribeArgument,
    Description,
    ReindexArgument,
    SearchArgument,
    ServerStatus,
    SimilarArgument,
    SkippedArgument,
    SkippedPaths,
)
from cascode_server.service.requests import search_request
from cascode_server.service.types import Cancelled
from cascode_server.service.uris import to_path

if TYPE_CHECKING:
    import cascode
    from cascode import Engine, Gist

#: What a client sends as the ``arguments`` of a command.
Arguments = object


def add_commands(session: Session) -> None:
    """Answer ``workspace/executeCommand``."""

    @session.feature(types.WORKSPACE_EXECUTE_COMMAND)
    async def execute(params: Any) -> Any:
        """Run a command."""
        name = string_at(params, types.WORKSPACE_EXECUTE_COMMAND, "command")
        command = COMMANDS.get(name)
        if command is None:
            raise JsonRpcInvalidParams(f"unknown command {name!r}; known: {', '.join(COMMANDS)}")
        return await command(session, at(params, "arguments"))


async def search(session: Session, arguments: Arguments) -> Answer:
    """Answer a question; with a token each stage's answer is sent as soon as it is known."""
    return await run_search(session, read_argument(SearchArgument, arguments, methods.SEARCH.name))


async def run_search(session: Session, argument: SearchArgument) -> Answer:
    """Search on a worker thread."""
    settings = await session.settings_in_force()
    if not session.folders:
        session.show_problem(
            "no folder is open: only the open files are searched; open a project's folder to search all of it"
            if session.documents is not None and session.documents.are_open
            else "no folder is open, so there is nothing to search: open the folder of a project"
        )
    request = search_request(
        argument, settings.search, wait_for_model=False, team=settings.team.search and bool(settings.team.url)
    )
    token = argument.get("partialResultToken")

    def send(answer: Answer) -> None:
        assert token is not None
        session.protocol.notify(types.PROGRESS, types.ProgressParams(token, answer))

    def work(cancelled: Cancelled) -> Answer:
        render = functools.partial(_render, session)
        on_partial = None if token is None else send
        return session.searching.search(request, render, on_partial=on_partial, cancelled=cancelled)

    return await session.workers.search(work)


async def similar(session: Session, arguments: Arguments) -> Answer:
    """Find functions like the one at a position."""
    argument = read_argument(SimilarArgument, arguments, methods.SIMILAR.name)
    settings = await session.settings_in_force()
    path, cell = _file_of(session, argument["textDocument"]["uri"])
    line = argument["position"]["line"] + 1
    limit = argument.get("limit") or settings.search.limit

    def work(cancelled: Cancelled) -> Answer:
        render = functools.partial(_render, session)
        return session.searching.similar(path, line, render, limit=limit, cell=cell, cancelled=cancelled)

    return await session.workers.search(work)


async def describe(session: Session, arguments: Arguments) -> Description:
    """Say what the definition at a position does, on a worker thread."""
    argument = read_argument(DescribeArgument, arguments, methods.DESCRIBE.name)
    settings = await session.settings_in_force()
    model = session.gist_model(settings)
    path, cell = _file_of(session, argument["textDocument"]["uri"])
    if cell is not None:
        raise JsonRpcInvalidParams("cells of notebooks are not described: ask about a source file")
    line = argument["position"]["line"] + 1

    def work(cancelled: Cancelled) -> Gist:
        return session.searching.describe(model, path, line, cancelled=cancelled)

    gist = await session.workers.search(work)
    return {"name": gist.name, "text": gist.text, "documented": gist.documented}


async def status(session: Session, _arguments: Arguments) -> ServerStatus:
    """Describe the server."""
    await session.settings_in_force()
    return session.status()


async def skipped(session: Session, arguments: Arguments) -> SkippedPaths:
    """Name what was left out, on a worker thread: the workspaces are walked for it."""
    argument = read_argument(SkippedArgument, arguments, methods.SKIPPED.name)
    await session.settings_in_force()
    return await session.workers.search(lambda cancelled: session.skipped.page(argument, cancelled))


async def reindex(session: Session, arguments: Arguments) -> None:
    """Look for changed files."""
    argument = read_argument(ReindexArgument, arguments, methods.REINDEX.name)
    session.indexing.rescan(full=argument.get("full") is True)


async def pause(session: Session, _arguments: Arguments) -> None:
    """Index nothing until ``resume``."""
    session.indexing.pause()


async def resume(session: Session, _arguments: Arguments) -> None:
    """Resume indexing."""
    session.indexing.resume()


def _render(session: Session, engine: Engine, answer: cascode.Answer) -> Answer:
    """Return an answer as JSON, and show why the model is missing from it."""
    if answer.model_error is not None:
        session.show_problem(answer.model_error)  # the same line as from indexing, so that it is shown once
    return editor_answer(session, engine, answer)


def _file_of(session: Session, uri: str) -> tuple[Path, int | None]:
    """Return the path of a document; of a cell of an open notebook that of the notebook, and the cell's number.

    Raises:
        JsonRpcInvalidParams: It is not a file.
    """
    path, number = to_path(uri), None
    if path is None and session.notebooks is not None:
        path, number = session.notebooks.place_of(uri) or (None, None)
    if path is None:
        raise JsonRpcInvalidParams(f"{uri} is not a file on this machine: save it into a workspace first")
    return path, number


Command = Callable[[Session, Arguments], Awaitable[Any]]
#: What a client may execute, by name.
COMMANDS: dict[str, Command] = {
    methods.SEARCH.name: search,
    methods.SIMILAR.name: similar,
    methods.DESCRIBE.name: describe,
    methods.STATUS.name: status,
    methods.SKIPPED.name: skipped,
    methods.REINDEX.name: reindex,
    methods.PAUSE.name: pause,
    methods.RESUME.name: resume,
}
