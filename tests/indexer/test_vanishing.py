"""What goes away between two looks at it: files of an index, its open connection, its workspace."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.errors import IndexStoreError
from cascode_indexer.location import bytes_of, locate
from cascode_indexer.open_index import OpenIndex
from cascode_indexer.store import connection
from cascode_indexer.store.connection import VECTOR_SCHEMA, DamagedFileError, connect

OpenEngine = Callable[..., Engine]

#: As :func:`cascode_indexer.vectors.file.save_index` names what it is about to put in its place.
PART = "vectors.faiss.1.tmp"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("ask", ["status", "is_indexed"])
def test_a_file_that_is_replaced_while_it_is_looked_at_is_no_error(
    open_engine: OpenEngine, workspace: Path, monkeypatch: pytest.MonkeyPatch, when: str, ask: str
) -> None:
    """The first question of a new workspace looks again and again while vectors are saved."""
    engine = open_engine(workspace)
    engine.update()
    part = locate(workspace).directory / PART
    part.write_bytes(b"half of an index")
    look = Path.stat

    def look_as_it_goes(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.name == PART and when == "before":
            part.unlink(missing_ok=True)
        seen = look(path, follow_symlinks=follow_symlinks)
        if path.name == PART:
            part.unlink()
        return seen

    monkeypatch.setattr(Path, "stat", look_as_it_goes)
    monkeypatch.setattr(Path, "lstat", lambda path: look_as_it_goes(path, follow_symlinks=False))
    asked = {"status": lambda: engine.status()[0].indexed, "is_indexed": engine.is_indexed}
    assert asked[ask]() is True


def test_the_size_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    """Those of folders in it included; a folder that is gone has none."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "inner" / "b").write_bytes(b"4567")
    assert bytes_of(tmp_path) == 7
    assert bytes_of(tmp_path / "gone") == 0


def test_an_index_that_is_rebuilt_at_this_moment_is_not_scanned(
    open_engine: OpenEngine, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are closed between being asked for and being read: those in their place are read, not none."""
    engine = open_engine(workspace)
    (opened,) = engine.workspaces
    enter = OpenIndex.__enter__
    before = opened.index

    def rebuild_first(index: OpenIndex) -> OpenIndex:
        if index is before:
            opened.repair(DamagedFileError(locate(workspace).store, "torn"), index)
        return enter(index)

    monkeypatch.setattr(OpenIndex, "__enter__", rebuild_first)
    assert not engine.is_indexed()
    assert opened.index is not before
    assert len(engine.status()) == 1


def test_a_workspace_that_is_removed_at_this_moment_is_left_out(
    open_engine: OpenEngine, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took it up just before finds its files closed, and nothing in it."""
    engine = open_engine(workspace)
    engine.update()
    taken = engine.workspaces
    engine.remove_root(workspace)
    monkeypatch.setattr(Engine, "workspaces", property(lambda _: taken))
    assert engine.status() == []
    assert engine.is_indexed()
    assert engine.skipped_paths(workspace) == []


def test_a_database_that_is_gone_when_it_is_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process removes the index right after the file was made: the error is one line with a fix."""
    monkeypatch.setattr(connection, "make_private_file", lambda _: None)
    with pytest.raises(IndexStoreError, match=r"cannot use the index .*gone\.sqlite3: No such file"):
        connect(tmp_path / "gone.sqlite3", VECTOR_SCHEMA)
