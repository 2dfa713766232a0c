"""The GPU index: append, tombstone, compact, for FAISS' flat GPU index knows no removal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cascode_indexer.vectors.library import load_faiss
from cascode_indexer.vectors.types import Ids, Vectors, check_ids, check_vectors

#: FAISS' GPU search gives at most 2,048 neighbours; tombstones must leave room for the k asked for.
_MOST_NEIGHBOURS = 2_048
_MOST_TOMBSTONES = 1_024


class AppendOnlyIndex:
    """A flat index that only appends, made removable: dead rows are filtered out, then compacted away.

    A float16 copy of the vectors in host memory serves compaction, filters and lookups by id.

    Args:
        dimension: Width of a vector.
        make_flat: Makes the empty flat index underneath (``add``, ``search``, ``reset``).
    """

    def __init__(self, dimension: int, make_flat: Callable[[], Any]) -> None:
        self._dimension = dimension
        self._flat = make_flat()
        self._rows = np.zeros((0, dimension), dtype=np.float16)
        self._row_ids: Ids = np.zeros(0, dtype=np.int64)
        self._row_of: dict[int, int] = {}

    @classmethod
    def on_gpu(cls, dimension: int, device: int = 0) -> AppendOnlyIndex:
        """Make an empty index in the memory of a GPU."""
        faiss = load_faiss()
        resources = faiss.StandardGpuResources()

        def make_flat() -> Any:
            config = faiss.GpuIndexFlatConfig()
            config.device = device
            config.useFloat16 = True
            return faiss.GpuIndexFlatIP(resources, dimension, config)

        return cls(dimension, make_flat)

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return self._dimension

    @property
    def tombstones(self) -> int:
        """Rows underneath whose id was removed."""
        return len(self._row_ids) - len(self._row_of)

    def __len__(self) -> int:
        return len(self._row_of)

    def ids(self) -> Ids:
        """Return the ids held, ascending."""
        return np.array(sorted(self._row_of), dtype=np.int64)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Append unit vectors under new ids."""
        checked = check_vectors(vectors, self._dimension)
        fresh = check_ids(ids, len(checked))
        first = len(self._row_ids)
        self._flat.add(checked)
        self._rows = np.concatenate([self._rows, checked.astype(np.float16)])
        self._row_ids = np.concatenate([self._row_ids, fresh])
        self._row_of.update((int(text_id), first + at) for at, text_id in enumerate(fresh))

    def remove(self, ids: Ids) -> None:
        """Turn the rows of ``ids`` into tombstones; compact when there are many."""
        for text_id in ids:
            row = self._row_of.pop(int(text_id), None)
            if row is not None:
                self._row_ids[row] = -1
        if self.tombstones > _MOST_TOMBSTONES:
            self.compact()

    def compact(self) -> None:
        """Rewrite the index without its tombstones."""
        alive = self._row_ids >= 0
        self._rows = np.ascontiguousarray(self._rows[alive])
        self._row_ids = self._row_ids[alive]
        self._row_of = {int(text_id): at for at, text_id in enumerate(self._row_ids)}
        self._flat.reset()
        if len(self._rows):
            self._flat.add(self._rows.astype(np.float32))

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Ids, Vectors]:
        """Find the nearest vectors; see :class:`VectorIndex`."""
        checked = check_vectors(queries, self._dimension)
        found_ids = np.full((len(checked), k), -1, dtype=np.int64)
        found_scores = np.full((len(checked), k), -np.inf, dtype=np.float32)
        if not len(self):
            return found_ids, found_scores
        if allowed is not None:
            rows = np.array(
                [self._row_of[int(text_id)] for text_id in allowed if int(text_id) in self._row_of], dtype=np.int64
            )
            # The GPU index takes no selector; the filtered rows are few, the host copy answers for them.
            scores = checked @ self._rows[rows].astype(np.float32).T
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            candidates, values = rows[order], np.take_along_axis(scores, order, axis=1)
        else:
            wanted = min(k + self.tombstones, len(self._row_ids), _MOST_NEIGHBOURS)
            values, candidates = self._flat.search(checked, wanted)
        for at in range(len(checked)):
            ids = self._row_ids[candidates[at]]
            alive = (ids >= 0) & (candidates[at] >= 0)
            kept = ids[alive][:k]
            found_ids[at, : len(kept)] = kept
            found_scores[at, : len(kept)] = values[at][alive][:k]
        return found_ids, found_scores

    def lookup(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Find the vectors of those of ``ids`` that it holds; see :class:`VectorIndex`."""
        wanted = np.ascontiguousarray(ids, dtype=np.int64)
        rows = np.array([self._row_of.get(int(text_id), -1) for text_id in wanted], dtype=np.int64)
        return wanted[rows >= 0], self._rows[rows[rows >= 0]].astype(np.float32)
