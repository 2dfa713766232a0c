"""Markdown within a budget of tokens, for agents: what ``cascode mcp`` answers, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cascode import Answer
from cascode_server.cli.formats.paths import shown_path
from cascode_server.service.budget import Budget, Found, within_budget

if TYPE_CHECKING:
    from cascode_server.cli.formats.snippet import Sources


def print_answer(answer: Answer, sources: Sources, *, budget: Budget) -> None:
    """Print an answer that costs no more tokens than its budget."""
    found = [Found(hit, shown_path(hit), sources.snippet(hit)) for hit in answer.hits]
    click.echo(within_budget(answer, found, budget).markdown, nl=False)
