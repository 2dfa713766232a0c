"""What the measurements on a person's own code share: options, the model, bars, figures, misses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cascode_server.cli.configuration import model_name, read_settings
from cascode_server.cli.console import note
from cascode_server.cli.numbers import WholeNumber
from cascode_server.cli.options import MAX_FILE_VARIABLE
from cascode_server.cli.progress import Reporter, indexing_progress
from cascode_server.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from cascode import CasCodeModel
    from cascode_lab.own_code.asking import Outcome

F = TypeVar("F", bound=Callable[..., Any])

#: Depths of recall shown: the first hit, a glance, a screenful.
_DEPTHS = (1, 5, 10)
#: Characters of a query shown among the misses: a line.
_LONGEST_QUERY = 90


def measuring_options(limit_help: str) -> Callable[[F], F]:
    """Add the options that every measurement takes.

    Args:
        limit_help: What ``--limit`` bounds.
    """
    options = (
        click.option("--limit", "-n", type=WholeNumber(min=10), metavar="N", help=limit_help),
        click.option(
            "--misses",
            type=WholeNumber(min=0),
            default=5,
            show_default=True,
            metavar="N",
            help="Show at most N misses, worst first.",
        ),
        click.option("--model", metavar="DIR|NAME", help="Model folder, or a name in the local Hugging Face cache."),
        click.option(
            "--max-file-bytes",
            type=WholeNumber(min=1),
            metavar="BYTES",
            envvar=MAX_FILE_VARIABLE,
            help=f"Skip larger files (default 1 MiB; also {MAX_FILE_VARIABLE}).",
        ),
    )

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def model_and_settings(root: Path, model: str | None) -> tuple[CasCodeModel, Settings]:
    """Load the model that a search in a workspace would use, or another one; settings at fault are noted."""
    from cascode import load_model

    found = read_settings([root])
    for problem in found.problems:
        note(f"cascode: {problem}")
    settings = found.settings
    device = None if settings.device == "auto" else settings.device
    return load_model(model or model_name(settings), device=device), settings


def figures(outcomes: Sequence[Outcome[Any]], depth: int | None = None) -> Iterator[str]:
    """MRR, down to ``depth`` where one is given, with its interval, and recall."""
    import numpy as np

    from cascode_lab.evaluation.metrics import bootstrap
    from cascode_lab.own_code.asking import mean_reciprocal_rank, recall, reciprocal_rank

    label = "MRR" if depth is None else f"MRR@{depth}"
    interval = bootstrap(np.array([reciprocal_rank(outcome, depth) for outcome in outcomes]))
    mean = mean_reciprocal_rank(outcomes, depth)
    yield f"{label:<11}{mean:.3f}   (95 %: {interval.low:.3f} to {interval.high:.3f})"
    for at in _DEPTHS:
        yield f"{f'recall@{at}':<11}{recall(outcomes, at):.3f}"


def naming_lines(
    outcomes: Sequence[Outcome[Any]], is_named: Callable[[Any], bool], depth: int | None = None
) -> Iterator[str]:
    """MRR of the questions that name what they ask for, and of those that describe it; of none a line is left out.

    Args:
        outcomes: All of them.
        is_named: Returns whether a question names its answer.
        depth: Ranks that count; all when None.

    Yields:
        Lines.
    """
    from cascode_lab.own_code.asking import mean_reciprocal_rank

    for label, what, named in (("named", "name the definition", True), ("described", "describe it", False)):
        some = [outcome for outcome in outcomes if is_named(outcome.question) is named]
        if some:
            yield f"{label:<11}{mean_reciprocal_rank(some, depth):.3f}   ({len(some):,} {what})"


def miss_lines(outcomes: Sequence[Outcome[Any]], count: int, answers: Callable[[Any], Sequence[str]]) -> Iterator[str]:
    """The questions that went worst, with what came first instead.

    Args:
        outcomes: All of them.
        count: Show at most this many.
        answers: Returns where a question's answers are.

    Yields:
        Lines; none where nothing was missed.
    """
    from cascode_lab.own_code.asking import misses

    missed = misses(outcomes)
    if not missed or not count:
        return
    yield ""
    yield f"missed {len(missed):,}, the worst:"
    for miss in missed[:count]:
        query = miss.question.query
        shown = query if len(query) <= _LONGEST_QUERY else query[: _LONGEST_QUERY - 3] + "..."
        yield f"  {_rank(miss):>6}  {shown}"
        for answer in answers(miss.question):
            yield f"          is     {answer}"
        if miss.first is not None:
            path, name, line = miss.first
            yield f"          first  {path}:{line} {name}"


def _rank(outcome: Outcome[Any]) -> str:
    """Where the answer came."""
    from cascode_lab.own_code.asking import DEEPEST_RANK

    return f">{DEEPEST_RANK}" if outcome.rank is None else f"#{outcome.rank}"


class MeasuringProgress:
    """Bars of indexing, and before and after them one of commits or questions: two at once would fight."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._indexing: Reporter | None = None
        self._counting: tuple[str, Progress, TaskID] | None = None

    def __enter__(self) -> MeasuringProgress:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def show_indexing(self, progress: Any) -> None:
        """Show how far reading and encoding have come."""
        if self._indexing is None:
            self._open.close()
            self._indexing = self._open.enter_context(indexing_progress())
        self._indexing(progress)

    def show_commits(self, done: int, total: int | None) -> None:
        """Show how many commits were read; of the log nobody knows the length."""
        self._count("reading the log" if total is None else "reading commits", done, total)

    def show_questions(self, done: int, total: int) -> None:
        """Show how many questions were asked."""
        self._count("asking", done, total)

    def _count(self, what: str, done: int, total: int | None) -> None:
        """A bar of its own; nothing where stderr is not a terminal: it takes seconds."""
        if not sys.stderr.isatty():
            return
        if self._counting is None or self._counting[0] != what:
            self._open.close()
            self._indexing = None
            bars = self._open.enter_context(_make_bar(what))
            self._counting = (what, bars, bars.add_task(what, total=total))
        _, bars, task = self._counting
        bars.update(task, completed=done, total=total)


def _make_bar(what: str) -> Progress:
    """A bar that goes when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(bar_width=None), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    return Progress(*columns, console=Console(stderr=True), transient=True)
