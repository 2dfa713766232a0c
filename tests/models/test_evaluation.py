"""Metrics and protocols against values worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cascode_models.errors import ModelError
from cascode_models.evaluation.bm25 import bm25_scores, words_of
from cascode_models.evaluation.calibration import Hits, expected_calibration_error, fit_probability
from cascode_models.evaluation.cascade import StageScores, best_weight, stage_scores
from cascode_models.evaluation.cosqa import cosqa_set, without_docstring
from cascode_models.evaluation.metrics import (
    bootstrap,
    mean_reciprocal_rank,
    ndcg_at,
    paired_difference,
    ranks_of,
    recall_at,
    summary,
)
from cascode_models.evaluation.pairs import held_out_set
from cascode_models.load import load_model


def test_metrics_of_known_ranks() -> None:
    """MRR, recall and NDCG of ranks 1, 2 and 20."""
    ranks = np.array([1, 2, 20])
    assert mean_reciprocal_rank(ranks) == pytest.approx((1 + 0.5 + 0.05) / 3)
    assert recall_at(ranks, 2) == pytest.approx(2 / 3)
    assert ndcg_at(ranks) == pytest.approx((1 + 1 / np.log2(3)) / 3)
    assert summary(ranks)["recall@100"] == 1


def test_ties_count_against_the_answer() -> None:
    """A model that gives every function one score is ranked last, not first."""
    scores = np.zeros((1, 5), dtype=np.float32)
    assert ranks_of(scores, np.array([2])).tolist() == [5]


def test_bootstrap_holds_the_mean_and_narrows_with_queries() -> None:
    """The interval surrounds the mean, and four times the queries halve it."""
    values = np.random.default_rng(1).random(2_000)
    few, many = bootstrap(values[:500]), bootstrap(values)
    assert few.low < few.mean < few.high
    assert 0.35 < (many.high - many.low) / (few.high - few.low) < 0.7


def test_paired_difference_sees_a_small_steady_gain() -> None:
    """A gain on every query has an interval above zero."""
    worse = np.random.default_rng(2).integers(2, 30, size=300)
    gain = paired_difference(worse - 1, worse)
    assert gain.low > 0


def test_bm25_splits_identifiers_and_prefers_rare_words() -> None:
    """camelCase and snake_case match plain words; a rare word outweighs a common one."""
    assert words_of("getHTTPBody read_file2") == ["get", "http", "body", "read", "file", "2"]
    texts = ["def readFile(path)", "def read_socket(path)", "def path(path)"]
    assert bm25_scores(["read a file"], texts).argmax() == 0
    assert bm25_scores(["socket path"], texts).argmax() == 1


def test_docstring_removal_leaves_the_rest() -> None:
    """Only the docstring goes; code that is not Python 3 stays."""
    assert without_docstring('def f(a):\n    """Doc\n    more."""\n    return a') == "def f(a):\n    return a"
    assert without_docstring("def f():\n    print 'x'") == "def f():\n    print 'x'"
    assert without_docstring("def f():\n    return 'no doc'") == "def f():\n    return 'no doc'"


def test_cosqa_protocol(tmp_path: Path) -> None:
    """Queries point at their code's position in the pool, with or without docstrings."""
    codes = [{"id": 7, "code": 'def a():\n    """Doc."""\n    pass'}, {"id": 3, "code": "def b(): pass"}]
    (tmp_path / "codes.jsonl").write_text("\n".join(map(json.dumps, codes)))
    (tmp_path / "dev.jsonl").write_text(json.dumps({"query": "q", "code_id": 3, "label": 1}))
    task = cosqa_set(tmp_path, "dev", docstrings=False)
    assert task.answers.tolist() == [1]
    assert "Doc." not in task.texts[0]
    assert "Doc." in cosqa_set(tmp_path, "dev").texts[0]
    with pytest.raises(ModelError, match="test set cannot be read"):
        cosqa_set(tmp_path, "test")


def test_held_out_protocol(tmp_path: Path) -> None:
    """The pool holds every answer, other functions up to its size, and no pair of another split."""
    rows = [
        {"query": f"query {n}", "name": f"f{n}", "code": f"def f{n}(): {n}", "package": "p", "path": "a.py",
         "line": n, "split": "dev" if n < 10 else "train"}
        for n in range(20)
    ]  # fmt: skip
    pool = [{k: v for k, v in row.items() if k not in ("query", "split")} for row in rows[:10]]
    pool += [dict(pool[0], name=f"g{n}", code=f"def g{n}(): {n}", line=100 + n) for n in range(30)]
    (tmp_path / "python.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "pool-python-dev.jsonl").write_text("\n".join(map(json.dumps, pool)))
    task = held_out_set(tmp_path, "python", "dev", queries=5, pool=20)
    assert len(task.queries) == 5
    assert len(task.texts) == 20
    for query, answer in zip(task.queries, task.answers, strict=True):
        assert task.texts[answer].startswith(f"def f{query.split()[1]}(")
    with pytest.raises(ModelError, match="no test pairs"):
        held_out_set(tmp_path, "python", "test")


def test_reranking_moves_answers_inside_the_depth_only() -> None:
    """The classifier can reorder the first K; an answer below keeps its rank."""
    scores = StageScores(
        fast_ranks=np.array([2, 30]),
        similarities=np.array([[0.9, 0.8, 0.1], [0.9, 0.8, 0.1]], dtype=np.float32),
        logits=np.array([[-5.0, 5.0, 0.0], [0.0, 1.0, 2.0]], dtype=np.float32),
        right=np.array([[False, True, False], [False, False, False]]),
    )
    assert scores.ranks(0.0).tolist() == [2, 30]
    assert scores.ranks(1.0).tolist() == [1, 30]
    assert scores.ranks(np.inf).tolist() == [1, 30]
    assert scores.ranks(1.0, depth=1).tolist() == [2, 30]
    assert best_weight([scores], 3) > 0


def test_harmful_classifier_gets_weight_zero() -> None:
    """Tuning falls back to the fast stage where the classifier only harms."""
    scores = StageScores(
        fast_ranks=np.array([1]),
        similarities=np.array([[0.8, 0.79]], dtype=np.float32),
        logits=np.array([[-5.0, 5.0]], dtype=np.float32),
        right=np.array([[True, False]]),
    )
    assert best_weight([scores], 2) == 0


def test_both_stages_run_on_a_real_model(model_folder: Path, tmp_path: Path) -> None:
    """The cascade of a real model keeps the fast ranking at weight 0."""
    (tmp_path / "codes.jsonl").write_text(
        "\n".join(json.dumps({"id": n, "code": f"def f(): return {'read ' * n}"}) for n in range(1, 6))
    )
    (tmp_path / "dev.jsonl").write_text(json.dumps({"query": "read read", "code_id": 2, "label": 1}))
    scores = stage_scores(load_model(str(model_folder), device="cpu"), cosqa_set(tmp_path), 3)
    assert scores.logits.shape == (1, 3)
    assert scores.ranks(0.0).tolist() == scores.fast_ranks.tolist()


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (0.05, 0.4), (10.0, 25.0), (10.0, -500.0)])
def test_calibration_recovers_a_known_probability(scale: float, offset: float) -> None:
    """Probabilities fitted on scores and leads of a known law have a small calibration error, in whatever units."""
    rng = np.random.default_rng(0)
    scores, ahead = rng.normal(5, 4, 5_000).astype(np.float32), rng.normal(1, 3, 5_000).astype(np.float32)
    right = rng.random(5_000) < 1 / (1 + np.exp(-(scores / 2 + 0.7 * ahead - 3)))
    hits = Hits((scores * scale + offset).astype(np.float32), (ahead * scale).astype(np.float32))
    fit = fit_probability(hits, right)
    assert fit.temperature == pytest.approx(2 * scale, rel=0.15)
    assert fit.lead_weight == pytest.approx(0.7 / scale, rel=0.15)
    assert expected_calibration_error(fit.probabilities(hits), right) < 0.03


@pytest.mark.parametrize("right", [[False] * 6, [True] * 6, [False, False, False, True, True, True]])
def test_calibration_of_few_or_separable_hits_stays_finite(right: list[bool]) -> None:
    """Scores that part right from wrong, or have nothing to part, give probabilities and not infinities."""
    scores = np.arange(20, 26, dtype=np.float32)
    hits = Hits(scores, np.zeros_like(scores))
    fit = fit_probability(hits, np.array(right))
    temperature, probabilities = fit.temperature, fit.probabilities(hits)
    assert 0 < temperature < 1e5
    assert ((probabilities > 0.001) & (probabilities < 0.999)).all()
    assert probabilities.mean() == pytest.approx(np.mean(right), abs=0.15)
