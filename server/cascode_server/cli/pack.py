"""``cascode pack`` and ``cascode unpack``."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_server.cli.base import Command
from cascode_server.cli.console import note
from cascode_server.cli.current_directory import current_directory
from cascode_server.cli.options import FOLDER, EngineOptions, engine_options
from cascode_server.cli.updating import bring_up_to_date
from cascode_server.cli.words import quantity, size

_workspace = click.option(
    "--workspace",
    "-w",
    "workspaces",
    # A tuple of one, as the options of the engine take it.
    callback=lambda _context, _parameter, value: () if value is None else (value,),
    type=FOLDER,
    metavar="DIR",
    help="The workspace (default: the current directory).",
)


@click.command("pack", cls=Command)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@_workspace
@engine_options
def pack_command(path: Path, workspaces: tuple[Path, ...], engine_options: EngineOptions) -> int:
    """Write the vectors of an index as one file, for other clones.

    \b
    cascode pack main.cascode-pack

    The workspace is brought up to date first. The file holds checksums of function texts, their vectors and packed
    token states: no source, no names, no paths. What came from a pack or a team's index is not passed on. A file of
    that name is replaced.
    """
    target = _absolute(path)
    with engine_options.open(workspaces) as engine:
        engine.warm_up()
        if not bring_up_to_date(engine):
            return 1
        made = engine.pack(target)
    note(f"{path}: {quantity(made.vectors, 'vector')}, {size(target.stat().st_size)}")
    if made.foreign:
        note(f"not in it: {quantity(made.foreign, 'vector')} of a pack or a team's index; a pack passes none on")
    return 0


@click.command("unpack", cls=Command)
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@_workspace
@engine_options
def unpack_command(path: Path, workspaces: tuple[Path, ...], engine_options: EngineOptions) -> int:
    """Index a workspace with the vectors of a pack: only what the pack does not know is encoded.

    \b
    cascode unpack main.cascode-pack

    A pack is trusted to be what 'cascode pack' wrote: a forged one makes searches of this workspace miss or rank
    wrongly, and can do nothing else. Take packs from whom you take code.
    """
    source = _absolute(path)
    with engine_options.open(workspaces) as engine:
        engine.warm_up()
        vectors = engine.unpack(source)
        note(f"{path}: {quantity(vectors, 'vector')}, for this workspace alone")
        return 0 if bring_up_to_date(engine) else 1


def _absolute(path: Path) -> Path:
    """A file as it is named from the current directory."""
    path = path.expanduser()
    return path if path.is_absolute() else (current_directory() / path).absolute()
