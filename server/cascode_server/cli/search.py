"""``cascode search``."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from cascode_server.cli.base import Command
from cascode_server.cli.current_directory import current_directory
from cascode_server.cli.formats import TITLED, WITH_SOURCES, Printer, format_options, print_notes
from cascode_server.cli.numbers import WholeNumber
from cascode_server.cli.options import (
    KIND,
    EngineOptions,
    Language,
    engine_options,
    limit_option,
    update_option,
    workspace_option,
)
from cascode_server.cli.resident import Question, ask_resident, leaving_resident
from cascode_server.cli.updating import explain_empty, print_reports, update
from cascode_server.service.printable import printable
from cascode_server.service.requests import search_request
from cascode_server.settings import TEAM_VARIABLE, Settings, user_file

if TYPE_CHECKING:
    from cascode import Answer, Engine, SearchRequest
    from cascode_server.cli.formats.snippet import Sources
    from cascode_server.schema.shapes import SearchArgument


@click.command("search", cls=Command)
@click.argument("words", nargs=-1, metavar="QUERY")
@workspace_option
@limit_option
@click.option(
    "--language", "-l", "languages", multiple=True, type=Language(), help="Only this language; may be repeated."
)
@click.option("--kind", "-k", "kinds", multiple=True, type=KIND, help="Only this kind of definition; may be repeated.")
@click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="GLOB",
    help="Only files that match, in .gitignore syntax, or all but those of '!GLOB'; may be repeated.",
)
@click.option("--no-rerank", is_flag=True, help="Skip the slow classifier: faster, less precise.")
@click.option(
    "--rerank-top",
    type=WholeNumber(min=1),
    metavar="K",
    help="Candidates that the slow classifier reads (default: what was measured best for the model).",
)
@format_options
@click.option(
    "--team/--no-team",
    default=None,
    help="Ask your team's shared index too, or not (default: what the setting team.search says).",
)
@click.option(
    "--batch",
    type=click.File("r", encoding="utf-8", errors="replace"),
    metavar="FILE|-",
    help="Answer the queries in a file, or on stdin, one per line.",
)
@update_option
@engine_options
def command(
    words: tuple[str, ...],
    workspaces: tuple[Path, ...],
    limit: int | None,
    languages: tuple[str, ...],
    kinds: tuple[str, ...],
    paths: tuple[str, ...],
    no_rerank: bool,
    rerank_top: int | None,
    format_name: str,
    show: Printer,
    team: bool | None,
    batch: TextIO | None,
    no_update: bool,
    engine_options: EngineOptions,
) -> int:
    """Find functions by what they do.

    \b
    cascode search "where do we retry a failed request"
    cascode search -l python --path 'src/**' parse the config file
    cascode search < report.txt
    git log --format=%s | cascode search --batch - --format jsonl

    A workspace that was never indexed is indexed first. Exit status 0 with hits, 1 without, 2 after an error.
    """
    asked: SearchArgument = {"query": "", "languages": list(languages), "kinds": list(kinds), "paths": list(paths)}
    if limit is not None:
        asked["limit"] = limit
    if no_rerank:
        asked["rerank"] = False
    asked["team"] = _wants_team(team, engine_options.settings, format_name)
    settings = engine_options.settings.search
    requests = (
        search_request({**asked, "query": query}, settings, rerank_top=rerank_top) for query in _queries(words, batch)
    )
    first = next(requests, None)
    if first is None:
        raise click.UsageError(f"Invalid value for '--batch': {batch.name if batch else '-'} holds no query")
    narrowed = bool(languages or kinds or paths)
    question = None
    if batch is None and (passed := engine_options.as_settings()) is not None:
        roots = workspaces or [current_directory()]
        question = Question(
            roots, passed, dataclasses.asdict(first), update=not no_update, sources=format_name in WITH_SOURCES
        )
        answered = ask_resident(question)
        if answered is not None:
            return print_answer(*answered, show, narrowed=narrowed)
    from cascode import Engine

    Engine.check(first)  # a mistake is reported before minutes of indexing
    with leaving_resident(question), engine_options.open(workspaces) as engine:
        engine.warm_up()
        if not make_ready(engine, refresh=not no_update):
            return 1
        titled = batch is not None and format_name in TITLED
        return _answer(engine, chain([first], requests), show, titled=titled, narrowed=narrowed)


def _wants_team(team: bool | None, settings: Settings, format_name: str) -> bool:
    """Whether the team's index is asked."""
    if team and not settings.team.url:
        raise click.UsageError(
            f"--team needs the address of an index: set {TEAM_VARIABLE}, or team.url in {user_file()}"
        )
    if team and format_name == "vimgrep":
        raise click.UsageError("--team finds code that no editor can open from here, which --format vimgrep is for")
    wanted = settings.team.search if team is None else team
    return wanted and bool(settings.team.url) and format_name != "vimgrep"


def print_answer(answer: Answer, sources: Sources, show: Printer, *, narrowed: bool = False) -> int:
    """Print an answer with what it does not say itself; return the exit status."""
    show(answer, sources)
    sys.stdout.flush()
    print_notes(answer, narrowed=narrowed)
    return 0 if answer.hits else 1


def make_ready(engine: Engine, *, refresh: bool) -> bool:
    """Index what was never indexed, and what changed where that is asked for.

    Args:
        engine: The engine of the workspaces.
        refresh: Whether to look for changes.

    Returns:
        Whether there is a function to be found.
    """
    known = engine.is_indexed()
    if refresh or not known:
        reports = update(engine)
        if not known:
            print_reports(reports)
    if any(workspace.counts is not None and workspace.counts.functions for workspace in engine.status()):
        return True
    explain_empty(engine)
    return False


def _queries(words: tuple[str, ...], batch: TextIO | None) -> Iterator[str]:
    """The queries asked, without the empty lines of a batch."""
    if batch is None:
        query = _clean(" ".join(words) if words else _read_stdin())
        if not query and not words:
            raise click.UsageError("Missing argument 'QUERY': describe the code in plain words, or give '--batch'")
        if not query:
            raise click.UsageError("Invalid value for 'QUERY': it is empty; describe the code in plain words")
        yield query
        return
    if words:
        raise click.UsageError(f"QUERY {' '.join(words)!r} and '--batch' cannot be combined: give one of them")
    yield from filter(None, map(_clean, batch))


def _read_stdin() -> str:
    """What is piped in, as one query: a bug report or a traceback; empty where a person would have to type it."""
    try:
        if sys.stdin is None or sys.stdin.isatty():
            return ""
        # As with --batch, whatever the locale: a byte that is no UTF-8 costs its character, not the report.
        with click.open_file("-", encoding="utf-8", errors="replace") as stdin:
            report: str = stdin.read()
            return report
    except (OSError, ValueError):  # closed, or not to be read
        return ""


def _clean(query: str) -> str:
    """A query as text: bytes that are no UTF-8 come from the shell as lone surrogates."""
    return query.encode("utf-8", "replace").decode("utf-8").strip().removeprefix("\ufeff").strip()


def _answer(engine: Engine, requests: Iterable[SearchRequest], show: Printer, *, titled: bool, narrowed: bool) -> int:
    """Answer queries as they come; 0 where one of them has a hit."""
    found = False
    for request in requests:
        answer = engine.search(request)
        if titled:
            click.echo(f"# {printable(request.query, one_line=True)}")
        found = print_answer(answer, engine, show, narrowed=narrowed) == 0 or found
    return 0 if found else 1
