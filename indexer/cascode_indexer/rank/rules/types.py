"""Types."""

from __future__ import annotations

from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule
from cascode_indexer.types import TYPE_KINDS

_TYPES = frozenset(kind.value for kind in TYPE_KINDS)


def is_type(kind: str) -> bool:
    """Whether a kind of definition is a type."""
    return kind in _TYPES


def types(_query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return 1 for a type, whatever was asked."""
    return float(is_type(candidate.definition.kind))


RULE = Rule(
    "types", "type", "half of what people ask for is a type, and a type says less about each of its tasks", types
)
