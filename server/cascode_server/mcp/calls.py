"""Answers calls of tools: reads the arguments, asks the engine, keeps to the budget. Blocks; knows no protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cascode import DEFAULT_LIMIT, QueryError
from cascode_server.mcp.workspaces import Workspaces
from cascode_server.schema.bounds import DEFAULT_TOKENS
from cascode_server.schema.read import read
from cascode_server.schema.shapes import SearchArgument
from cascode_server.schema.tools import (
    FIND_SIMILAR,
    SEARCH_CODE,
    FindSimilarArgument,
    SearchCodeArgument,
)
from cascode_server.service.budget import Budget, Budgeted, Found, within_budget
from cascode_server.service.requests import search_request
from cascode_server.service.types import Cancelled

if TYPE_CHECKING:
    from cascode import Answer, Engine, Hit

#: A call of one tool, given what the client sent as its arguments.
Call = Callable[[Workspaces, Mapping[str, object], Cancelled], Budgeted]


def search_code(workspaces: Workspaces, arguments: Mapping[str, object], cancelled: Cancelled) -> Budgeted:
    """Find code by what it does.

    Args:
        workspaces: Where.
        arguments: As the client sent them.
        cancelled: Whether nobody waits any more.

    Raises:
        ShapeError: An argument is missing or of the wrong kind.
        CascodeError: The question is invalid, or cannot be answered.
    """
    from cascode import Engine

    argument = read(SearchCodeArgument, arguments, SEARCH_CODE.name)
    asked: SearchArgument = {"query": argument["query"], "limit": argument.get("limit", DEFAULT_LIMIT)}
    for key in ("paths", "languages", "kinds"):
        if key in argument:
            asked[key] = argument[key]
    request = search_request(asked, workspaces.settings.search, wait_for_model=False)
    Engine.check(request)  # a mistake is reported before an index is waited for
    narrowed = bool(request.paths or request.languages or request.kinds)
    budget = _budget(argument.get("max_tokens"), argument.get("snippet_lines"))

    def render(engine: Engine, answer: Answer) -> Budgeted:
        return within_budget(answer, _found(workspaces, engine, answer), budget, narrowed=narrowed)

    workspaces.wait_for_index(cancelled)
    return workspaces.searching.search(request, render, on_partial=None, cancelled=cancelled)


def find_similar(workspaces: Workspaces, arguments: Mapping[str, object], cancelled: Cancelled) -> Budgeted:
    """Find code like the definition at a line; as :func:`search_code`."""
    argument = read(FindSimilarArgument, arguments, FIND_SIMILAR.name)
    path = _path_of(workspaces, argument["path"])
    budget = _budget(argument.get("max_tokens"), argument.get("snippet_lines"))

    def render(engine: Engine, answer: Answer) -> Budgeted:
        return within_budget(answer, _found(workspaces, engine, answer), budget)

    workspaces.wait_for_index(cancelled)
    limit = argument.get("limit", DEFAULT_LIMIT)
    return workspaces.searching.similar(path, argument["line"], render, limit=limit, cancelled=cancelled)


#: By the name of the tool.
CALLS: dict[str, Call] = {SEARCH_CODE.name: search_code, FIND_SIMILAR.name: find_similar}


def _budget(tokens: int | None, snippet_lines: int | None) -> Budget:
    """The budget that a call asks for."""
    return Budget(DEFAULT_TOKENS if tokens is None else tokens, snippet_lines)


def _found(workspaces: Workspaces, engine: Engine, answer: Answer) -> list[Found]:
    """The hits with their source, and paths as the agent finds them."""
    return [Found(hit, _shown_path(workspaces, hit), engine.snippet(hit)) for hit in answer.hits]


def _shown_path(workspaces: Workspaces, hit: Hit) -> str:
    """The path from the one workspace; absolute where there are several."""
    return hit.path if len(workspaces.roots) < 2 else (hit.root / hit.path).as_posix()


def _path_of(workspaces: Workspaces, given: str) -> Path:
    """The file that an agent names: an absolute path, or one below a workspace.

    Raises:
        QueryError: It is in no workspace.
    """
    path = Path(given.strip() or ".")
    below = [path] if path.is_absolute() else [root / path for root in workspaces.roots]
    try:
        for candidate in below:
            if candidate.is_file():
                return candidate
    except (OSError, ValueError):  # a name that no file can have
        pass
    raise QueryError(f"there is no file {given!r} in the workspace: name it as an answer of search_code does")
