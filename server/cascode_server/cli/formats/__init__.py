"""Ways to print an answer, one a module."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from cascode import Answer
from cascode_server.cli.console import note
from cascode_server.cli.formats.snippet import SNIPPET_LINES
from cascode_server.cli.numbers import WholeNumber
from cascode_server.schema.bounds import DEFAULT_TOKENS, LEAST_TOKENS, MOST_TOKENS
from cascode_server.service.notes import notes_of

if TYPE_CHECKING:
    from cascode_server.cli.formats.snippet import Sources

NAMES = ("text", "markdown", "jsonl", "vimgrep")
#: Those that show source lines.
WITH_SOURCES = ("text", "markdown")
#: Those that need the query above its hits where there are several.
TITLED = ("text", "markdown")

F = TypeVar("F", bound=Callable[..., Any])


def format_options(function: F) -> F:
    """Add the options that say how an answer is printed; the command gets ``format_name``, and ``show`` to print it."""

    def collected(
        *args: Any, format_name: str, snippet_lines: int | None, max_tokens: int | None, explain: bool, **kwargs: Any
    ) -> Any:
        show = printer(format_name, snippet_lines, max_tokens, explain=explain)
        return function(*args, format_name=format_name, show=show, **kwargs)

    collected.__name__ = function.__name__
    collected.__doc__ = function.__doc__
    collected.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        click.option(
            "--explain", is_flag=True, help="Say of each hit why it is there: what speaks for and against it."
        ),
        click.option(
            "--max-tokens",
            type=WholeNumber(LEAST_TOKENS, MOST_TOKENS),
            metavar="N",
            help=f"Tokens that an answer in Markdown may cost whoever reads it (default {DEFAULT_TOKENS:,}).",
        ),
        click.option(
            "--snippet-lines",
            type=WholeNumber(min=0),
            metavar="N",
            help="At most this many lines of each hit (default: 6 as text; as Markdown all that the tokens allow).",
        ),
        click.option(
            "--format",
            "-f",
            "format_name",
            type=click.Choice(NAMES),
            default="text",
            show_default=True,
            help="text to read, markdown for agents, jsonl for programs (one object per query), vimgrep for editors.",
        ),
    ):
        collected = option(collected)
    return collected  # type: ignore[return-value]


class Printer(Protocol):
    """Prints answers on stdout."""

    def __call__(self, answer: Answer, sources: Sources, /) -> None:
        """Print one answer with its source lines."""


def printer(
    name: str, snippet_lines: int | None = None, max_tokens: int | None = None, *, explain: bool = False
) -> Printer:
    """The printer of a format.

    Args:
        name: One of ``NAMES``.
        snippet_lines: At most this many lines of each hit; None for what the format has by itself.
        max_tokens: Tokens that an answer may cost; None for the default.
        explain: Whether a line says why each hit is there.

    Raises:
        click.UsageError: The format has no lines, no budget, or no place for an explanation.
    """
    if max_tokens is not None and name != "markdown":
        raise click.UsageError(f"--max-tokens {max_tokens} needs --format markdown, not {name}")
    if explain and name != "text":
        where = "; jsonl holds it as 'why'" if name == "jsonl" else ""
        raise click.UsageError(f"--explain needs --format text, not {name}{where}")
    # Each is loaded where it is asked for: a search through a shared server is over in the time that all of them take.
    if name == "markdown":
        from cascode_server.cli.formats import markdown
        from cascode_server.service.budget import Budget

        return functools.partial(markdown.print_answer, budget=Budget(max_tokens or DEFAULT_TOKENS, snippet_lines))
    if name in ("jsonl", "vimgrep"):
        from cascode_server.cli.formats import jsonl, vimgrep

        if snippet_lines is not None:
            raise click.UsageError(f"--snippet-lines {snippet_lines} needs --format text or markdown, not {name}")
        return jsonl.print_answer if name == "jsonl" else vimgrep.print_answer
    lines = SNIPPET_LINES if snippet_lines is None else snippet_lines
    if sys.stdout.isatty():
        from cascode_server.cli.formats import terminal

        return functools.partial(terminal.print_answer, snippet_lines=lines, explain=explain)
    from cascode_server.cli.formats import text

    return functools.partial(text.print_answer, snippet_lines=lines, explain=explain)


def print_notes(answer: Answer, *, narrowed: bool = False) -> None:
    """Say on stderr what a list of hits does not say itself.

    Args:
        answer: The answer.
        narrowed: Whether languages, kinds or paths were asked for.
    """
    for line in notes_of(answer, narrowed=narrowed):
        note(line)
