"""``cascode watch``."""

from __future__ import annotations

import queue
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode_indexer.watch import ChangeBatch, Watcher
from cascode_server.cli.base import Command
from cascode_server.cli.console import note, printable
from cascode_server.cli.options import FOLDER, EngineOptions, engine_options
from cascode_server.cli.updating import describe, update
from cascode_server.cli.words import counted, duration

if TYPE_CHECKING:
    from cascode_indexer.indexing.types import IndexReport

#: Windows delivers Ctrl-C to a waiting thread only between two waits.
_WAIT_SECONDS = 0.5


@click.command("watch", cls=Command)
@click.argument("workspaces", nargs=-1, type=FOLDER, metavar="[WORKSPACE]...")
@engine_options
def command(workspaces: tuple[Path, ...], engine_options: EngineOptions) -> int:
    """Keep indexes up to date while files change, and say what was done; Ctrl-C ends it.

    Without WORKSPACE the current directory is watched.
    """
    roots = workspaces or (Path(),)
    batches: queue.SimpleQueue[ChangeBatch] = queue.SimpleQueue()
    # Watching begins before the first look, so that nothing falls between the two.
    with engine_options.open(roots) as engine, Watcher(dict.fromkeys(_absolute(roots)), batches.put):
        engine.warm_up()
        for report in update(engine):
            note(describe(report))
        note("watching; Ctrl-C ends it")
        try:
            while True:
                try:
                    batch = batches.get(timeout=_WAIT_SECONDS)
                except queue.Empty:
                    continue
                _say(batch, engine.apply(batch))
        except KeyboardInterrupt:
            note("stopped watching")
    return 0


def _absolute(roots: tuple[Path, ...]) -> list[Path]:
    """The workspaces as the engine names them."""
    return [root.expanduser().absolute() for root in roots]


def _say(batch: ChangeBatch, report: IndexReport) -> None:
    """Print a line about a batch of changes that touched the index."""
    if report.read_only:
        what = "another process keeps this index up to date"
    elif report.files_changed or report.files_removed:
        what = (
            f"{counted(report.files_changed, 'file')} changed, {report.files_removed:,} removed, "
            f"{counted(report.encoded, 'function')} encoded in {duration(report.seconds)}"
        )
    else:
        return
    root = printable(str(batch.root), one_line=True)
    click.echo(f"{time.strftime('%H:%M:%S')}  {root}: {what}")
