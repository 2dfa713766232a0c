"""The CPU index: exact up to half a million vectors, inverted lists beyond."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from cascode_indexer.vectors.library import load_faiss
from cascode_indexer.vectors.types import Ids, Vectors, check_ids, check_vectors

#: Exact search over float16 codes costs 0.3 ms at 20,000 vectors of width 384, 2.2 ms at 100,000 and 7 ms at
#: 300,000 on two cores, recall 0.999 or more of float32 at a quarter of its time (benchmarks/vectors.py): it
#: stays well under the 25 ms of the fast stage up to here. Inverted lists lose neighbours and need training.
LARGEST_FLAT = 500_000
#: FAISS' guideline is 4 sqrt(n), 2,800 at the size where inverted lists begin. To find a vector's list is what building
#: takes, and costs a comparison a list: a third of the lists is a third of the minutes.
_LISTS = 1_024
#: One list in eight: of 23,462 vectors of real code, in 64 or 256 lists, .97 to .99 of the ten nearest are found and
#: .92 to .96 of the hundred; one in sixteen finds .84 to .92 of these (benchmarks/vectors.py --lists). Of a million
#: vectors 125,000 are compared, which takes as long as a flat index of so many.
_PROBES = 128
#: FAISS warns below 39 training vectors a list; more only cost time.
_TRAINING_PER_LIST = 40
#: Vectors that lists are trained on.
TRAINING_VECTORS = _LISTS * _TRAINING_PER_LIST


class CpuIndex:
    """FAISS on the CPU over float16 codes.

    Args:
        raw: A FAISS index that takes ids, removes ids and reconstructs by id.
    """

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    @classmethod
    def flat(cls, dimension: int) -> CpuIndex:
        """Make an empty exact index."""
        faiss = load_faiss()
        codes = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        return cls(faiss.IndexIDMap2(codes))

    @classmethod
    def with_inverted_lists(cls, sample: Vectors, lists: int = _LISTS) -> CpuIndex:
        """Make an empty index of inverted lists, its centroids trained on ``sample`` ``[n, dimension]``."""
        faiss = load_faiss()
        dimension = sample.shape[1]
        quantizer = faiss.IndexFlatIP(dimension)
        raw = faiss.IndexIVFScalarQuantizer(
            quantizer, dimension, lists, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        raw.own_fields = True
        quantizer.this.disown()
        raw.nprobe = _PROBES
        raw.train(check_vectors(sample, dimension))
        # IndexIDMap2 over inverted lists answers with wrong ids after a removal: use their own id map.
        raw.set_direct_map_type(faiss.DirectMap.Hashtable)
        return cls(raw)

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return int(self.raw.d)

    @property
    def exact(self) -> bool:
        """Whether it compares with every vector."""
        return not hasattr(self.raw, "nprobe")

    def __len__(self) -> int:
        return int(self.raw.ntotal)

    def ids(self) -> Ids:
        """Return the ids held, ascending."""
        faiss = load_faiss()
        if self.exact:
            held = faiss.vector_to_array(self.raw.id_map)
        else:
            lists = self.raw.invlists
            parts = [
                faiss.rev_swig_ptr(lists.get_ids(at), lists.list_size(at)).copy()
                for at in range(lists.nlist)
                if lists.list_size(at)
            ]
            held = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        return np.sort(held.astype(np.int64))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add unit vectors under new ids."""
        checked = check_vectors(vectors, self.dimension)
        self.raw.add_with_ids(checked, check_ids(ids, len(checked)))

    def remove(self, ids: Ids) -> None:
        """Remove the vectors of ``ids``."""
        if len(ids):
            self.raw.remove_ids(np.ascontiguousarray(ids, dtype=np.int64))

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Ids, Vectors]:
        """Find the nearest vectors; see :class:`VectorIndex`."""
        faiss = load_faiss()
        checked = check_vectors(queries, self.dimension)
        if not len(self):
            return _no_neighbours(len(checked), k)
        parameters = None
        if allowed is not None:
            if not len(allowed):
                return _no_neighbours(len(checked), k)
            selector = faiss.IDSelectorBatch(np.ascontiguousarray(allowed, dtype=np.int64))
            if self.exact:
                parameters = faiss.SearchParameters(sel=selector)
            else:
                # A narrow filter leaves few vectors a list: look into all of them.
                parameters = faiss.SearchParametersIVF(sel=selector, nprobe=self.raw.nlist)
        scores, ids = self.raw.search(checked, k, params=parameters)
        return ids, scores

    def lookup(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Find the vectors of those of ``ids`` that it holds; see :class:`VectorIndex`."""
        wanted = np.ascontiguousarray(ids, dtype=np.int64)
        held = np.zeros(len(wanted), dtype=bool)
        found = np.empty((len(wanted), self.dimension), dtype=np.float32)
        for at, text_id in enumerate(wanted):
            # Asking is the only way to learn whether FAISS' map from id to place holds an id: listing them costs
            # time and memory for each vector of the index.
            with contextlib.suppress(RuntimeError):
                self.raw.reconstruct(int(text_id), found[at])
                held[at] = True
        return wanted[held], found[held]


def _no_neighbours(queries: int, k: int) -> tuple[Ids, Vectors]:
    """Return the answer of an empty index."""
    return np.full((queries, k), -1, dtype=np.int64), np.full((queries, k), -np.inf, dtype=np.float32)
