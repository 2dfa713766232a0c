"""Takes vectors of the team's index instead of encoding: for one workspace, as a pack's are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cascode_indexer.store.foreign import are_units, fault_of_sizes
from cascode_indexer.store.packed import WorkspaceVectorCache
from cascode_indexer.team.types import Team, TeamUnavailableError

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel
    from cascode_models.types import FloatArray

_log = logging.getLogger(__name__)

#: Addresses asked for at a time: 32 kB to the team's index; back come 1.5 MB of vectors (384 numbers in float16) and
#: 2.4 MB of states.
_KEYS_A_REQUEST = 2000


def supply_of(
    team: Team, model: CasCodeModel, cache: WorkspaceVectorCache, cancelled: Callable[[], bool]
) -> Callable[[Sequence[bytes]], set[bytes]]:
    """Return what brings vectors and token states of a team's index into the cache of one workspace.

    What comes is another machine's word for what the vector of a text is: it is checked as a pack is, and lies with
    the packs of this workspace.

    Args:
        team: The index.
        model: The model in force.
        cache: Of the workspace.
        cancelled: Asked between two requests.
    """

    def look_up(asked: Sequence[bytes]) -> tuple[list[int], FloatArray, Sequence[bytes] | None]:
        """Return what the team's index gives, once it is what it must be."""
        positions, vectors, states = team.vectors(model.fingerprint, asked, with_states=model.keeps_states)
        if positions and not (
            _are_vectors(vectors, len(positions), model.dimension)
            and _are_states(states, len(positions), model.state_bytes)
        ):
            raise TeamUnavailableError(f"{team.label} gave vectors or states that are none of this model's")
        return positions, vectors, states

    def supply(keys: Sequence[bytes]) -> set[bytes]:
        brought: set[bytes] = set()
        for start in range(0, len(keys), _KEYS_A_REQUEST):
            if cancelled():
                break
            asked = keys[start : start + _KEYS_A_REQUEST]
            try:
                positions, vectors, states = look_up(asked)
            except TeamUnavailableError as error:
                _log.warning("encoding here, since the team's index cannot be asked: %s", error)
                break
            except Exception as error:  # a workspace must be indexed whatever another machine does
                _log.warning("encoding here: %s gave no answer", team.label, exc_info=error)
                break
            if positions:
                found = [asked[at] for at in positions]
                cache.add_packed(found, vectors, states)
                brought.update(found)
        if brought:
            _log.info("%d vectors were taken from %s", len(brought), team.label)
        return brought

    return supply


def _are_vectors(vectors: FloatArray, count: int, dimension: int) -> bool:
    """Whether vectors are what they must be: so many, so wide, each of length 1."""
    return vectors.shape == (count, dimension) and are_units(vectors)


def _are_states(states: Sequence[bytes] | None, count: int, state_bytes: int) -> bool:
    """Whether states are what they must be: none where the model keeps none, else so many, each of whole tokens."""
    if states is None or not state_bytes:
        return states is None and not state_bytes
    return len(states) == count and fault_of_sizes([len(packed) for packed in states], state_bytes) is None
