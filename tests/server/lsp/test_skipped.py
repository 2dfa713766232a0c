"""The list of what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cascode import Engine
from cascode_server.lsp.skipped import SkippedList
from cascode_server.service.engine_holder import EngineHolder
from fake_encoder import FakeModelHandle


@pytest.fixture
def skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SkippedList]:
    """The list of a workspace that leaves two folders out."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    for name in ("node_modules", "src/node_modules"):
        (tmp_path / "shop" / name).mkdir(parents=True)
    (tmp_path / "shop" / "a.py").write_text("def load(path):\n    return path\n")
    holder = EngineHolder()
    holder.put(Engine([tmp_path / "shop"], model=FakeModelHandle()))
    session: Any = SimpleNamespace(indexing=SimpleNamespace(holder=holder), folder_of=lambda _root: None)
    yield SkippedList(session)
    holder.close()


def test_a_cancelled_walk_leaves_the_list_as_it_is(skipped: SkippedList) -> None:
    """It ends early, and further pages are those of the list of before."""
    assert skipped.page({}, lambda: False)["total"] == 2
    with pytest.raises(CancelledError):
        skipped.page({}, lambda: True)
    assert skipped.page({"offset": 1}, lambda: True)["total"] == 2
