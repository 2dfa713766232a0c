"""Bytes to text: the encoding a file declares, else UTF-8, else the legacy encoding it is most likely in."""

from __future__ import annotations

import codecs
import logging
import re

from ..extract import declares_encoding
from ..types import SkipReason

log = logging.getLogger(__name__)

#: A NUL byte this early marks a binary file, as in git.
_BINARY_BLOCK = 8000
#: UTF-32 first: its little-endian mark begins with UTF-16's.
MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: PEP 263; Ruby's magic comment has the same form.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
#: Bytes a guess is made from. A whole megabyte takes seconds and shows no more.
_GUESS_BYTES = 64 * 1024
#: Share of "mess" above which charset-normalizer's guess is not text; its default of 0.2 lets noise through.
_MAX_MESS = 0.1
#: Share of control characters above which decoded text is none: a few occur in strings, soups of them do not.
_MAX_CONTROLS = 0.02
#: The same of bytes in no encoding: a damaged file has a few.
_MAX_UNDECODED = 0.02
#: Share of stray bytes among characters beyond ASCII below which a text is UTF-8: a name pasted from elsewhere.
_MAX_STRAY = 0.2
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def decode(content: bytes, language: str = "") -> str | SkipReason:
    """Decode a file.

    Args:
        content: All of it.
        language: Its language id: Python and Ruby files may declare their encoding in a comment.

    Returns:
        The text with its line ends as they are and without a byte order mark, or why it is none.
    """
    encoding = "utf-8"
    for mark, marked in MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], marked
            break
    if encoding != "utf-8":
        wide = content.decode(encoding, "replace")
        return SkipReason.NOT_TEXT if _is_undecoded(wide) else wide
    if b"\0" in content[:_BINARY_BLOCK]:
        return SkipReason.BINARY
    text = _strict(content, "utf-8")
    if text is None and declares_encoding(language):
        text = _by_cookie(content)
    if text is None:
        text = _nearly_utf8(content)
    if text is None:
        text = _by_guess(content)
    if text is None:
        text = content.decode("utf-8", "replace")
        if _is_undecoded(text):
            return SkipReason.NOT_TEXT
    return SkipReason.NOT_TEXT if len(_CONTROLS.findall(text)) > _MAX_CONTROLS * len(text) else text


def _is_undecoded(text: str) -> bool:
    """Whether more bytes were replaced than a damaged file has."""
    return text.count("\ufffd") > _MAX_UNDECODED * len(text)


def _strict(content: bytes, encoding: str) -> str | None:
    """Decode, None where the bytes are not of that encoding."""
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _by_cookie(content: bytes) -> str | None:
    """Decode as the comment in the first two lines says."""
    first_two = b"\n".join(content.split(b"\n", 2)[:2])
    match = _COOKIE.search(first_two)
    if match is None:
        return None
    name = match[1].decode("ascii", "replace")
    try:
        if not codecs.lookup(name)._is_text_encoding:
            return None  # "rot13", "zlib"...: codecs, but of no text
    except LookupError:
        log.debug("unknown encoding %r in a coding comment", name)
        return None
    return _strict(content, name)


def _nearly_utf8(content: bytes) -> str | None:
    """Decode as UTF-8 with a replacement for stray bytes, where nearly all that is not ASCII is UTF-8."""
    text = content.decode("utf-8", "replace")
    stray = text.count("\ufffd")
    others = len(text) - len(text.encode("ascii", "ignore")) - stray
    # In another encoding hardly two bytes in a row are a character of UTF-8.
    return text if others and stray <= max(1, _MAX_STRAY * others) else None


def _by_guess(content: bytes) -> str | None:
    """Decode with the most likely legacy encoding."""
    from charset_normalizer import from_bytes

    best = from_bytes(content[:_GUESS_BYTES], threshold=_MAX_MESS).best()
    if best is None:
        return None
    text = _strict(content, best.encoding)
    if text is None:
        log.debug("guessed %s from the first bytes, but the rest is not", best.encoding)
    return text
