"""Prints what kept token states cost a search and an index: python benchmarks/kept_states.py WORKSPACE.

The same questions, names of its definitions split into words, are asked of one warm engine in turn: by the fast stage
alone, with the states of every candidate, and with the texts of the ten best read by the classifier. The index is a
temporary one unless CASCODE_INDEX_DIR names another.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from cascode_indexer.engine import Engine
from cascode_indexer.lexical.terms import split_identifiers
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.passages import text_of

#: Fewer words are asked for as a name, which is another kind of query.
_FEWEST_WORDS = 3
#: What is asked for in each way.
_WAYS = {
    "fast stage alone": {"rerank": False},
    "states of all candidates": {},
    "texts of the ten best": {"rerank_top": 10},
}


def main() -> None:
    """Index, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--queries", type=int, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("CASCODE_INDEX_DIR", folder)
        with Engine([arguments.workspace]) as engine:
            (report,) = engine.update()
            print(f"{report.functions:,} definitions")
            measure_size(engine)
            measure_time(engine, arguments.queries)


def measure_size(engine: Engine) -> None:
    """Print bytes a definition of vectors and of states."""
    (workspace,) = engine.workspaces
    with workspace.index as index:
        store = index.store
        keys = store.keys(store.encoded_passages())
        kept = index.cache().get_states(list(keys.values()))
        texts = len({text_of(passage) for passage in keys})
    vectors = 2 * engine.model.get().dimension * len(keys) / max(texts, 1)
    states = sum(len(kept.get(key, b"")) for key in keys.values()) / max(texts, 1)
    print(f"{len(keys) / max(texts, 1):.2f} passages a definition")
    print(f"{vectors:,.0f} bytes a definition for its vectors, {states:,.0f} for its states")


def measure_time(engine: Engine, count: int) -> None:
    """Print the time of each way, the ways taken in turn."""
    (workspace,) = engine.workspaces
    texts = sorted({text_of(passage) for passage in workspace.store.encoded_passages()})
    names = sorted({row.name for row in workspace.store.definitions_of_texts(texts)})
    questions = [words for name in names if len((words := " ".join(split_identifiers(name))).split()) >= _FEWEST_WORDS]
    random.Random(0).shuffle(questions)
    took: dict[str, list[float]] = {way: [] for way in _WAYS}
    for number, question in enumerate([*questions[:3], *questions[:count]]):
        for way, options in _WAYS.items():
            started = time.perf_counter()
            engine.search(SearchRequest(question, **options))
            if number >= 3:  # the first ones warm up
                took[way].append((time.perf_counter() - started) * 1000)
    for way, times in took.items():
        print(f"{way}: p50 {statistics.median(times):.1f} ms, p95 {statistics.quantiles(times, n=20)[-1]:.1f} ms")


if __name__ == "__main__":
    main()
