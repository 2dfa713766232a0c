"""``cascode settings``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cascode import checked_root
from cascode_server.cli.base import Command
from cascode_server.cli.configuration import read_settings
from cascode_server.cli.console import note
from cascode_server.cli.options import FOLDER
from cascode_server.service.printable import printable
from cascode_server.settings.leaves import LEAVES, value_of


@click.command("settings", cls=Command)
@click.argument("workspace", required=False, type=FOLDER)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "markdown", "schema", "vscode"]),
    default="text",
    show_default=True,
    help="Print the values as text, or describe all settings: as a document, as a JSON schema of cascode.toml, or for "
    "VS Code.",
)
def command(workspace: Path | None, format_name: str) -> int:
    """Show the settings and where each comes from.

    They come from cascode.toml in WORKSPACE (default: the current directory) and in your configuration folder.
    Exit status 1 where a file holds something that was ignored.
    """
    if format_name != "text":
        from cascode_server.settings import render

        if format_name == "markdown":
            click.echo(render.markdown(), nl=False)
        else:
            made = render.json_schema() if format_name == "schema" else render.vscode_configuration()
            click.echo(json.dumps(made, indent=2))
        return 0
    found = read_settings([checked_root(workspace)] if workspace else [])
    width = max(map(len, LEAVES))
    for key, leaf in LEAVES.items():
        held = value_of(found.settings, leaf)
        value = "(hidden)" if leaf.about.secret and held else json.dumps(held, ensure_ascii=False)
        origin = found.origins.get(key, "default")
        click.echo(f"{key:<{width}}  {printable(f'{value}  ({origin})', one_line=True)}")
    for problem in found.problems:
        note(f"cascode: {problem}")
    return 1 if found.problems else 0
