"""``cascode index``."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_server.cli.base import Command
from cascode_server.cli.options import FOLDER, EngineOptions, engine_options
from cascode_server.cli.updating import bring_up_to_date


@click.command("index", cls=Command)
@click.argument("workspaces", nargs=-1, type=FOLDER, metavar="[WORKSPACE]...")
@engine_options
def command(workspaces: tuple[Path, ...], engine_options: EngineOptions) -> int:
    """Index workspaces, or what changed in them.

    Only what changed is read, and only new functions are encoded. Without WORKSPACE the current directory is
    indexed. An interrupted run continues where it stopped.
    """
    with engine_options.open(workspaces) as engine:
        engine.warm_up()
        return 0 if bring_up_to_date(engine) else 1
