"""``cascode describe``."""

from __future__ import annotations

import click

from cascode_server.cli.base import Command
from cascode_server.cli.numbers import WholeNumber
from cascode_server.cli.options import Place, PlaceType


@click.command("describe", cls=Command)
@click.argument("place", type=PlaceType(), metavar="PATH:LINE")
@click.option("--model", required=True, metavar="DIR|NAME", help="A model with a decoder (preset 'describe').")
@click.option("--beams", type=WholeNumber(min=1), default=4, show_default=True, metavar="N", help="Beam width.")
def command(place: Place, model: str, beams: int) -> int:
    """Say in a line what the function at a line does.

    \b
    cascode describe src/app.py:120 --model runs/describe/model

    The function's own doc comment is not read. The bundled model cannot describe: train one with
    'cascode train run describe'.
    """
    from cascode import GistModel, ModelError

    path = place.path.expanduser()
    try:
        source = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): name a source file") from error
    gist = GistModel(model).gist(path, source, place.line, beams=beams, own_words=True)
    click.echo(f"{place.path}:{gist.start_line}-{gist.end_line}: {gist.name}: {gist.text}")
    return 0
