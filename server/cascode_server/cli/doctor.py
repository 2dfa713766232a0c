"""``cascode doctor``."""

from __future__ import annotations

from pathlib import Path

import click

from cascode_indexer.walk import checked_root
from cascode_server.cli.base import Command
from cascode_server.cli.console import printable
from cascode_server.cli.options import FOLDER


@click.command("doctor", cls=Command)
@click.argument("workspaces", nargs=-1, type=FOLDER, metavar="[WORKSPACE]...")
def command(workspaces: tuple[Path, ...]) -> int:
    """Say what is wrong, and what mends it.

    Looks at the installation, the model and the indexes of WORKSPACE, else of the current directory. Exit status 1
    where something is wrong.
    """
    from cascode_indexer.maintenance import diagnose

    findings = diagnose([checked_root(root) for root in workspaces or (Path(),)])
    for finding in findings:
        mark = click.style("ok   ", fg="green") if finding.ok else click.style("wrong", fg="red", bold=True)
        click.echo(f"{mark}  {printable(finding.title)}: {printable(finding.detail, one_line=True)}")
        if finding.fix and not finding.ok:
            click.echo(f"       fix: {printable(finding.fix, one_line=True)}")
    return 0 if all(finding.ok for finding in findings) else 1
