"""Several editor windows on one workspace: one writes, all see it, and the next one takes over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.search.types import SearchRequest

OpenEngine = Callable[..., Engine]

#: Stores a workspace's functions, says so, and keeps the right to write until it is killed.
WRITER = """
import sys, time
from pathlib import Path
from cascode_indexer.engine import Engine

def hold(progress):
    if progress.files_done and progress.files_done == progress.files_total:
        print("stored", flush=True)
        time.sleep(600)

with Engine([Path(sys.argv[1])]) as engine:
    engine.update(on_progress=hold)
"""


@pytest.fixture
def writer(workspace: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is writing the index of the workspace."""
    process = subprocess.Popen([sys.executable, "-I", "-c", WRITER, str(workspace)], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_reader_sees_what_another_process_stores_and_takes_over_when_it_dies(
    open_engine: OpenEngine, workspace: Path, writer: subprocess.Popen[str]
) -> None:
    """Read-only while the other one lives; the writer's functions at the next search; then its own update."""
    engine = open_engine(workspace)
    engine.search(SearchRequest("retry_failed_upload"))  # what it read by now is out of date soon
    assert writer.stdout is not None
    assert writer.stdout.readline() == "stored\n"
    answer = engine.search(SearchRequest("retry_failed_upload"))
    assert (answer.hits[0].name, answer.state, answer.pending) == ("retry_failed_upload", "indexing", 6)
    assert engine.status()[0].busy
    (report,) = engine.update()
    assert (report.read_only, report.functions) == (True, 6)
    engine.set_overlay(workspace / "src" / "mail.py", "def send_mail(to):\n    return smtp(to)\n")
    assert engine.search(SearchRequest("send_mail")).hits[0].name == "send_mail"
    writer.kill()
    writer.wait()
    (report,) = engine.update()
    assert (report.read_only, report.encoded) == (False, 6)
    assert engine.search(SearchRequest("retry_failed_upload")).state == "ready"
    assert not engine.status()[0].busy


def test_two_engines_take_turns(open_engine: OpenEngine, workspace: Path) -> None:
    """Whoever updates writes; the other one sees it at its next search."""
    engines = [open_engine(workspace), open_engine(workspace)]
    for at in range(4):
        (workspace / f"new_{at}.py").write_text(f"def newcomer_{at}():\n    return {at}\n")
        (report,) = engines[at % 2].update()
        assert (report.read_only, report.encoded) == (False, 6 + 1 if at == 0 else 1)
        for engine in engines:
            answer = engine.search(SearchRequest(f"newcomer_{at}"))
            assert (answer.hits[0].name, answer.state) == (f"newcomer_{at}", "ready")
