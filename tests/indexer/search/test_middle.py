"""The poly-encoder between the fast stage and the classifier: stored codes, its order, and a whole search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from candidates import candidate
from cascode_indexer.engine import Engine
from cascode_indexer.errors import QueryError
from cascode_indexer.location import code_store_path
from cascode_indexer.query import Query
from cascode_indexer.rank.pipeline import rank
from cascode_indexer.rank.types import Ranked
from cascode_indexer.rank.weights import FAST
from cascode_indexer.search import middle
from cascode_indexer.search.middle import poly_stage
from cascode_indexer.search.types import SearchRequest
from cascode_indexer.store.code_store import CodeStore
from cascode_indexer.store.vector_cache import text_key
from fake_encoder import FakeEncoder, FakeModelHandle

QUERY = Query.of("where do we retry a failed upload")


class WithCodes(FakeEncoder):
    """A model whose code of a text is its vector, and whose score is how often the query's first word is in it."""

    has_codes = True

    def __init__(self) -> None:
        super().__init__()
        self.compressed: list[str] = []
        self.asked: list[str] = []

    def code_vectors(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Two vectors a text: it, and its length."""
        self.compressed.extend(texts)
        return [np.full((2, self.dimension), len(text), dtype=np.float16) for text in texts]

    def poly_scores(self, query: str, functions: Sequence[np.ndarray]) -> np.ndarray:
        """The longest text scores highest."""
        self.asked.append(query)
        return np.array([float(vectors[0, 0]) for vectors in functions], dtype=np.float32)


def ranked(*texts: str, query: Query = QUERY) -> list[Ranked]:
    """Candidates of these texts, in this order by the fast stage."""
    found = [
        candidate(f"f{number}", f"src/f{number}.py", similarity=0.9 - 0.1 * number, number=number + 1)
        for number in range(len(texts))
    ]
    return [replace(entry, text=text) for entry, text in zip(rank(query, found, FAST), texts, strict=True)]


def names(found: Sequence[Ranked]) -> list[str]:
    """Names of candidates, best first."""
    return [entry.definition.name for entry in found]


def test_codes_are_kept_by_model_and_text(tmp_path: Path) -> None:
    """What was put comes back by the same text's key, in a second process as well, and never for another model."""
    path = tmp_path / "codes.sqlite3"
    vectors = np.arange(12, dtype=np.float16).reshape(3, 4)
    keys = [text_key(f"text {number}") for number in range(1_000)]
    with CodeStore(path, "a", 4) as store:
        store.put({keys[0]: vectors, keys[999]: vectors[:1]})
    with CodeStore(path, "a", 4) as store, CodeStore(path, "b", 4) as other:
        found = store.get(keys)
        assert set(found) == {keys[0], keys[999]}
        assert found[keys[0]].tolist() == vectors.tolist()
        assert found[keys[999]].shape == (1, 4)
        assert other.get(keys) == {}


def test_the_middle_stage_orders_by_codes_and_computes_none_twice(tmp_path: Path) -> None:
    """Only the depth is read; the score stands where the similarity stood, in its spread; later nothing is computed."""
    model = WithCodes()
    with CodeStore(tmp_path / "codes.sqlite3", model.fingerprint, model.dimension) as store:
        stage = poly_stage(model, store, 3)
        found = stage.of(QUERY, ranked("a", "bbb", "cc", "dddddd"))
        assert names(found)[:3] == ["f1", "f2", "f0"]
        assert names(found)[3] == "f3"
        assert [entry.stage for entry in found] == ["poly", "poly", "poly", "fast"]
        values = [entry.evidence["similarity"] for entry in found[:3]]
        assert np.mean(values) == pytest.approx(0.8)
        assert np.std(values) == pytest.approx(np.std([0.9, 0.8, 0.7]), rel=1e-4)
        assert model.compressed == ["a", "bbb", "cc"]
        stage.of(QUERY, ranked("cc", "a", "bbb"))
        assert model.compressed == ["a", "bbb", "cc"]


def test_candidates_without_codes_keep_their_similarity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A search computes a bounded number of codes; the rest of the thousand is left as the fast stage ranked it."""
    monkeypatch.setattr(middle, "_MOST_MISSING", 2)
    caplog.set_level("INFO")
    model = WithCodes()
    with CodeStore(tmp_path / "codes.sqlite3", model.fingerprint, model.dimension) as store:
        found = poly_stage(model, store, 10).of(QUERY, ranked("a", "bbb", "cc"))
        assert model.compressed == ["a", "bbb"]
        assert not poly_stage(model, store, 10).reads_text
        assert names(found) == ["f1", "f0", "f2"]
        assert found[2].evidence["similarity"] == pytest.approx(0.7)
        assert "1 of 3 candidates have no codes yet" in caplog.text
        caplog.clear()
        poly_stage(model, store, 10).of(QUERY, ranked("a", "bbb", "cc"))
        assert "no codes yet" not in caplog.text


def test_a_long_question_is_read_by_its_beginning(tmp_path: Path) -> None:
    """What people ask for stands there; the other pieces of a report are read by the stages around it."""
    model, query = WithCodes(), Query.of(" ".join(f"word{number}" for number in range(500)))
    assert len(query.pieces) > 1
    with CodeStore(tmp_path / "codes.sqlite3", model.fingerprint, model.dimension) as store:
        poly_stage(model, store, 3).of(query, ranked("a", "bbb", query=query))
    assert model.asked == [query.pieces[0]]


def test_a_search_reads_codes_where_it_is_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the engine: codes order the list and are kept on disk; a number below 0 is refused in a line."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    folder = tmp_path / "work"
    folder.mkdir()
    longer = "\n    ".join(f"value_{number} = retry" for number in range(9))
    (folder / "a.py").write_text(
        f"def retry_upload():\n    return retry\n\n\ndef other():\n    {longer}\n    return 1\n"
    )
    with Engine([folder], model=FakeModelHandle(WithCodes())) as engine:
        engine.update()
        asked = SearchRequest("retry upload", rerank=False)
        assert engine.search(asked).hits[0].name == "retry_upload"
        found = engine.search(replace(asked, poly_top=1_000)).hits
        assert found[0].stage == "poly"
        assert code_store_path().is_file()
        with pytest.raises(QueryError, match="poly-top must be 0 or more"):
            engine.search(replace(asked, poly_top=-1))


def test_a_model_without_codes_says_what_to_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by a number, the stage is not left out without a word."""

    class Without(FakeEncoder):
        """A model without codes."""

        has_codes = False

    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    (tmp_path / "a.py").write_text("def retry_upload():\n    return retry\n")
    with Engine([tmp_path], model=FakeModelHandle(Without())) as engine:
        engine.update()
        with pytest.raises(QueryError, match="poly-top is 100: set it to 0, or train some with"):
            engine.search(SearchRequest("retry upload", poly_top=100))
