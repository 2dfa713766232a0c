"""Cleaning and diagnosing real indexes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import IndexBusyError
from cascode_indexer.location import code_store_path, locate, vector_cache_path
from cascode_indexer.maintenance import clean, clean_all, diagnose
from cascode_indexer.store.code_store import CodeStore

OpenEngine = Callable[..., Engine]


def test_cleaning_a_workspace_removes_its_index_and_nothing_else(open_engine: OpenEngine, workspace: Path) -> None:
    """The vectors stay: indexing again encodes nothing."""
    engine = open_engine(workspace)
    engine.update()
    engine.close()
    report = clean(workspace)
    assert report.indexes == 1
    assert report.bytes > 0
    assert not locate(workspace).directory.exists()
    assert open_engine(workspace).update()[0].encoded == 0


def test_cleaning_without_a_workspace_removes_what_has_vanished(open_engine: OpenEngine, workspace: Path) -> None:
    """The index of a deleted folder goes; vectors used this month stay."""
    engine = open_engine(workspace)
    engine.update()
    engine.close()
    assert clean(None).indexes == 0
    shutil.rmtree(workspace)
    report = clean(None)
    assert (report.indexes, report.vectors) == (1, 0)


def test_a_journal_that_goes_meanwhile_is_no_error(
    open_engine: OpenEngine, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader closes its database while the folder is deleted: SQLite takes the journal away itself."""
    open_engine(workspace).close()
    rmtree = shutil.rmtree

    def meets_a_gap(path: Path) -> None:
        monkeypatch.setattr(shutil, "rmtree", rmtree)
        raise FileNotFoundError(path / "index.sqlite-wal")

    monkeypatch.setattr(shutil, "rmtree", meets_a_gap)
    assert clean(workspace).indexes == 1
    assert not locate(workspace).directory.exists()


def test_cleaning_everything_leaves_nothing(open_engine: OpenEngine, workspace: Path) -> None:
    """All indexes and all vectors are gone, and are counted."""
    engine = open_engine(workspace)
    engine.update()
    engine.close()
    report = clean_all()
    assert (report.indexes, report.vectors) == (1, 6)
    assert not vector_cache_path().exists()


def test_an_index_that_is_being_written_is_not_cleaned(open_engine: OpenEngine, workspace: Path) -> None:
    """The message says to stop the process that writes."""
    engine = open_engine(workspace)
    engine.update()
    with engine.workspaces[0]._right.holding("scan", lambda: False), pytest.raises(IndexBusyError, match="stop it"):
        clean(workspace)


def test_each_problem_comes_with_the_command_that_fixes_it(open_engine: OpenEngine, workspace: Path) -> None:
    """Not indexed, not complete, damaged, fine."""

    def finding() -> tuple[bool, str, str | None]:
        last = diagnose([workspace])[-1]
        return last.ok, last.detail, last.fix

    assert finding() == (False, "not indexed yet", f"cascode index {workspace}")
    engine = open_engine(workspace)
    engine.update(cancelled=lambda: True)
    assert finding() == (False, "the first indexing run did not finish", f"cascode index {workspace}")
    engine.update()
    assert finding() == (True, "6 definitions in 3 files", None)
    engine.workspaces[0].store.mark_all_pending()
    assert finding()[1] == "6 definitions have no vector yet"
    engine.update()
    engine.workspaces[0].store.set_meta("model", "another")
    assert finding()[1:] == (
        "made with another model, another: searched by words only until it is indexed again",
        f"cascode index {workspace}",
    )
    empty = workspace.parent / "empty; rm"
    empty.mkdir()
    assert diagnose([empty])[-1].fix == f"cascode index '{empty}'", "a folder's name is no command"
    open_engine(empty).update()
    assert diagnose([empty])[-1].detail == "no definitions: the folder contains no source files"
    engine.close()
    assert all(check.ok for check in diagnose([]))


def test_codes_go_with_what_they_were_made_of(open_engine: OpenEngine, workspace: Path) -> None:
    """Those of texts that no index holds are removed without a workspace, and all of them with everything."""
    engine = open_engine(workspace)
    engine.update()
    kept = sorted(engine.workspaces[0].store.all_keys())[0]
    engine.close()
    with CodeStore(code_store_path(), "poly", 4) as codes:
        codes.put({kept: np.eye(2, 4, dtype=np.float32), b"gone": np.eye(2, 4, dtype=np.float32)})
    clean(None)
    with CodeStore(code_store_path(), "poly", 4) as codes:
        assert set(codes.get([kept, b"gone"])) == {kept}
    clean_all()
    assert not code_store_path().exists()
