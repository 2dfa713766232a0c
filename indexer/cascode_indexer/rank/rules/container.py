"""Words of the query in the name of what holds the definition."""

from __future__ import annotations

from cascode_indexer.lexical.terms import STOP_WORDS, split_identifiers, stem
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule


def container(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return the share of the container's name that the query's words spell: 0 to 1."""
    holder = candidate.definition.qualified_name.rpartition(".")[0].rpartition(".")[2]
    parts = [part for part in split_identifiers(holder) if part not in STOP_WORDS]
    return sum(stem(part) in query.stems for part in parts) / len(parts) if parts else 0.0


RULE = Rule("container", "name of what holds it", "who names a class and a task means a member of it", container)
