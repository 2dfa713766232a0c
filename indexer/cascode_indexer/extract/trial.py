"""Parses one source in a process of its own: ``python -m cascode_indexer.extract.trial LANGUAGE PATH < SOURCE``.

It ends with 0 where the source was parsed, or refused in order; a parser that fails takes this process alone with it.
"""

from __future__ import annotations

import contextlib
import sys

from .engine import extract_definitions
from .errors import ExtractionError


def main() -> None:
    """Parse what stands in standard input."""
    language, path = sys.argv[1:]
    with contextlib.suppress(ExtractionError):
        extract_definitions(sys.stdin.buffer.read().decode("utf-8", "replace"), language, path=path)


if __name__ == "__main__":
    main()
