"""Late interaction in NumPy beside the network that was trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cascode_models.late
from cascode_models.heads import LateHead, Texts
from cascode_models.late import BEGINNING, LateWeights, late_logits
from cascode_models.types import FloatArray

WIDTH = 24
#: Queries and functions of special tokens alone, of one token, and beyond the beginning.
LENGTHS = (2, 3, 5, BEGINNING + 2, BEGINNING + 3, 70)


def texts_of(states: FloatArray) -> Texts:
    """One text as the head in torch reads it."""
    return Texts(torch.from_numpy(states)[None], torch.ones(1, len(states), dtype=torch.long))


@pytest.fixture
def states() -> list[FloatArray]:
    """Random states of texts of every length."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal((length, WIDTH)).astype(np.float32) for length in LENGTHS]


@pytest.mark.parametrize("views", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.9, 0.6, 0.3)])
def test_logits_are_those_of_the_head_in_torch(states: list[FloatArray], views: tuple[float, float, float]) -> None:
    """Each view by itself and together, queries and functions of every length."""
    head = LateHead(layers=1, heads=1)
    with torch.no_grad():
        head.gates.fill_(-1e4)
        head.views.copy_(torch.tensor(views))
        head.bias.fill_(-7.0)
        for query in states:
            expected = [float(head.logits(texts_of(query), texts_of(function))) for function in states]
            found = late_logits(LateWeights(views, -7.0), query, states)
            assert found == pytest.approx(expected, abs=1e-3)


def test_products_in_pieces_are_the_products(states: list[FloatArray], monkeypatch: pytest.MonkeyPatch) -> None:
    """However few columns are multiplied at a time."""
    weights = LateWeights((0.9, 0.6, 0.3), 0.0)
    whole = late_logits(weights, states[-1], states)
    monkeypatch.setattr(cascode_models.late, "_PRODUCT", 1)
    assert late_logits(weights, states[-1], states) == pytest.approx(whole, abs=1e-4)


def test_no_functions_no_logits(states: list[FloatArray]) -> None:
    """Nothing in, nothing out."""
    assert late_logits(LateWeights((1.0, 1.0, 1.0), 0.0), states[0], []).shape == (0,)
