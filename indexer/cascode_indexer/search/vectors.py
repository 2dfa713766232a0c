"""The vectors of one workspace in memory, reconciled with what the store says by difference of ids.

The one mechanism serves the first start, a restart, a damaged file, and updates by another process.
"""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections.abc import Callable, Iterator

import numpy as np

from cascode_indexer.location import IndexLocation
from cascode_indexer.store.store import Store
from cascode_indexer.store.vector_cache import VectorCache
from cascode_indexer.vectors import VectorIndex, build_index, has_outgrown
from cascode_indexer.vectors.cpu import TRAINING_VECTORS, CpuIndex
from cascode_indexer.vectors.file import load_index, save_index, snapshot
from cascode_indexer.vectors.types import Vectors

_log = logging.getLogger(__name__)

#: Vectors read and added at a time: 16 MB of float32 at width 384.
_CHUNK = 10_000
#: Changes that the file may lack, and their share of a large index: the next start reads as many vectors from the
#: cache, which takes hundredths of a second. To write the file takes a copy of all vectors, while searches wait.
_FEW_CHANGES, _FEW_SHARE = 1_000, 0.01


class WorkspaceVectors:
    """The vector index of a workspace, by ids of passages (:mod:`cascode_indexer.store.passages`).

    Args:
        location: Where it is saved.
        store: Says which passages have a vector.
        cache: Holds the vectors.
        fingerprint: Of the model.
        dimension: Width of a vector.
        gpu: Use a GPU if there is one.
    """

    def __init__(
        self,
        location: IndexLocation,
        store: Store,
        cache: VectorCache,
        *,
        fingerprint: str,
        dimension: int,
        gpu: bool = False,
    ) -> None:
        self._location = location
        self._store = store
        self._cache = cache
        self._fingerprint = fingerprint
        self._gpu = gpu
        self._lock = threading.RLock()
        loaded = None if gpu else load_index(location.vectors, fingerprint, dimension)
        self._index: VectorIndex = loaded or build_index(dimension, 0, self._no_sample, gpu=gpu)
        self._seen_version: tuple[int, int] | None = None
        #: Vectors that came and went since the file was written.
        self._unsaved: float = math.inf if loaded is None else 0
        #: Passages marked as encoded whose vector the cache has lost; the writer makes them pending again.
        self.lost: list[int] = []

    def refresh(self) -> VectorIndex:
        """Bring the index up to date with the store and return it."""
        with self._lock:
            version = self._store.version()
            if version != self._seen_version:
                self._reconcile()
                self._seen_version = version
            return self._index

    @contextlib.contextmanager
    def reading(self) -> Iterator[VectorIndex]:
        """Bring the index up to date and keep other threads from changing it while the block reads it."""
        with self._lock:
            yield self.refresh()

    def save(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Write the index to disk if it changed by more than little; only who writes the store calls this.

        An index that holds more than its kind is meant for is replaced by one of another kind first.

        Args:
            cancelled: Asked meanwhile; what was outgrown then stays until the next time.
        """
        self._change_kind(cancelled)
        with self._lock:
            self.refresh()
            few = max(_FEW_CHANGES, _FEW_SHARE * len(self._index))
            if self._unsaved <= few or not isinstance(self._index, CpuIndex):
                return
            saved = snapshot(self._index)
            self._unsaved = 0
        # Searches go on while the disk is written.
        save_index(saved, self._location.vectors, self._fingerprint)

    def _change_kind(self, cancelled: Callable[[], bool]) -> None:
        """Replace an index that was outgrown; searches go on in it meanwhile, since a million vectors take a minute."""
        with self._lock:
            outgrown = self.refresh()
            held = outgrown.ids()
            if not has_outgrown(outgrown, len(held)):
                return
            # Evenly drawn, so that the same vectors give the same lists.
            drawn = held[:: max(1, len(held) // TRAINING_VECTORS)]
            _, sample = outgrown.lookup(drawn)
        index = build_index(outgrown.dimension, len(held), lambda: sample, gpu=self._gpu)
        for start in range(0, len(held), _CHUNK):
            if cancelled():
                return
            with self._lock:
                found = outgrown.lookup(held[start : start + _CHUNK])
            index.add(*found)
        with self._lock:
            self._index = index
            self._unsaved = math.inf
            # What came and went meanwhile.
            self._reconcile()

    def _reconcile(self) -> None:
        """Add what the store has and the index has not; remove what the store has no more."""
        if self._store.get_meta("model") != self._fingerprint:
            wanted = np.zeros(0, dtype=np.int64)
        else:
            wanted = np.array(self._store.encoded_passages(), dtype=np.int64)
        held = self._index.ids()
        gone = np.setdiff1d(held, wanted, assume_unique=True)
        fresh = np.setdiff1d(wanted, held, assume_unique=True)
        if not len(gone) and not len(fresh):
            return
        self._unsaved += len(gone) + len(fresh)
        self._index.remove(gone)
        for start in range(0, len(fresh), _CHUNK):
            chunk = fresh[start : start + _CHUNK]
            found, vectors = self._read(chunk)
            self._index.add(found, vectors)
            if len(found) < len(chunk):
                self.lost = sorted({*self.lost, *np.setdiff1d(chunk, found).tolist()})
        if self.lost:
            _log.warning("vectors missing from the vector cache, to be encoded again: %d", len(self.lost))

    def _read(self, passages: np.ndarray) -> tuple[np.ndarray, Vectors]:
        """Read vectors from the cache; ids without one are missing from the answer."""
        keys = self._store.keys(passages)
        present = list(keys)
        positions, vectors = self._cache.get([keys[row] for row in present])
        return np.array([present[at] for at in positions], dtype=np.int64), vectors

    def _no_sample(self) -> Vectors:
        """Return no training vectors: an empty index is flat."""
        raise AssertionError("an empty index needs no training")
