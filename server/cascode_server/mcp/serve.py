"""Runs the server for agents: on standard streams for one client, or on a loopback port for several."""

from __future__ import annotations

import asyncio

from mcp.server.stdio import stdio_server

from cascode_server.mcp.build import build_server
from cascode_server.mcp.http import serve_http
from cascode_server.mcp.options import Options
from cascode_server.mcp.roots import default_roots
from cascode_server.mcp.workspaces import Workspaces
from cascode_server.service.process import log_to_file, settle


def serve(options: Options, port: int | None) -> None:
    """Serve clients until the one on the streams leaves, or until interrupted.

    Args:
        options: What the command line says.
        port: A port of loopback; 0 for any free one, None for standard streams.

    Raises:
        CascodeError: A workspace that was named cannot be read, or the port cannot be taken.
    """
    settle()
    log_to_file()
    asyncio.run(_serve(options, port))


async def _serve(options: Options, port: int | None) -> None:
    """Serve on the event loop."""
    workspaces = Workspaces(options)
    # On a port several clients share the workspaces: none of them decides what the others, or it, may read.
    follow_roots = port is None and not options.workspaces
    if not follow_roots:
        workspaces.serve(default_roots(options))
    server = build_server(workspaces, follow_roots=follow_roots)
    try:
        if port is not None:
            await serve_http(server, port)
            return
        async with stdio_server() as (reader, writer):
            await server.run(reader, writer, server.create_initialization_options())
    finally:
        await asyncio.to_thread(workspaces.close)
