"""Long definitions decide more than short ones."""

from __future__ import annotations

import math

from cascode_indexer.query import Query
from cascode_indexer.rank.rules.types import is_type
from cascode_indexer.rank.types import Candidate, Pool, Rule

#: Lines from which on a definition is as large as any.
_LARGE = 1_000
#: What a type counts, whose lines are those of its members: as much as a function of ten lines, which most are.
_TYPE = 1 / 3


def size(_query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return the logarithm of the lines: 0 for one line, 1/3 for ten, 2/3 for a hundred, 1 for a thousand or more.

    A type has 1/3, however long it is.
    """
    if is_type(candidate.definition.kind):
        return _TYPE
    lines = candidate.definition.end_line - candidate.definition.start_line + 1
    return min(math.log(max(lines, 1), _LARGE), 1.0)


RULE = Rule(
    "size", "size", "what people ask about is done somewhere in full, and handed on in many one-line members", size
)
