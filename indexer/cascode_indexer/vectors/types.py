"""The seam between the search and FAISS."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


class VectorIndex(Protocol):
    """Inner product over unit vectors (cosine), each under an id of the caller's."""

    @property
    def dimension(self) -> int:
        """Width of a vector."""

    def __len__(self) -> int:
        """How many vectors it holds."""

    def ids(self) -> Ids:
        """Return the ids held, ascending."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add unit vectors ``[n, dimension]`` under ids ``[n]`` that it does not hold yet."""

    def remove(self, ids: Ids) -> None:
        """Remove the vectors of ``ids``; unknown ids are ignored."""

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Ids, Vectors]:
        """Find the nearest vectors.

        Args:
            queries: Unit vectors ``[q, dimension]``.
            k: How many for each query.
            allowed: Only these ids may answer; None for all.

        Returns:
            Ids ``[q, k]`` and inner products ``[q, k]``, best first; id -1 where there are fewer than k.
        """

    def lookup(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Find the vectors of some ids without touching the others: the cost does not grow with the index.

        Args:
            ids: Distinct ids ``[n]``, held or not.

        Returns:
            Those of ``ids`` that it holds, in the order given, ``[held]``, and their vectors ``[held, dimension]``.
        """


def check_vectors(vectors: npt.NDArray[Any], dimension: int) -> Vectors:
    """Return ``vectors`` as FAISS needs them: FAISS itself checks shapes with bare asserts.

    Raises:
        ValueError: Not a matrix of this width.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise ValueError(f"expected vectors of shape [n, {dimension}], got {list(vectors.shape)}")
    return np.ascontiguousarray(vectors, dtype=np.float32)


def check_ids(ids: npt.NDArray[Any], count: int) -> Ids:
    """Return ``ids`` as FAISS needs them.

    Raises:
        ValueError: Not ``count`` distinct ids.
    """
    checked = np.ascontiguousarray(ids, dtype=np.int64)
    if checked.shape != (count,):
        raise ValueError(f"expected {count} ids, got shape {list(checked.shape)}")
    if len(np.unique(checked)) != count:
        raise ValueError("ids must be distinct")
    return checked
