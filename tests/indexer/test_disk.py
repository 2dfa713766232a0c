"""Spellings of a path: links, and disks that ignore case, one of which is emulated here."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from cascode_indexer.disk import Disk
from cascode_indexer.engine import Engine
from cascode_indexer.search.types import SearchRequest

OpenEngine = Callable[..., Engine]

TYPED = 'def convert_celsius(degrees):\n    """Turn a temperature into the other unit."""\n    return degrees\n'


class CaseBlindDisk(Disk):
    """A disk like those of macOS and Windows below one folder: it finds names in any case, and keeps that of its own.

    Args:
        top: Where it is mounted.
    """

    def __init__(self, top: Path) -> None:
        super().__init__()
        self._top = top

    def is_same(self, path: Path, other: Path) -> bool:
        """Whether both lead to one file there."""
        return self.real(path).samefile(self.real(other))

    def real(self, path: Path) -> Path:
        """The path without links. As on macOS, in the case in which it was asked for."""
        return super().real(self._stored(path)) if self._stored(path).is_symlink() else path

    def names(self, folder: Path) -> list[str]:
        """The names in a folder, which may be asked for in any case."""
        return super().names(self._stored(folder))

    def _tries_case(self, folder: Path) -> bool:
        return self._stored(folder).is_relative_to(self._top)

    def _stored(self, path: Path) -> Path:
        """The path as the disk has it."""
        depth = len(self._top.parts)
        if [part.casefold() for part in path.parts[:depth]] != [part.casefold() for part in self._top.parts]:
            return path
        found = self._top
        for part in path.parts[depth:]:
            names = super().names(found)
            found /= next((name for name in names if name.casefold() == part.casefold()), part)
        return found


def test_a_path_in_another_case_is_the_file_that_is_there(tmp_path: Path) -> None:
    """Below a root in any spelling; a name that is not there yet stays as it is."""
    (tmp_path / "Project" / "Src").mkdir(parents=True)
    (tmp_path / "Project" / "Src" / "Upload.py").touch()
    disk = CaseBlindDisk(tmp_path)
    root = tmp_path / "Project"
    for spelling in ("Project/Src/Upload.py", "project/src/upload.py", "PROJECT/Src/UPLOAD.PY"):
        assert disk.place([root], tmp_path / spelling) == (root, "Src/Upload.py")
    assert disk.place([tmp_path / "PROJECT"], root / "src" / "New.py") == (tmp_path / "PROJECT", "Src/New.py")
    assert disk.place([root], tmp_path / "Project2" / "a.py") is None
    assert disk.key(tmp_path / "PROJECT") == disk.key(root)
    assert disk.spelled_as(tmp_path / "PROJECT", {root}) == root


def test_where_case_counts_another_case_is_another_file(tmp_path: Path) -> None:
    """The file system of this machine, which is asked and not guessed."""
    (tmp_path / "project").mkdir()
    disk = Disk()
    if disk.ignores_case(tmp_path / "project"):
        pytest.skip("this disk ignores case")
    (tmp_path / "PROJECT").mkdir()
    assert not disk.ignores_case(tmp_path / "project")
    assert disk.place([tmp_path / "project"], tmp_path / "PROJECT" / "a.py") is None
    assert disk.place([tmp_path / "project"], tmp_path / "project" / "A.py") == (tmp_path / "project", "A.py")
    assert disk.spelled_as(tmp_path / "PROJECT", {tmp_path / "project"}) == tmp_path / "PROJECT"


def test_accents_are_one_however_they_are_composed(tmp_path: Path) -> None:
    """macOS gives names back decomposed."""
    name = unicodedata.normalize("NFD", "größe.py")
    (tmp_path / name).touch()
    disk = CaseBlindDisk(tmp_path)
    assert disk.place([tmp_path], tmp_path / unicodedata.normalize("NFC", "GRÖSSE.PY")) == (tmp_path, name)


def test_an_open_document_in_another_case_stands_in_for_its_file(open_engine: OpenEngine, workspace: Path) -> None:
    """Its definitions are found once, those of the file are hidden, and ``similar`` finds the place in it."""
    engine = open_engine(workspace, disk=CaseBlindDisk(workspace.parent))
    engine.update()
    path = workspace / "SRC" / "Upload.PY"
    engine.set_overlay(path, TYPED)
    answer = engine.search(SearchRequest("convert a temperature from celsius"))
    assert [(hit.path, hit.name) for hit in answer.hits if hit.name == "convert_celsius"] == [
        ("src/upload.py", "convert_celsius")
    ]
    assert "src/upload.py" not in {hit.path for hit in engine.search(SearchRequest("retry_failed_upload")).hits} - {
        hit.path for hit in answer.hits
    }
    assert "convert_celsius" not in [hit.name for hit in engine.similar(path, 2).hits]
    other = Path(str(workspace).replace(workspace.name, workspace.name.upper())) / "src" / "upload.py"
    assert engine.similar(other, 2).hits
    assert engine.holds(other, (workspace / "src" / "upload.py").read_text())


def test_a_file_behind_a_link_is_the_one_that_is_there(
    open_engine: OpenEngine, workspace: Path, tmp_path: Path
) -> None:
    """Opened through a link to a folder of the workspace it stands in for its file; a link that leads out stays one."""
    (workspace / "link").symlink_to(workspace / "src", target_is_directory=True)
    (tmp_path / "elsewhere").mkdir()
    (workspace / "out").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    disk = Disk()
    assert disk.place([workspace], workspace / "link" / "upload.py") == (workspace, "src/upload.py")
    assert disk.place([workspace], workspace / "out" / "new.py") == (workspace, "out/new.py")
    (workspace / "one.py").symlink_to(workspace / "src" / "upload.py")
    assert disk.place([workspace], workspace / "one.py") == (workspace, "one.py")
    assert disk.place([workspace], workspace) == (workspace, "")
    assert disk.place([workspace], workspace / "gone" / "new.py") == (workspace, "gone/new.py")
    engine = open_engine(workspace)
    engine.update()
    engine.set_overlay(workspace / "link" / "upload.py", TYPED)
    hits = engine.search(SearchRequest("convert a temperature")).hits
    found = [(hit.path, hit.name) for hit in hits if hit.path in ("src/upload.py", "link/upload.py")]
    assert found == [("src/upload.py", "convert_celsius")]
