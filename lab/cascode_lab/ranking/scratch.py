"""Indexes of folders that are there for one measurement."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cascode_indexer.engine import Engine
from cascode_indexer.errors import IndexBusyError
from cascode_indexer.location import locate
from cascode_indexer.maintenance import clean
from cascode_indexer.model import ModelHandle


@contextlib.contextmanager
def scratch_engine(root: Path, model: ModelHandle) -> Iterator[Engine]:
    """Open an engine whose index goes with it: nobody would ask about a temporary folder again.

    Its vectors stay in the cache that workspaces share. An index that was there before stays as well.

    Args:
        root: The folder.
        model: The model.
    """
    is_new = not locate(root).directory.exists()
    try:
        with Engine([root], model=model) as engine:
            yield engine
    finally:
        if is_new:
            with contextlib.suppress(IndexBusyError):  # another process has found it, and keeps it
                clean(root)
