"""``cascode eval WORKSPACE``: how well the search finds a person's own definitions."""

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
from cascode_server.cli.words import quantity, skip_reasons, skip_summary
from cascode_server.service.printable import printable

if TYPE_CHECKING:
    from cascode_lab.own_code.measure import OwnCodeReport
    from cascode_lab.own_code.questions import Question


@click.command("workspace", cls=Command)
@click.argument("workspace", type=FOLDER, default=Path(), metavar="WORKSPACE")
@measuring_options("Use at most N definitions as answers (default 500).")
def workspace_command(
    workspace: Path, limit: int | None, misses: int, model: str | None, max_file_bytes: int | None
) -> int:
    """Measure the search on your own code.

    The first paragraph of a definition's documentation, without the name that it may begin with, asks for that
    definition, among all of WORKSPACE, with the documentation taken out of what is searched. Nothing of it is kept but
    vectors in the cache. Exit status 1 where there are too few documented definitions to measure anything.
    """
    from cascode import checked_root
    from cascode_lab.own_code.measure import DEFAULT_LIMIT, measure_own_code

    root = checked_root(workspace)
    loaded, settings = model_and_settings(root, model)
    with stop_on_interrupt() as stopped, MeasuringProgress() as progress:
        report = measure_own_code(
            root,
            loaded,
            limit=limit or DEFAULT_LIMIT,
            max_file_bytes=max_file_bytes or settings.indexing.max_file_size,
            on_progress=progress.show_indexing,
            on_question=progress.show_questions,
            cancelled=stopped,
        )
    if report.cancelled:
        raise KeyboardInterrupt
    if not report.outcomes:
        return _too_few(report)
    for line in (*_summary(report), *miss_lines(report.outcomes, misses, _answer)):
        click.echo(printable(line))
    return 0


def _too_few(report: OwnCodeReport) -> int:
    """Say why nothing was measured."""
    from cascode_lab.own_code.asking import FEWEST_QUESTIONS

    skipped = skip_summary(report.skipped) if report.skipped.total else ""
    definitions = report.questions + sum(report.unusable.values())
    if definitions:
        reasons = "; ".join(filter(None, (_unusable(report), skipped)))
        note(
            f"{report.root}: {report.questions} of {quantity(definitions, 'definition')} can be asked for by their "
            f"documentation, a measurement needs {FEWEST_QUESTIONS} or more ({reasons}): "
            f"name a workspace with more documented definitions"
        )
    elif skipped:
        note(f"{report.root} holds no definitions ({skipped}): {report.skipped.advice()}")
    else:
        note(f"{report.root} holds no definitions: name a folder with source files")
    return 1


def _summary(report: OwnCodeReport) -> Iterator[str]:
    """What was measured and what came out."""
    asked = len(report.outcomes)
    drawn = "" if asked == report.questions else f" (drawn from {report.questions:,}; --limit takes more)"
    yield (
        f"{quantity(asked, 'definition')}{drawn} asked for by their documentation, among "
        f"{quantity(report.definitions, 'definition')} in {quantity(report.files, 'file')}; {report.reading}"
    )
    yield ""
    yield from figures(report.outcomes)
    yield ""
    yield from naming_lines(report.outcomes, lambda question: question.named)
    if report.unusable:
        yield ""
        yield f"not asked for: {_unusable(report)}"
    if report.skipped.total:
        yield ""
        yield f"files and folders skipped: {skip_reasons(report.skipped)}"


def _unusable(report: OwnCodeReport) -> str:
    """Functions that give no question, by reason."""
    return ", ".join(f"{count:,} {reason}" for reason, count in report.unusable.items())


def _answer(question: Question) -> list[str]:
    """Where the function stands."""
    return [f"{question.path}:{question.start_line} {question.name}"]
