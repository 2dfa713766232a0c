"""The candidate stands in the file or folder asked for."""

from __future__ import annotations

from cascode_indexer.query import Query, QueryKind
from cascode_indexer.rank.types import Candidate, Pool, Rule


def path_match(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return 1 where a path is asked for and the candidate's ends with it or lies below it; else 0."""
    if query.kind is not QueryKind.PATH:
        return 0.0
    asked = query.text.strip().replace("\\", "/").strip("/").lower()
    path = "/" + candidate.definition.path.lower()
    return float(bool(asked) and (path.endswith("/" + asked) or f"/{asked}/" in path))


RULE = Rule("path", "path asked for", "a path is asked for to see what stands there", path_match)
