"""Rows about the resident server: what three editors and a search on the command line cost with it and without.

``python benchmarks/bench.py --part shared`` prints them alone.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from lsp_client import Client, environment_of
from made_workspace import docstring_queries, make_workspace
from table import Row

from cascode_models.cores import allowed_cores


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    #: Functions of each project.
    functions: int
    #: Searches of the command line with the server, and without.
    searches: int


FULL = Size(functions=20_000, searches=20)
QUICK = Size(functions=600, searches=3)
_PROJECTS = 3
#: How memory is measured where the system says so.
_HOW = ", pages of several processes divided among them" if sys.platform == "linux" else ""
#: Questions to each editor: what they leave in memory belongs to it.
_QUESTIONS = 5
#: What the last search set free has gone back by then: ten seconds after a pass.
_QUIET_SECONDS = 12.0
#: Searches before those that count: the server opens the index at the first.
_WARM_UP = 2


def rows(base: Path, size: Size, model: str | None = None) -> Iterator[Row]:
    """Measure every row.

    Args:
        base: A folder for workspaces and indexes.
        size: How much is measured.
        model: Folder or name of another model than the bundled one.
    """
    if model:
        os.environ["CASCODE_MODEL"] = model  # the servers inherit it
    # Sockets have short paths, and nobody else's server is to answer.
    os.environ["CASCODE_RUNTIME_DIR"] = str(base / "run")
    first = make_workspace(base / "project-0", functions=size.functions, files=0)
    # Copies have indexes of their own; only the vectors need not be computed again.
    projects = [first, *(Path(shutil.copytree(first, base / f"project-{n}")) for n in range(1, _PROJECTS))]
    index = base / "index"
    for project in projects:
        with Client([project], index, {"indexing": {"threads": allowed_cores()}}) as client:
            functions = client.wait_ready()["functions"]
            client.close()
    asked = docstring_queries(projects[0], _WARM_UP + size.searches)
    alone = _search_seconds(projects[0], index, asked)
    with ExitStack() as stack:
        separate = _megabytes(_sit_down(stack, projects, index, shared=False))
    with ExitStack() as afterwards, ExitStack() as stack:
        editors = _sit_down(stack, projects, index, shared=True)
        (server,) = _children(editors)  # of one of them
        afterwards.callback(_end, server)
        together = _megabytes(editors)
        cpu_seconds = sum(server.cpu_times()[:2])
        warm = _search_seconds(projects[0], index, asked)
        if sum(server.cpu_times()[:2]) == cpu_seconds:
            sys.exit("the shared server was not asked")
    yield Row(
        f"three editors on three projects of {functions:,} functions: memory with one shared server, against separate",
        "under 0.45x",
        f"{together / separate:.2f}x ({together:.0f} MB against {separate:.0f} MB{_HOW})",
    )
    yield Row(
        f"`cascode search` from start to end, {functions:,} functions, while the shared server runs",
        "p50 under 0.25 s",
        f"p50 {statistics.median(warm):.2f} s, worst of {len(warm)}: {max(warm):.2f} s; without it "
        f"p50 {statistics.median(alone):.2f} s, worst {max(alone):.2f} s",
    )


def _sit_down(stack: ExitStack, projects: list[Path], index: Path, *, shared: bool) -> list[Client]:
    """Open an editor on each project, ask some questions in each, and let them rest."""
    editors = [stack.enter_context(Client([project], index, shared=shared)) for project in projects]
    for editor, project in zip(editors, projects, strict=True):
        editor.wait_ready()
        for question in docstring_queries(project, _QUESTIONS):
            editor.execute("search", query=question)
    time.sleep(_QUIET_SECONDS)
    return editors


def _megabytes(editors: list[Client]) -> float:
    """What the processes that editors started hold in memory, and those that these started."""
    processes = [psutil.Process(editor.process.pid) for editor in editors]
    return sum(map(_held, [*processes, *_children(editors)])) / 1e6


def _children(editors: list[Client]) -> list[psutil.Process]:
    """What the processes that editors started have started: a shared server."""
    return [child for editor in editors for child in psutil.Process(editor.process.pid).children(recursive=True)]


def _end(server: psutil.Process) -> None:
    """End a server, which would wait half an hour for the next editor."""
    with suppress(psutil.NoSuchProcess):
        server.kill()
        server.wait()


def _held(process: psutil.Process) -> int:
    """Bytes of a process, shared pages divided among those who share them where the system says so (Linux)."""
    found = process.memory_full_info()
    return int(getattr(found, "pss", 0) or found.rss)


def _search_seconds(project: Path, index: Path, asked: list[str]) -> list[float]:
    """Seconds of ``cascode search`` as a person waits for them, without the first ones."""
    environment = environment_of(index)
    seconds = []
    for question in asked:
        command = [str(Path(sys.executable).with_name("cascode")), "search", question, "--workspace", str(project)]
        started = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - started)
    return seconds[_WARM_UP:]
