"""``path:line:column:text``, as editors' quickfix lists read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cascode import Answer
from cascode_server.cli.formats.lines import grep_column, grep_line
from cascode_server.cli.formats.paths import shown_path
from cascode_server.service.printable import printable

if TYPE_CHECKING:
    from cascode_server.cli.formats.snippet import Sources


def print_answer(answer: Answer, _sources: Sources) -> None:
    """Print a line a hit: the place of its name, and its signature."""
    for hit in answer.hits:
        text = printable(" ".join(hit.signature.split()) or hit.name, one_line=True)
        click.echo(f"{shown_path(hit)}:{grep_line(hit, hit.name_line)}:{grep_column(hit)}:{text}")
