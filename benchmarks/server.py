"""Rows about the language server, as a client sees it on the wire.

``python benchmarks/server.py`` prints them alone, ``--quick`` on small workspaces; ``benchmarks/bench.py`` prints them
after the others.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from lsp_client import Client
from made_workspace import first_sentences
from table import Row

from cascode_models.cores import allowed_cores


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    #: Functions of the workspace that was never indexed, and of the one whose index is complete.
    fresh: int
    warm: int
    starts: int
    queries: int
    edits: int
    #: Seconds of cheap requests while the index is made.
    cheap_seconds: float


FULL = Size(fresh=10_000, warm=20_000, starts=7, queries=100, edits=10, cheap_seconds=15.0)
QUICK = Size(fresh=600, warm=600, starts=3, queries=10, edits=3, cheap_seconds=2.0)
#: Between two cheap requests: a status bar asks less often, and more would measure a queue.
_CHEAP_PAUSE_SECONDS = 0.02
#: Searches of these first queries of a session are not counted: they warm caches up.
_WARM_UP = 5


def rows(fresh: Path, warm: Path, base: Path, size: Size, model: str | None = None) -> Iterator[Row]:
    """Measure every row.

    Args:
        fresh: A workspace of ``size.fresh`` functions.
        warm: A workspace of ``size.warm`` functions.
        base: A folder for indexes.
        size: How much is measured.
        model: Folder or name of another model than the bundled one.
    """
    if model:
        os.environ["CASCODE_MODEL"] = model  # the servers inherit it
    yield start_row(base, size)
    yield from fresh_rows(fresh, base, size)
    yield cheap_row(fresh, base, size)
    yield from warm_rows(warm, base, size)


def start_row(base: Path, size: Size) -> Row:
    """From the start of the process to the answer of ``initialize``."""
    times = []
    for _ in range(size.starts):
        with Client([], base / "start") as client:
            times.append(client.initialized_after)
            client.close()
    return Row(
        "language server: start to initialize answered",
        "under 250 ms",
        f"{statistics.median(times) * 1000:.0f} ms, worst of {len(times)}: {max(times) * 1000:.0f} ms",
    )


def fresh_rows(workspace: Path, base: Path, size: Size) -> Iterator[Row]:
    """The first answer about a workspace that was never indexed, and searches while its index is made."""
    asked = documented(workspace, size.queries)
    times, found = [], 0
    for number, (query, name) in enumerate(asked[: size.starts]):
        with Client([workspace], base / f"fresh-{number}") as client:
            arrived, answer = client.wait(client.begin_command("search", query=query, limit=10))
            times.append(arrived - client.started)
            found += any(hit["name"].rpartition(".")[2] == name for hit in answer["hits"])
            if number + 1 < min(size.starts, len(asked)):
                continue
            yield Row(
                f"language server: first answer, workspace of {size.fresh:,} functions never indexed, "
                "from the start of the process",
                "under 4 s, useful",
                f"{statistics.median(times):.1f} s, worst of {len(times)}: {max(times):.1f} s; the function whose "
                f"docstring was asked for is among the first 10 in {found} of {len(times)}",
            )
            yield busy_row(client, asked)


def busy_row(client: Client, asked: list[tuple[str, str]]) -> Row:
    """Searches while the index is made, against the same ones when it is complete."""
    while not client.execute("status")[1]["model"]["loaded"]:
        time.sleep(0.05)
    for query, _ in asked[:_WARM_UP]:
        client.execute("search", query=query)
    busy = []
    for query, _ in asked[_WARM_UP:]:
        seconds, answer = client.execute("search", query=query)
        if answer["index"]["state"] == "ready" and not answer["index"]["pending"]:
            break
        busy.append(seconds)
    client.wait_ready()
    count = max(len(busy), 1)
    idle = [client.execute("search", query=query)[0] for query, _ in asked[_WARM_UP : _WARM_UP + count]]
    client.close()
    must = "p50 at most twice"
    what = "language server: search while indexing, against idle"
    if not busy:
        return Row(what, must, "the index was complete before a search: the workspace is too small")
    while_busy, while_idle = statistics.median(busy), statistics.median(idle)
    return Row(
        what,
        must,
        f"{while_busy / while_idle:.1f} times ({while_busy * 1000:.0f} ms against {while_idle * 1000:.0f} ms, "
        f"{len(busy)} queries, settings as they come)",
    )


def cheap_row(workspace: Path, base: Path, size: Size) -> Row:
    """A cheap request while the index is made with all cores."""
    times = []
    with Client([workspace], base / "cheap", {"indexing": {"threads": allowed_cores()}}) as client:
        until = time.perf_counter() + size.cheap_seconds
        while time.perf_counter() < until:
            seconds, status = client.execute("status")
            if status["state"] == "ready":
                break
            times.append(seconds)
            time.sleep(_CHEAP_PAUSE_SECONDS)
        client.close()
    return Row(
        "language server: cheap request while indexing at full speed",
        "p95 under 50 ms",
        f"p95 {_p95(times) * 1000:.0f} ms, p50 {statistics.median(times) * 1000:.0f} ms, worst "
        f"{max(times) * 1000:.0f} ms of {len(times)} in the first {size.cheap_seconds:.0f} s",
    )


def warm_rows(workspace: Path, base: Path, size: Size) -> Iterator[Row]:
    """Warm searches as they come and with texts read besides, edits, and the memory of a server that waits."""
    asked = documented(workspace, size.queries + _WARM_UP)
    with Client([workspace], base / "warm", {"indexing": {"threads": allowed_cores()}}) as client:
        client.wait_ready()
        client.close()
    with Client([workspace], base / "warm", {"search": {"rerank": "always", "rerankTop": 10}}) as client:
        functions = client.wait_ready()["functions"]
        fast, whole = [], []
        for number, (query, _) in enumerate(asked):
            started, token = time.perf_counter(), f"token-{number}"
            request = client.begin_command("search", query=query, partialResultToken=token)
            fast.append(client.wait(token)[0] - started)
            whole.append(client.wait(request)[0] - started)
        client.close()
    with Client([workspace], base / "warm", {"model": {"unloadMinutes": 1}}) as client:
        client.wait_ready()
        usual = [client.execute("search", query=query)[0] for query, _ in asked]
        for what, times, must in (
            ("as it comes", usual, 30),
            ("the ten best read as well, first order streamed", fast, 40),
            ("the ten best read as well, last order", whole, 170),
        ):
            times = times[_WARM_UP:]
            yield Row(
                f"language server: search answered, {functions:,} functions, {what}",
                f"p50 under {must} ms",
                f"p50 {statistics.median(times) * 1000:.0f} ms, p95 {_p95(times) * 1000:.0f} ms",
            )
        yield edit_row(client, workspace, size)
        time.sleep(12.0)  # what the last search set free has gone back by then: ten seconds after a pass
        what = f"language server: memory when idle, {functions:,} functions, after searches and edits"
        yield Row(f"{what}, the model still loaded", "", _memory(client))
        while client.execute("status")[1]["model"]["loaded"]:
            time.sleep(5.0)
        yield Row(f"{what}, the model let go (`model.unloadMinutes`)", "under 200 MB", _memory(client))
        yield Row(
            "language server: the search that loads the model again",
            "under 1 s",
            f"{client.execute('search', query=asked[0][0])[0]:.2f} s",
        )
        client.close()


def _memory(client: Client) -> str:
    """What a server holds."""
    memory = psutil.Process(client.process.pid).memory_info()
    mapped = getattr(memory, "shared", 0) / 1e6
    return f"{memory.rss / 1e6:.0f} MB, {mapped:.0f} MB of it pages of files that the system may drop"


def edit_row(client: Client, workspace: Path, size: Size) -> Row:
    """From a typed change, not saved, to the first search that finds the new function at its line."""
    path = max(workspace.rglob("*.py"), key=lambda file: file.stat().st_size)
    text = path.read_text(encoding="utf-8")
    document = {"uri": path.as_uri(), "languageId": "python", "version": 0, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})
    times = []
    for number in range(size.edits):
        name = f"turn_the_lamp_number_{number}"
        changed = f"{text}\n\ndef {name}(lamp):\n    return lamp.turn({number})\n"
        line = changed.count("\n") - 1  # 1-based, of the `def`
        versioned = {"uri": path.as_uri(), "version": number + 1}
        started = time.perf_counter()
        change = {"textDocument": versioned, "contentChanges": [{"text": changed}]}
        client.notify("textDocument/didChange", change)
        while True:
            hits = client.execute("search", query=name.replace("_", " "), rerank=False)[1]["hits"]
            if any(hit["name"] == name and hit["start_line"] == line for hit in hits):
                break
        times.append(time.perf_counter() - started)
    client.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})
    return Row(
        f"language server: edit to findable, not saved, in a file of {len(text) // 1000} kB",
        "under 1 s",
        f"{statistics.median(times):.2f} s, worst of {len(times)}: {max(times):.2f} s",
    )


def documented(workspace: Path, count: int) -> list[tuple[str, str]]:
    """Return first sentences of docstrings with the names of their functions, one a file."""
    found: list[tuple[str, str]] = []
    for path in sorted(workspace.rglob("*.py"), key=lambda file: file.stat().st_size, reverse=True):
        fitting = (pair for pair in first_sentences(path) if 4 <= len(pair[0].split()) <= 15)
        found.extend(itertools.islice(fitting, 1))
        if len(found) == count:
            break
    return found


def _p95(times: list[float]) -> float:
    """The time that one in twenty exceeds."""
    return sorted(times)[int(len(times) * 0.95)]


def main() -> None:
    """Measure and print."""
    import bench  # its workspaces; bench imports this module

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small workspaces, to see that the benchmark runs")
    parser.add_argument("--model", help="folder or name of another model than the bundled one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cascode-bench-") as folder:
        for row in bench.server_rows(Path(folder), arguments.model, QUICK if arguments.quick else FULL):
            print(f"{row.what}\n    must: {row.must}\n    is:   {row.measured}", flush=True)


if __name__ == "__main__":
    main()
