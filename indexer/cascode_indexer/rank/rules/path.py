"""The candidate stands in the file or folder asked for."""

from __future__ import annotations

import re

from cascode_indexer.query import Query, QueryKind
from cascode_indexer.rank.types import Candidate, Pool, Rule

#: How a path begins that is named from the root of a disk or from the home on.
_WHOLE = re.compile(r"/|~/|[a-z]:/")


def path_match(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return 1 where a path is asked for and the candidate's ends with it or lies below it; else 0.

    A path that was pasted whole, from the root of a disk on, ends with the candidate's.
    """
    if query.kind is not QueryKind.PATH:
        return 0.0
    text = query.text.strip().replace("\\", "/").removeprefix("./").lower()
    asked = text.strip("/")
    path = "/" + candidate.definition.path.lower()
    if path.endswith(f"/{asked}") or f"/{asked}/" in path:
        return float(bool(asked))
    return float(_WHOLE.match(text) is not None and text.endswith(path))


RULE = Rule("path", "path asked for", "a path is asked for to see what stands there", path_match)
