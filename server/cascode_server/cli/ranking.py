"""``cascode eval ranking``: what the ranking is worth on real questions, beside words, vectors and fitted weights."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from cascode_server.cli.base import Command, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.options import FOLDER

#: Documentation asked of a repository: as many questions as its commits ask.
_DOCUMENTED = 60


@click.command("ranking", cls=Command, short_help="Measure the ranking on real questions.")
@click.option("--history", type=FOLDER, metavar="DIR", help="What 'cascode train mine --history' wrote.")
@click.option("--written", type=FOLDER, metavar="DIR", help="Questions written by hand: benchmarks/questions.")
@click.option("--clones", type=FOLDER, required=True, metavar="DIR", help="Folder of the repositories' clones.")
@click.option("--split", type=click.Choice(["dev", "test"]), default="dev", show_default=True, help="Tune on dev.")
@click.option("--documentation", is_flag=True, help="Ask the documentation of each repository as well.")
@click.option(
    "--cascade",
    "depth",
    type=click.IntRange(min=0),
    default=0,
    metavar="K",
    help="Let the slow classifier read the best K of each question as well (0: not).",
)
@click.option("--cosqa", type=FOLDER, metavar="DIR", help="CoSQA: web queries beside the questions.")
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@on_interrupt("encoded vectors are kept in the cache: run it again to continue")
def ranking_command(
    history: Path | None,
    written: Path | None,
    clones: Path,
    split: str,
    documentation: bool,
    depth: int,
    cosqa: Path | None,
    model: str | None,
) -> int:
    """Ask questions about repositories, mined or written by hand, and compare rankings of the same candidates.

    MRR@10 of the fast stage: words alone, vectors alone, the weights in force, and weights fitted to the other
    repositories, with the interval over repositories. Revisions are written into a temporary folder; vectors come from
    and go to the cache that workspaces share.
    """
    from cascode import ModelHandle
    from cascode_lab.ranking.collect import collect, collect_own_code
    from cascode_lab.ranking.compare import table
    from cascode_lab.ranking.rules import MEASURED
    from cascode_lab.ranking.sets import cosqa_set, history_sets, written_sets

    if history is None and written is None:
        raise click.UsageError("Nothing to ask: name questions by --history or --written.")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cascode-eval-")))
        handle, asked = ModelHandle(model), []
        if written is not None:
            for questions in written_sets(written, clones, split, folder / "written"):
                asked += collect(questions, handle, MEASURED, depth=depth, progress=note)
        if history is not None:
            for questions in history_sets(history, clones, split, folder / "history"):
                asked += collect(questions, handle, MEASURED, depth=depth, progress=note)
                if documentation:
                    asked += collect_own_code(questions.root, questions.name, handle, MEASURED, limit=_DOCUMENTED)
        if cosqa is not None:
            asked += collect(cosqa_set(cosqa, split, folder / "cosqa"), handle, MEASURED, depth=depth, progress=note)
    click.echo(table(asked, MEASURED, note))
    return 0
