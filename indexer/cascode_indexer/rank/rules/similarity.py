"""The vectors of query and definition are close."""

from __future__ import annotations

from cascode_indexer.query import Query
from cascode_indexer.rank.rules.words import relative_bm25
from cascode_indexer.rank.types import Candidate, Pool, Rule


def similarity(_query: Query, candidate: Candidate, pool: Pool) -> float:
    """Return the cosine of query and definition.

    A definition without a vector yet has its words speak for it: the best match by words stands level with the best
    similarity of the others, one that shares no word with the weakest. So a half-built index puts the definition that
    is asked for near the top, whether it is encoded by then or not.
    """
    if candidate.similarity is not None:
        return candidate.similarity
    return pool.least_similarity + relative_bm25(candidate, pool) * (pool.best_similarity - pool.least_similarity)


RULE = Rule("similarity", "meaning", "the encoder was trained to put a question near its answer", similarity)
