"""Workspaces that come and go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import WorkspaceError
from cascode_indexer.search.types import Answer, SearchRequest
from cascode_indexer.watch import ChangeBatch
from running import PATIENCE, Running, Steps, write_functions

OpenEngine = Callable[..., Engine]


def names(answer: Answer) -> list[str]:
    """Names of the hits, best first."""
    return [hit.name for hit in answer.hits]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A workspace of 300 functions, too many for one batch of anything."""
    write_functions(tmp_path / "large", 100, 3)
    return tmp_path / "large"


def test_an_engine_without_a_workspace_answers(open_engine: OpenEngine, workspace: Path) -> None:
    """A server without a folder: no hits, no error, until a root is added."""
    engine = open_engine()
    assert engine.update() == []
    answer = engine.search(SearchRequest("retry upload"))
    assert (answer.hits, answer.state, engine.status()) == ((), "ready", [])
    engine.add_root(workspace)
    engine.add_root(workspace)
    engine.update()
    assert engine.roots == (workspace,)
    assert names(engine.search(SearchRequest("retry_failed_upload")))[0] == "retry_failed_upload"


def test_a_covered_root_comes_back_when_the_outer_one_goes(open_engine: OpenEngine, workspace: Path) -> None:
    """Nothing is found twice meanwhile, and nothing is encoded twice."""
    inner = workspace / "src"
    engine = open_engine(inner)
    engine.update()
    engine.add_root(workspace)
    assert [held.root for held in engine.workspaces] == [workspace]
    assert engine.update()[0].encoded == 1
    assert len(engine.search(SearchRequest("upload", limit=50)).hits) == 6
    (inner / "queue.js").unlink()
    engine.apply(ChangeBatch(inner, frozenset(), frozenset({"queue.js"}), False))
    assert len(engine.search(SearchRequest("upload", limit=50)).hits) == 3
    engine.remove_root(workspace)
    assert (engine.roots, [held.root for held in engine.workspaces]) == ((inner,), [inner])
    assert engine.update()[0].encoded == 0
    assert {hit.root for hit in engine.search(SearchRequest("upload")).hits} == {inner}
    with pytest.raises(WorkspaceError, match="not a workspace"):
        engine.apply(ChangeBatch(workspace, frozenset(), frozenset(), True))


def test_a_root_that_cannot_be_added_changes_nothing(open_engine: OpenEngine, workspace: Path) -> None:
    """The message names it; the others stay."""
    engine = open_engine(workspace)
    with pytest.raises(WorkspaceError, match="nowhere"):
        engine.add_root(workspace / "nowhere")
    assert engine.roots == (workspace,)
    engine.remove_root(workspace / "never added")
    assert len(engine.workspaces) == 1


def test_removing_a_root_cancels_its_update(open_engine: OpenEngine, large: Path, workspace: Path) -> None:
    """It returns at once; the files are closed when the update has ended; what is left goes on."""
    engine = open_engine(large, workspace)
    steps = Steps("encode")
    removed = engine.workspaces[0]
    update = Running(lambda: engine.update(on_progress=steps))
    assert steps.reached.wait(PATIENCE)
    engine.remove_root(large)
    assert removed.in_use
    assert not any(hit.root == large for hit in engine.search(SearchRequest("topic")).hits)
    steps.go_on.set()
    reports = update.result()
    assert [report.cancelled for report in reports] == [True, False]  # type: ignore[attr-defined]
    assert not removed.in_use
    assert names(engine.search(SearchRequest("retry_failed_upload")))[0] == "retry_failed_upload"
