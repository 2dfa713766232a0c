"""Metrics and protocols against values worked out by hand."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from cascode_lab.evaluation.bm25 import K1, B, bm25_scores
from cascode_lab.evaluation.calibration import BestHits, expected_calibration_error, fit_probability
from cascode_lab.evaluation.cascade import StageScores, stage_scores
from cascode_lab.evaluation.cosqa import cosqa_set, without_docstring
from cascode_lab.evaluation.metrics import (
    bootstrap,
    mean_reciprocal_rank,
    ranks_of,
    recall_at,
    stratified_bootstrap,
)
from cascode_lab.evaluation.pairs import held_out_set, type_set
from cascode_models.errors import ModelError
from cascode_models.load import load_model


def test_metrics_of_known_ranks() -> None:
    """MRR and recall of ranks 1, 2 and 20."""
    ranks = np.array([1, 2, 20])
    assert mean_reciprocal_rank(ranks) == pytest.approx((1 + 0.5 + 0.05) / 3)
    assert recall_at(ranks, 2) == pytest.approx(2 / 3)
    assert recall_at(ranks, 100) == 1


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


def test_the_bootstrap_draws_in_blocks_as_it_does_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the queries, and no figure depends on how much of it there is."""
    ranks = np.random.default_rng(0)
    sets = [1 / ranks.integers(1, 40, size) for size in (7, 500, 1_301)]
    intervals = []
    for at_once in (1, 3_000, 10_000_000):
        monkeypatch.setattr("cascode_lab.evaluation.metrics._DRAWS_AT_ONCE", at_once)
        intervals.append(stratified_bootstrap(sets))
    assert intervals[0] == intervals[1] == intervals[2]


def test_bootstrap_of_paired_differences_sees_a_small_steady_gain() -> None:
    """A gain on every query has an interval above zero, where the two intervals overlap."""
    worse = np.random.default_rng(2).integers(4, 60, size=300)
    better = worse - 1
    assert bootstrap(1 / worse).high > bootstrap(1 / better).low
    assert bootstrap(1 / better - 1 / worse).low > 0


def test_bm25_splits_identifiers_and_prefers_rare_words() -> None:
    """camelCase and snake_case match plain words; a rare word outweighs a common one; what is nowhere scores 0."""
    texts = ["def readFile(path)", "def read_socket(path)", "def path(path)"]
    assert bm25_scores(["read a file"], texts).argmax() == 0
    assert bm25_scores(["socket path"], texts).argmax() == 1
    assert bm25_scores(["quaternion", ""], texts).tolist() == [[0.0] * 3, [0.0] * 3]
    assert not logging.getLogger("bm25s").isEnabledFor(logging.INFO), "indexes are announced to nobody"


def test_bm25_is_robertsons_formula() -> None:
    """By hand: idf of 1 of 3 and 2 of 3 texts, counts that saturate, lengths against the mean; repeats in a query say
    nothing."""
    texts = ["read read file", "read", "sort many long lists"]
    lengths, mean = (3, 1, 4), 8 / 3

    def part(idf: float, count: int, text: int) -> float:
        return idf * count / (count + K1 * (1 - B + B * lengths[text] / mean))

    one_of_three, two_of_three = np.log(1 + 2.5 / 1.5), np.log(1 + 1.5 / 2.5)
    expected = [part(two_of_three, 2, 0) + part(one_of_three, 1, 0), part(two_of_three, 1, 1), 0.0]
    assert bm25_scores(["file read file"], texts)[0].tolist() == pytest.approx(expected, rel=1e-5)


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


def test_types_are_asked_for_among_types_and_functions(tmp_path: Path) -> None:
    """Languages count alike, documented types alone are queries, and the rest is half types, half functions."""
    for language, count in (("python", 20), ("go", 3)):
        place = {"package": "p", "path": "a", "language": language}
        types = [
            {
                "query": f"{language} type {n}" * (n % 2),
                "name": f"T{n}",
                "code": f"class {language}{n}",
                "line": n,
                **place,
            }
            for n in range(count)
        ]
        functions = [{"name": f"f{n}", "code": f"{language}({n})", "line": 90 + n, **place} for n in range(30)]
        for name, rows in (("pool-types", types), ("pool", functions)):
            (tmp_path / f"{name}-{language}-dev.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = type_set(tmp_path, "dev", queries=4, pool=20)
    assert task is not None
    assert len(task.queries) == 4
    assert sum(query.startswith("go") for query in task.queries) == 1, "all that Go has"
    assert sum("class" in text for text in task.texts) == 4 + 8
    assert len(task.texts) == 20
    for query, answer in zip(task.queries, task.answers, strict=True):
        language, _, number = query.split()
        assert f"class {language}{number}" in task.texts[answer]
    assert type_set(tmp_path, "test") is None


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


def test_both_stages_run_on_a_real_model(model_folder: Path, tmp_path: Path) -> None:
    """The cascade of a real model keeps the fast ranking at weight 0."""
    (tmp_path / "codes.jsonl").write_text(
        "\n".join(json.dumps({"id": n, "code": f"def f(): return {'read ' * n}"}) for n in range(1, 6))
    )
    (tmp_path / "dev.jsonl").write_text(json.dumps({"query": "read read", "code_id": 2, "label": 1}))
    scores = stage_scores(load_model(str(model_folder), device="cpu"), cosqa_set(tmp_path), 3)
    assert scores.logits.shape == (1, 3)
    assert scores.ranks(0.0).tolist() == scores.fast_ranks.tolist()


def hits_of_a_law(queries: int, scale: float = 1.0, offset: float = 0.0) -> BestHits:
    """Queries of a known law: the right one of ten is drawn by a softmax at a temperature of 2."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 4, (queries, 10))
    shares = np.exp(scores / 2) / np.exp(scores / 2).sum(axis=1, keepdims=True)
    place = (shares.cumsum(axis=1) < rng.random((queries, 1))).sum(axis=1).clip(max=9)
    right = np.arange(10)[None] == place[:, None]
    return BestHits.of((scores * scale + offset).astype(np.float32), right)


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (0.5, 0.4), (3.0, 25.0), (1.0, -500.0)])
def test_calibration_recovers_a_known_law(scale: float, offset: float) -> None:
    """The temperature of a known softmax is found again, in whatever units, with a small calibration error.

    These lists all have an answer, which the fit believes of nine in ten: that alone makes an error of 0.03.
    """
    hits = hits_of_a_law(5_000, scale, offset)
    probability = fit_probability(hits)
    assert probability.share_temperature == pytest.approx(2 * scale, rel=0.25)
    assert expected_calibration_error(probability.of(hits.fused)[:, 0], hits.first_right) < 0.05


def test_a_score_far_below_all_others_says_that_nothing_answers() -> None:
    """A list whose best resembles the question less than any seen has no probable hit, whatever its lead."""
    rng = np.random.default_rng(0)
    right = np.arange(10)[None] == np.zeros((500, 1))
    fused = np.where(right, rng.normal(16, 2, (500, 1)), rng.normal(4, 2, (500, 10))).astype(np.float32)
    probability = fit_probability(BestHits.of(fused, right))
    usual = probability.of(np.array([16.0, 4.0, 4.0], dtype=np.float32))[0]
    low = probability.of(np.array([2.0, -10.0, -10.0], dtype=np.float32))[0]
    assert usual > 0.9
    assert low < 0.1


@pytest.mark.parametrize("right", [[False] * 6, [True] * 6, [False, False, False, True, True, True]])
def test_calibration_of_few_hits_stays_finite(right: list[bool]) -> None:
    """A handful of lists, all right or all wrong, give probabilities and not infinities."""
    fused = np.stack([np.arange(20, 26, dtype=np.float32), np.full(6, 19, dtype=np.float32)], axis=1)
    hits = BestHits.of(fused, np.stack([np.array(right), ~np.array(right)], axis=1))
    probability = fit_probability(hits)
    assert 0 < probability.temperature < 1e5
    found = probability.of(hits.fused)[:, 0]
    assert ((found > 0.001) & (found < 0.999)).all()
