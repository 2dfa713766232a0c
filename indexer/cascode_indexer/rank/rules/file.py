"""Words of the query in the file's name: ``retry`` in ``retry.py``."""

from __future__ import annotations

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.query import Query
from cascode_indexer.rank.types import Candidate, Pool, Rule


def file_coverage(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return the share of the file stem's words that the query names: 0 to 1."""
    # String methods: a path object for each of some 200 candidates costs a millisecond a query.
    name = candidate.definition.path.rpartition("/")[2]
    parts = split_identifiers(name.rpartition(".")[0] or name)
    return sum(part in query.terms for part in parts) / len(parts) if parts else 0.0


RULE = Rule("file", "file name", "files are named after what they are about", file_coverage)
