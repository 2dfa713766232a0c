"""Bringing an index up to date before it is asked, so that Ctrl-C loses nothing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from cascode_server.cli.console import note
from cascode_server.cli.progress import indexing_progress
from cascode_server.cli.words import duration, quantity, skip_summary

if TYPE_CHECKING:
    from cascode import Engine, IndexReport


def update(engine: Engine) -> list[IndexReport]:
    """Index what changed, with progress on stderr.

    Args:
        engine: The engine of the workspaces.

    Returns:
        A report for each workspace.

    Raises:
        KeyboardInterrupt: The person asked to stop; what was indexed is kept.
    """
    with stop_on_interrupt() as stopped, indexing_progress() as progress:
        reports = engine.update(on_progress=progress, cancelled=stopped)
    if stopped():
        raise KeyboardInterrupt
    return reports


def bring_up_to_date(engine: Engine) -> bool:
    """Index what changed, and say what was done, or why a workspace has no definitions.

    Returns:
        Whether there is a definition, or another process sees to it.
    """
    reports = update(engine)
    print_reports(reports)
    if any(report.functions or report.read_only for report in reports):
        return True
    explain_empty(engine)
    return False


def print_reports(reports: list[IndexReport]) -> None:
    """Say on stderr what an update did; :func:`explain_empty` speaks of workspaces without functions."""
    for report in reports:
        if report.read_only:
            note(f"{report.root}: another process keeps this index up to date; nothing was done here")
        elif report.functions:
            note(
                f"{report.root}: indexed {quantity(report.functions, 'definition')} in "
                f"{quantity(report.files, 'file')}, {skip_summary(report.skipped)} "
                f"({quantity(report.encoded, 'definition')} encoded in {duration(report.seconds)})"
            )


def explain_empty(engine: Engine) -> None:
    """Say why workspaces without functions have none."""
    for workspace in engine.status():
        if workspace.counts is not None and workspace.counts.functions:
            continue
        if workspace.busy:
            note(f"no definitions in {workspace.root} yet: another process is indexing it; ask again soon")
        elif workspace.skipped.total:
            note(f"no definitions in {workspace.root}: {skip_summary(workspace.skipped)}; {workspace.skipped.advice()}")
        else:
            note(
                f"no definitions in {workspace.root}: it contains no source files; name another folder with --workspace"
            )


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a request to stop at a safe place; the second one ends at once.

    Yields:
        Whether it was asked.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield asked.is_set
        return

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
