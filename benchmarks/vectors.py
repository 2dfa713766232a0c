"""Prints what the vector index costs by its size: the search over all vectors, and the lookup of some by their ids.

``python benchmarks/vectors.py`` takes a minute on two cores. The vectors are random, of the width of the bundled model:
exact search and lookup take the same time whatever the vectors mean.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from cascode_indexer.vectors.cpu import CpuIndex
from cascode_indexer.vectors.types import Vectors

SIZES = (20_000, 100_000, 300_000)
DIMENSION = 384
#: As many as a search takes, and as it looks up at most: the lexical top that is not in the dense top.
NEIGHBOURS = 100


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of vectors")
    parser.add_argument("--repeats", type=int, default=30, help="the best of so many (%(default)s)")
    arguments = parser.parse_args()
    print("| vectors | search, ms | recall of float32 | lookup of 100 ids, ms | share of the search |")
    print("|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    queries = unit(rng, 20)
    for size in arguments.sizes:
        vectors = unit(rng, size)
        index = CpuIndex.flat(DIMENSION)
        index.add(np.arange(size), vectors)
        ids = rng.choice(2 * size, NEIGHBOURS, replace=False)  # half of them are not held
        search = best(lambda index=index: index.search(queries[:1], NEIGHBOURS), arguments.repeats)
        lookup = best(lambda index=index, ids=ids: index.lookup(ids), arguments.repeats)
        found = recall(index, queries, vectors)
        print(f"| {size:,} | {search:.2f} | {found:.4f} | {lookup:.2f} | {lookup / search:.0%} |", flush=True)


def unit(rng: np.random.Generator, count: int) -> Vectors:
    """Random unit vectors ``[count, DIMENSION]``."""
    vectors = rng.standard_normal((count, DIMENSION), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def best(work: Callable[[], object], repeats: int) -> float:
    """Return the shortest of several runs in milliseconds."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds) * 1000


def recall(index: CpuIndex, queries: Vectors, vectors: Vectors) -> float:
    """Return the share of the neighbours in float32 that the index finds too."""
    found, _ = index.search(queries, NEIGHBOURS)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :NEIGHBOURS]
    return float(np.mean([np.isin(*pair).mean() for pair in zip(exact, found, strict=True)]))


if __name__ == "__main__":
    main()
