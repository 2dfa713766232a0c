"""Coloured text with line numbers, for a terminal; ``NO_COLOR`` takes the colours out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascode_indexer.search.types import Answer, Hit
from cascode_server.cli.console import printable
from cascode_server.cli.formats.paths import shown_path
from cascode_server.cli.formats.snippet import certainty, shorten

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from cascode_indexer.engine import Engine

#: Names that Pygments gives to languages whose id it does not know.
_LEXERS = {"c_sharp": "csharp", "typescript": "tsx"}
#: From this probability on the slow classifier is right more often than not.
_SURE = 0.5


def print_answer(answer: Answer, engine: Engine, console: Console | None = None) -> None:
    """Print a header and a coloured snippet a hit."""
    from rich.console import Console
    from rich.syntax import Syntax

    console = console or Console(highlight=False)
    for hit in answer.hits:
        console.print(_header(hit), soft_wrap=True)
        snippet = shorten(engine.snippet(hit))
        if snippet.lines:
            console.print(
                Syntax(
                    "\n".join(snippet.lines),
                    _LEXERS.get(hit.language, hit.language),
                    theme="ansi_dark",  # the terminal's own colours: readable on dark and light
                    background_color="default",
                    line_numbers=True,
                    start_line=hit.start_line,
                )
            )
        if snippet.more:
            console.print(f"  ... {snippet.more:,} more lines", style="dim")
        console.print()


def _header(hit: Hit) -> Text:
    """Where, what and how sure."""
    from rich.text import Text

    sure = hit.probability is not None and hit.probability >= _SURE
    return Text.assemble(
        (f"{shown_path(hit)}:{hit.start_line}-{hit.end_line}", "cyan"),
        "  ",
        (printable(hit.name, one_line=True), "bold"),
        (f"  ({hit.kind}, {hit.language})  ", "dim"),
        (certainty(hit), "green" if sure else "yellow"),
    )
