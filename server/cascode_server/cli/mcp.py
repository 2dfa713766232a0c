"""``cascode mcp``."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from cascode_server.cli.base import Command
from cascode_server.cli.configuration import model_name, read_settings
from cascode_server.cli.console import fail, note
from cascode_server.cli.current_directory import current_directory
from cascode_server.cli.numbers import WholeNumber
from cascode_server.cli.options import workspace_option
from cascode_server.cli.serve import INTERRUPTED


@click.command("mcp", cls=Command)
@workspace_option
@click.option("--stdio", is_flag=True, help="Serve one client on standard streams (the default).")
@click.option(
    "--http",
    type=WholeNumber(0, 65535),
    metavar="PORT",
    help="Serve clients on this port of 127.0.0.1 that send the token; 0 takes a free port and names it on stderr.",
)
@click.option(
    "--model",
    metavar="DIR|NAME",
    help="Model folder, or a name in the local Hugging Face cache (default: the bundled one).",
)
def command(workspaces: tuple[Path, ...], stdio: bool, http: int | None, model: str | None) -> None:
    """Search for agents: a server of the Model Context Protocol, which their clients start.

    Without --workspace the client's roots are searched, or the current directory. Over HTTP clients send
    'Authorization: Bearer TOKEN' with the token in CASCODE_MCP_TOKEN, or with the one that is printed. Needs
    pip install "cascode[mcp]".
    """
    if stdio and http is not None:
        raise click.UsageError("--stdio and --http cannot be combined: give one of them")
    found = read_settings(workspaces)
    for problem in found.problems:
        note(f"cascode: {problem}")
    from cascode_server.mcp.options import Options
    from cascode_server.mcp.serve import serve

    options = Options(
        workspaces=tuple(workspace.expanduser().absolute() for workspace in workspaces),
        started_in=current_directory().absolute(),
        model=_absolute(model or model_name(found.settings) or ""),
    )
    status = 0
    try:
        serve(options, http)
    except KeyboardInterrupt:
        status = fail("interrupted; what was indexed is kept", INTERRUPTED)
    logging.shutdown()
    sys.stderr.flush()
    # As the language server: threads inside the model or a parser cannot be stopped, and Python would wait for them.
    os._exit(status)


def _absolute(model: str) -> str:
    """A model as it is found from any folder; a name stays what it is."""
    folder = Path(model).expanduser()
    return str(folder.absolute()) if model and folder.is_dir() else model
