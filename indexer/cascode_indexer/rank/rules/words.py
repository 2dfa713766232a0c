"""The definition holds the words of the query."""

from __future__ import annotations

from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule


def relative_bm25(candidate: Candidate, pool: Pool) -> float:
    """Return BM25 over the best BM25 of the query: 0 to 1."""
    return candidate.bm25 / pool.best_bm25


def _measure(_query: Query, candidate: Candidate, pool: Pool) -> float:
    return relative_bm25(candidate, pool)


RULE = Rule("words", "words", "who remembers a word of the code finds it by that word", _measure)
