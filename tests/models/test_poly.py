"""The poly-encoder: attention by a plain loop, in torch and in NumPy, from a model folder by either engine."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, sqrt
from pathlib import Path

import numpy as np
import pytest
import torch

from cascode_models.export import export_model
from cascode_models.load import ENGINE_VARIABLE, load_model
from cascode_models.modeling import CasCode
from cascode_models.poly import PolyWeights, code_vectors, poly_scores
from cascode_models.poly_attention import PolyAttention
from cascode_models.tokenization import TextTokenizer

Vector = list[float]
MakeNetwork = Callable[..., CasCode]

TEXTS = ["def read(path): return open(path)", "sort", "sort json parse file " * 3, ""]


def dot(left: Vector, right: Vector) -> float:
    """Product of two vectors."""
    return sum(a * b for a, b in zip(left, right, strict=True))


def unit(vector: Vector) -> Vector:
    """The same direction, of length 1."""
    return [value / sqrt(dot(vector, vector)) for value in vector]


def softmax(logits: Vector) -> Vector:
    """Shares that add up to 1."""
    exponentials = [exp(logit) for logit in logits]
    return [value / sum(exponentials) for value in exponentials]


def mixed(shares: Vector, vectors: list[Vector]) -> Vector:
    """Weighted sum of vectors."""
    return [dot(shares, [vector[place] for vector in vectors]) for place in range(len(vectors[0]))]


def by_a_plain_loop(
    codes: list[Vector] | None, count: int, sharpness: float, query: Vector, states: list[Vector]
) -> float:
    """Section 4.4: codes attend over states, the query over what they saw, and its product with that is the score."""
    if codes is None:
        seen = [unit(state) for state in states[:count]]
    else:
        seen = [unit(mixed(softmax([dot(code, state) for state in states]), states)) for code in codes]
    attention = softmax([sharpness * dot(query, vector) for vector in seen])
    return dot(query, mixed(attention, seen))


@pytest.mark.parametrize("kind", ["learnt", "first"])
def test_poly_attention_is_the_papers(kind: str) -> None:
    """Scores of every query with every function, padding left out, are those of a plain loop, in torch and NumPy."""
    torch.manual_seed(3)
    attention = PolyAttention(kind, 3, 4)
    attention.reset_parameters()
    with torch.no_grad():
        attention.sharpness.fill_(2.5)
        if attention.codes is not None:
            attention.codes.mul_(8)
    lengths = [5, 2, 4]
    states = torch.randn(3, 5, 4)
    mask = (torch.arange(5)[None] < torch.tensor(lengths)[:, None]).long()
    queries = torch.nn.functional.normalize(torch.randn(2, 4), dim=-1)
    found = attention.scores(queries, *attention.vectors(states, mask))
    codes = None if attention.codes is None else attention.codes.tolist()
    expected = [
        [
            by_a_plain_loop(codes, 3, 2.5, query, rows[:length])
            for rows, length in zip(states.tolist(), lengths, strict=True)
        ]
        for query in queries.tolist()
    ]
    assert torch.allclose(found, torch.tensor(expected), atol=1e-5)
    stored = [
        code_vectors(attention.weights(), rows[:length].numpy().astype(np.float16))
        for rows, length in zip(states, lengths, strict=True)
    ]
    for query, row in zip(queries.numpy(), expected, strict=True):
        # Stored in half precision.
        assert poly_scores(attention.weights(), query, stored) == pytest.approx(row, abs=2e-3)


def test_codes_that_do_not_distinguish_score_as_the_bi_encoder() -> None:
    """Codes of zeros see the mean of the states, whose cosine with the query is the fast stage's."""
    states = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=np.float16)
    weights = PolyWeights(np.zeros((4, 2), dtype=np.float32), 4, 20.0)
    query = np.array([1.0, 0.0], dtype=np.float32)
    assert poly_scores(weights, query, [code_vectors(weights, states)]) == pytest.approx([sqrt(0.5)], abs=1e-3)


def test_scores_of_no_functions_are_none() -> None:
    """A search whose fast stage found nothing asks for no scores."""
    weights = PolyWeights(None, 2, 1.0)
    assert poly_scores(weights, np.ones(2, dtype=np.float32), []).shape == (0,)


@pytest.mark.parametrize("kind", ["learnt", "first"])
@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_a_folder_with_codes_scores_as_the_network(
    engine: str,
    kind: str,
    make_network: MakeNetwork,
    tokenizer: TextTokenizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Either engine reads the codes of a model folder and gives the scores that training saw."""
    network = make_network("none", poly_kind=kind, poly_codes=3)
    folder = export_model(network, tokenizer, tmp_path / "model", dtype=torch.float32)
    monkeypatch.setenv(ENGINE_VARIABLE, engine)
    model = load_model(str(folder), device="cpu")
    assert model.has_codes
    found = model.poly_scores("read a file", model.code_vectors(TEXTS))
    assert network.poly is not None
    expected = []
    for text in TEXTS:
        ids = torch.tensor(tokenizer.ids([text], 64))
        mask = torch.ones_like(ids)
        asked = torch.tensor(tokenizer.ids(["read a file"], 32))
        with torch.no_grad():
            query = network.encode(asked, torch.ones_like(asked))
            expected.append(
                float(network.poly.scores(query, *network.poly.vectors(network.token_states(ids, mask), mask)))
            )
    # Cosines, of states in bfloat16 where the hardware computes in it.
    assert found == pytest.approx(expected, abs=2e-2 if model.network.engine.endswith("bfloat16") else 2e-3)
    assert len(set(np.round(found, 3))) == len(TEXTS)


def test_a_model_without_codes_says_so(model_folder: Path) -> None:
    """The middle stage asks before it reads."""
    model = load_model(str(model_folder), device="cpu")
    assert not model.has_codes
    with pytest.raises(RuntimeError, match="no codes"):
        model.code_vectors(["def read()"])
