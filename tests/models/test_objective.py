"""The losses of training: gradient caching, further negatives, and answers that are no negatives."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from cascode_models.load import read_folder
from cascode_models.modeling import CasCode
from cascode_models.training.objective import contrastive_step_loss, infonce, same_answers

QUERIES = [[2, 5, 6, 3], [2, 7, 3], [2, 8, 9, 10, 3], [2, 11, 3], [2, 12, 13, 3]]
FUNCTIONS = [[2, 14, 15, 3], [2, 16, 17, 18, 3], [2, 19, 3], [2, 20, 21, 3], [2, 22, 3], [2, 23, 3], [2, 24, 25, 3]]


@pytest.fixture
def network(model_folder: Path) -> CasCode:
    """A small model in float32."""
    network = read_folder(model_folder)[0]
    # As training does by its configuration: dropout is off.
    network.to(dtype=torch.float32).train(False)  # type: ignore[call-arg]
    return network


def gradients(network: CasCode, *, chunk: int, cache: bool) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss of a step and the gradients it leaves."""
    network.zero_grad()
    loss = contrastive_step_loss(
        network,
        QUERIES,
        FUNCTIONS,
        torch.zeros(len(QUERIES), len(FUNCTIONS), dtype=torch.bool),
        pad_id=0,
        temperature=0.05,
        chunk=chunk,
        weight=0.5,
        cache_gradients=cache,
    )
    return loss, {name: value.grad.clone() for name, value in network.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_cached_gradients_are_those_of_the_whole_batch(chunk: int, network: CasCode) -> None:
    """Encoding chunk by chunk a second time gives the loss and gradients of one large batch."""
    loss, expected = gradients(network, chunk=100, cache=False)
    cached_loss, found = gradients(network, chunk=chunk, cache=True)
    assert cached_loss == pytest.approx(loss, rel=1e-5)
    assert expected.keys() == found.keys()
    assert max(float(value.abs().max()) for value in expected.values()) > 1e-3
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)


def test_further_functions_are_negatives_of_the_queries_only() -> None:
    """A further function raises the loss of the query that it resembles; the way back knows only pairs."""
    u = torch.eye(3)
    without = float(infonce(u, u, torch.zeros(3, 3, dtype=torch.bool), 1.0))
    same = torch.zeros(3, 4, dtype=torch.bool)
    v = torch.cat([u, u[:1]])
    more = float(infonce(u, v, same, 1.0))
    one, two = math.e / (math.e + 2), math.e / (2 * math.e + 2)
    assert without == pytest.approx(-math.log(one), rel=1e-5)
    hard = -(math.log(two) + 2 * math.log(math.e / (math.e + 3))) / 3
    assert more == pytest.approx((hard - math.log(one)) / 2, rel=1e-5)
    same[0, 3] = True
    assert float(infonce(u, v, same, 1.0)) < more


def test_answers_to_the_same_query_and_equal_texts_are_no_negatives() -> None:
    """A function is no negative of a query that its own query repeats, nor where its text is that of the answer."""
    same = same_answers(["a", "b", "a"], ["f", "g", "h", "g", "x"], ["a", "b", "a", "c", "b"])
    assert same.tolist() == [
        [True, False, True, False, False],
        [False, True, False, True, True],
        [True, False, True, False, False],
    ]
