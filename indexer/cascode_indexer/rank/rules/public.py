"""Public definitions."""

from __future__ import annotations

from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule


def public(_query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return 1 for a name that does not begin with an underscore."""
    return float(not candidate.definition.name.startswith("_"))


RULE = Rule("public", "people ask for what others may call", public)
