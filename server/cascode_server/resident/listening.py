"""How clients reach the resident server: by a socket file in a folder of its user alone, or by a port and a token."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from cascode_server.relay.greeting import HOST
from cascode_server.relay.place import Place

#: A command's question is one line; the longest query that is read has 20,000 characters, of up to 12 bytes as JSON.
LONGEST_LINE = 1024 * 1024

Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that can be reached."""

    server: asyncio.Server
    #: What a client has to say; empty where the file system keeps everybody else out.
    token: str


@contextlib.asynccontextmanager
async def listen(place: Place, accept: Accept) -> AsyncIterator[Listening]:
    """Let clients in while the block runs; the caller holds the lock of the place.

    Args:
        place: Where clients look.
        accept: Called with each connection.
    """
    # What a server that was killed has left is nobody's: the lock says that it is dead.
    place.socket.unlink(missing_ok=True)
    place.port.unlink(missing_ok=True)
    if place.by_socket:
        before = os.umask(0o077)  # the folder keeps others out; so does the file
        try:
            server = await asyncio.start_unix_server(accept, str(place.socket), limit=LONGEST_LINE)
        finally:
            os.umask(before)
        token, found = "", place.socket
    else:
        token, found = secrets.token_urlsafe(32), place.port
        server = await asyncio.start_server(accept, HOST, 0, limit=LONGEST_LINE)
        port = server.sockets[0].getsockname()[1]
        _write_private(place.port, json.dumps({"port": port, "token": token}))
    try:
        yield Listening(server, token)
    finally:
        found.unlink(missing_ok=True)
        server.close()


def _write_private(path: Path, text: str) -> None:
    """Write a file whole, for its owner's eyes only from its first byte."""
    part = path.with_suffix(".part")
    with open(part, "w", encoding="ascii", opener=_open_private) as file:
        file.write(text)
    part.replace(path)


def _open_private(path: str, flags: int) -> int:
    """Open a file with the owner's rights only."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
