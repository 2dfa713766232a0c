"""Words of the query in the file's name or folder: ``retry`` in ``retry.py``."""

from __future__ import annotations

from collections.abc import Sequence

from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.search.types import Ranked


def file_coverage(candidate: Ranked, terms: Sequence[str]) -> float:
    """Return the share of the file stem's words that the query names: 0 to 1."""
    # String methods: a path object for each of some 200 candidates costs a millisecond a query.
    name = candidate.path.rpartition("/")[2]
    parts = split_identifiers(name.rpartition(".")[0] or name)
    return sum(part in terms for part in parts) / len(parts) if parts else 0.0


def path_match(candidate: Ranked, query: str) -> float:
    """Return 1 where the candidate's path ends with, or lies below, the path asked for; else 0."""
    asked = query.strip().replace("\\", "/").strip("/").lower()
    path = "/" + candidate.path.lower()
    return float(bool(asked) and (path.endswith("/" + asked) or f"/{asked}/" in path))
