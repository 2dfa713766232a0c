"""Command and group classes: ``--debug`` everywhere, and help where nothing was asked."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from cascode_server.cli.console import StderrHandler
from cascode_server.cli.lazy import LazyCommands
from cascode_server.logs import set_level


def _set_up_logging(_context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """Send warnings to stderr, one plain line each; everything of ours where ``--debug`` asks for it."""
    root = logging.getLogger()
    if not any(isinstance(handler, StderrHandler) for handler in root.handlers):
        root.addHandler(StderrHandler())
        root.setLevel(logging.WARNING)
    if value:
        set_level("debug")


class ReaderGoneError(Exception):
    """Whoever read stdout has gone; click would make a plain exit of the broken pipe, with the status of no hits."""


class WorkInterruptedError(Exception):
    """The person stopped the command; the message says what remains of its work."""


@contextmanager
def on_interrupt(remains: str) -> Iterator[None]:
    """Where the person stops what runs inside, or the command so decorated, say what remains and how to continue.

    Args:
        remains: What follows "interrupted; ".
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise WorkInterruptedError(remains) from error


class _Debuggable(click.Command):
    """A command that takes ``--debug``, and whose usage errors know it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--debug"],
                is_flag=True,
                expose_value=False,
                callback=_set_up_logging,
                help="Log what happens inside, and show the traceback of an error.",
            )
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if error.ctx is None:
                error.ctx = ctx
            raise
        except BrokenPipeError as error:
            raise ReaderGoneError from error


class Command(_Debuggable):
    """A command."""


class Group(_Debuggable, click.Group):
    """A group of commands; alone it shows its help."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help where no command is named: that is a question, not a mistake."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit(0)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Commands in the order in which they are of use, not by the alphabet."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; where they are loaded when they run, without loading any."""
        commands = self.commands
        if not isinstance(commands, LazyCommands):
            super().format_commands(ctx, formatter)
            return
        with formatter.section("Commands"):
            formatter.write_dl([(name, commands.summary(name)) for name in commands])
