"""``cascode serve``."""

from __future__ import annotations

import logging
import os
import sys

import click

from cascode_server.cli.base import Command
from cascode_server.cli.console import fail

#: 128 plus the number of SIGINT, as a shell has it.
INTERRUPTED = 130


@click.command("serve", cls=Command)
@click.option("--stdio", is_flag=True, help="Serve one client on standard streams (the default).")
@click.option(
    "--tcp",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve clients on this port of 127.0.0.1, which every user of this machine can reach; 0 picks a free one and "
    "prints it on stderr.",
)
@click.option(
    "--clientProcessId",
    "process_id",
    type=click.IntRange(min=1),
    metavar="N",
    help="Exit when this process has ended.",
)
def command(stdio: bool, tcp: int | None, process_id: int | None) -> None:
    """Run the language server; editors start it.

    Exit status 0 after an ordered shutdown, 1 where the client left or died without one.
    """
    if stdio and tcp is not None:
        raise click.UsageError("--stdio and --tcp cannot be combined: give one of them")
    from cascode_server.lsp.serve import serve_stdio, serve_tcp

    try:
        status = serve_stdio(process_id) if tcp is None else serve_tcp(tcp, process_id)
    except KeyboardInterrupt:
        status = fail("interrupted; what was indexed is kept", INTERRUPTED)
    logging.shutdown()
    sys.stderr.flush()
    # Threads inside torch or a parser cannot be stopped, and Python would wait for them; all that they write is safe
    # against a kill.
    os._exit(status)
