"""A way between a client and a server that can fall silent as an unplugged cable does: nothing is closed."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator


class Proxy:
    """Passes on what both sides say.

    Args:
        port: Of the server, on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._silent = threading.Event()
        self._ended = threading.Event()
        #: How often a client has spoken after its server had: ways there and back.
        self.turns = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        """Pass nothing on any more, and leave everything open."""
        self._silent.set()

    def close(self) -> None:
        """Take no more connections, and close those that there are."""
        self._ended.set()
        self._listener.close()

    def _accept(self) -> None:
        """Serve each client on a thread of its own."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Pass on until one side is gone."""
        with client, socket.create_connection(("127.0.0.1", self._to)) as server:
            spoke: socket.socket | None = None
            while not self._ended.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.05)
                for source in ready:
                    if self._silent.is_set():
                        self._ended.wait(0.05)
                        continue
                    data = source.recv(65_536)
                    if not data:
                        return
                    self.turns += source is client and spoke is not client
                    spoke = source
                    (server if source is client else client).sendall(data)


@contextlib.contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """Open a way to a server while the block runs.

    Args:
        port: Of the server, on 127.0.0.1.
    """
    opened = Proxy(port)
    try:
        yield opened
    finally:
        opened.close()
