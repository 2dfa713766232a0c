"""``cascode completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cascode_server.cli.base import Command


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(cascode completion bash)"      in ~/.bashrc
    zsh:   eval "$(cascode completion zsh)"       in ~/.zshrc
    fish:  cascode completion fish | source       in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "cascode", "_CASCODE_COMPLETE").source())
    return 0
