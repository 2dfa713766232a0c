"""The best of the other definitions of the file is close to the query."""

from __future__ import annotations

from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule


def file_similarity(_query: Query, candidate: Candidate, pool: Pool) -> float:
    """Return the greatest similarity of the file's other candidates; 0 where there is no other."""
    first, second = pool.file_similarities[candidate.file]
    return second if candidate.similarity == first else first


RULE = Rule(
    "file_similarity",
    "rest of the file",
    "several good definitions in a file say that the file is about the question",
    file_similarity,
)
