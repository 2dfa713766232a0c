"""Compact plain text, for pipes and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cascode import Answer
from cascode_server.cli.formats.lines import grep_range
from cascode_server.cli.formats.paths import shown_path
from cascode_server.cli.formats.snippet import SNIPPET_LINES, certainty, explanation, shorten
from cascode_server.service.answers import cell_text
from cascode_server.service.printable import printable

if TYPE_CHECKING:
    from cascode_server.cli.formats.snippet import Sources


def print_answer(
    answer: Answer, sources: Sources, *, snippet_lines: int = SNIPPET_LINES, explain: bool = False
) -> None:
    """Print a header and a few lines a hit."""
    for hit in answer.hits:
        name = printable(hit.name, one_line=True)
        place = f"{shown_path(hit)}:{grep_range(hit)}{cell_text(hit)}"
        click.echo(f"{place}  {name}  ({hit.kind}, {hit.language})  {certainty(hit)}")
        if explain:
            click.echo(f"    why: {explanation(hit)}")
        snippet = shorten(sources.snippet(hit), snippet_lines)
        for line in snippet.lines:
            click.echo(f"    {line}".rstrip())
        if snippet.more:
            click.echo(f"    ... {snippet.more:,} more lines")
