"""Code that was copied many times is one answer, found wherever a filter leaves a copy, and costs little."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from candidates import definition
from cascode_indexer.engine import Engine
from cascode_indexer.query import Query
from cascode_indexer.search.sources import IndexSource, _few_copies
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


def test_a_copy_that_words_found_by_chance_comes_before_none() -> None:
    """Those that were found no better than another are as good as those that were not found: their paths decide."""
    rows = [replace(definition("a", f"src/{at:02}.py", number=at), text_id=1) for at in range(30)]
    kept = _few_copies(rows, dict.fromkeys(range(25, 30), 1.0))
    assert [row.id for row in kept] == list(range(20))
    kept = _few_copies(rows, {28: 1.0, 29: 2.0})
    assert [row.id for row in kept] == [29, *range(19)]


@pytest.mark.parametrize("text", ["open the door", "part149 door"])
def test_what_was_indexed_first_does_not_matter(tmp_path: Path, text: str) -> None:
    """Of more equal copies than words can bring the same are ranked, whichever of them the index came to know first."""
    folders = [f"{'tests' if number % 3 else 'src'}/part{number}" for number in range(COPIES)]
    found = []
    for name, order in (("forth", folders), ("back", folders[::-1])):
        root = tmp_path / name
        root.mkdir()
        with Engine([root], model=FakeModelHandle()) as engine:
            for some in (order[: COPIES // 2], order[COPIES // 2 :]):
                for folder in some:
                    (root / folder).mkdir(parents=True)
                    (root / folder / "door.py").write_text(COPIED, encoding="utf-8")
                engine.update()
            (workspace,) = engine.workspaces
            with workspace.index:
                source = IndexSource(workspace.root, workspace.store, workspace.vectors().reading)
                candidates = source.candidates(Query.of(text), None)
        found.append({(candidate.definition.path, candidate.bm25) for candidate in candidates})
    assert found[0] == found[1]
    assert len(found[0]) == 20
    assert ("tests/part149/door.py" in {path for path, _ in found[0]}) == ("part149" in text)
