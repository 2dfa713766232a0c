"""``cascode serve``."""

from __future__ import annotations

import logging
import os
import sys

import click

from cascode_server.cli.base import Command
from cascode_server.cli.console import fail
from cascode_server.cli.numbers import WholeNumber
from cascode_server.logs import debugging

#: 128 plus the number of SIGINT, as a shell has it.
INTERRUPTED = 130


@click.command("serve", cls=Command)
@click.option("--stdio", is_flag=True, help="Serve one client on standard streams (the default).")
@click.option(
    "--tcp",
    type=WholeNumber(0, 65535),
    metavar="PORT",
    help="Serve clients on this port of 127.0.0.1, which every user of this machine can reach; 0 picks a free one and "
    "prints it on stderr.",
)
@click.option(
    "--socket",
    type=WholeNumber(1, 65535),
    metavar="PORT",
    help="Serve the client that listens on this port of 127.0.0.1.",
)
@click.option("--pipe", metavar="NAME", help="Serve the client that listens on this socket file or named pipe.")
@click.option(
    "--shared",
    is_flag=True,
    help="Serve the client on standard streams from the one server that all editors of this user share; it is started "
    "where there is none, and leaves when nobody needs it.",
)
@click.option(
    "--clientProcessId",
    "process_id",
    type=WholeNumber(min=1),
    metavar="N",
    help="Exit when this process has ended.",
)
def command(
    stdio: bool, tcp: int | None, socket: int | None, pipe: str | None, shared: bool, process_id: int | None
) -> None:
    """Run the language server; editors start it.

    Exit status 0 after an ordered shutdown, 1 where the client left or died without one.
    """
    # Client libraries add --stdio by themselves, and a shared server is reached on the same streams.
    given = {
        "--stdio": (stdio and not shared) or None,
        "--shared": shared or None,
        "--tcp": tcp,
        "--socket": socket,
        "--pipe": pipe,
    }
    ways = [option for option, value in given.items() if value is not None]
    if len(ways) > 1:
        raise click.UsageError(f"{' and '.join(ways)} cannot be combined: give one of them")
    if shared and debugging():
        raise click.UsageError(
            "--shared and --debug cannot be combined, since the shared server may run already: set log.level to debug "
            "in the editor's settings or in cascode.toml"
        )
    if shared:
        from cascode_server.relay.relay import leave_with, relay

        leave_with(lambda: relay(process_id))
    try:
        status = _serve(tcp, socket or pipe, process_id)
    except KeyboardInterrupt:
        status = fail("interrupted; what was indexed is kept", INTERRUPTED)
    logging.shutdown()
    sys.stderr.flush()
    # Threads inside the model or a parser cannot be stopped, and Python would wait for them; all that they write is
    # safe against a kill.
    os._exit(status)


def _serve(tcp: int | None, client: int | str | None, process_id: int | None) -> int:
    """Serve in the way that was asked for."""
    from cascode_server.lsp.serve import serve_client, serve_stdio, serve_tcp

    if tcp is not None:
        return serve_tcp(tcp, process_id)
    if client is None:
        return serve_stdio(process_id)
    try:
        return serve_client(client, process_id)
    except OSError as error:
        where = f"port {client} of 127.0.0.1" if isinstance(client, int) else client
        reason = error.strerror or type(error).__name__
        raise click.ClickException(
            f"no client listens on {where} ({reason}): an editor gives this option, --tcp waits for clients"
        ) from error
