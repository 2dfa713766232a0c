"""The server behind a relay: the resident one on a connection, or one of the relay's own as a child process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from typing import Protocol

from cascode_server.relay.start import child_options

#: Bytes taken at once.
CHUNK_BYTES = 65536
_OWN = "from cascode_server.cli.main import main; main()"


class Backend(Protocol):
    """A server on two streams."""

    #: Whether it is the relay's own, so that there is nothing behind it to fall back on.
    own: bool

    def send(self, data: bytes) -> None:
        """Send bytes; a server that is gone does not get them, which :meth:`receive` reports."""

    def receive(self) -> bytes:
        """Wait for bytes; empty at the end."""

    def finish(self) -> None:
        """Send nothing more: the client has left."""

    def close(self) -> None:
        """Let go of it."""


class Resident:
    """The server that all editors of the user share.

    Args:
        connection: A connection that was let in.
    """

    own = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, data: bytes) -> None:
        """See :meth:`Backend.send`."""
        with contextlib.suppress(OSError):
            self._connection.sendall(data)

    def receive(self) -> bytes:
        """See :meth:`Backend.receive`."""
        try:
            return self._connection.recv(CHUNK_BYTES)
        except OSError:
            return b""

    def finish(self) -> None:
        """See :meth:`Backend.finish`."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """See :meth:`Backend.close`."""
        self._connection.close()


class Child:
    """A server for this client alone.

    Args:
        process_id: The client's process as the command line names it.
    """

    own = True

    def __init__(self, process_id: int | None) -> None:
        watched = [] if process_id is None else [f"--clientProcessId={process_id}"]
        self._process = subprocess.Popen(  # noqa: S603  this very program
            [sys.executable, "-c", _OWN, "serve", "--stdio", *watched],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **child_options(),
        )

    def send(self, data: bytes) -> None:
        """See :meth:`Backend.send`."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def receive(self) -> bytes:
        """See :meth:`Backend.receive`."""
        assert self._process.stdout is not None
        try:
            return os.read(self._process.stdout.fileno(), CHUNK_BYTES)
        except (OSError, ValueError):
            return b""

    def finish(self) -> None:
        """See :meth:`Backend.finish`."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def close(self) -> None:
        """See :meth:`Backend.close`."""
        self._process.kill()
        self._process.wait()
