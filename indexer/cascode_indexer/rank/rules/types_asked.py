"""Types, where the query asks for one."""

from __future__ import annotations

from cascode_indexer.query import Query
from cascode_indexer.rank.rules.types import is_type
from cascode_indexer.rank.types import Candidate, Pool, Rule

#: Words that name a sort of type.
_ASKS_FOR_TYPES = frozenset(
    """
    class classes type types interface interfaces trait traits protocol protocols struct structs enum enums record
    exception exceptions error errors model models dataclass schema
    """.split()  # noqa: SIM905
)


def types_asked(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return 1 for a type where the query asks for one, -1 for another definition there."""
    if not query.asked_words & _ASKS_FOR_TYPES:
        return 0.0
    return 1.0 if is_type(candidate.definition.kind) else -1.0


RULE = Rule("types_asked", "kind asked for", "who asks for the class wants the class", types_asked)
