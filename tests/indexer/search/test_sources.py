"""Candidates of an index and of open buffers: which are looked for, and with what evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.query import Filters, Query
from cascode_indexer.search import sources
from cascode_indexer.search.source import Verified
from cascode_indexer.search.sources import CANDIDATES, BufferSource, IndexSource, _Allowed, _by_text, _lexical
from cascode_indexer.store.passages import passages_of
from fake_encoder import FakeModelHandle

FILES = {
    "lib/name.py": "def plumber(pipe):\n    return pipe.length\n",
    "lib/doc.py": 'def worker(pipe):\n    """Ask a plumber."""\n    return pipe.length\n',
    "plumber/place.py": "def helper(pipe):\n    return pipe.length\n",
    "lib/body.py": "def runner(pipe):\n    return pipe.plumber\n",
    "lib/other.py": "def walker(pipe):\n    return pipe.length\n",
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Definitions of equal size that say one word in one place each."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    with Engine([tmp_path], model=FakeModelHandle()) as engine:
        engine.update()
        yield engine


def source_of(engine: Engine, hidden: frozenset[str] = frozenset(), wanted: int = CANDIDATES) -> IndexSource:
    """The index of the only workspace."""
    (workspace,) = engine.workspaces
    return IndexSource(workspace.root, workspace.store, workspace.vectors().reading, hidden, wanted=wanted)


def test_a_word_says_most_in_the_name_then_in_the_documentation(engine: Engine) -> None:
    """In the path and in the body it says the least; the name counts four times as much."""
    (workspace,) = engine.workspaces
    with workspace.index:
        found = source_of(engine).candidates(Query.of("plumber"), None)
    bm25 = {candidate.definition.name: candidate.bm25 for candidate in found}
    assert set(bm25) == {"plumber", "worker", "helper", "runner"}
    assert bm25["plumber"] > bm25["worker"] > bm25["helper"] > 0
    # The lengths of paths and bodies differ by little.
    assert bm25["helper"] == pytest.approx(bm25["runner"], rel=0.2)
    assert bm25["worker"] > 1.3 * bm25["runner"]


def test_what_a_buffer_hides_takes_nobodys_place(engine: Engine) -> None:
    """However near the hidden ones are, as many others are looked for as are wanted."""
    (workspace,) = engine.workspaces
    query = Query.of("zzz")
    vector = engine.model.get().encode_texts([FILES["lib/name.py"]])[0]
    hidden = frozenset({"lib/name.py", "lib/doc.py", "lib/other.py"})
    with workspace.index:
        found = source_of(engine, hidden, wanted=1).candidates(query, vector)
        assert {candidate.definition.path for candidate in found} == {"plumber/place.py", "lib/body.py"}
        assert len(source_of(engine, wanted=1).candidates(query, vector)) == 1


class Asked:
    """A store that notes how many it was asked for."""

    def __init__(self) -> None:
        self.limits: list[int] = []

    def match(self, _expression: str, _weights: object, limit: int) -> list[tuple[int, float]]:
        """Numbers from 1 on, the best first."""
        self.limits.append(limit)
        return [(number, 1.0 / number) for number in range(1, limit + 1)]


def test_more_are_looked_for_by_words_where_many_will_be_left_out() -> None:
    """By filters, which full-text search knows nothing of, and by open buffers; words of nothing ask for nothing."""
    query, store = Query.of("plumber"), Asked()
    found = _lexical(store, query, _Allowed(None, None), 7)  # type: ignore[arg-type]
    assert len(found) == CANDIDATES + 7
    allowed = _Allowed(frozenset(range(0, 10_000, 3)), None)
    found = _lexical(store, query, allowed, 7)  # type: ignore[arg-type]
    assert list(found) == list(range(3, 3 * CANDIDATES + 1, 3))
    assert store.limits == [CANDIDATES + 7, 20 * CANDIDATES + 7]
    assert _lexical(store, Query.of("?"), allowed, 7) == {}  # type: ignore[arg-type]


def test_the_nearest_definitions_of_a_buffer_are_candidates(engine: Engine, tmp_path: Path) -> None:
    """Of more than are looked for; words that none of them has bring nothing."""
    typed = "".join(f"def pipe_{at}():\n    return {at}\n\n\n" for at in range(2 * CANDIDATES))
    engine.set_overlay(tmp_path / "many.py", f"{typed}def plumber():\n    return 1\n")
    engine.refresh_overlays()
    (workspace,), overlays, query = engine.workspaces, engine._overlays, Query.of("zzz")
    vector = engine.model.get().encode_texts(["plumber"])[0]
    source = BufferSource(tmp_path, overlays.of(tmp_path), {}, workspace.store.word_statistics({}))
    found = source.candidates(query, vector)
    assert CANDIDATES <= len(found) < 2 * CANDIDATES
    nearest = max(found, key=lambda candidate: candidate.similarity or -1.0)
    assert nearest.definition.name == "plumber"


def test_an_index_of_other_files_is_believed(engine: Engine) -> None:
    """Where nothing checks lines against files, a definition stands as it is stored."""
    (workspace,) = engine.workspaces
    source = source_of(engine)
    (found, *_) = workspace.store.definitions_of_file("lib/name.py")
    assert source.stands(found, "whatever") == Verified(found, None)
    assert source.origin(found) is None


def test_the_best_passage_speaks_for_its_text() -> None:
    """In whatever order they come; what FAISS pads its answers with is left out."""
    passages = np.array([*passages_of([7])[:1], *passages_of([3])[:1], *passages_of([7])[1:2], -1, 0], dtype=np.int64)
    scores = np.array([0.25, 0.5, 0.75, 0.9, 0.125], dtype=np.float32)
    assert _by_text(passages, scores) == {7: 0.75, 3: 0.5, 0: 0.125}
    assert list(_by_text(passages, scores)) == [7, 3, 0]


def test_words_find_what_a_filter_leaves_however_much_else_says_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of a workspace says the word more often than the only folder that is asked about."""
    monkeypatch.setattr(sources, "CANDIDATES", 2)
    (tmp_path / "far").mkdir()
    helpers = "".join(f"def helper_{at}(pipe):\n    return pipe.plumber\n\n\n" for at in range(3))
    (tmp_path / "far" / "place.py").write_text(f"{helpers}def plumber():\n    return 1\n", encoding="utf-8")
    many = "".join(f"def plumber_{at}(plumber):\n    return plumber\n\n\n" for at in range(60))
    (tmp_path / "many.py").write_text(many, encoding="utf-8")
    query = Query.of("plumber", Filters.parse((), (), ("far/**",)))
    with Engine([tmp_path], model=FakeModelHandle()) as engine:
        engine.update()
        found = source_of(engine).candidates(query, None)
    by_name = {candidate.definition.name: candidate.bm25 for candidate in found}
    assert len(by_name) == 2
    assert max(by_name, key=by_name.__getitem__) == "plumber"
    assert min(by_name.values()) > 0
