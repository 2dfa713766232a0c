"""Takes vectors of the team's index instead of encoding: for one workspace, as a pack's are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np

from cascode_indexer.store.packed import WorkspaceVectorCache
from cascode_indexer.team.types import Team, TeamUnavailableError
from cascode_models.types import Encoder, FloatArray

_log = logging.getLogger(__name__)

#: Addresses asked for at a time: 32 kB to the team's index, 3 MB back at 384 dimensions in float16.
_KEYS_A_REQUEST = 2000
#: How far the length of a unit vector may be from 1: float16 keeps it within 0.001.
_TOLERANCE = 0.01


def supply_of(team: Team, encoder: Encoder, cache: WorkspaceVectorCache) -> Callable[[Sequence[bytes]], set[bytes]]:
    """Return what brings vectors of a team's index into the cache of one workspace.

    What comes is another machine's word for what the vector of a text is: it is checked as a pack is, and lies with
    the packs of this workspace.

    Args:
        team: The index.
        encoder: The model in force.
        cache: Of the workspace.
    """

    def supply(keys: Sequence[bytes]) -> set[bytes]:
        brought: set[bytes] = set()
        try:
            for start in range(0, len(keys), _KEYS_A_REQUEST):
                asked = keys[start : start + _KEYS_A_REQUEST]
                positions, vectors = team.vectors(encoder.fingerprint, asked)
                if not positions:
                    continue
                if not _sound(vectors, len(positions), encoder.dimension):
                    raise TeamUnavailableError(f"{team.label} gave vectors that are none of this model's")
                found = [asked[at] for at in positions]
                cache.add_packed(found, vectors)
                brought.update(found)
        except TeamUnavailableError as error:
            _log.warning("encoding here, since the team's index cannot be asked: %s", error)
        if brought:
            _log.info("%d vectors were taken from %s", len(brought), team.label)
        return brought

    return supply


def _sound(vectors: FloatArray, count: int, dimension: int) -> bool:
    """Whether vectors are what they must be: so many, so wide, each of length 1."""
    if vectors.shape != (count, dimension):
        return False
    lengths = np.linalg.norm(vectors, axis=1)
    return bool(np.all(np.abs(lengths - 1) <= _TOLERANCE))  # also false for what is no number
