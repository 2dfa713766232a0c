"""Chooses the kind of index by device and size."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cascode_indexer.vectors.cpu import LARGEST_FLAT, CpuIndex
from cascode_indexer.vectors.gpu import AppendOnlyIndex
from cascode_indexer.vectors.library import has_gpu
from cascode_indexer.vectors.types import VectorIndex, Vectors

_log = logging.getLogger(__name__)

#: Inverted lists keep their kind until the index has shrunk well below the border, or each edit at the border
#: would rebuild it.
_SMALLEST_INVERTED = LARGEST_FLAT // 2


def build_index(dimension: int, size: int, sample: Callable[[], Vectors], *, gpu: bool = False) -> VectorIndex:
    """Make an empty index that suits ``size`` vectors.

    Args:
        dimension: Width of a vector.
        size: How many vectors it is about to hold.
        sample: Gives unit vectors ``[n, dimension]`` to train inverted lists on; called only for those.
        gpu: Use a GPU if there is one. A single query is answered faster by the CPU; the GPU pays for many
            queries at once (evaluation, mining).
    """
    if gpu:
        if has_gpu():
            return AppendOnlyIndex.on_gpu(dimension)
        _log.info("no GPU for FAISS here: the vector index stays on the CPU")
    if size <= LARGEST_FLAT:
        return CpuIndex.flat(dimension)
    return CpuIndex.with_inverted_lists(sample())


def has_outgrown(index: VectorIndex, size: int) -> bool:
    """Say whether ``size`` vectors ask for another kind of index than this one."""
    if not isinstance(index, CpuIndex):
        return False
    return size > LARGEST_FLAT if index.exact else size < _SMALLEST_INVERTED
