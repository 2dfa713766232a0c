"""Coloured text with line numbers, for a terminal; ``NO_COLOR`` takes the colours out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cascode import Answer, Hit
from cascode_server.cli.formats.lines import grep_range
from cascode_server.cli.formats.paths import shown_path
from cascode_server.cli.formats.snippet import SNIPPET_LINES, certainty, explanation, shorten
from cascode_server.service.answers import cell_text
from cascode_server.service.printable import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from cascode import Match
    from cascode_server.cli.formats.snippet import Sources

#: Colour of each word for how well a hit matches.
_COLOURS: Mapping[Match | None, str] = {"likely": "green", "possible": "yellow", "weak": "dim", None: "yellow"}


def print_answer(
    answer: Answer,
    sources: Sources,
    console: Console | None = None,
    *,
    snippet_lines: int = SNIPPET_LINES,
    explain: bool = False,
) -> None:
    """Print a header and a coloured snippet a hit."""
    from rich.console import Console
    from rich.syntax import Syntax

    console = console or Console(highlight=False)
    for hit in answer.hits:
        console.print(_header(hit), soft_wrap=True)
        if explain:
            console.print(f"  why: {explanation(hit)}", style="dim", markup=False, soft_wrap=True)
        snippet = shorten(sources.snippet(hit), snippet_lines)
        if snippet.lines:
            console.print(
                Syntax(
                    "\n".join(snippet.lines),
                    _lexer(hit.language),
                    theme="ansi_dark",  # the terminal's own colours: readable on dark and light
                    background_color="default",
                    line_numbers=True,
                    start_line=hit.start_line if hit.cell is None else hit.cell.start_line,
                )
            )
        if snippet.more:
            console.print(f"  ... {snippet.more:,} more lines", style="dim")
        console.print()


def _lexer(language: str) -> Any:
    """The colouring of a language, for code from the middle of a file."""
    if language == "php":
        from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

        return get_lexer_by_name("php", startinline=True)  # the snippet stands after "<?php"
    from cascode import editor_language  # loads what is known of every language

    return editor_language(language)


def _header(hit: Hit) -> Text:
    """Where, what and how sure."""
    from rich.text import Text

    return Text.assemble(
        (f"{shown_path(hit)}:{grep_range(hit)}{cell_text(hit)}", "cyan"),
        "  ",
        (printable(hit.name, one_line=True), "bold"),
        (f"  ({hit.kind}, {hit.language})  ", "dim"),
        (certainty(hit), _COLOURS[hit.match]),
    )
