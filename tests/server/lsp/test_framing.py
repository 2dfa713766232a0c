"""Messages on a stream of bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from cascode_server.lsp.framing import BadHeaderError, read_bodies


def bodies(data: bytes) -> Sequence[bytes | BadHeaderError]:
    """What is read from a stream that ends after some bytes."""

    async def read() -> list[bytes | BadHeaderError]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return [body async for body in read_bodies(reader)]

    return asyncio.run(read())


MESSAGE = b"Content-Length: 2\r\n\r\n{}"


def test_messages_are_read_one_after_the_other() -> None:
    """Until the stream ends."""
    assert bodies(MESSAGE * 3) == [b"{}"] * 3


@pytest.mark.parametrize("path", [b"/", b"/a:b"])
def test_a_browser_is_turned_away(path: bytes) -> None:
    """What a web page posts to the port is no message, and nothing after it is."""
    post = b"POST " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + MESSAGE
    assert bodies(post + MESSAGE) == []
