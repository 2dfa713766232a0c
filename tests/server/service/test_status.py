"""The state as it is shown: read on an event loop, which must not wait for a disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cascode import Engine
from cascode_server.service.state import StateBoard
from cascode_server.service.status import status_json
from cascode_server.service.types import Folder
from cascode_server.service.work import WorkQueue
from fake_encoder import FakeModelHandle


def forbid_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a question where links lead fail the test."""

    def ask(*_: object, **__: object) -> str:
        raise AssertionError("the disk was asked")

    monkeypatch.setattr(os.path, "realpath", ask)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_workspace_by_another_spelling_is_shown_with_its_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which index holds it was found out when that was counted."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    root, inner, link = tmp_path / "shop", tmp_path / "shop" / "src", tmp_path / "link"
    inner.mkdir(parents=True)
    (inner / "a.py").write_text("def load(path):\n    return path\n")
    link.symlink_to(root)
    model, board = FakeModelHandle(), StateBoard()
    with Engine([root, inner, link], model=model) as engine:
        engine.update()
        board.count(engine)
    folders = [Folder(path.as_uri(), path.name, path) for path in (root, inner, link, tmp_path / "new")]
    forbid_disk(monkeypatch)
    shown = status_json(board.current, folders, model, "1", describes=False)
    assert {workspace["name"]: workspace["functions"] for workspace in shown["workspaces"]} == {
        "shop": 1,
        "src": 1,
        "link": 1,
        "new": 0,
    }


def test_workspaces_come_and_go_without_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is to be done for them is queued by their names."""
    forbid_disk(monkeypatch)
    queue = WorkQueue()
    queue.change_roots([Path("/a"), Path("/a/b"), Path("/c")], [])
    queue.change_roots([], [Path("/a")])
    assert queue.roots == (Path("/a/b"), Path("/c"))
