"""``cascode eval WORKSPACE``: how well the search finds a person's own functions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode_server.cli.base import Command
from cascode_server.cli.configuration import model_name, read_settings
from cascode_server.cli.console import note, printable
from cascode_server.cli.options import FOLDER, MAX_FILE_VARIABLE
from cascode_server.cli.progress import Reporter, indexing_progress
from cascode_server.cli.updating import stop_on_interrupt
from cascode_server.cli.words import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from cascode_lab.own_code.measure import Outcome, OwnCodeReport

#: Depths of recall shown: the first hit, a glance, a screenful.
_DEPTHS = (1, 5, 10)
#: Characters of a query shown among the misses: a line.
_LONGEST_QUERY = 90


@click.command("workspace", cls=Command)
@click.argument("workspace", type=FOLDER, default=Path(), metavar="WORKSPACE")
@click.option(
    "--limit", "-n", type=click.IntRange(min=10), metavar="N", help="Ask for at most N functions (default 500)."
)
@click.option(
    "--misses", type=click.IntRange(min=0), default=5, show_default=True, metavar="N", help="Misses shown, worst first."
)
@click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache.")
@click.option(
    "--max-file-bytes",
    type=click.IntRange(min=1),
    metavar="BYTES",
    envvar=MAX_FILE_VARIABLE,
    help=f"Skip larger files (default 1 MiB; also {MAX_FILE_VARIABLE}).",
)
def workspace_command(
    workspace: Path, limit: int | None, misses: int, model: str | None, max_file_bytes: int | None
) -> int:
    """Measure the search on your own code.

    The first paragraph of a function's documentation asks for the function, among all functions of WORKSPACE, with
    the documentation taken out of what is searched. Nothing of it is kept but vectors in the cache. Exit status 1
    where there are too few documented functions to measure anything.
    """
    from cascode import checked_root, load_model
    from cascode_lab.own_code.measure import DEFAULT_LIMIT, measure_own_code

    root = checked_root(workspace)
    found = read_settings([root])
    for problem in found.problems:
        note(f"cascode: {problem}")
    settings = found.settings
    device = None if settings.device == "auto" else settings.device
    loaded = load_model(model or model_name(settings), device=device)
    with stop_on_interrupt() as stopped, _Progress() as progress:
        report = measure_own_code(
            root,
            loaded,
            limit=limit or DEFAULT_LIMIT,
            max_file_bytes=max_file_bytes or settings.indexing.max_file_size,
            on_progress=progress.indexing,
            on_question=progress.asked,
            cancelled=stopped,
        )
    if report.cancelled:
        raise KeyboardInterrupt
    if not report.outcomes:
        return _too_few(report)
    for line in (*_figures(report), *_misses(report, misses)):
        click.echo(printable(line))
    return 0


def _too_few(report: OwnCodeReport) -> int:
    """Say why nothing was measured."""
    from cascode_lab.own_code.measure import FEWEST_QUESTIONS

    if not report.functions:
        note(f"{report.root} holds no functions: name a folder with source files")
    else:
        functions = report.questions + sum(report.unusable.values())
        note(
            f"{report.root}: {report.questions} of {counted(functions, 'function')} can be asked for by their "
            f"documentation, a measurement needs {FEWEST_QUESTIONS} or more ({_unusable(report)}): "
            f"name a workspace with more documented functions"
        )
    return 1


def _figures(report: OwnCodeReport) -> Iterator[str]:
    """What was measured and what came out."""
    asked = len(report.outcomes)
    drawn = "" if asked == report.questions else f" (drawn from {report.questions:,}; --limit takes more)"
    low, high = _interval(report)
    reading = f"fast stage and classifier, K = {report.rerank_top}" if report.rerank_top else "fast stage"
    yield (
        f"{counted(asked, 'function')}{drawn} asked for by their documentation, among "
        f"{counted(report.functions, 'function')} in {counted(report.files, 'file')}; {reading}"
    )
    yield ""
    yield f"MRR        {report.mrr:.3f}   (95 %: {low:.3f} to {high:.3f})"
    for depth in _DEPTHS:
        yield f"{f'recall@{depth}':<11}{report.recall(depth):.3f}"
    if report.unusable:
        yield ""
        yield f"not asked for: {_unusable(report)}"


def _interval(report: OwnCodeReport) -> tuple[float, float]:
    """Bootstrap interval of the MRR."""
    import numpy as np

    from cascode_lab.evaluation.metrics import bootstrap

    interval = bootstrap(np.array([1 / one.rank if one.rank else 0.0 for one in report.outcomes]))
    return interval.low, interval.high


def _unusable(report: OwnCodeReport) -> str:
    """Functions that give no question, by reason."""
    return ", ".join(f"{count:,} {reason}" for reason, count in report.unusable.items())


def _misses(report: OwnCodeReport, count: int) -> Iterator[str]:
    """The questions that went worst, with what came first instead."""
    misses = report.misses()
    if not misses or not count:
        return
    yield ""
    yield f"missed {len(misses):,}, the worst:"
    for one in misses[:count]:
        query = one.question.query
        shown = query if len(query) <= _LONGEST_QUERY else query[: _LONGEST_QUERY - 3] + "..."
        yield f"  {_rank(one):>6}  {shown}"
        yield f"          is     {one.question.path}:{one.question.start_line} {one.question.name}"
        if one.first is not None:
            path, name, line = one.first
            yield f"          first  {path}:{line} {name}"


def _rank(one: Outcome) -> str:
    """Where the function came."""
    from cascode_lab.own_code.measure import DEEPEST_RANK

    return f">{DEEPEST_RANK}" if one.rank is None else f"#{one.rank}"


class _Progress:
    """Bars of indexing, and after them one of the questions: two at once would fight for the terminal."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self.indexing: Reporter = self._open.enter_context(indexing_progress())
        self._asking: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def asked(self, done: int, total: int) -> None:
        """Show how many questions were asked; nothing where stderr is no terminal: it takes seconds."""
        if not sys.stderr.isatty():
            return
        if self._asking is None:
            self._open.close()
            bars = self._open.enter_context(_question_bar())
            self._asking = (bars, bars.add_task("asking", total=total))
        bars, task = self._asking
        bars.update(task, completed=done)


def _question_bar() -> Progress:
    """A bar that goes when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("asking"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    return Progress(*columns, console=Console(stderr=True), transient=True)
