"""The stand-in for the model behaves as ranking and search expect of a model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.search.types import SearchRequest
from fake_encoder import DIMENSION, FakeEncoder, FakeModelHandle, stem

RETRY = "def retryFailedUpload(client): return client.send(again)"
PARSE = "def parse_json(path): return json.load(open(path))"


def cosine(encoder: FakeEncoder, query: str, text: str) -> float:
    """Return the cosine of a query and a text."""
    return float(encoder.encode_queries([query])[0] @ encoder.encode_texts([text])[0])


def test_vectors_are_units_of_the_dimension_given() -> None:
    """Whatever the text: also an empty one, one of stop words only, and one that no encoding can hold."""
    texts = [RETRY, "", "what is this for", "\ud800 größe 長さ"]
    for dimension in (DIMENSION, 8):
        vectors = FakeEncoder(dimension=dimension).encode_texts(texts)
        assert vectors.shape == (len(texts), dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_text_has_one_vector_in_every_process() -> None:
    """Neither the other texts of the batch nor the seed of Python's hashes changes it."""
    encoder = FakeEncoder()
    alone = encoder.encode_texts([RETRY])[0]
    assert np.array_equal(encoder.encode_texts([PARSE, RETRY])[1], alone)
    assert np.array_equal(encoder.encode_queries([RETRY])[0], alone)
    code = f"from fake_encoder import FakeEncoder; print(FakeEncoder().encode_texts([{RETRY!r}])[0].tolist())"
    again = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent / "support",
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )
    assert again.stdout.strip() == str(alone.tolist())


def test_more_words_in_common_mean_a_higher_cosine() -> None:
    """The same words in another order are the same; each word that differs costs, and nothing in common is near 0."""
    encoder = FakeEncoder()
    same = cosine(encoder, "retry failed upload", "upload failed, retry")
    two = cosine(encoder, "retry failed upload", "retry failed download")
    first = cosine(encoder, "retry failed upload", "retry broken download")
    none = cosine(encoder, "retry failed upload", "parse json path")
    assert same == pytest.approx(1, abs=1e-6)
    assert same > two + 0.1 > first + 0.2 > none + 0.3
    assert abs(none) < 0.3


def test_the_function_that_a_question_is_about_is_nearest() -> None:
    """Identifiers are split and forms of a word joined, as the real model learned to."""
    encoder = FakeEncoder()
    query = "where do we retry uploads that fail"
    assert cosine(encoder, query, RETRY) > cosine(encoder, query, PARSE) + 0.3


@pytest.mark.parametrize(
    "forms",
    [("retry", "retries", "retried", "retrying"), ("queue", "queues", "queued"), ("process", "processes"), ("as",)],
)
def test_the_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    """Plurals and tenses are joined; a short word stays."""
    assert len({stem(form) for form in forms}) == 1


def test_the_classifier_counts_the_words_of_the_question() -> None:
    """From -4 for none of them to 4 for all; without a classifier it is an error, as with the real model."""
    encoder = FakeEncoder(classifier=True)
    logits = encoder.classify("retry upload", [RETRY, PARSE, "retry"])
    assert logits.tolist() == [4.0, -4.0, 0.0]
    assert encoder.classified == [("retry upload", (RETRY, PARSE, "retry"))]
    with pytest.raises(RuntimeError, match="no classifier"):
        FakeEncoder().classify("retry", [RETRY])


@pytest.mark.parametrize("classifier", [False, True])
def test_an_engine_takes_it_for_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classifier: bool) -> None:
    """Indexed, searched, reranked and judged by it, without loading any weights."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "client.py").write_text(f"{RETRY}\n\n\n{PARSE}\n")
    encoder = FakeEncoder(classifier=classifier)
    with Engine([root], model=FakeModelHandle(encoder)) as engine:
        (report,) = engine.update()
        answer = engine.search(SearchRequest("read a JSON file from its path"))
        assert report.encoded == len(encoder.encoded_texts) == 2
        assert answer.hits[0].name == "parse_json"
        assert answer.hits[0].stage == ("cascade" if classifier else "fast")
        assert answer.hits[0].probability is not None
        for hit in answer.hits:
            assert hit.why["meaning"] != 0
            assert sum(hit.why.values()) == pytest.approx(hit.score), "what explains a hit is what ranked it"
            assert list(hit.why.values()) == sorted(hit.why.values(), key=abs, reverse=True)
        assert bool(encoder.classified) == classifier
