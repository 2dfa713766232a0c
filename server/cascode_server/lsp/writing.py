"""Writing to the client from any thread, so that a client that does not read never holds the event loop."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from typing import BinaryIO, Protocol

logger = logging.getLogger(__name__)


class Writer(Protocol):
    """Takes messages for the client."""

    def write(self, data: bytes) -> None:
        """Queue a message; safe to call from any thread."""

    def close(self) -> None:
        """Write nothing after what is queued now."""

    async def finish(self, seconds: float) -> None:
        """Write what is queued and end, with so much patience for a client that does not read."""


class QueueWriter:
    """Writes to a pipe from a thread of its own, in the order in which messages came.

    Args:
        stream: An unbuffered stream.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="cascode-write", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """See :meth:`Writer.write`."""
        self._queue.put(data)

    def close(self) -> None:
        """See :meth:`Writer.close`."""
        self._queue.put(None)

    async def finish(self, seconds: float) -> None:
        """See :meth:`Writer.finish`."""
        self.close()
        await asyncio.to_thread(self._thread.join, seconds)

    def _run(self) -> None:
        """Write until closed; where nobody listens, what comes is dropped."""
        alive = True
        while (data := self._queue.get()) is not None:
            view = memoryview(data)
            try:
                while alive and view:
                    view = view[self._stream.write(view) :]
            except (OSError, ValueError) as error:  # ValueError: the file was closed
                logger.info("the client no longer reads: %s", error)
                alive = False


class LoopWriter:
    """Writes to a connection of the event loop.

    Args:
        loop: The event loop.
        writer: Its connection.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, writer: asyncio.StreamWriter) -> None:
        self._loop = loop
        self._writer = writer

    def write(self, data: bytes) -> None:
        """See :meth:`Writer.write`."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._write, data)

    def close(self) -> None:
        """See :meth:`Writer.close`."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._writer.close)

    async def finish(self, seconds: float) -> None:
        """See :meth:`Writer.finish`."""
        await asyncio.sleep(0)  # what threads queued goes first
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), seconds)
        except (OSError, asyncio.TimeoutError) as error:
            logger.info("the connection did not close cleanly: %s", error)
            self._writer.transport.abort()

    def _write(self, data: bytes) -> None:
        """Write on the event loop."""
        if not self._writer.is_closing():
            self._writer.write(data)
