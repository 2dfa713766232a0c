"""``cascode train average``: weights between two models."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_server.cli.base import Command, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.numbers import Number
from cascode_server.cli.options import FOLDER


@click.command("average", cls=Command, short_help="Average a model with one that it was trained from.")
@click.argument("model", type=FOLDER)
@click.argument("other", type=FOLDER)
@click.option("--share", type=Number(0, 1), required=True, metavar="S", help="Share of OTHER, 0 to 1.")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder of the model between them.")
@on_interrupt("nothing was written: run it again")
def average_command(model: Path, other: Path, share: float, output: Path) -> int:
    """Average the encoders of MODEL and OTHER, a model or plain encoder of one family, and write the result to DIR.

    Head, settings and calibrations are those of MODEL. Fit token states and calibrations to the result afterwards.
    """
    from cascode_lab.training.averaging import average

    note(f"wrote {average(model, other, share, output)}")
    return 0
