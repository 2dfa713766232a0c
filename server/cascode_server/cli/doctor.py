"""``cascode doctor``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cascode import checked_root
from cascode_server.cli.base import Command
from cascode_server.cli.configuration import model_name, read_settings
from cascode_server.cli.current_directory import current_directory
from cascode_server.cli.options import FOLDER
from cascode_server.logs import log_directory, recent_logs
from cascode_server.service.printable import printable
from cascode_server.settings import WORKSPACE_FILE, user_file

if TYPE_CHECKING:
    from cascode import Finding


@click.command("doctor", cls=Command)
@click.argument("workspaces", nargs=-1, type=FOLDER, metavar="[WORKSPACE]...")
def command(workspaces: tuple[Path, ...]) -> int:
    """Find problems and say how to fix them.

    Looks at the installation, the model, the settings and the indexes of WORKSPACE, else of the current directory,
    and shows where configuration and logs are. Exit status 1 if something is wrong.
    """
    from cascode import diagnose

    roots = [checked_root(root) for root in workspaces or (current_directory(),)]
    model = model_name(read_settings(roots).settings)
    findings = [*diagnose(roots, model=model), *_configuration(roots), _logs(), _resident()]
    for finding in findings:
        mark = click.style("ok   ", fg="green") if finding.ok else click.style("wrong", fg="red", bold=True)
        click.echo(f"{mark}  {printable(finding.title)}: {printable(finding.detail, one_line=True)}")
        if finding.fix and not finding.ok:
            click.echo(f"       fix: {printable(finding.fix, one_line=True)}")
    return 0 if all(finding.ok for finding in findings) else 1


def _configuration(roots: Sequence[Path]) -> Iterator[Finding]:
    """Say which configuration files there are, and what is wrong in them."""
    from cascode import Finding

    problems: dict[str, None] = {}
    for root in roots:
        problems |= dict.fromkeys(read_settings([root]).problems)
    for problem in problems:
        yield Finding(False, "settings", problem, "fix that line; 'cascode settings' shows what is in force")
    if not problems:
        files = [user_file(), *(root / WORKSPACE_FILE for root in roots)]
        listed = ", ".join(f"{file}{'' if file.is_file() else ' (not found)'}" for file in files)
        yield Finding(True, "settings", listed)


def _logs() -> Finding:
    """Say where the language server writes its log."""
    from cascode import Finding

    newest = next(iter(recent_logs()), None)
    return Finding(True, "logs", f"{log_directory()}: newest {newest.name}" if newest else f"{log_directory()}: none")


def _resident() -> Finding:
    """Say whether editors share a server at the moment."""
    from cascode import Finding
    from cascode_server.relay.greeting import RefusedError, call
    from cascode_server.relay.place import PlaceError, find_place

    try:
        place = find_place()
        call(place, "command").close()
    except ConnectionError:
        return Finding(True, "shared server", "none runs")
    except (PlaceError, RefusedError) as error:
        return Finding(False, "shared server", str(error), "end its process; editors do without it until then")
    try:
        process = place.lock.read_text(encoding="ascii").strip()
    except (OSError, ValueError):  # it answers all the same
        process = "of unknown number"
    return Finding(True, "shared server", f"process {process} in {place.directory}")
