"""Prints what the vector index costs by its size: the search over all vectors, and the lookup of some by their ids.

``python benchmarks/vectors.py`` takes a minute on two cores. The vectors are random, of the width of the bundled model:
exact search and lookup take the same time whatever the vectors mean. What inverted lists lose depends on that:
``--lists`` measures it on the vectors in the cache that workspaces share.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
import time
from collections.abc import Callable

import numpy as np

from cascode_indexer.location import vector_cache_path
from cascode_indexer.vectors.cpu import CpuIndex
from cascode_indexer.vectors.types import Vectors

SIZES = (20_000, 100_000, 300_000)
DIMENSION = 384
#: As many as a search takes, and as it looks up at most: the lexical top that is not in the dense top.
NEIGHBOURS = 100
#: Numbers of lists, and what share of them is read.
LISTS, SHARES = (64, 256), (32, 16, 8, 4)
#: Points that lists are asked for, and how far beside a vector each lies, in each direction.
ASKED, BESIDE = 500, 0.03


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of vectors")
    parser.add_argument("--repeats", type=int, default=30, help="the best of so many (%(default)s)")
    parser.add_argument("--lists", action="store_true", help="what inverted lists find of the nearest cached vectors")
    arguments = parser.parse_args()
    if arguments.lists:
        print_lists(cached_vectors())
        return
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


def print_lists(vectors: Vectors) -> None:
    """Print the share of the nearest that inverted lists find, for points a little beside some of the vectors."""
    rng = np.random.default_rng(0)
    asked = vectors[rng.choice(len(vectors), ASKED, replace=False)] + BESIDE * rng.standard_normal((ASKED, DIMENSION))
    queries = (asked / np.linalg.norm(asked, axis=1, keepdims=True)).astype(np.float32)
    flat = CpuIndex.flat(DIMENSION)
    flat.add(np.arange(len(vectors)), vectors)
    nearest, _ = flat.search(queries, NEIGHBOURS)
    print(f"{len(vectors):,} vectors\n\n| lists | read | of the nearest 10 | of the nearest 100 |\n|---|---|---|---|")
    for lists in LISTS:
        index = CpuIndex.with_inverted_lists(vectors, lists)
        index.add(np.arange(len(vectors)), vectors)
        for share in SHARES:
            index.raw.nprobe = max(1, lists // share)
            found, _ = index.search(queries, NEIGHBOURS)
            rows = list(zip(found.tolist(), nearest.tolist(), strict=True))
            ten, hundred = (
                np.mean([len({*ours[:depth]} & {*theirs[:depth]}) / depth for ours, theirs in rows])
                for depth in (10, NEIGHBOURS)
            )
            print(f"| {lists:,} | 1 in {share} | {ten:.3f} | {hundred:.3f} |", flush=True)


def cached_vectors() -> Vectors:
    """The vectors of the model with the most of them in the cache, ``[n, DIMENSION]``."""
    with contextlib.closing(sqlite3.connect(f"{vector_cache_path().as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT vector FROM vectors WHERE model_id = (SELECT model_id FROM vectors GROUP BY model_id"
            " ORDER BY count(*) DESC LIMIT 1) AND length(vector) = ?",
            (2 * DIMENSION,),
        ).fetchall()
    if len(rows) < ASKED:
        sys.exit("the cache holds too few vectors of this width: index a workspace or two first")
    found = np.frombuffer(b"".join(row[0] for row in rows), dtype=np.float16).reshape(-1, DIMENSION)
    return found.astype(np.float32)


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
