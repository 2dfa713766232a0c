"""Every token of the query finds a token of the definition that means the same."""

from __future__ import annotations

from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule


def late(_query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return how far late interaction is above its mean over the candidates; 0 for what it did not read."""
    return candidate.late or 0.0


RULE = Rule("late", "wording", "a text's vector says what it is about as a whole, its tokens what it says", late)
