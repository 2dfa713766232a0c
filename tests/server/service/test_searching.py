"""Questions that nobody waits for any more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from cascode import Answer, Engine, GistModel
from cascode_server.service.indexing import IndexingService
from cascode_server.service.searching import Searching
from cascode_server.service.types import Hooks
from fake_encoder import FakeModelHandle


def nothing(*_: object) -> None:
    """Do nothing."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace of a function without documentation."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "a.py").write_text("def load(path):\n    return path\n")
    return root


@pytest.fixture
def searching(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Searching]:
    """Answers from the index of the workspace, which is complete."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    engine = Engine([workspace], model=FakeModelHandle())
    engine.update()
    service = IndexingService(lambda: engine, Hooks(nothing, nothing, nothing, nothing, nothing))
    service.holder.put(engine)
    yield Searching(service, nothing)
    service.close()


def test_a_cancelled_description_asks_no_model(searching: Searching, workspace: Path, tmp_path: Path) -> None:
    """Which would take seconds, and hold whoever asks next."""
    model = GistModel(str(tmp_path / "there is none"))
    with pytest.raises(CancelledError):
        searching.describe(model, workspace / "a.py", 1, cancelled=lambda: True)


def test_a_cancelled_question_for_what_is_alike_is_not_answered(searching: Searching, workspace: Path) -> None:
    """Nothing is looked for once the model is there, or nobody waits for it."""
    rendered: list[Answer] = []

    def render(_engine: Engine, answer: Answer) -> int:
        rendered.append(answer)
        return len(rendered)

    with pytest.raises(CancelledError):
        searching.similar(workspace / "a.py", 1, render, limit=1, cancelled=lambda: True)
    assert rendered == []
    assert searching.similar(workspace / "a.py", 1, render, limit=1, cancelled=lambda: False) == 1
