"""``cascode watch``."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode import CascodeError, ChangeBatch, ModelError, Watcher
from cascode_server.cli.base import Command
from cascode_server.cli.console import note
from cascode_server.cli.options import FOLDER, EngineOptions, engine_options
from cascode_server.cli.updating import print_reports, stop_on_interrupt, update
from cascode_server.cli.words import duration, quantity
from cascode_server.service.printable import printable
from cascode_server.service.work import RETRY_SECONDS, TAKE_OVER_SECONDS, Work, WorkQueue

if TYPE_CHECKING:
    from cascode import Cancelled, Engine, IndexReport

#: Ctrl-C, and work that was put off, are looked at between two waits.
_WAIT_SECONDS = 0.5
_BUSY = "another process keeps this index up to date"


@click.command("watch", cls=Command)
@click.argument("workspaces", nargs=-1, type=FOLDER, metavar="[WORKSPACE]...")
@engine_options
def command(workspaces: tuple[Path, ...], engine_options: EngineOptions) -> int:
    """Keep indexes up to date as files change.

    Says what was done; Ctrl-C ends it. Without WORKSPACE the current directory is watched.
    """
    batches: queue.SimpleQueue[ChangeBatch] = queue.SimpleQueue()
    with engine_options.open(workspaces) as engine:
        roots = [workspace.root for workspace in engine.status()]
        # Watching begins before the first look, so that nothing falls between the two.
        with Watcher(roots, batches.put), stop_on_interrupt() as stopped:
            engine.warm_up()
            upkeep = Upkeep(engine, roots, stopped)
            upkeep.look(time.monotonic())
            note("watching; Ctrl-C ends it")
            while not stopped():
                with suppress(queue.Empty):
                    upkeep.add(batches.get(timeout=_WAIT_SECONDS))
                upkeep.work(time.monotonic())
    note("stopped watching")
    return 0


class Upkeep:
    """Applies what a watcher saw; what cannot be done yet is kept and tried again.

    Args:
        engine: The engine of the workspaces.
        roots: The workspaces.
        cancelled: Whether to stop.
    """

    def __init__(self, engine: Engine, roots: Iterable[Path], cancelled: Cancelled) -> None:
        self._engine = engine
        self._roots = list(roots)
        self._cancelled = cancelled
        self._queue = WorkQueue(self._roots)
        #: Why a workspace's work waits, as it was said: once, not with every attempt.
        self._waiting: dict[Path, str] = {}

    def look(self, now: float) -> None:
        """Have the first look at all workspaces, or put it off.

        Args:
            now: The time on the monotonic clock.

        Raises:
            ModelError: The model cannot be loaded: another one has to be named.
        """
        try:
            reports = update(self._engine)
        except (CascodeError, OSError) as error:  # as later on, it may pass
            note(f"cascode: {error}")
            for root in self._roots:
                self._waiting[root] = str(error)
                self._queue.put_back(root, Work(rescan=True, due=now + RETRY_SECONDS))
            return
        print_reports(reports)
        self.begin(reports, now)

    def begin(self, reports: Iterable[IndexReport], now: float) -> None:
        """Queue what the first look left, which was said already.

        Args:
            reports: What it did.
            now: The time on the monotonic clock.
        """
        for report in reports:
            if report.read_only:
                self._waiting[report.root] = _BUSY
                self._queue.put_back(report.root, Work(rescan=True, due=now + TAKE_OVER_SECONDS))

    def add(self, batch: ChangeBatch) -> None:
        """Queue a batch of changes."""
        self._queue.add_changes(batch)

    def work(self, now: float) -> None:
        """Do what is due.

        Args:
            now: The time on the monotonic clock.
        """
        while not self._cancelled() and (taken := self._queue.take(now)) is not None:
            self._do(*taken, now)

    def _do(self, root: Path, work: Work, now: float) -> None:
        """Bring an index up to date, or put that off."""
        batch = ChangeBatch(root, frozenset(work.changed), frozenset(work.deleted), work.rescan)
        try:
            report = self._engine.apply(batch, cancelled=self._cancelled)
        except (CascodeError, ModelError, OSError) as error:  # a full disk, a folder that is gone: it may pass
            if self._waits(root, str(error)):
                note(f"cascode: {error}")
            self._queue.put_back(root, replace(work, rescan=True, due=now + RETRY_SECONDS))
            return
        if report.read_only:
            if self._waits(root, _BUSY):
                _say(root, _BUSY)
            self._queue.put_back(root, replace(work, due=now + TAKE_OVER_SECONDS))
            return
        self._waiting.pop(root, None)
        if report.files_changed or report.files_removed or report.encoded:
            _say(
                root,
                f"{quantity(report.files_changed, 'file')} changed, {report.files_removed:,} removed, "
                f"{quantity(report.encoded, 'definition')} encoded in {duration(report.seconds)}",
            )

    def _waits(self, root: Path, reason: str) -> bool:
        """Note why a workspace's work waits; return whether that is news."""
        before, self._waiting[root] = self._waiting.get(root), reason
        return before != reason


def _say(root: Path, what: str) -> None:
    """Print a line about a workspace."""
    click.echo(f"{time.strftime('%H:%M:%S')}  {printable(str(root), one_line=True)}: {what}")
