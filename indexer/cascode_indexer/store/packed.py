"""The vector cache of one workspace: the user's own, and beside it what packs or a team's index brought.

A pack is somebody else's word for what a text's vector is, and so is a team's index. It is believed for the workspace
that it was unpacked for, since the user said so, and for no other: it lies in that workspace's index, and never moves
to the shared cache. A vector that was made here goes before one that came from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cascode_indexer.store.vector_cache import VectorCache, prune_vectors


class WorkspaceVectorCache(VectorCache):
    """The shared cache, and below it the packs of a workspace.

    Args:
        path: The shared cache.
        packed: The file with the vectors of packs; it need not exist.
        fingerprint: Names the model and its text preparation.
        dimension: Width of its vectors.
        with_states: See :class:`VectorCache`.
    """

    def __init__(
        self, path: Path, packed: Path, fingerprint: str, dimension: int, *, with_states: bool = False
    ) -> None:
        super().__init__(path, fingerprint, dimension, with_states=with_states)
        self._packed_path = packed
        self._fingerprint = fingerprint
        self._width = dimension
        self._packed: VectorCache | None = None

    def known(self, keys: Iterable[bytes]) -> set[bytes]:
        """Return those of ``keys`` that need no encoding; see :meth:`VectorCache.known`."""
        asked = list(keys)
        found = super().known(asked)
        packed = self._packs()
        return found if packed is None else found | packed.known(key for key in asked if key not in found)

    def get(self, keys: Sequence[bytes]) -> tuple[list[int], npt.NDArray[np.float32]]:
        """Look vectors up; see :meth:`VectorCache.get`."""
        positions, vectors = super().get(keys)
        packed = self._packs()
        if packed is None or len(positions) == len(keys):
            return positions, vectors
        own = set(positions)
        rest = [at for at in range(len(keys)) if at not in own]
        among, more = packed.get([keys[at] for at in rest])
        joined = positions + [rest[at] for at in among]
        order = np.argsort(np.asarray(joined, dtype=np.int64), kind="stable")
        return [joined[at] for at in order], np.concatenate([vectors, more])[order]

    def get_states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Look packed token states up; see :meth:`VectorCache.get_states`."""
        found = super().get_states(keys)
        packed = self._packs()
        if packed is None or len(found) == len(keys):
            return found
        return found | packed.get_states([key for key in keys if key not in found])

    def get_own(self, keys: Sequence[bytes]) -> tuple[list[int], npt.NDArray[np.float32]]:
        """Look up vectors that were made here alone; as :meth:`get`."""
        return super().get(keys)

    def get_own_states(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Look up packed token states that were made here alone; as :meth:`get_states`."""
        return super().get_states(keys)

    def prune_packed(self, referenced: set[bytes]) -> int:
        """Delete what packs brought of another model, or a month ago for texts that the workspace no longer has.

        Args:
            referenced: Addresses of the texts that it has.

        Returns:
            How many vectors were deleted.
        """
        return prune_vectors(self._packed_path, referenced, fingerprint=self._fingerprint)

    def add_packed(
        self, keys: Sequence[bytes], vectors: npt.NDArray[np.float32], states: Sequence[bytes] | None = None
    ) -> None:
        """Keep the vectors and states of a pack, for this workspace alone; as :meth:`VectorCache.put`."""
        self._open_packs().put(keys, vectors, states)

    def close(self) -> None:
        """Close the files."""
        if self._packed is not None:
            self._packed.close()
        super().close()

    def _packs(self) -> VectorCache | None:
        """The vectors of packs; None while there are none, which another process may change."""
        if self._packed is None and self._packed_path.exists():
            return self._open_packs()
        return self._packed

    def _open_packs(self) -> VectorCache:
        """Open the file of packs, which is made where there is none."""
        with self._lock:
            if self._packed is None:
                self._packed = VectorCache(
                    self._packed_path, self._fingerprint, self._width, with_states=self._with_states
                )
            return self._packed
