"""Inference: order, batching, fused scores."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cascode_models.inference import CasCodeModel, fused_score
from cascode_models.load import load_model
from cascode_models.probability import CONTENDERS, Probability
from cascode_models.tokenization import batches_by_length
from cascode_models.torch_network import model_of


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


def test_every_pass_lets_freed_memory_go(model: CasCodeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoding and classifying alike leave holes in the heap, so both end with a trim."""
    trims: list[str] = []
    monkeypatch.setattr("cascode_models.inference.trim_heap", lambda: trims.append("trim"))
    for use in (
        lambda: model.encode_texts(["read file"]),
        lambda: model.encode_queries(["read"]),
        lambda: model.classify("read", ["read file"]),
    ):
        trims.clear()
        use()
        assert trims == ["trim"]


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


def test_classifier_reads_further_than_the_encoder(make_network, tokenizer) -> None:
    """What stands behind the encoder's last token changes no vector; the classifier reads on where it is set to."""
    network = make_network("late")
    settings = network.config.settings()
    model = model_of(network, settings, tokenizer, dimension=32, fingerprint="x")
    head = "read file " * settings.max_text_tokens
    texts = [head, f"{head[: settings.max_text_tokens * 5]} sort json parse {head}"]
    assert np.array_equal(*model.encode_texts(texts))
    assert np.array_equal(*model.classify("sort json", texts)[:, None])
    settings.max_classified_tokens = 2 * settings.max_text_tokens
    assert np.array_equal(*model.encode_texts(texts))
    near, far = model.classify("sort json", texts)
    assert far > near


def test_model_without_head_says_so(make_network, tokenizer) -> None:
    """A fast encoder alone has no classifier."""
    network = make_network(head="none")
    model = model_of(network, network.config.settings(), tokenizer, dimension=32, fingerprint="x")
    assert not model.has_classifier
    with pytest.raises(RuntimeError, match="no classifier"):
        model.classify("read", ["read"])


def test_batches_hold_the_budget_and_every_text_once() -> None:
    """Batches are sorted by length, hold the token budget, and cover every text exactly once."""
    lengths = [5, 300, 7, 7, 120, 1, 64, 4000]
    batches = list(batches_by_length(lengths, 600))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[row] for row in batch) <= 600 for batch in batches if len(batch) > 1)


def test_batches_come_in_few_sizes() -> None:
    """Of equal texts each batch is as large as such a size may be; what is left over is split in the same way."""
    sizes = [len(batch) for batch in batches_by_length([10] * 44, 150)]
    assert sizes == [12, 12, 12, 8]
    assert [len(batch) for batch in batches_by_length([10] * 7, 150)] == [6, 1]
    assert {len(batch) for count in range(1, 200) for batch in batches_by_length([1] * count, 64)} == {
        1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64,
    }  # fmt: skip


def test_fused_score_with_weight_zero_keeps_the_fast_order() -> None:
    """Weight 0 ranks as Stage I; a large weight ranks as Stage II."""
    similarity, logit = np.array([0.9, 0.5, 0.7]), np.array([-3.0, 4.0, 0.0])
    assert fused_score(similarity, logit, 0.0).argsort().tolist() == similarity.argsort().tolist()
    assert fused_score(similarity, logit, 100.0).argsort().tolist() == logit.argsort().tolist()


def test_probability_rises_with_the_score_and_survives_extremes(model: CasCodeModel) -> None:
    """The probability is monotonous and finite for any score, alone or shared among rivals."""
    for share in (0.0, 2.0):
        model.settings = dataclasses.replace(model.settings, share_temperature=share)
        values = model.probability.of(np.array([-1e6, -1.0, 0.0, 1.0, 1e6], dtype=np.float32)).tolist()
        assert values == sorted(values)
        assert 0 <= values[0] < values[-1] <= 1


def test_probability_is_that_of_an_answer_times_the_share_among_rivals() -> None:
    """Equal rivals share it, one far behind leaves it whole, and one beyond the contenders takes nothing."""
    probability = Probability(temperature=2.0, bias=-1.0, share_temperature=1.5)
    answered = 1 / (1 + np.exp(-(4 / 2 - 1)))

    def of(*scores: float) -> list[float]:
        return probability.of(np.array(scores, dtype=np.float32)).tolist()

    assert of() == []
    assert of(4.0) == pytest.approx([answered])
    assert of(4.0, 4.0) == pytest.approx([answered / 2] * 2)
    assert of(4.0, -90.0)[0] == pytest.approx(answered)
    assert of(*[4.0] * (CONTENDERS + 5)) == pytest.approx([answered / CONTENDERS] * (CONTENDERS + 5))
    assert probability.has_answer(np.float32(4.0)) == pytest.approx(answered)
    both = probability.of(np.array([[4.0, 1.0], [1.0, 4.0]], dtype=np.float32))
    assert both[0].tolist() == pytest.approx(both[1, ::-1].tolist())
    alone = dataclasses.replace(probability, share_temperature=0.0)
    assert alone.of(np.array([4.0, 4.0], dtype=np.float32)).tolist() == pytest.approx([answered] * 2)


def test_threads_can_be_set(model: CasCodeModel) -> None:
    """The number of threads is the caller's to choose."""
    before = model.threads
    model.threads = 1
    assert model.threads == 1
    model.threads = before
