"""Ways to print an answer, one a module."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

import click

from cascode import Answer
from cascode_server.cli.console import note
from cascode_server.cli.words import quantity

if TYPE_CHECKING:
    from cascode import Engine

NAMES = ("text", "jsonl", "vimgrep")

format_option = click.option(
    "--format",
    "-f",
    "format_name",
    type=click.Choice(NAMES),
    default="text",
    show_default=True,
    help="text to read, jsonl for programs (one object per query), vimgrep for editors.",
)


class Printer(Protocol):
    """Prints answers on stdout."""

    def __call__(self, answer: Answer, engine: Engine, /) -> None:
        """Print one answer; the engine gives its source lines."""


def printer(name: str) -> Printer:
    """The printer of a format.

    Args:
        name: One of ``NAMES``.
    """
    from cascode_server.cli.formats import jsonl, terminal, text, vimgrep

    if name == "jsonl":
        return jsonl.print_answer
    if name == "vimgrep":
        return vimgrep.print_answer
    return terminal.print_answer if sys.stdout.isatty() else text.print_answer


def print_notes(answer: Answer, *, narrowed: bool = False) -> None:
    """Say on stderr what a list of hits does not say itself.

    Args:
        answer: The answer.
        narrowed: Whether languages, kinds or paths were asked for.
    """
    if not answer.hits and answer.functions:
        reason = "; none may match the given language, kind or path" if narrowed else ""
        note(f"no hits among {quantity(answer.functions, 'definition')}{reason}")
    elif answer.hits and not answer.confident:
        note("nothing matches well; these are the closest definitions")
    if answer.pending:
        note(
            f"still indexing: {answer.pending:,} of {answer.functions:,} definitions have no vector yet "
            f"and match by words only"
        )
    if answer.dropped:
        note(f"{answer.dropped:,} left out: the file changed since it was indexed")
