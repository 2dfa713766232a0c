"""Inference: order, batching, fused scores."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cascode_models.inference import CONTENDERS, LEAD_TEMPERATURE, CasCodeModel, fused_score, leads
from cascode_models.load import load_model
from cascode_models.tokenization import batches_by_length


@pytest.fixture
def model(model_folder) -> CasCodeModel:
    """The exported tiny model on the CPU."""
    return load_model(str(model_folder), device="cpu")


def test_vectors_come_back_in_order(model: CasCodeModel) -> None:
    """Texts of many lengths get the vectors they get alone, across chunks and batches."""
    texts = [" ".join(["read file", "open path json"][: 1 + n % 2] * (1 + n % 7)) for n in range(50)]
    together = model.encode_texts(texts)
    alone = np.stack([model.encode_texts([text])[0] for text in texts])
    assert together.dtype == np.float32
    # bfloat16 keeps three digits
    assert np.abs((together * alone).sum(1) - 1).max() < 0.02
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-3)


def test_nothing_in_nothing_out(model: CasCodeModel) -> None:
    """No text gives no vector and no logit; an empty query still gives a vector."""
    assert model.encode_texts([]).shape == (0, model.dimension)
    assert model.classify("read", []).shape == (0,)
    assert np.isfinite(model.encode_queries([""])).all()


def test_classifier_scores_each_text_on_its_own(model: CasCodeModel) -> None:
    """A text's logit does not depend on its neighbours or its place."""
    texts = ["def read(path): return open(path)", "def add(a, b): return a + b", "sort"]
    forward, backward = model.classify("read file", texts), model.classify("read file", texts[::-1])
    assert np.allclose(forward, backward[::-1], atol=0.1)


def test_long_input_is_cut(model: CasCodeModel) -> None:
    """A query of 10,000 words and a function of 100 KB are cut to the model's lengths."""
    long = "read file " * 10_000
    assert np.isfinite(model.encode_queries([long])).all()
    assert np.isfinite(model.classify(long, [long])).all()


def test_model_without_head_says_so(make_network, tokenizer) -> None:
    """A fast encoder alone has no classifier."""
    network = make_network(head="none")
    model = CasCodeModel(network, network.config.settings(), tokenizer, dimension=32, fingerprint="x", device="cpu")
    assert not model.has_classifier
    with pytest.raises(RuntimeError, match="no classifier"):
        model.classify("read", ["read"])


def test_batches_hold_the_budget_and_every_text_once() -> None:
    """Batches are sorted by length, hold the token budget, and cover every text exactly once."""
    lengths = [5, 300, 7, 7, 120, 1, 64, 4000]
    batches = list(batches_by_length(lengths, 600))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[row] for row in batch) <= 600 for batch in batches if len(batch) > 1)


def test_fused_score_with_weight_zero_keeps_the_fast_order() -> None:
    """Weight 0 ranks as Stage I; a large weight ranks as Stage II."""
    similarity, logit = np.array([0.9, 0.5, 0.7]), np.array([-3.0, 4.0, 0.0])
    assert fused_score(similarity, logit, 0.0).argsort().tolist() == similarity.argsort().tolist()
    assert fused_score(similarity, logit, 100.0).argsort().tolist() == logit.argsort().tolist()


def test_probability_rises_with_the_score_and_survives_extremes(model: CasCodeModel) -> None:
    """The probability is monotonous and finite for any score."""
    model.settings = dataclasses.replace(model.settings, lead_weight=0.5)
    values = model.probabilities(np.array([-1e6, -1.0, 0.0, 1.0, 1e6], dtype=np.float32)).tolist()
    assert values == sorted(values)
    assert 0 <= values[0] < values[-1] <= 1


def test_probability_falls_with_a_rival_and_without_one_is_the_score_alone(model: CasCodeModel) -> None:
    """The same score is surer alone than beside an equal one, and surest far ahead; no weight reads it by itself."""
    model.settings = dataclasses.replace(model.settings, temperature=2.0, lead_weight=0.5, calibration_bias=-1.0)

    def first(*scores: float) -> float:
        return float(model.probabilities(np.array(scores, dtype=np.float32))[0])

    assert first(4.0) == pytest.approx(1 / (1 + np.exp(-(4 / 2 - 1))))
    assert first(4.0, 4.0) == pytest.approx(first(4.0))
    assert first(4.0, 4.0, 4.0) < first(4.0, 4.0) < first(4.0, 3.0) < first(4.0, -20.0)
    model.settings = dataclasses.replace(model.settings, lead_weight=0.0)
    assert first(4.0, 4.0, 4.0) == first(4.0)


def test_lead_is_the_log_odds_of_a_softmax_over_the_best() -> None:
    """Leads follow from the softmax of each row; rivals beyond the contenders change nothing."""
    scores = np.array([[3.0, 1.0, 2.5], [0.0, -4.0, 0.0]], dtype=np.float32)
    share = np.exp(scores / LEAD_TEMPERATURE) / np.exp(scores / LEAD_TEMPERATURE).sum(1, keepdims=True)
    assert leads(scores) == pytest.approx(LEAD_TEMPERATURE * np.log(share / (1 - share)), abs=1e-4)
    many = np.linspace(5, 0, CONTENDERS, dtype=np.float32)
    assert leads(np.append(many, [-1.0, -1.0]))[:CONTENDERS] == pytest.approx(leads(many))
    assert leads(np.array([7.0], dtype=np.float32)).tolist() == [0.0]
    assert leads(np.array([], dtype=np.float32)).tolist() == []


def test_threads_can_be_set(model: CasCodeModel) -> None:
    """The number of threads is the caller's to choose."""
    before = model.threads
    model.threads = 1
    assert model.threads == 1
    model.threads = before
