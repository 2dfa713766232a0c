"""Prints what a search of a large workspace costs: ``python benchmarks/large.py WORKSPACE --index FOLDER``.

To encode a million definitions takes a night on two cores, so their vectors are made up: each is that of one of a few
real texts with noise beside it, and has that text's token states. Walk, texts, full-text search, files and times are
real; what is found means nothing. The index folder is kept, so that a second run measures at once; use it for nothing
else.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
from lsp_client import Client
from server import documented

from cascode_indexer.engine import Engine
from cascode_indexer.model import ModelHandle
from cascode_models.types import EncodedTexts

#: Real texts behind the made-up vectors, and the length of the noise beside one: cosines to it are about .8.
TEXTS, NOISE = 400, 0.7
#: What those are made of: any words do.
WORDS = __doc__.split()
#: Questions, the first of which warm caches up.
QUESTIONS, WARM_UP = 45, 5


def main() -> None:
    """Index with made-up vectors, then ask over the wire."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--index", type=Path, required=True, help="folder of the index, for this alone")
    arguments = parser.parse_args()
    workspace, index = arguments.workspace.resolve(), arguments.index.resolve()
    os.environ["CASCODE_INDEX_DIR"] = str(index)
    model = ModelHandle(None)
    make_up(model)
    with Engine([workspace], model=model) as engine:
        started = time.perf_counter()
        engine.update()
        print(f"indexed in {time.perf_counter() - started:.0f} s; most memory: {peak_memory()}", flush=True)
    queries = [query for query, _ in documented(workspace, QUESTIONS)]
    started = time.perf_counter()
    with Client([workspace], index) as client:
        client.execute("search", query=queries[0])
        print(f"first answer after a restart: {time.perf_counter() - started:.1f} s", flush=True)
        functions = client.wait_ready()["functions"]
        for what, options in (("as it comes", {}), ("the fast stage alone", {"rerank": False})):
            seconds = [client.execute("search", query=query, **options)[0] for query in queries][WARM_UP:]
            print(f"{functions:,} definitions, {what}: {percentiles(seconds)}", flush=True)
        memory = psutil.Process(client.process.pid).memory_info().rss
        print(f"memory of the server: {memory / 1e6:,.0f} MB")
        client.close()


def make_up(model: ModelHandle) -> None:
    """Let a model make vectors and states up from those of a few real texts."""
    loaded = model.get()
    draw = random.Random(0)
    texts = [f"def {' '.join(draw.choices(WORDS, k=40))}" for _ in range(TEXTS)]
    real = loaded.encode_definitions(texts)
    noise = np.random.default_rng(0)

    def encode(texts: Sequence[str]) -> EncodedTexts:
        """Vectors a little beside real ones."""
        rows = noise.integers(0, TEXTS, len(texts))
        width = real.vectors.shape[1]
        vectors = real.vectors[rows] + noise.standard_normal((len(texts), width)) * NOISE / width**0.5
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        states = None if real.states is None else tuple(real.states[row] for row in rows)
        return EncodedTexts(vectors.astype(np.float32), states)

    loaded.encode_definitions = encode  # type: ignore[method-assign]


def percentiles(seconds: Sequence[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    p95 = sorted(seconds)[int(0.95 * len(seconds))]
    return f"p50 {statistics.median(seconds) * 1000:,.0f} ms, p95 {p95 * 1000:,.0f} ms"


def peak_memory() -> str:
    """The most that this process has held."""
    try:
        import resource
    except ImportError:  # Windows
        return "unknown"
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:,.0f} MB"


if __name__ == "__main__":
    main()
