"""``cascode eval ranking`` and ``cascode train calibrate``: the ranking on real questions, and what its scores say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cascode_server.cli.base import Command, on_interrupt
from cascode_server.cli.console import note
from cascode_server.cli.numbers import WholeNumber
from cascode_server.cli.options import FOLDER

_Function = TypeVar("_Function", bound=Callable[..., Any])
_QUESTIONS = (
    click.option("--written", type=FOLDER, metavar="DIR", help="Questions written by hand: benchmarks/questions."),
    click.option("--history", type=FOLDER, metavar="DIR", help="What 'cascode train mine --history' wrote."),
    click.option("--clones", type=FOLDER, metavar="DIR", help="Folder of the clones of the repositories asked about."),
    click.option("--names", is_flag=True, help="Ask for definitions of the repositories of --written by name as well."),
    click.option(
        "--documentation", is_flag=True, help="Ask the documentation of each repository of --history as well."
    ),
    click.option("--cosqa", type=FOLDER, metavar="DIR", help="CoSQA: web queries beside the questions."),
)


def _asks(command: _Function) -> _Function:
    """Give a command the options that say what is asked."""
    for option in reversed(_QUESTIONS):
        command = option(command)
    return command


def _check(asking: dict[str, Any]) -> None:
    """Refuse an option that has nothing to ask about."""
    for option, of in (("documentation", "history"), ("names", "written")):
        if asking[option] and asking[of] is None:
            raise click.UsageError(f"--{option} asks about the repositories of --{of}: add --{of}")


@click.command("ranking", cls=Command, short_help="Measure the ranking on real questions.")
@_asks
@click.option("--split", type=click.Choice(["dev", "test"]), default="dev", show_default=True, help="Tune on dev.")
@click.option(
    "--cascade",
    "depth",
    type=WholeNumber(min=0),
    default=0,
    metavar="K",
    help="Let the slow classifier read the best K of each question as well (0: not).",
)
@click.option("--only", multiple=True, metavar="OWNER/NAME", help="Ask about this repository alone; may be repeated.")
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@on_interrupt("encoded vectors are kept in the cache: run it again to continue")
def ranking_command(model: str | None, **asking: Any) -> int:
    """Ask questions about repositories, mined or written by hand, and compare rankings of the same candidates.

    MRR@10 of the fast stage: words alone, vectors alone, the weights in force, and weights fitted to the other
    repositories, with the interval over repositories. With --cascade also what the probabilities shown are worth.
    Revisions are written into a temporary folder; vectors come from and go to the cache that workspaces share.
    """
    from cascode import ModelHandle
    from cascode_lab.ranking.ask import Asking, ask
    from cascode_lab.ranking.calibrate import judge
    from cascode_lab.ranking.compare import table
    from cascode_lab.ranking.rules import MEASURED

    _check(asking)
    handle = ModelHandle(model)
    asked = ask(Asking(**asking), handle, note)
    click.echo(table(asked, MEASURED, note))
    if asking["depth"]:
        click.echo(f"\n{judge(asked, MEASURED, handle.get().settings)}")
    return 0


@click.command("calibrate", cls=Command, short_help="Fit what scores of a search say, by kind of query.")
@click.argument("model", type=FOLDER)
@_asks
@click.option("--output", "-o", type=FOLDER, required=True, metavar="DIR", help="Folder of the calibrated model.")
@on_interrupt("encoded vectors are kept in the cache: run it again to continue")
def calibrate_command(model: Path, output: Path, **asking: Any) -> int:
    """Fit the probabilities of MODEL to the score that orders a search, on dev questions, and write it to DIR.

    Each kind of query with enough questions gets a calibration of its own; weights and vectors stay as they are.
    """
    from cascode import ModelHandle
    from cascode_lab.ranking.ask import Asking, ask
    from cascode_lab.ranking.calibrate import calibrate, report, write
    from cascode_lab.ranking.rules import MEASURED
    from cascode_lab.training.release import DEPTH

    _check(asking)
    found = calibrate(ask(Asking(split="dev", depth=DEPTH, **asking), ModelHandle(str(model)), note), MEASURED)
    click.echo(report(found))
    write(found, model, output)
    note(f"wrote {output}")
    return 0
