"""From a request to a query: what a person or a client sent, checked once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cascode_indexer.errors import QueryError
from cascode_indexer.query import Filters, Query
from cascode_indexer.query.filters import refuse_whole_paths
from cascode_indexer.search.types import SearchRequest


def query_of(request: SearchRequest, roots: Iterable[Path] = ()) -> Query:
    """Return the query of a request.

    Args:
        request: The request.
        roots: The workspaces that are searched, where they are known.

    Raises:
        QueryError: An empty query, an unknown language or kind, a glob that matches nothing, or a number out of range.
    """
    if not request.query.strip():
        raise QueryError("the query is empty: ask in plain words, for instance 'where do we retry a failed upload'")
    if request.limit < 1:
        raise QueryError(f"limit must be 1 or more, not {request.limit}")
    if request.rerank_top is not None and request.rerank_top < 0:
        raise QueryError(f"rerank-top must be 0 or more, not {request.rerank_top}")
    if request.poly_top < 0:
        raise QueryError(f"poly-top must be 0 or more, not {request.poly_top}")
    refuse_whole_paths(request.paths, [root.as_posix() for root in roots])
    filters = Filters.parse(request.languages, request.kinds, request.paths)
    # Half of a character, as editors may send it, is nothing that SQLite or the model can take.
    return Query.of(request.query.encode("utf-8", "replace").decode("utf-8"), filters)
