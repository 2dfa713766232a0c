"""Reading one source file: its text, or why it is not read for functions."""

from __future__ import annotations

import logging
import os
import re
import stat

from ..extract import is_notebook, most_bytes, read_notebook
from ..types import DEFAULT_MAX_FILE_BYTES, SkipReason, SourceFile
from .decoding import decode
from .generated import has_generated_notice
from .walker import OPEN_FLAGS

log = logging.getLogger(__name__)

#: Characters in a line above which nobody wrote it by hand: style guides stop at 120, SQL and test data at a
#: few thousand.
_LONG_LINE = 5000
#: Share of a file in long lines of code above which it is minified.
_LONG_SHARE = 0.5
#: Share of brackets and semicolons above which a long line holds code: minified JavaScript has a tenth and more,
#: a literal, a table of numbers or an encoded image next to none.
_CODE_SHARE = 0.03
_CODE_SIGNS = "(){};"
#: A literal may hold any signs.
_LITERAL = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
#: No parser, encoder or editor is helped by a longer line, whatever stands around it.
_MAX_LINE = 256 * 1024
#: Bytes a read asks for at once.
_BLOCK = 256 * 1024


def read_source(file: SourceFile, max_bytes: int = DEFAULT_MAX_FILE_BYTES) -> str | SkipReason:
    """Read a file found by the walk.

    It may have changed since: it is opened without following a link, looked at again, and never read further
    than ``max_bytes`` even while it grows.

    Args:
        file: The file.
        max_bytes: Larger files are left out.

    Returns:
        Its text with its line ends as they are, or why there is none: ``UNREADABLE`` where it vanished,
        may not be read or is not a regular file any more. Of a notebook the code of its cells.
    """
    content = read_bytes(file, max_bytes)
    if isinstance(content, SkipReason):
        return content
    return source_text(content, file.language, path=file.path, is_wanted=file.is_wanted)


def read_text(file: SourceFile, max_bytes: int) -> str | SkipReason:
    """Read a file's text as it is, a notebook's JSON too; arguments and reasons as in :func:`read_source`."""
    content = read_bytes(file, max_bytes)
    return content if isinstance(content, SkipReason) else decode(content, file.language)


def read_bytes(file: SourceFile, max_bytes: int) -> bytes | SkipReason:
    """Read a file's bytes; arguments and reasons as in :func:`read_source`."""
    max_bytes = most_bytes(file.path, max_bytes)
    try:
        descriptor = os.open(file.absolute, OPEN_FLAGS)
    except (OSError, ValueError) as error:
        log.info("not read: %s (%s)", file.path, error)
        return SkipReason.UNREADABLE
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return SkipReason.UNREADABLE
        if status.st_size > max_bytes:
            return SkipReason.TOO_LARGE
        blocks: list[bytes] = []
        left = max_bytes + 1
        while left > 0 and (block := os.read(descriptor, min(left, _BLOCK))):
            blocks.append(block)
            left -= len(block)
    except OSError as error:
        log.info("not read: %s (%s)", file.path, error)
        return SkipReason.UNREADABLE
    finally:
        os.close(descriptor)
    return b"".join(blocks) if left > 0 else SkipReason.TOO_LARGE


def source_text(content: bytes, language: str = "", *, path: str = "", is_wanted: bool = False) -> str | SkipReason:
    """Turn a file's bytes into text that is worth parsing.

    Args:
        content: All of the file.
        language: Its language id.
        path: Notebooks are recognised by it.
        is_wanted: Whether it is read though it may be generated or minified.

    Returns:
        The text, or why it is left out: ``BINARY``, ``NOT_TEXT``, ``LINE_TOO_LONG`` or ``GENERATED``; a notebook also
        for ``TOO_LARGE`` and ``PARSE_FAILURE``.
    """
    text = decode(content, language)
    return text if isinstance(text, SkipReason) else text_worth_parsing(text, path, is_wanted=is_wanted)


def text_worth_parsing(text: str, path: str, *, is_wanted: bool = False) -> str | SkipReason:
    """Return what is parsed of a decoded file, or why it is left out; as :func:`source_text`."""
    if is_notebook(path):
        code = code_of_notebook(text)
        if isinstance(code, SkipReason):
            return code
        text = code
    return text if is_wanted else text_or_reason(text)


def code_of_notebook(text: str) -> str | SkipReason:
    """Return the code of a notebook's cells, or why there is none: ``PARSE_FAILURE`` or ``TOO_LARGE``."""
    if not text.strip():  # made, and not saved by an editor yet
        return ""
    notebook = read_notebook(text)
    if notebook is None:
        return SkipReason.PARSE_FAILURE
    code = notebook.code
    return SkipReason.TOO_LARGE if len(code) > DEFAULT_MAX_FILE_BYTES else code


def text_or_reason(text: str) -> str | SkipReason:
    """Return a decoded text, or why it is not worth parsing: ``LINE_TOO_LONG`` or ``GENERATED``."""
    line_break = "\n" if "\n" in text else "\r"  # old Mac files know carriage returns only
    if _has_long_line(text, line_break):
        long_lines = [line for line in text.split(line_break) if len(line) >= _LONG_LINE]
        code = sum(len(line) for line in long_lines if _is_code(line))
        if code > _LONG_SHARE * len(text) or max(map(len, long_lines)) > _MAX_LINE:
            return SkipReason.LINE_TOO_LONG
    if has_generated_notice(text):
        return SkipReason.GENERATED
    return text


def _has_long_line(text: str, line_break: str) -> bool:
    """Whether any line is long, looked for in strides: that spares nearly every file a look at each of its lines."""
    start = 0
    while start + _LONG_LINE <= len(text):
        last = text.rfind(line_break, start, start + _LONG_LINE)
        if last < 0:
            return True
        start = last + 1
    return False


def _is_code(line: str) -> bool:
    """Whether a long line holds statements, not one literal."""
    rest = _LITERAL.sub("", line)
    return sum(map(rest.count, _CODE_SIGNS)) > _CODE_SHARE * len(line)
