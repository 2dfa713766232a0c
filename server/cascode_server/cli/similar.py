"""``cascode similar``."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_server.cli.base import Command
from cascode_server.cli.current_directory import current_directory
from cascode_server.cli.formats import WITH_SOURCES, Printer, format_options
from cascode_server.cli.options import (
    EngineOptions,
    Place,
    PlaceType,
    engine_options,
    limit_option,
    update_option,
    workspace_option,
)
from cascode_server.cli.resident import Question, ask_resident, leaving_resident
from cascode_server.cli.search import make_ready, print_answer


@click.command("similar", cls=Command)
@click.argument("place", type=PlaceType(), metavar="PATH:LINE")
@workspace_option
@limit_option
@format_options
@update_option
@engine_options
def command(
    place: Place,
    workspaces: tuple[Path, ...],
    limit: int | None,
    format_name: str,
    show: Printer,
    no_update: bool,
    engine_options: EngineOptions,
) -> int:
    """Find code like the function at a line.

    \b
    cascode similar src/app.py:120

    PATH counts from the current directory. Exit status 0 with hits, 1 without, 2 after an error.
    """
    path = place.path.expanduser().absolute()
    if not path.is_file():
        raise click.UsageError(f"Invalid value for 'PATH:LINE': there is no file {path}")
    roots = workspaces or (current_directory(),)
    if not any(_inside(path, root) for root in roots):
        raise click.UsageError(f"{path} is in none of the workspaces: name its workspace with '--workspace'")
    limit = limit or engine_options.settings.search.limit
    settings = engine_options.as_settings()
    question = None
    if settings is not None:
        request = {"path": str(path), "line": place.line, "limit": limit}
        question = Question(roots, settings, request, not no_update, format_name in WITH_SOURCES)
        answered = ask_resident(question)
        if answered is not None:
            return print_answer(*answered, show)
    with leaving_resident(question), engine_options.open(roots) as engine:
        engine.warm_up()
        if not make_ready(engine, refresh=not no_update):
            return 1
        return print_answer(engine.similar(path, place.line, limit=limit), engine, show)


def _inside(path: Path, root: Path) -> bool:
    """Whether a file lies in a workspace, symlinks aside or not."""
    return path.is_relative_to(root.expanduser().absolute()) or path.resolve().is_relative_to(root.resolve())
