"""The candidate stands where a traceback says."""

from __future__ import annotations

from cascode_indexer.query import Frame, Query
from cascode_indexer.rank.types import Candidate, Pool, Rule

#: What a frame counts whose line lies in the candidate though the function's name is another: the code has moved, or
#: the candidate is the type around it.
_LINE_ALONE = 0.5


def frame(query: Query, candidate: Candidate, _pool: Pool) -> float:
    """Return 1 for the innermost frame's function, less the further out: 1/2, 1/3, ..."""
    return max((_match(place, candidate) / (at + 1) for at, place in enumerate(query.frames)), default=0.0)


def _match(place: Frame, candidate: Candidate) -> float:
    """How well a candidate fits a frame."""
    found = candidate.definition
    if not place.is_of(found.path):
        return 0.0
    if place.name and found.name == place.name:
        return 1.0
    inside = found.start_line <= place.line <= found.end_line
    return (_LINE_ALONE if place.name else 1.0) if inside else 0.0


RULE = Rule("frame", "traceback", "what failed is where the traceback says", frame)
