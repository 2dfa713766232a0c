"""``cascode eval history REPO``: how well the commits of a person's own repository find what they changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode_server.cli.base import Command
from cascode_server.cli.console import note
from cascode_server.cli.measuring import (
    MeasuringProgress,
    figures,
    measuring_options,
    miss_lines,
    model_and_settings,
    naming_lines,
)
from cascode_server.cli.options import FOLDER
from cascode_server.cli.updating import stop_on_interrupt
from cascode_server.cli.words import quantity
from cascode_server.service.printable import printable

if TYPE_CHECKING:
    from cascode_lab.history.measure import AnsweredQuestion, HistoryReport

#: Rules shown by which commits ask nothing: the most frequent ones explain nearly all.
_RULES_SHOWN = 6


@click.command("history", cls=Command, short_help="Measure the search by a repository's commits.")
@click.argument("repository", type=FOLDER, default=Path(), metavar="REPO")
@click.option("--revision", metavar="REV", help="Revision to search; later commits are the queries (default: chosen).")
@measuring_options("Use at most N commits as queries (default 100).")
def history_command(
    repository: Path,
    revision: str | None,
    limit: int | None,
    misses: int,
    model: str | None,
    max_file_bytes: int | None,
) -> int:
    """Measure the search by the commits of your own repository.

    The subject of a commit asks for the one to three definitions that it changed, among all definitions of REPO as
    they were before. The revision that is searched is written into a temporary folder: the clone is only read, and
    nothing is kept but vectors in the cache. Exit status 1 where too few commits ask for anything.
    """
    from cascode_lab.history.git import GitRepository
    from cascode_lab.history.measure import DEFAULT_LIMIT, measure_history

    # Before the model, which takes seconds.
    folder = GitRepository.open(repository).folder
    loaded, settings = model_and_settings(folder, model)
    with stop_on_interrupt() as stopped, MeasuringProgress() as progress:
        report = measure_history(
            folder,
            loaded,
            revision=revision,
            limit=limit or DEFAULT_LIMIT,
            max_file_bytes=max_file_bytes or settings.indexing.max_file_size,
            on_commit=progress.show_commits,
            on_progress=progress.show_indexing,
            on_question=progress.show_questions,
            cancelled=stopped,
        )
    if report.cancelled:
        raise KeyboardInterrupt
    if not report.outcomes:
        return _too_few(report, revision)
    for line in (*_summary(report, limit), *miss_lines(report.outcomes, misses, _answers)):
        click.echo(printable(line))
    return 0


def _too_few(report: HistoryReport, revision: str | None) -> int:
    """Say why nothing was measured."""
    from cascode_lab.own_code.asking import FEWEST_QUESTIONS

    older = "name an older --revision or" if revision else "name"
    note(
        f"{report.folder}: {quantity(len(report.found.questions), 'usable commit')}, a measurement needs "
        f"{FEWEST_QUESTIONS} or more (skipped: {_skip_summary(report) or 'none'}): "
        f"{report.advice or f'{older} a repository with more history'}"
    )
    return 1


def _summary(report: HistoryReport, limit: int | None) -> Iterator[str]:
    """What was measured and what came out."""
    from cascode_lab.history.measure import DEPTH

    yield (
        f"{quantity(len(report.outcomes), 'commit')}{_drawn(report, limit)} asked for what they changed, among "
        f"{quantity(report.definitions, 'definition')} in {quantity(report.files, 'file')} "
        f"of revision {report.found.revision[:12]}; {report.reading}"
    )
    yield ""
    yield from figures(report.outcomes, DEPTH)
    yield ""
    yield from naming_lines(report.outcomes, lambda question: question.question.named, DEPTH)
    if report.found.dropped:
        yield ""
        yield f"commits skipped: {_skip_summary(report)}"


def _drawn(report: HistoryReport, limit: int | None) -> str:
    """From how many the commits were drawn, or that there are not as many as were asked for."""
    asked, available = len(report.outcomes), report.found.available
    if asked < available:
        newest = "the newest " if report.found.is_cut else ""
        return f" (drawn from {newest}{available:,}; --limit takes more)"
    if limit is not None and asked < limit:
        return f" (fewer than --limit {limit:,}: no more were found)"
    return ""


def _skip_summary(report: HistoryReport) -> str:
    """Commits that ask nothing, by the most frequent rules."""
    rules = report.found.dropped.most_common()
    shown = [f"{count:,} {rule}" for rule, count in rules[:_RULES_SHOWN]]
    rest = sum(count for _, count in rules[_RULES_SHOWN:])
    return ", ".join([*shown, *([f"{rest:,} by other rules"] if rest else [])])


def _answers(question: AnsweredQuestion) -> list[str]:
    """Where the changed definitions stand."""
    return [f"{path} {name}" for path, name, _ in question.question.answers]
