"""``cascode clean``."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_server.cli.base import Command
from cascode_server.cli.console import note
from cascode_server.cli.options import FOLDER
from cascode_server.cli.words import quantity, size


@click.command("clean", cls=Command)
@click.argument("workspace", required=False, type=FOLDER)
@click.option("--all", "everything", is_flag=True, help="Remove every index and every vector.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before --all.")
def command(workspace: Path | None, everything: bool, yes: bool) -> int:
    """Remove indexes, never a workspace's files.

    With WORKSPACE its index; without, those whose workspace is gone and the vectors that nobody uses.
    """
    from cascode import clean, clean_all

    if everything:
        if workspace is not None:
            raise click.UsageError(f"WORKSPACE {str(workspace)!r} and '--all' cannot be combined: give one of them")
        if not yes and not _confirm():
            click.echo("nothing removed", err=True)
            return 1
        report = clean_all()
    else:
        report = clean(workspace.expanduser().absolute() if workspace else None)
        if workspace is not None and not report.indexes:
            note(f"no index found for {workspace.expanduser().absolute()}")
    click.echo(
        f"removed {quantity(report.indexes, 'index', 'indexes')} and {quantity(report.vectors, 'vector')}, "
        f"{size(report.bytes)} freed"
    )
    return 0


def _confirm() -> bool:
    """Ask; nobody there to answer is an error, not a no."""
    try:
        return click.confirm("Remove every index and every vector of this user?", err=True)
    except click.Abort as error:
        if isinstance(error.__context__, EOFError):
            click.echo(err=True)
            raise click.UsageError("'--all' asks for confirmation, which needs a terminal: give '--yes' too") from None
        raise
