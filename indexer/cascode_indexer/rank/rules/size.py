"""Long definitions decide more than short ones."""

from __future__ import annotations

import math

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.query import Query
from cascode_indexer.rank.rules.name import name_coverage
from cascode_indexer.rank.rules.types import is_type
from cascode_indexer.rank.types import Candidate, Pool, Rule

#: Lines from which on a definition is as large as any.
_LARGE = 1_000
#: What counts as much as a function of ten lines, which most are: a type, whose lines are those of its members, and a
#: shorter function of which the query spells the whole name. ``strip_ansi`` strips in one line.
_USUAL = 1 / 3


def size(query: Query, candidate: Candidate, pool: Pool) -> float:
    """Return the logarithm of the lines: 0 for one line, 1/3 for ten, 2/3 for a hundred, 1 for a thousand or more.

    A type has 1/3, however long it is, and a function whose name of several words is spelled has no less.
    """
    definition = candidate.definition
    if is_type(definition.kind):
        return _USUAL
    lines = definition.end_line - definition.start_line + 1
    measured = min(math.log(max(lines, 1), _LARGE), 1.0)
    if measured < _USUAL and len(split_identifiers(definition.name)) > 1 and name_coverage(query, candidate, pool) == 1:
        return _USUAL
    return measured


RULE = Rule(
    "size", "size", "what people ask about is done somewhere in full, and handed on in many one-line members", size
)
