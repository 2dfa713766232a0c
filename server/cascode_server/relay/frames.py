"""Whole messages out of a stream of bytes, exactly as they came."""

from __future__ import annotations

import re

#: The header ends at an empty line.
_HEADER = re.compile(rb"((?:[^\r\n]+\r?\n)+)\r?\n")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,10})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
#: A header without an end after so many bytes is none.
_LONGEST_HEADER = 8192


class Frames:
    """Splits a stream into messages.

    Where a header cannot be read, everything from there on is handed on as it comes: the server says what is wrong with
    it, and finds the next message by itself.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self.lost = False

    def feed(self, data: bytes) -> list[tuple[bytes, bytes | None]]:
        """Take bytes of the stream.

        Returns:
            Each message that is complete by now, and its body; the body is None for bytes that could not be read.
        """
        if self.lost:
            return [(data, None)]
        self._rest += data
        found: list[tuple[bytes, bytes | None]] = []
        while self._rest:
            header = _HEADER.match(self._rest, 0, _LONGEST_HEADER)
            if header is None:
                # A header's part that has not come whole yet, or what will never be one.
                self.lost = len(self._rest) >= _LONGEST_HEADER or bytes(self._rest[:1]) in (b"\r", b"\n", b"{")
                break
            length = _LENGTH.search(header[1])
            if length is None:
                self.lost = True
                break
            end = header.end() + int(length[1])
            if len(self._rest) < end:
                break
            message = bytes(self._rest[:end])
            found.append((message, message[header.end() :]))
            del self._rest[:end]
        if self.lost:
            found.append((bytes(self._rest), None))
            self._rest.clear()
        return found


def frame(body: bytes) -> bytes:
    """Return a message with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
