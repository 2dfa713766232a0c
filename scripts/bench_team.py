"""Compares engines for the vectors of a team's index on real vectors and real questions.

Usage:
    python scripts/bench_team.py collect INDEX_FOLDER QUESTIONS VECTORS.npz
    python scripts/bench_team.py measure VECTORS.npz [--engine NAME]... [--seconds N]

``collect`` takes the vectors of all workspaces below an index folder (``CASCODE_INDEX_DIR``), each once, with the
workspace that holds it as its repository, and encodes the questions of a folder like benchmarks/questions/dev.
``measure`` prints, for each engine and setting, recall@10 against exact search, latency at 1 and 32 clients, the time
to build, the size, the time of 1,000 more vectors, and recall@10 and latency among one repository's vectors alone.
Engines other than pgvector are measured where they are installed; they are no dependency of this project.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

K = 10
CLIENTS = (1, 32)
#: Vectors put in after the build, to time it.
INSERTED = 1_000

#: Given a query and a repository's number, or None for all, returns the numbers of the nearest.
Search = Callable[[Any, "int | None"], Any]


@dataclass
class Built:
    """An engine with its vectors."""

    name: str
    seconds: float
    megabytes: float
    insert_seconds: float
    #: Makes what one client searches with.
    client: Callable[[], Search]


def collect(folder: Path, questions: Path, output: Path) -> None:
    """Write vectors, their repositories and the questions' vectors."""
    import yaml

    from cascode_models.load import load_model

    model = load_model(None)
    cache = sqlite3.connect(f"file:{folder / 'v1' / 'vectors.sqlite3'}?mode=ro", uri=True)
    rows = cache.execute(
        "SELECT key, vector FROM vectors JOIN models ON models.id = model_id WHERE fingerprint = ?",
        (model.fingerprint,),
    ).fetchall()
    vectors = dict(rows)
    owner: dict[bytes, int] = {}
    for number, store in enumerate(sorted((folder / "v1" / "workspaces").glob("*/index.sqlite3"))):
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
            for (key,) in database.execute("SELECT key FROM texts WHERE encoded = 1"):
                if key in vectors:
                    owner.setdefault(key, number)
    keys = sorted(owner)
    asked = [
        question["ask"]
        for path in sorted(questions.glob("*.yaml"))
        for question in yaml.safe_load(path.read_text(encoding="utf-8"))["questions"]
    ]
    np.savez(
        output,
        vectors=np.frombuffer(b"".join(vectors[key] for key in keys), dtype="<f2").reshape(len(keys), model.dimension),
        owners=np.array([owner[key] for key in keys], dtype=np.int32),
        queries=model.encode_queries(asked),
    )
    sys.stdout.write(f"{len(keys):,} vectors of {len(set(owner.values()))} repositories, {len(asked)} questions\n")


def pgvector(vectors: Any, owners: Any, *, binary: bool, efs: tuple[int, ...]) -> Iterator[Built]:
    """HNSW of halfvec, or of its signs with the 200 nearest of those compared in full; several widths of search."""
    import psycopg

    from cascode_team.halves import write_half
    from postgres_server import server

    width = vectors.shape[1]
    with server() as (node,), psycopg.connect(node.url(), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(f"CREATE TABLE v (id int PRIMARY KEY, owner int, vector halfvec({width}))".encode())
        started = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy("COPY v FROM STDIN") as copy:
            for number in range(len(vectors) - INSERTED):
                copy.write_row((number, int(owners[number]), write_half(vectors[number])))
        what = f"(binary_quantize(vector)::bit({width})) bit_hamming_ops" if binary else "vector halfvec_ip_ops"
        connection.execute(f"CREATE INDEX near ON v USING hnsw ({what}) WITH (m = 16, ef_construction = 100)".encode())
        connection.execute("CREATE INDEX ON v (owner)")
        connection.execute("ANALYZE v")
        built = time.perf_counter() - started
        started = time.perf_counter()
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO v VALUES (%s, %s, %s::halfvec)",
                [(at, int(owners[at]), write_half(vectors[at])) for at in range(len(vectors) - INSERTED, len(vectors))],
            )
        inserted = time.perf_counter() - started
        (size,) = connection.execute("SELECT pg_total_relation_size('v')").fetchone() or (0,)

        def client(ef: int) -> Search:
            own = psycopg.connect(node.url(), autocommit=True, prepare_threshold=None)
            own.execute(f"SET hnsw.ef_search = {ef}".encode())
            own.execute("SET hnsw.iterative_scan = strict_order")

            def search(query: Any, owner: int | None) -> Any:
                where = "" if owner is None else f"WHERE owner = {owner}"
                order = "vector <#> %(q)s::halfvec"
                table = "v"
                if binary:
                    nearest = f"binary_quantize(vector)::bit({width}) <~> binary_quantize(%(q)s::halfvec)::bit({width})"
                    table = f"(SELECT * FROM v {where} ORDER BY {nearest} LIMIT 200) v"
                    where = ""
                statement = f"SELECT id FROM {table} {where} ORDER BY {order} LIMIT {K}"
                return [row[0] for row in own.execute(statement.encode(), {"q": write_half(query)}).fetchall()]

            return search

        for ef in efs:
            kind = "pgvector HNSW, bits, 200 compared" if binary else "pgvector HNSW halfvec"
            yield Built(f"{kind}, ef {ef}", built, size / 1e6, inserted, lambda ef=ef: client(ef))


def usearch(vectors: Any, owners: Any, *, kind: str) -> Iterator[Built]:
    """HNSW in memory; it cannot filter, so a repository's vectors are looked for among the 500 nearest of all."""
    from usearch.index import Index

    index = Index(
        ndim=vectors.shape[1], metric="ip", dtype=kind, connectivity=16, expansion_add=100, expansion_search=200
    )
    started = time.perf_counter()
    index.add(np.arange(len(vectors) - INSERTED), vectors[:-INSERTED].astype(np.float32))
    built = time.perf_counter() - started
    started = time.perf_counter()
    index.add(np.arange(len(vectors) - INSERTED, len(vectors)), vectors[-INSERTED:].astype(np.float32))
    inserted = time.perf_counter() - started

    def search(query: Any, owner: int | None) -> Any:
        found = index.search(query, K if owner is None else 500).keys
        return [key for key in found if owner is None or owners[key] == owner][:K]

    yield Built(f"usearch HNSW {kind}, ef 200", built, index.serialized_length / 1e6, inserted, lambda: search)


def lancedb(vectors: Any, owners: Any) -> Iterator[Built]:
    """IVF-PQ on disk, the best compared in full."""
    import lancedb as lance
    import pyarrow as pa

    def table_of(first: int, last: int) -> Any:
        flat = pa.array(vectors[first:last].astype(np.float32).reshape(-1))
        listed = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
        return pa.table({"id": np.arange(first, last), "owner": owners[first:last], "vector": listed})

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        table = lance.connect(folder).create_table("v", table_of(0, len(vectors) - INSERTED))
        table.create_index(metric="dot", num_partitions=256, num_sub_vectors=96)
        built = time.perf_counter() - started
        started = time.perf_counter()
        table.add(table_of(len(vectors) - INSERTED, len(vectors)))
        inserted = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())

        def search(query: Any, owner: int | None) -> Any:
            asked = table.search(query).distance_type("dot").nprobes(20).refine_factor(10).limit(K).select(["id"])
            if owner is not None:
                asked = asked.where(f"owner = {owner}", prefilter=True)
            return asked.to_arrow()["id"].to_pylist()

        yield Built("LanceDB IVF-PQ, 20 probes, refined 10 times", built, size / 1e6, inserted, lambda: search)


ENGINES: dict[str, Callable[[Any, Any], Iterator[Built]]] = {
    "pgvector": lambda vectors, owners: pgvector(vectors, owners, binary=False, efs=(40, 100, 200, 400)),
    "pgvector-bits": lambda vectors, owners: pgvector(vectors, owners, binary=True, efs=(200, 400)),
    "usearch": lambda vectors, owners: usearch(vectors, owners, kind="f16"),
    "usearch-i8": lambda vectors, owners: usearch(vectors, owners, kind="i8"),
    "lancedb": lancedb,
}


def exact(vectors: Any, queries: Any, among: Any) -> list[set[int]]:
    """The true nearest of each query among some vectors."""
    wide = vectors[among].astype(np.float32)
    scores = queries @ wide.T
    return [set(among[np.argpartition(-row, K)[:K]].tolist()) for row in scores]


def latencies(built: Built, queries: Any, clients: int, seconds: float) -> list[float]:
    """Let clients ask for some seconds; return how long each answer took."""
    took: list[float] = []
    searches = [built.client() for _ in range(clients)]
    until = time.perf_counter() + seconds

    def ask(search: Search, at: int) -> None:
        while time.perf_counter() < until:
            started = time.perf_counter()
            search(queries[at % len(queries)], None)
            took.append(time.perf_counter() - started)
            at += 1

    threads = [threading.Thread(target=ask, args=(search, 7 * at)) for at, search in enumerate(searches)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def measure(path: Path, names: list[str], seconds: float) -> None:
    """Print a row for each engine and setting."""
    held = np.load(path)
    vectors, owners, queries = held["vectors"], held["owners"], held["queries"].astype(np.float32)
    truth = exact(vectors, queries, np.arange(len(vectors)))
    # The median repository: neither one that is most of the index nor one that an index never meets.
    counts = np.bincount(owners)
    owner = int(np.argsort(np.where(counts > K, counts, counts.max() + 1))[np.count_nonzero(counts > K) // 2])
    within = exact(vectors, queries, np.flatnonzero(owners == owner))
    say = sys.stdout.write
    say(f"{len(vectors):,} vectors, {len(queries)} questions; the filter leaves {counts[owner]:,}\n\n")
    say("| engine | recall@10 | p50 / p95, 1 client | 32 clients | build | size | 1,000 more | filtered |\n")
    say("|---|---|---|---|---|---|---|---|\n")
    for name in names:
        for built in ENGINES[name](vectors, owners):
            search = built.client()
            found = [search(query, None) for query in queries]
            filtered, took = [], []
            for query in queries:
                started = time.perf_counter()
                filtered.append(search(query, owner))
                took.append(time.perf_counter() - started)
            cells = [f"{recall(found, truth):.3f}"]
            for clients in CLIENTS:
                p50, p95 = np.percentile(latencies(built, queries, clients, seconds), (50, 95)) * 1000
                cells.append(f"{p50:.1f} / {p95:.1f} ms")
            cells += [f"{built.seconds:.0f} s", f"{built.megabytes:.0f} MB", f"{built.insert_seconds:.1f} s"]
            cells.append(f"{recall(filtered, within):.3f}, {np.median(took) * 1000:.1f} ms")
            say(f"| {built.name} | {' | '.join(cells)} |\n")
            sys.stdout.flush()


def recall(found: list[Any], truth: list[set[int]]) -> float:
    """Mean share of the true nearest that were found."""
    return float(np.mean([len(set(map(int, got)) & want) / K for got, want in zip(found, truth, strict=True)]))


def main() -> None:
    """Collect or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    collecting = commands.add_parser("collect")
    collecting.add_argument("index", type=Path)
    collecting.add_argument("questions", type=Path)
    collecting.add_argument("output", type=Path)
    measuring = commands.add_parser("measure")
    measuring.add_argument("vectors", type=Path)
    measuring.add_argument("--engine", action="append", choices=sorted(ENGINES))
    measuring.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    if given.command == "collect":
        collect(given.index, given.questions, given.output)
    else:
        measure(given.vectors, given.engine or list(ENGINES), given.seconds)


if __name__ == "__main__":
    main()
