"""What was asked: made once from a request, read by everything after it."""

from __future__ import annotations

from cascode_indexer.query.filters import Filters
from cascode_indexer.query.frames import Frame
from cascode_indexer.query.query import WORD, Query
from cascode_indexer.query.shape import QueryKind

__all__ = ["WORD", "Filters", "Frame", "Query", "QueryKind"]
