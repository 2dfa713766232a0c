"""Messages on a stream of bytes: header lines, an empty line, a body.

A wrong Content-Length costs the message it belongs to and at most the next one. JSON holds no line breaks, so that the
rest of a body and the header after it stand on one line, which ends with a length again.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator

logger = logging.getLogger(__name__)

#: Editors stop sending files at 50 MB, and JSON at worst doubles them; more than this is not a message of an editor.
MAX_BODY_BYTES = 256 * 1024 * 1024
#: Bytes taken at once where a body is thrown away.
_CHUNK_BYTES = 65536


#: Also behind the rest of a body that was longer than its header said.
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n?\Z", re.IGNORECASE)
#: The first line of a request of a browser.
_HTTP = re.compile(rb"[A-Z]+ \S+ HTTP/\d")


class BadHeaderError(Exception):
    """A header without a usable length; reading continues at the next header."""


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
            logger.info("the stream ended in the middle of a message")
            return
        except ConnectionError as error:
            logger.info("the connection broke: %s", error)
            return


async def _read_header(reader: asyncio.StreamReader) -> int | None:
    """Read header lines up to the empty one and return the length of the body; None where there are no more messages.

    Raises:
        BadHeaderError: There is no length among them.
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
        if lines == 0 and _HTTP.match(line):
            # A web page can make its browser post to a port of this machine: the body would be taken for a message.
            logger.warning("rejected a client that speaks HTTP")
            return None
        if line.strip():
            lines += 1
            found = _LENGTH.search(line)
            if found is not None:
                length = int(found[1])
                if found.start():
                    logger.warning("a message was longer than its header said: %d bytes are skipped", found.start())
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
