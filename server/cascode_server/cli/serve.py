"""``cascode serve``: a place held for the language server."""

from __future__ import annotations

import click

from cascode_server.cli.base import Command


@click.command("serve", cls=Command, hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def command(options: tuple[str, ...]) -> int:  # noqa: ARG001  whatever it will take
    """Run the language server."""
    raise click.ClickException("the language server is not in this version yet: use 'cascode search'")
