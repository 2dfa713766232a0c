"""JSON lines: one object a query, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from cascode import Answer
from cascode_server.service.answers import answer_json

if TYPE_CHECKING:
    from cascode_server.cli.formats.snippet import Sources


def print_answer(answer: Answer, _sources: Sources) -> None:
    """Print an answer as one line."""
    # ASCII only: right in every locale, and file names that are no UTF-8 survive.
    click.echo(json.dumps(answer_json(answer), ensure_ascii=True, allow_nan=False))
