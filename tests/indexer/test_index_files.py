"""Replacing damaged files, which several processes may meet at once."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cascode_indexer import index_files
from cascode_indexer.errors import IndexStoreError
from cascode_indexer.index_files import IndexFiles
from cascode_indexer.location import IndexLocation, locate, vector_cache_path
from cascode_indexer.store.connection import DamagedFileError, opening
from fake_encoder import FakeModelHandle
from running import Running

FileOf = Callable[[IndexLocation], Path]
FILES = pytest.mark.parametrize(
    "file_of", [lambda location: location.store, lambda _location: vector_cache_path()], ids=["store", "vector cache"]
)


@pytest.fixture
def location(workspace: Path) -> IndexLocation:
    """Where an index is about to be."""
    return locate(workspace)


@pytest.fixture
def files(location: IndexLocation) -> Iterator[IndexFiles]:
    """Its files, all of them open."""
    files = IndexFiles(location, FakeModelHandle())
    with files.current as index:
        index.cache()
    yield files
    files.retire()


def number(path: Path) -> int:
    """What distinguishes a file from another one of its name."""
    return path.stat().st_ino


def damaged_copy(path: Path) -> Path:
    """Where a damaged file goes."""
    return path.with_name(path.name + ".damaged")


@FILES
def test_a_file_that_another_process_replaced_is_left_alone(
    files: IndexFiles, location: IndexLocation, file_of: FileOf
) -> None:
    """Its new file may hold an hour of encoding by now."""
    path = file_of(location)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copyfile(path, path.with_name("new"))
    path.with_name("new").replace(path)
    theirs = number(path)
    before = files.current
    files.replace(DamagedFileError(path, "torn"), before)
    assert files.current is not before
    assert number(path) == theirs
    assert not damaged_copy(path).exists()


def test_a_damaged_file_that_was_not_opened_here_goes(location: IndexLocation) -> None:
    """Its damage may be what keeps it from being opened."""
    files = IndexFiles(location, FakeModelHandle())
    path = vector_cache_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"torn")
    torn = number(path)
    with files.current as index:
        files.replace(DamagedFileError(path, "torn"), index)
    assert number(damaged_copy(path)) == torn
    files.retire()


@FILES
def test_a_damaged_file_goes_where_nobody_opens_files(
    files: IndexFiles, location: IndexLocation, file_of: FileOf
) -> None:
    """Who is about to open it, under the lock of opening, must not find it half removed."""
    path = file_of(location)
    with files.current as index:
        index.cache()
        torn = number(path)
        with opening(path):
            replacing = Running(lambda: files.replace(DamagedFileError(path, "torn"), index))
            time.sleep(0.2)
            assert not replacing.done
            assert number(path) == torn
        replacing.result()
    assert damaged_copy(path).exists()
    assert number(damaged_copy(path)) == torn


def test_files_that_could_not_be_replaced_are_opened_again(
    files: IndexFiles, location: IndexLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds the damaged one for a moment: the workspace is not lost until a restart."""

    def held(path: Path) -> None:
        raise PermissionError(13, "in use", str(path))

    before = files.current
    with monkeypatch.context() as patched:
        patched.setattr(index_files, "put_aside", held)
        with pytest.raises(IndexStoreError, match="cannot be replaced"):
            files.replace(DamagedFileError(location.store, "torn"), before)
    assert before.closed
    with files.current as index:
        assert index.store.counts().functions == 0
    files.replace(DamagedFileError(location.store, "torn"), files.current)
    assert damaged_copy(location.store).exists()
