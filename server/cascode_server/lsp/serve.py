"""Runs the language server: for one client on standard streams or on its own socket, or on a port for several."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcParseError

from cascode_server.lsp.build import build_session
from cascode_server.lsp.framing import BadHeaderError, read_bodies
from cascode_server.lsp.parent import watch_process
from cascode_server.lsp.stdio import Streams, streams
from cascode_server.lsp.writing import LoopWriter, QueueWriter, Writer
from cascode_server.service.process import SharedParts, log_to_file, settle

if TYPE_CHECKING:
    from cascode_server.lsp.session import Session

logger = logging.getLogger(__name__)

#: Loopback only: whoever reaches the port can read the code of the workspace.
_HOST = "127.0.0.1"
#: Patience with a client that does not read its last messages.
_DRAIN_SECONDS = 1.0


def serve_stdio(process_id: int | None) -> int:
    """Serve one client on standard streams.

    Args:
        process_id: The client's process as the command line names it; its end ends the server.

    Returns:
        The exit status: 0 after ``shutdown``, else 1.
    """
    settle()
    client = streams()
    log_to_file()
    return asyncio.run(_serve_stdio(client, process_id))


def serve_tcp(port: int, process_id: int | None) -> int:
    """Serve clients on a port of this machine until interrupted, each in a session of its own.

    Args:
        port: The port; 0 for any free one, which is printed on stderr.
        process_id: A process whose end ends the server; None for none.

    Returns:
        The exit status.
    """
    settle()
    log_to_file()
    return asyncio.run(_serve_tcp(port, process_id))


def serve_client(address: int | str, process_id: int | None) -> int:
    """Serve the one client that listens somewhere, as those do that choose the place themselves.

    Args:
        address: A port of this machine, or the name of a pipe: a socket's path, on Windows ``\\\\.\\pipe\\...``.
        process_id: The client's process as the command line names it; its end ends the server.

    Returns:
        The exit status: 0 after ``shutdown``, else 1.

    Raises:
        OSError: Nobody listens there.
    """
    if isinstance(address, str):
        address = os.path.abspath(address)  # noqa: PTH100  before the folder changes
    settle()
    log_to_file()
    return asyncio.run(_serve_client(address, process_id))


async def _serve_client(address: int | str, process_id: int | None) -> int:
    """Connect, and run the session of the one client."""
    reader, writer = await _connect(address)
    return await serve_session(reader, LoopWriter(asyncio.get_running_loop(), writer), SharedParts(), process_id)


async def _connect(address: int | str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to a port of this machine or to a pipe."""
    if isinstance(address, int):
        return await asyncio.open_connection(_HOST, address)
    if sys.platform == "win32":
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.create_pipe_connection(lambda: protocol, address)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
    return await asyncio.open_unix_connection(address)


async def _serve_stdio(client: Streams, process_id: int | None) -> int:
    """Run the session of the one client."""

    def on_begin(session: Session) -> None:
        session.protocol.answered = client.answered

    reader = client.input.attach(client.begun)
    return await serve_session(reader, QueueWriter(client.output), SharedParts(), process_id, on_begin=on_begin)


async def _serve_tcp(port: int, process_id: int | None) -> int:
    """Accept clients."""
    parts = SharedParts()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logger.info("a client connected: %s", writer.get_extra_info("peername"))
        # Messages may come from any thread; only the loop may write to its connections.
        # Ctrl-C cancels what is open: before Python 3.12 asyncio reports that as a fault of the connection.
        with contextlib.suppress(asyncio.CancelledError):
            await serve_session(reader, LoopWriter(loop, writer), parts, None)

    server = await asyncio.start_server(serve, _HOST, port)
    print(f"cascode: listening on {_HOST}:{server.sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)  # noqa: T201

    def leave() -> None:
        loop.call_soon_threadsafe(ended.set)

    if process_id is not None:
        watch_process(process_id, leave)
    try:
        await ended.wait()
    finally:
        server.close()  # and no waiting for it: since Python 3.12.1 that lasts until the last client has left
    return 0


async def serve_session(
    reader: asyncio.StreamReader,
    writer: Writer,
    parts: SharedParts,
    process_id: int | None,
    *,
    on_begin: Callable[[Session], None] = lambda _session: None,
    on_end: Callable[[int], None] = lambda _status: None,
) -> int:
    """Run a session until its client leaves, or is gone.

    Args:
        reader: What the client sends.
        writer: Takes what it is sent.
        parts: What the sessions of this process share.
        process_id: The client's process; its end ends the session. None where it is not known.
        on_begin: Given the session before its first message.
        on_end: Given the exit status while the client can still be written to.

    Returns:
        The exit status.
    """
    over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def on_exit(status: int) -> None:
        if not over.done():
            over.set_result(status)

    session = build_session(parts, on_exit)
    on_begin(session)
    session.protocol.set_writer(writer)
    if process_id is not None:
        session.end_with(process_id)
    reading = asyncio.ensure_future(_read(reader, session))
    try:
        status = await over
        on_end(status)
        return status
    finally:
        reading.cancel()
        await writer.finish(_DRAIN_SECONDS)
        await asyncio.to_thread(session.stop_threads)


async def _read(reader: asyncio.StreamReader, session: Session) -> None:
    """Hand messages to the session until the stream ends."""
    async for body in read_bodies(reader):
        if isinstance(body, BadHeaderError):
            session.protocol.refuse(None, JsonRpcParseError(str(body)))
        else:
            try:
                session.protocol.receive(body)
            except Exception as error:  # a fault of ours in one message must not end the session
                logger.error("a message could not be handled: %s", error, exc_info=error)
    # The client closed the stream without ``exit``: after ``shutdown`` that is good order all the same.
    session.end(0 if session.protocol.is_shut_down else 1)
