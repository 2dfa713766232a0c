"""Workspaces that engines share."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.model import ModelHandle
from cascode_indexer.pool import WorkspacePool
from cascode_indexer.search.types import SearchRequest
from running import Running, Steps, write_functions

QUERY = SearchRequest("try an upload again", rerank=False)


def test_engines_with_the_same_options_share_open_files(workspace: Path, model: ModelHandle) -> None:
    """Other options, another model and another pool have files of their own."""
    pool = WorkspacePool()
    with (
        Engine([workspace], model=model, pool=pool) as first,
        Engine([workspace], model=model, pool=pool) as second,
        Engine([workspace], model=model, pool=pool, max_file_bytes=9) as other,
        Engine([workspace], model=model) as alone,
    ):
        assert first.workspaces[0] is second.workspaces[0]
        assert len({engine.workspaces[0] for engine in (first, other, alone)}) == 3


def test_a_shared_workspace_lives_as_long_as_its_last_engine(workspace: Path, model: ModelHandle) -> None:
    """The end of one engine takes nothing from another; after the last one the files are closed and opened again."""
    pool = WorkspacePool()
    first, second = Engine([workspace], model=model, pool=pool), Engine([workspace], model=model, pool=pool)
    first.update()
    shared = first.workspaces[0]
    first.close()
    first.close()
    assert second.search(QUERY).hits[0].name == "retry_failed_upload"
    assert not second.update()[0].read_only
    second.remove_root(workspace)
    assert shared.retired
    second.add_root(workspace)
    assert second.workspaces[0] is not shared
    assert second.search(QUERY).hits[0].name == "retry_failed_upload"
    second.close()


def test_buffers_are_those_of_one_engine(workspace: Path, model: ModelHandle) -> None:
    """What one client types is not found by the other."""
    pool = WorkspacePool()
    with Engine([workspace], model=model, pool=pool) as first, Engine([workspace], model=model, pool=pool) as second:
        first.update()
        first.set_overlay(workspace / "src" / "upload.py", "def something_else():\n    pass\n")
        assert "retry_failed_upload" not in {hit.name for hit in first.search(QUERY).hits}
        assert second.search(QUERY).hits[0].name == "retry_failed_upload"


def test_an_engine_takes_over_what_another_one_left(tmp_path: Path, model: ModelHandle) -> None:
    """Two engines bring one workspace up to date; where the one that encodes is cancelled the other finishes."""
    root = tmp_path / "many"
    write_functions(root, 40)
    pool = WorkspacePool()
    with (
        Engine([root], model=model, pool=pool, threads=1) as first,
        Engine([root], model=model, pool=pool, threads=1) as second,
    ):
        steps, stop = Steps("encode"), threading.Event()
        leaving = Running(lambda: first.update(on_progress=steps, cancelled=stop.is_set))
        assert steps.reached.wait(60)
        seen: list[str] = []
        staying = Running(lambda: second.update(on_progress=lambda progress: seen.append(progress.phase)))
        stop.set()
        steps.go_on.set()
        leaving.result()
        staying.result()
        counts = second.status()[0].counts
        assert counts is not None
        assert (counts.functions, counts.pending) == (200, 0)
        assert "encode" in seen


@pytest.fixture(autouse=True)
def _index(index_folder: Path) -> None:
    """Every test has an index of its own."""
