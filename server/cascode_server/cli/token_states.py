"""``cascode train states``: fitting what packs the token states of a model's index."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_server.cli.base import Command, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.numbers import WholeNumber
from cascode_server.cli.options import FOLDER


@click.command("states", cls=Command, short_help="Fit what an index keeps of token states.")
@click.argument("model", type=FOLDER)
@click.option("--data", type=FOLDER, required=True, metavar="DIR", help="Folder of mined pairs.")
@click.option("--history", type=FOLDER, metavar="DIR", help="Folder of mined histories.")
@click.option("--written", type=FOLDER, metavar="DIR", help="Folder of written questions, as mined.")
@click.option("--cosqa", type=FOLDER, metavar="DIR", help="Folder of CoSQA (codes and train).")
@click.option("--dimension", type=WholeNumber(8, 512), metavar="N", help="Dimensions of a state.")
@click.option("--batches", type=WholeNumber(min=1), metavar="N", help="Batches of examples drawn.")
@click.option("--seed", type=WholeNumber(min=0), default=1, show_default=True, metavar="N", help="Draws the examples.")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder of the model with its states.")
@on_interrupt("the model was not written as a whole: run it again")
def states_command(
    model: Path,
    data: Path,
    history: Path | None,
    written: Path | None,
    cosqa: Path | None,
    dimension: int | None,
    batches: int | None,
    seed: int,
    output: Path,
) -> int:
    """Fit what MODEL's index keeps of the token states of a definition, and write both to DIR.

    With it the slow classifier reads nothing again. The weights stay as they are; they must not change afterwards.
    """
    from cascode_lab.training.sources import Corpora
    from cascode_lab.training.token_states import BATCHES, DIMENSION, fit_states, write

    given = {"history": history, "written": written, "cosqa": cosqa}
    folders = {name: str(folder or "") for name, folder in given.items()}
    if dimension is not None and dimension % 2:
        raise click.BadParameter("two dimensions share a byte: give an even number", param_hint="--dimension")
    codec = fit_states(
        model,
        Corpora(data, folders, dev_repositories=0),
        dimension=dimension or DIMENSION,
        batches=batches or BATCHES,
        seed=seed,
        progress=note,
    )
    write(codec, model, output)
    note(f"wrote {output}: {codec.state_bytes} bytes a token")
    return 0
