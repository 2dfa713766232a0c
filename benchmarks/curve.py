"""Quality of the answers while a first index is being encoded: `make bench-curve`.

A person asks before everything has a vector. The workspace is indexed once, so that every vector is known; then texts
count as encoded up to a share of them, in two orders, and the same questions are asked at each share. The share is what
is reported, because it is the same on every machine; seconds follow from a machine's own speed
(docs/benchmarks.md has definitions a second).

Questions are first sentences of docstrings of functions that are no tests, the answer's docstring still in the code:
the curve compares orders, and is no measure of how well questions are answered (docs/questions.md).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from made_workspace import first_sentences, make_workspace, say, source_files

from cascode_indexer.engine import Engine
from cascode_indexer.extract import is_test_path
from cascode_indexer.indexing.order import encoding_order
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.types import PendingPassage

FUNCTIONS, QUESTIONS = 5_000, 100
QUICK_FUNCTIONS, QUICK_QUESTIONS = 600, 30
SHARES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
#: One file in so many counts as changed lately, and is asked about in the second column of each order.
RECENT_EVERY = 12
LIMIT = 10


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small workspace, to see that the benchmark runs")
    parser.add_argument("--workspace", type=Path, help="a workspace with docstrings in the place of the made one")
    arguments = parser.parse_args()
    functions, questions = (QUICK_FUNCTIONS, QUICK_QUESTIONS) if arguments.quick else (FUNCTIONS, QUESTIONS)
    with tempfile.TemporaryDirectory(prefix="cascode-curve-") as folder:
        # Files get other times and texts count as not encoded: both of a copy, never of what a person works with.
        os.environ["CASCODE_INDEX_DIR"] = f"{folder}/index"
        workspace = Path(folder) / "workspace"
        if arguments.workspace:
            copy(arguments.workspace, workspace)
        else:
            make_workspace(workspace, functions=functions, files=0)
        recent = touch(workspace)
        with Engine([workspace]) as engine:
            engine.update()
            measure(engine, ask(workspace, questions, recent), recent)


def copy(workspace: Path, target: Path) -> None:
    """Copy a workspace without its history."""
    shutil.copytree(workspace, target, symlinks=True, ignore=shutil.ignore_patterns(".git"))


def touch(workspace: Path) -> frozenset[str]:
    """Make some files newer than the others; return them."""
    files = source_files(workspace)
    for number, path in enumerate(files):
        time = 1_000_000_000 + (10_000 if number % RECENT_EVERY == 0 else 0)
        os.utime(path, (time, time))
    return frozenset(path.relative_to(workspace).as_posix() for path in files[::RECENT_EVERY])


def ask(workspace: Path, count: int, recent: frozenset[str]) -> list[tuple[str, str, str]]:
    """Return questions, each with the path and the name of its answer; half of them about recent files."""
    chooser = random.Random(1)
    found: dict[bool, list[tuple[str, str, str]]] = {True: [], False: []}
    for path in source_files(workspace):
        relative = path.relative_to(workspace).as_posix()
        sentences = [(text, name) for text, name in first_sentences(path) if len(text.split()) >= 4]
        if sentences and not is_test_path(relative):
            text, name = chooser.choice(sentences)
            found[relative in recent].append((text, relative, name))
    return found[True][: count // 2] + found[False][: count // 2]


def measure(engine: Engine, questions: Sequence[tuple[str, str, str]], recent: frozenset[str]) -> None:
    """Print MRR at each share, in the order that was and in the one that is."""
    (workspace,) = engine.workspaces
    store = workspace.index.writer()
    store.mark_all_pending()
    pending = store.pending_passages()
    orders: dict[str, list[PendingPassage]] = {
        "shortest first": sorted(pending, key=lambda passage: (passage.length, passage.id)),
        "what is asked about first": encoding_order(pending),
    }
    about_recent = [question for question in questions if question[1] in recent]
    say(f"{len(pending):,} passages, {len(questions)} questions, {len(about_recent)} about files that changed lately")
    print("| encoded | " + " | ".join(f"{name}: all | changed lately" for name in orders) + " |")
    print("|---|" + "---|" * (2 * len(orders)))
    for share in SHARES:
        cells = []
        for order in orders.values():
            store.mark_all_pending()
            store.mark_encoded(passage.id for passage in order[: round(share * len(order))])
            ranks = {question: reciprocal_rank(engine, *question) for question in questions}
            cells += [sum(ranks.values()) / len(ranks), sum(ranks[q] for q in about_recent) / max(len(about_recent), 1)]
        print(f"| {share:.0%} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |", flush=True)


def reciprocal_rank(engine: Engine, question: str, path: str, name: str) -> float:
    """Ask; return 1 / rank of the answer, 0 where it is not among the first ten."""
    hits = engine.search(SearchRequest(question, limit=LIMIT, rerank_top=0)).hits
    places = [rank for rank, hit in enumerate(hits, 1) if hit.path == path and hit.name.rpartition(".")[2] == name]
    return 1 / places[0] if places else 0.0


if __name__ == "__main__":
    main()
