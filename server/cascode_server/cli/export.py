"""``cascode export``."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_server.cli.base import Command
from cascode_server.cli.options import FOLDER


@click.command("export", cls=Command)
@click.argument("model", metavar="MODEL")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder to write; made where missing.")
def command(model: str, output: Path) -> int:
    """Write a model folder that --model takes.

    MODEL is a folder, or a name in the local Hugging Face cache: a trained CasCode model, or any BERT- or
    RoBERTa-like encoder, which then ranks without the slow classifier.
    """
    from cascode_models.export import export_model
    from cascode_models.load import read_folder, resolve_folder

    folder = resolve_folder(model)
    if output.exists() and output.resolve() == folder.resolve():
        raise click.UsageError(f"Invalid value for '--output': {output} is the model itself; name another folder")
    network, _settings, tokenizer = read_folder(folder)
    click.echo(export_model(network, tokenizer, output))
    return 0
