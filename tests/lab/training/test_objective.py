"""The losses of training: gradient caching, further negatives, and answers that are no negatives."""

from __future__ import annotations

import math

import pytest
import torch

from cascode_lab.training.objective import (
    Interaction,
    contrastive_step_loss,
    distillation,
    infonce,
)
from cascode_models.heads import COSINE_SCALE, Texts
from cascode_models.inference import fused_score
from cascode_models.modeling import CasCode
from cascode_models.tokenization import PairLayout, padded, paired

# Some longer than a phrase and than a function's beginning.
QUERIES = [[2, 5, 6, 3], [2, 7, 3], [2, *range(8, 30), 3], [2, 11, 3], [2, 12, 13, 3]]
FUNCTIONS = [
    *([2, 14, 15, 3], [2, 16, 17, 18, 3], [2, *range(30, 60), 3], [2, 20, 21, 3]),
    *([2, *range(4, 29), 3], [2, 23, 3], [2, 24, 25, 3]),
]


@pytest.fixture
def network(make_network) -> CasCode:
    """A small late-headed model in float32, without dropout."""
    return make_network("late")


def gradients(
    network: CasCode, *, chunk: int, cache: bool, interaction: Interaction | None = None
) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """Losses of a step and the gradients it leaves."""
    network.zero_grad()
    losses = contrastive_step_loss(
        network,
        QUERIES,
        FUNCTIONS,
        torch.zeros(len(QUERIES), len(FUNCTIONS), dtype=torch.bool),
        pad_id=0,
        temperature=0.05,
        chunk=chunk,
        weight=0.5,
        interaction=interaction,
        cache_gradients=cache,
    )
    return losses, {name: value.grad.clone() for name, value in network.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize("interaction", [None, Interaction(1.0, 0.05)])
def test_cached_gradients_are_those_of_the_whole_batch(
    chunk: int, interaction: Interaction | None, network: CasCode
) -> None:
    """Encoding chunk by chunk a second time gives the losses and gradients of one large batch."""
    losses, expected = gradients(network, chunk=100, cache=False, interaction=interaction)
    cached_losses, found = gradients(network, chunk=chunk, cache=True, interaction=interaction)
    assert cached_losses == pytest.approx(losses, rel=1e-5)
    assert ("head.views" in expected) == (interaction is not None)
    assert expected.keys() == found.keys()
    assert max(float(value.abs().max()) for value in expected.values()) > 1e-3
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("chunk", [2, 100])
def test_late_loss_is_that_of_the_served_cascade(chunk: int, network: CasCode) -> None:
    """The second InfoNCE ranks by the fused score of weight 1, as it is while the gates are closed."""
    losses, _ = gradients(network, chunk=chunk, cache=False, interaction=Interaction(1.0, 0.09))
    pairs = [(query, function) for query in QUERIES for function in FUNCTIONS]
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
        network.head.views.copy_(torch.tensor([0.3, 0.7, 0.5]))
        logits = network.classify(*paired(*zip(*pairs, strict=True), 0, PairLayout(True)))
        cosines = network.encode(*padded(QUERIES, 0)) @ network.encode(*padded(FUNCTIONS, 0)).T
    fused = torch.tensor(fused_score(cosines.numpy(), logits.view(cosines.shape).numpy(), 1.0))
    # In the units of a cosine by the temperature, not by that of the vectors.
    expected = infonce(fused / COSINE_SCALE / 0.09, torch.zeros_like(fused) > 0)
    changed, _ = gradients(network, chunk=chunk, cache=False, interaction=Interaction(1.0, 0.09))
    assert changed["late"] == pytest.approx(float(expected), rel=1e-3)
    assert changed["late"] != pytest.approx(losses["late"], rel=1e-3)


def test_distillation_is_the_divergence_from_the_teacher_both_ways() -> None:
    """0 where both agree, up to a constant; elsewhere the divergence, and further answers take no part."""
    none = torch.zeros(2, 3, dtype=torch.bool)
    taught = torch.tensor([[2.0, 0.0, 1.0], [0.5, 1.0, 0.0]])
    assert float(distillation(taught + 3.0, taught, none)) == pytest.approx(0.0, abs=1e-6)
    scores = torch.tensor([[1.0, 1.0, 1.0], [0.0, 2.0, 0.0]])

    def divergence(student: torch.Tensor, teacher: torch.Tensor) -> float:
        said = teacher.softmax(1)
        return float((said * (said.log() - student.softmax(1).log())).sum(1).mean())

    there, back = divergence(scores, taught), divergence(scores[:, :2].T, taught[:, :2].T)
    assert float(distillation(scores, taught, none)) == pytest.approx((there + back) / 2, rel=1e-5)
    same = none.clone()
    same[0, 2] = True
    # The further answer of the first query is out of its row.
    there = (divergence(scores[:1, :2], taught[:1, :2]) + divergence(scores[1:], taught[1:])) / 2
    expected = (there + back) / 2
    taught[0, 2], scores[0, 2] = 7.0, -5.0
    assert float(distillation(scores, taught, same)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("chunk", [1, 100])
def test_a_teachers_word_replaces_its_share_of_the_second_loss(chunk: int, network: CasCode) -> None:
    """A share of 0 leaves the gradients as they are without a teacher; one of 1 follows the teacher alone."""
    taught = torch.randn(len(QUERIES), len(FUNCTIONS), generator=torch.Generator().manual_seed(1))
    _, without = gradients(network, chunk=chunk, cache=False, interaction=Interaction(1.0, 0.09))
    losses, nothing = gradients(network, chunk=chunk, cache=False, interaction=Interaction(1.0, 0.09, taught, 0.0))
    _, half = gradients(network, chunk=chunk, cache=False, interaction=Interaction(1.0, 0.09, taught, 0.5))
    _, all_of_it = gradients(network, chunk=chunk, cache=False, interaction=Interaction(1.0, 0.09, taught, 1.0))
    assert losses["taught"] > 0.1
    for name, value in without.items():
        torch.testing.assert_close(nothing[name], value, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(half[name], (value + all_of_it[name]) / 2, rtol=1e-3, atol=1e-5)
    assert any(float((all_of_it[name] - value).abs().max()) > 1e-3 for name, value in without.items())


def test_late_scores_ignore_padding(network: CasCode) -> None:
    """A query and a function score alike alone and beside longer ones."""

    def scores(queries: list[list[int]], functions: list[list[int]]) -> torch.Tensor:
        read = [
            Texts(network.token_states(ids, mask), mask) for ids, mask in (padded(queries, 0), padded(functions, 0))
        ]
        return network.head.late_scores(*read)

    with torch.no_grad():
        beside = scores(QUERIES, FUNCTIONS)
        for row, query in enumerate(QUERIES):
            for column, function in enumerate(FUNCTIONS):
                assert float(scores([query], [function])) == pytest.approx(float(beside[row, column]), abs=1e-5)


def test_further_functions_are_negatives_of_the_queries_only() -> None:
    """A further function raises the loss of the query that it resembles; the way back knows only pairs."""
    u = torch.eye(3)
    without = float(infonce(u @ u.T, torch.zeros(3, 3, dtype=torch.bool)))
    same = torch.zeros(3, 4, dtype=torch.bool)
    v = torch.cat([u, u[:1]])
    more = float(infonce(u @ v.T, same))
    one, two = math.e / (math.e + 2), math.e / (2 * math.e + 2)
    assert without == pytest.approx(-math.log(one), rel=1e-5)
    hard = -(math.log(two) + 2 * math.log(math.e / (math.e + 3))) / 3
    assert more == pytest.approx((hard - math.log(one)) / 2, rel=1e-5)
    same[0, 3] = True
    assert float(infonce(u @ v.T, same)) < more
