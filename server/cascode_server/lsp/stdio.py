"""The standard streams of a server, and the answer to ``initialize`` before the framework is imported.

Importing pygls and lsprotocol, which makes a class of every structure of the protocol, takes longer than everything
else that an editor waits for at its start. Nothing of them is needed to say what the server can do, so the first
message is answered here, if it is a proper ``initialize``, and the session that reads it later does not answer it
again. Whatever else comes first is left to the session.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from cascode_server.relay.frames import Frames, frame
from cascode_server.relay.place import leave_folder

if TYPE_CHECKING:
    import asyncio

#: Bytes taken from standard input at once.
_READ_BYTES = 65536
#: An editor writes its first message while the process starts; without one by then, the framework is imported first.
_FIRST_SECONDS = 0.5


class Input:
    """Standard input, read on a thread: no other way works for every kind of stream.

    Args:
        stream: The stream, unbuffered.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._early: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader: tuple[asyncio.AbstractEventLoop, asyncio.StreamReader] | None = None
        threading.Thread(target=self._read, name="cascode-read", daemon=True).start()

    def take(self, seconds: float) -> bytes:
        """Return what has come, for who reads before there is an event loop; empty at the end of the stream.

        Raises:
            queue.Empty: Nothing comes for so long.
        """
        return self._early.get(timeout=seconds)

    def attach(self, begun: bytes) -> asyncio.StreamReader:
        """Return a reader of the running event loop that gets all that comes.

        Args:
            begun: What was taken before.
        """
        import asyncio  # and with it TLS, of which the first answer needs nothing

        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        with self._lock:
            self._reader = (loop, reader)
            reader.feed_data(begun)
            while not self._early.empty():
                _feed(reader, self._early.get())
        return reader

    def _read(self) -> None:
        """Read until the stream ends."""
        data = b"-"
        while data:
            try:
                data = os.read(self._stream.fileno(), _READ_BYTES)
            except OSError:
                data = b""
            with self._lock:
                if self._reader is None:
                    self._early.put(data)
                    continue
                loop, reader = self._reader
            try:
                loop.call_soon_threadsafe(_feed, reader, data)
            except RuntimeError:  # the loop has ended
                return


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of the one client."""

    input: Input
    output: BinaryIO
    #: What was read before the session.
    begun: bytes
    #: The id of an ``initialize`` that was answered; None where none was.
    answered: int | str | None


_streams: Streams | None = None


def begin() -> None:
    """Take the standard streams, and answer ``initialize`` if it comes at once."""
    global _streams
    if _streams is None:
        # Once it is answered the folder may be deleted.
        leave_folder()
        stdin, output = _take_streams()
        source = Input(stdin)
        _streams = Streams(source, output, *_answer_first(source, output))


def streams() -> Streams:
    """Return the streams, begun or not."""
    begin()
    assert _streams is not None
    return _streams


def _answer_first(source: Input, output: BinaryIO) -> tuple[bytes, int | str | None]:
    """Answer the first message; return what was read and the id that was answered."""
    frames, begun = Frames(), b""
    until = time.monotonic() + _FIRST_SECONDS
    try:
        while data := source.take(max(0.0, until - time.monotonic())):
            begun += data
            messages = frames.feed(data)
            if messages:
                return begun, _answer(messages[0][1], output)
    except queue.Empty:
        pass
    return begun, None


def _answer(body: bytes | None, output: BinaryIO) -> int | str | None:
    """Answer a message if it is a proper ``initialize``; return its id, or None."""
    from cascode_server.lsp.abilities import initialize_result
    from cascode_server.lsp.client import read_client
    from cascode_server.version import version

    try:
        message = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or (message.get("jsonrpc"), message.get("method")) != ("2.0", "initialize"):
        return None
    msg_id = message.get("id")
    if isinstance(msg_id, bool) or not isinstance(msg_id, int | str):
        return None
    try:
        result = initialize_result(read_client(message.get("params")), version())
    except Exception:  # the session meets it again, and says what is wrong
        return None
    answer = memoryview(frame(json.dumps({"jsonrpc": "2.0", "id": msg_id, "result": result}).encode()))
    try:
        while answer:
            answer = answer[output.write(answer) :]
    except OSError:  # nobody reads: the session notices as well
        pass
    return msg_id


def _feed(reader: asyncio.StreamReader, data: bytes) -> None:
    """Give bytes to a reader; no bytes are the end."""
    if data:
        reader.feed_data(data)
    else:
        reader.feed_eof()


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the real standard streams for messages; whatever a library prints goes to stderr, what it reads is empty."""
    stdin, stdout = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    sys.stdout.flush()
    os.dup2(2, 1)
    return os.fdopen(stdin, "rb", buffering=0), os.fdopen(stdout, "wb", buffering=0)
