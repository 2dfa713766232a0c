"""Source bytes to a syntax tree, within a time limit."""

from __future__ import annotations

import re
import time

from tree_sitter import Parser, Tree

from .errors import ExtractionError
from .grammars import Grammar

#: Real files of 1 MiB parse in 0.2 s; only input built to hurt the parser takes this long.
TIME_LIMIT_SECONDS = 10.0
#: Bytes handed to the parser a call; large enough that the calls cost nothing.
_CHUNK = 1 << 16
_LONE_CR = re.compile(rb"\r(?!\n)")


def parse(grammar: Grammar, data: bytes) -> Tree:
    """Parse a source.

    Args:
        grammar: The language.
        data: UTF-8 text. A lone CR ends a line for editors but not for the grammars: they are shown LF.

    Returns:
        A tree whose byte offsets are those of ``data``.

    Raises:
        ExtractionError: Parsing took longer than ``TIME_LIMIT_SECONDS``.
    """
    shown = _LONE_CR.sub(b"\n", data) if b"\r" in data else data
    if grammar.spec.mask is not None:
        shown = grammar.spec.mask(shown)
    deadline = time.monotonic() + TIME_LIMIT_SECONDS
    late = False

    def progress(_offset: int, _has_error: bool) -> bool:
        nonlocal late
        late = time.monotonic() > deadline
        return late

    try:
        return Parser(grammar.language).parse(
            lambda offset, _point: shown[offset : offset + _CHUNK], progress_callback=progress
        )
    except ValueError as problem:
        if not late:
            raise
        raise ExtractionError(
            f"{grammar.spec.id} source of {len(data)} bytes takes over {TIME_LIMIT_SECONDS:g} s to parse; "
            "name it in .cascodeignore"
        ) from problem
