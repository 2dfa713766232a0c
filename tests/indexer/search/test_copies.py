"""Code that was copied many times is one answer, found wherever a filter leaves a copy, and costs little."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.query import Query
from cascode_indexer.search.sources import IndexSource
from cascode_indexer.search.types import SearchRequest
from fake_encoder import FakeModelHandle

#: More than an answer has candidates.
COPIES = 150
COPIED = "def open_the_door(key):\n    return key.turn()\n"
OTHER = "def close_the_window(handle):\n    return handle.push()\n"


@pytest.fixture
def copied(tmp_path: Path) -> Engine:
    """An index of a function that stands in 150 files, and of one that stands in one."""
    root = tmp_path / "copied"
    for number in range(COPIES):
        folder = root / f"part{number}"
        folder.mkdir(parents=True)
        (folder / "door.py").write_text(COPIED, encoding="utf-8")
    (root / "window.py").write_text(OTHER, encoding="utf-8")
    engine = Engine([root], model=FakeModelHandle())
    engine.update()
    return engine


def test_copies_are_one_answer(copied: Engine) -> None:
    """One copy is shown, and does not push other functions out."""
    with copied:
        found = copied.search(SearchRequest("open the door", limit=10))
        assert [hit.name for hit in found.hits] == ["open_the_door", "close_the_window"]


def test_filter_finds_the_copy_that_it_leaves(copied: Engine) -> None:
    """The one copy in a folder is found, however many there are elsewhere."""
    with copied:
        found = copied.search(SearchRequest("open the door", paths=(f"part{COPIES - 1}/**",)))
        assert [hit.path for hit in found.hits] == [f"part{COPIES - 1}/door.py"]


def test_few_copies_are_ranked(copied: Engine) -> None:
    """What is ranked does not grow with the number of copies."""
    with copied:
        (workspace,) = copied.workspaces
        query = Query.of("open the door")
        vector = copied.model.get().encode_queries([query.text])[0]
        with workspace.index:
            source = IndexSource(workspace.root, workspace.store, workspace.vectors().reading)
            names = [candidate.definition.name for candidate in source.candidates(query, vector)]
    assert names.count("open_the_door") == 20
    assert names.count("close_the_window") == 1
