"""Prints how long searches take, and how late a timer fires, while a workspace is indexed and afterwards.

python benchmarks/while_indexing.py WORKSPACE [--threads N]

The workspace gets an index of its own, made from nothing, by an engine as the language server opens it. One thread
indexes, one asks ten times a second, and one stands for an event loop: a timer that should fire every 5 ms.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

from cascode_indexer.engine import Engine
from cascode_indexer.indexing.types import IndexProgress
from cascode_indexer.search.types import SearchRequest

QUERIES = (
    "read a file line by line",
    "parse the command line options",
    "retry after the connection drops",
    "shortest path between two nodes",
    "turn a size into bytes",
    "write_text",
)
#: Between two queries: a person who types and looks.
BETWEEN_QUERIES = 0.1
#: Of the timer.
TICK = 0.005
#: Queries asked once nothing is indexed any more.
IDLE_QUERIES = 50


class Phases:
    """Milliseconds by what was going on when they were measured."""

    def __init__(self) -> None:
        self.now = "walk"
        self.searches: dict[str, list[float]] = defaultdict(list)
        self.delays: dict[str, list[float]] = defaultdict(list)

    def __call__(self, progress: IndexProgress) -> None:
        """Follow the update."""
        self.now = progress.phase

    def table(self) -> str:
        """Return a Markdown table."""
        lines = ["| | searches | p50 | p95 | worst | timer late, p95 | worst |", "|---|---|---|---|---|---|---|"]
        for phase in ("scan", "encode", "idle"):
            searches, delays = sorted(self.searches[phase]), sorted(self.delays[phase])
            if searches and delays:
                lines.append(
                    f"| {phase} | {len(searches)} | {share(searches, 0.5):.0f} ms | {share(searches, 0.95):.0f} ms "
                    f"| {searches[-1]:.0f} ms | {share(delays, 0.95):.1f} ms | {delays[-1]:.1f} ms |"
                )
        return "\n".join(lines)


def share(ordered: list[float], part: float) -> float:
    """Return a quantile of an ordered list."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def main() -> None:
    """Index, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of indexing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cascode-while-indexing-") as folder:
        os.environ["CASCODE_INDEX_DIR"] = folder
        with Engine([arguments.workspace], threads=arguments.threads) as engine:
            engine.model.get()
            print(measure(engine).table())


def measure(engine: Engine) -> Phases:
    """Search while the engine indexes, and afterwards."""
    phases = Phases()
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            began = time.perf_counter()
            time.sleep(TICK)
            phases.delays[phases.now].append((time.perf_counter() - began - TICK) * 1000)

    def ask(number: int) -> None:
        phase, began = phases.now, time.perf_counter()
        engine.search(SearchRequest(QUERIES[number % len(QUERIES)], rerank=False))
        phases.searches[phase].append((time.perf_counter() - began) * 1000)
        time.sleep(BETWEEN_QUERIES)

    def update() -> None:
        (report,) = engine.update(on_progress=phases)
        rate = report.encoded / report.seconds_encoding if report.seconds_encoding else 0.0
        print(f"{report.functions} functions, {rate:.0f} encoded a second of encoding\n")

    threads = [threading.Thread(target=tick), threading.Thread(target=update)]
    for thread in threads:
        thread.start()
    number = 0
    while threads[1].is_alive():
        ask(number)
        number += 1
    phases.now = "idle"
    for number in range(IDLE_QUERIES):
        ask(number)
    stop.set()
    threads[0].join()
    return phases


if __name__ == "__main__":
    main()
