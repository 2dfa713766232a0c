"""The query spells the definition's name."""

from __future__ import annotations

from cascode_indexer.lexical.terms import STOP_WORDS, split_identifiers, stem
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule


def name_coverage(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return the share of the definition's own name that the query's words spell: 0 to 1."""
    parts = [part for part in split_identifiers(candidate.definition.name) if part not in STOP_WORDS]
    return sum(stem(part) in query.stems for part in parts) / len(parts) if parts else 0.0


RULE = Rule("name", "name", "a name sums up what a definition does", name_coverage)
