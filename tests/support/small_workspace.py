"""A small real workspace, an index folder of its own, and the bundled model loaded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.model import ModelHandle

#: Sources that the indexer's and the server's tests ask about.
SOURCES = Path(__file__).parents[1] / "fixtures" / "uploads"
UPLOAD = (SOURCES / "upload.py").read_text(encoding="utf-8")

QUEUE = (SOURCES / "queue.js").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def index_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every index of a test in its own folder."""
    folder = tmp_path / "index"
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(folder))
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace of two languages, with a test file that repeats a name."""
    root = tmp_path / "workspace"
    (root / "src").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "src" / "upload.py").write_text(UPLOAD)
    (root / "src" / "queue.js").write_text(QUEUE)
    (root / "tests" / "test_upload.py").write_text(
        "def test_retry_failed_upload(client):\n    assert retry_failed_upload(client, 'x') is not None\n"
    )
    return root


@pytest.fixture(scope="session")
def model() -> ModelHandle:
    """The bundled model, loaded once for all tests."""
    return ModelHandle(None)


@pytest.fixture
def open_engine(model: ModelHandle) -> Iterator[Callable[..., Engine]]:
    """Open engines that are closed after the test."""
    opened: list[Engine] = []

    def open_one(*roots: Path, **options: object) -> Engine:
        opened.append(Engine(list(roots), model=model, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()
