"""Messages on a stream of bytes: header lines, an empty line, a body."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

_log = logging.getLogger(__name__)

#: Editors stop sending files at 50 MB, and JSON at worst doubles them; more than this is no message of an editor.
MAX_BODY_BYTES = 256 * 1024 * 1024
#: Bytes taken at once where a body is thrown away.
_CHUNK_BYTES = 65536


class BadHeaderError(Exception):
    """A header that tells no usable length; the stream is read on from the next header."""


async def read_bodies(reader: asyncio.StreamReader) -> AsyncIterator[bytes | BadHeaderError]:
    """Give the body of each message until the stream ends.

    Args:
        reader: The stream.

    Yields:
        A body, or what is wrong with a header.
    """
    while True:
        try:
            length = await _read_header(reader)
            if length is None:
                return
            if length > MAX_BODY_BYTES:
                await _skip(reader, length)
                yield BadHeaderError(f"a message of {length} bytes is larger than {MAX_BODY_BYTES}")
                continue
            yield await reader.readexactly(length)
        except BadHeaderError as error:
            yield error
        except asyncio.IncompleteReadError:
            _log.info("the stream ended inside a message")
            return
        except ConnectionError as error:
            _log.info("the connection broke: %s", error)
            return


async def _read_header(reader: asyncio.StreamReader) -> int | None:
    """Read header lines up to the empty one and return the length of the body; None where there are no more messages.

    Raises:
        BadHeaderError: They tell no length.
    """
    length: int | None = None
    lines = 0
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # a line longer than the reader's limit: it was dropped
            raise BadHeaderError("a header line is too long") from None
        if not line:
            return None
        if b" HTTP/" in line:
            # A web page can make its browser post to a port of this machine: the body would be taken for a message.
            _log.warning("a client that speaks HTTP is turned away")
            return None
        name, _, value = line.partition(b":")
        if line.strip():
            lines += 1
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                length = int(value)
        elif length is not None:
            return length
        elif lines:
            raise BadHeaderError("the header has no Content-Length")


async def _skip(reader: asyncio.StreamReader, length: int) -> None:
    """Throw away a body."""
    while length:
        chunk = await reader.read(min(length, _CHUNK_BYTES))
        if not chunk:
            return
        length -= len(chunk)
