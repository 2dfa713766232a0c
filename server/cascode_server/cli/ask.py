"""``cascode ask``: a toy front end, searches as JSON lines on standard streams."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode_server.cli.base import Command
from cascode_server.cli.options import FOLDER, EngineOptions, engine_options
from cascode_server.schema.read import ShapeError, read_argument
from cascode_server.schema.shapes import PlainAnswer, SearchArgument
from cascode_server.service.answers import answer_json
from cascode_server.service.indexing import IndexingService
from cascode_server.service.requests import search_request
from cascode_server.service.searching import Searching
from cascode_server.service.types import Hooks

if TYPE_CHECKING:
    from cascode_indexer.engine import Engine
    from cascode_indexer.search.types import Answer


@click.command("ask", cls=Command, hidden=True)
@click.argument("workspaces", nargs=-1, type=FOLDER)
@engine_options
def command(workspaces: tuple[Path, ...], engine_options: EngineOptions) -> int:
    """Read one search argument a line, answer it with one line, and keep the index up to date meanwhile."""

    def open_engine() -> Engine:
        from cascode_indexer.engine import Engine

        return Engine([], model=engine_options.model)

    def ignore(*_arguments: object) -> None:
        """Show nothing."""

    def render(_engine: Engine, answer: Answer) -> PlainAnswer:
        return answer_json(answer)

    indexing = IndexingService(open_engine, Hooks(ignore, ignore, ignore, ignore, ignore))
    indexing.start([root.absolute() for root in workspaces], enabled=True)
    searching = Searching(indexing, ignore)
    for line in sys.stdin:
        try:
            argument = read_argument(SearchArgument, json.loads(line), "ask")
            request = search_request(argument, engine_options.settings.search, wait_for_model=False)
            answer = searching.search(request, render, on_partial=None, cancelled=lambda: False)
            click.echo(json.dumps(answer))
        except (ShapeError, json.JSONDecodeError) as error:
            click.echo(json.dumps({"error": str(error)}))
    indexing.close()
    indexing.join(5.0)
    return 0
