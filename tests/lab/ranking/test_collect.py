"""Evidence gathered from a real index, as a search would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cascode_indexer.engine import Engine
from cascode_indexer.location import locate, vector_cache_path
from cascode_lab.ranking.collect import collect, collect_own_code
from cascode_lab.ranking.types import Question, QuestionSet
from fake_encoder import FakeEncoder, FakeModelHandle

RULES = ["similarity", "words"]
FUNCTIONS = ("retry_failed_upload", "parse_json_file", "close_connection")


@pytest.fixture
def questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuestionSet:
    """A workspace of three functions and a question about the second."""
    monkeypatch.setenv("CASCODE_INDEX_DIR", str(tmp_path / "index"))
    root = tmp_path / "workspace"
    root.mkdir()
    source = "".join(f"def {name}(value):\n    {name}_now(value)\n    return value\n\n\n" for name in FUNCTIONS)
    (root / "all.py").write_text(source)
    question = Question("parse a JSON file", frozenset({("all.py", "parse_json_file")}), "described")
    return QuestionSet("shop", "history", root, [question])


def test_the_evidence_of_each_candidate_is_kept(questions: QuestionSet) -> None:
    """In the order of the rules, with the right one marked; the classifier reads nothing unless asked to."""
    (asked,) = collect(questions, FakeModelHandle(), RULES)
    assert (asked.set_name, asked.group, asked.sort, asked.kind) == ("shop", "history", "described", "sentence")
    assert asked.evidence.shape == (3, 2)
    assert asked.right.sum() == 1
    assert asked.evidence[asked.right][0].tolist() == asked.evidence.max(axis=0).tolist()
    assert asked.logits is None


@pytest.mark.parametrize("depth", [1, 2, 10])
def test_the_classifier_reads_the_best(questions: QuestionSet, depth: int) -> None:
    """As many as were asked for, the best first; each logit stands at its own candidate."""
    encoder = FakeEncoder(classifier=True)
    (asked,) = collect(questions, FakeModelHandle(encoder), RULES, depth=depth)
    assert asked.logits is not None
    read = ~np.isnan(asked.logits)
    assert read.sum() == min(depth, 3)
    assert read[asked.right].all()
    assert np.nanargmax(asked.logits) == np.flatnonzero(asked.right)[0]


def test_no_index_is_left_of_a_folder_that_had_none(questions: QuestionSet) -> None:
    """Vectors are kept; an index that was there stays as well."""
    collect(questions, FakeModelHandle(), RULES)
    assert vector_cache_path().exists()
    assert not locate(questions.root).directory.exists()
    with Engine([questions.root], model=FakeModelHandle()) as engine:
        engine.update()
    collect(questions, FakeModelHandle(), RULES)
    assert locate(questions.root).store.exists()


@pytest.mark.parametrize("limit", [2, 3, 4])
def test_documentation_is_asked_for_up_to_a_limit(questions: QuestionSet, limit: int) -> None:
    """Not up to twice as many."""
    words = ("loose", "heavy", "small", "broken", "cold")
    source = "".join(f'def f_{word}(a):\n    """Take {word} parts away."""\n    return a\n\n\n' for word in words)
    (questions.root / "all.py").write_text(source)
    assert len(collect_own_code(questions.root, "shop", FakeModelHandle(), RULES, limit=limit)) == limit
