"""The candidate stands where a traceback says."""

from __future__ import annotations

from cascode_indexer.query import Query
from cascode_indexer.query.frames import file_name_of
from cascode_indexer.rank.types import Candidate, Pool, Rule


def frame(_query: Query, candidate: Candidate, pool: Pool) -> float:
    """Return 1 for the innermost frame's function, less the further out: 1/2, 1/3, ...

    Frames that are of no candidate, as those of libraries, are not counted: whatever they call, what failed in the
    workspace is the innermost of the others.
    """
    found = candidate.definition
    near = pool.frames.get(file_name_of(found.path), ())
    return max((place.fit(found) / (at + 1) for at, place in near), default=0.0)


RULE = Rule("frame", "traceback", "what failed is where the traceback says", frame)
