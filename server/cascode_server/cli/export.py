"""``cascode export``."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_server.cli.base import Command
from cascode_server.cli.options import FOLDER


@click.command("export", cls=Command, short_help="Write a model folder for CasCode or others.")
@click.argument("model", metavar="MODEL")
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder to write; created if missing.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["cascode", "sentence-transformers"]),
    default="cascode",
    show_default=True,
    help="What loads the folder.",
)
def command(model: str, output: Path, kind: str) -> int:
    """Write a model folder that --model takes, or one for sentence-transformers.

    The latter loads as SentenceTransformer(DIR) and, where the model has a classifier, as
    CrossEncoder(DIR/cross-encoder), with the same vectors. The cross-encoder gives the score that the cascade ranks
    by for the default model, and the classifier's logit for models with another head; that of the default model needs
    trust_remote_code=True and this package beside it.

    MODEL is a folder, or a name in the local Hugging Face cache: a trained CasCode model, or any BERT- or
    RoBERTa-like encoder, which then ranks without the slow classifier.
    """
    from cascode import write_model

    click.echo(write_model(model, output, for_sentence_transformers=kind != "cascode"))
    return 0
