"""``cascode watch``."""

from __future__ import annotations

import queue
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode import ChangeBatch, Watcher, WorkspaceError
from cascode_server.cli.base import Command
from cascode_server.cli.console import note
from cascode_server.cli.options import FOLDER, EngineOptions, engine_options
from cascode_server.cli.updating import print_reports, stop_on_interrupt, update
from cascode_server.cli.words import duration, quantity
from cascode_server.service.printable import printable

if TYPE_CHECKING:
    from cascode import IndexReport

#: Ctrl-C is looked at between two waits.
_WAIT_SECONDS = 0.5


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
            print_reports(update(engine))
            note("watching; Ctrl-C ends it")
            while not stopped():
                try:
                    batch = batches.get(timeout=_WAIT_SECONDS)
                    _say(batch, engine.apply(batch, cancelled=stopped))
                except queue.Empty:
                    continue
                except WorkspaceError as error:  # the watcher goes on when the folder comes back
                    note(f"cascode: {error}")
    note("stopped watching")
    return 0


def _say(batch: ChangeBatch, report: IndexReport) -> None:
    """Print a line about a batch of changes that touched the index."""
    if report.read_only:
        what = "another process keeps this index up to date"
    elif report.files_changed or report.files_removed:
        what = (
            f"{quantity(report.files_changed, 'file')} changed, {report.files_removed:,} removed, "
            f"{quantity(report.encoded, 'definition')} encoded in {duration(report.seconds)}"
        )
    else:
        return
    root = printable(str(batch.root), one_line=True)
    click.echo(f"{time.strftime('%H:%M:%S')}  {root}: {what}")
