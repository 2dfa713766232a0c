"""The network: encoding, every head, both position schemes."""

from __future__ import annotations

import pytest
import torch

from cascode_models.heads import COSINE_SCALE, LateHead, WarmHead, inner_tokens
from cascode_models.serving import ServingNetwork
from cascode_models.tokenization import PairLayout, padded, paired

QUERY, FUNCTION = [2, 10, 11, 12, 3], [2, 20, 21, 22, 23, 24, 3]


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_padding_does_not_change_a_vector(make_network, model_type: str, pooling: str) -> None:
    """A text has one unit vector, alone or padded beside a longer one, for either position scheme."""
    network = make_network(model_type=model_type, pooling=pooling)
    with torch.no_grad():
        alone = network.encode(*padded([QUERY], 0))
        beside = network.encode(*padded([QUERY, FUNCTION], 0))
    assert torch.allclose(alone[0], beside[0], atol=1e-5)
    assert torch.allclose(beside.norm(dim=1), torch.ones(2), atol=1e-5)


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
def test_encoder_agrees_with_the_backbone_called_by_itself(make_network, model_type: str) -> None:
    """Our positions and masks are those that the backbone would choose itself."""
    network = make_network(model_type=model_type)
    ids, mask = padded([FUNCTION], 0)
    with torch.no_grad():
        states = network.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        expected = torch.nn.functional.normalize(states.mean(1), dim=-1)
        assert torch.allclose(network.encode(ids, mask), expected, atol=1e-5)


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
def test_warm_head_with_closed_gates_is_the_bi_encoder(make_network, model_type: str) -> None:
    """With attention across the segments closed the warm classifier scores the bi-encoder's cosine."""
    network = make_network(model_type=model_type)
    assert isinstance(network.head, WarmHead)
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
        u, v = network.encode(*padded([QUERY], 0))[0], network.encode(*padded([FUNCTION], 0))[0]
        logit = network.classify(*paired([QUERY], [FUNCTION], 0, PairLayout(True)))[0]
    assert float(logit) == pytest.approx(float(COSINE_SCALE * (u @ v) - COSINE_SCALE / 2), abs=1e-3)


def test_late_head_is_the_mean_of_each_query_tokens_nearest(make_network) -> None:
    """With closed gates and an untrained head: MaxSim of the bi-encoder's token states, special tokens left out."""
    network = make_network("late")
    assert isinstance(network.head, LateHead)
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
        ids, mask = padded([QUERY, FUNCTION], 0)
        states = network.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        tokens = [
            torch.nn.functional.normalize(row[1 : len(text) - 1], dim=-1)
            for row, text in zip(states, (QUERY, FUNCTION), strict=True)
        ]
        nearest = [max(float(token @ other) for other in tokens[1]) for token in tokens[0]]
        logit = network.classify(*paired([QUERY], [FUNCTION], 0, PairLayout(True)))[0]
    expected = COSINE_SCALE * (sum(nearest) / len(nearest) - 0.5)
    assert float(logit) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("mask", "inner"),
    [
        ([1, 1, 1, 1, 0], [0, 1, 1, 0, 0]),
        ([0, 0, 1, 1, 1], [0, 0, 0, 1, 0]),
        ([1, 1, 0, 0, 0], [1, 1, 0, 0, 0]),  # an empty text: its special tokens speak for it
        ([0, 1, 0, 0, 0], [0, 1, 0, 0, 0]),
    ],
)
def test_inner_tokens_leave_out_the_special_ones(mask: list[int], inner: list[int]) -> None:
    """The first and the last token of a text are left out, wherever it stands in its row."""
    assert inner_tokens(torch.tensor([mask])).tolist() == [inner]


def _late_pair() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """States of a query of four tokens and a function of five, their unit vectors, and the two masks."""
    states = torch.randn(1, 10, 32, generator=torch.Generator().manual_seed(1))
    query = torch.tensor([[1, 1, 1, 1, 0, 0, 0, 0, 0, 0]])
    function = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1, 1, 0]])
    return states, torch.nn.functional.normalize(states[0], dim=-1), query, function


def test_late_head_weighs_the_tokens_of_a_query(make_network) -> None:
    """A query token that is all that counts leaves the others without a say."""
    network = make_network("late")
    states, unit, query, function = _late_pair()
    with torch.no_grad():
        # Far more for the second token than for the third; the first and the last never count.
        network.head.importance.weight.copy_(1e3 * (unit[1] - unit[2])[None])
        logit = network.head(states, query, function)
    nearest = float((unit[1] @ unit[5:8].T).max())
    assert float(logit) == pytest.approx(COSINE_SCALE * (nearest - 0.5), abs=1e-3)


def test_late_head_prefers_salient_tokens_of_a_function(make_network) -> None:
    """A function token that stands out is every query token's nearest, by its cosine and by what it adds."""
    network = make_network("late")
    states, unit, query, function = _late_pair()
    with torch.no_grad():
        network.head.salience.weight.copy_(unit[6][None])
        added = float(network.head.salience(states[0, 6]))
        logit = network.head(states, query, function)
    found = sum(float(unit[token] @ unit[6]) for token in (1, 2)) / 2
    assert added > 2 > abs(found) > 0.01
    assert float(logit) == pytest.approx(COSINE_SCALE * (found + added - 0.5), abs=1e-3)


def test_open_gates_let_the_query_change_the_functions_states(make_network) -> None:
    """The gates matter: opened, the classifier departs from the cosine."""
    network = make_network()
    assert isinstance(network.head, WarmHead)
    with torch.no_grad():
        inputs = paired([QUERY], [FUNCTION], 0, PairLayout(True))
        network.head.gates.fill_(-1e4)
        closed = network.classify(*inputs)
        network.head.gates.fill_(0.0)
        opened = network.classify(*inputs)
    assert abs(float(closed - opened)) > 1e-3


@pytest.mark.parametrize(("head", "repeat"), [("plain", False), ("warm", True), ("late", True)])
def test_classifier_ignores_padding_and_learns(make_network, head: str, repeat: bool) -> None:
    """A pair has one logit alone or padded, and every head parameter and gate gets a gradient."""
    network = make_network(head=head)
    layout = PairLayout(repeat)
    with torch.no_grad():
        alone = network.classify(*paired([QUERY], [FUNCTION], 0, layout))
        beside = network.classify(*paired([QUERY, QUERY], [FUNCTION, FUNCTION * 2], 0, layout))
    assert float(alone[0]) == pytest.approx(float(beside[0]), abs=1e-4)
    assert network.head is not None
    torch.nn.init.normal_(network.head.out.weight)
    network.classify(*paired([QUERY, FUNCTION], [FUNCTION, QUERY], 0, layout)).sum().backward()
    assert all(float(value.grad.abs().sum()) > 0 for value in network.head.parameters() if value.dim())


def test_training_attention_equals_inference_attention(make_network) -> None:
    """The plain products of training and the fused kernel of inference agree."""
    network = make_network()
    ids, mask = padded([QUERY, FUNCTION], 0)
    with torch.no_grad():
        fused = network.encode(ids, mask)
    assert torch.allclose(network.encode(ids, mask), fused, atol=1e-5)


def test_pair_layouts() -> None:
    """The plain layout joins both texts at one [SEP]; the warm one keeps the function's [CLS]."""
    ids, _, segments = paired([QUERY], [FUNCTION], 0, PairLayout(False))
    assert ids[0].tolist() == QUERY + FUNCTION[1:]
    assert segments[0].tolist() == [0] * 5 + [1] * 6
    ids, _, _ = paired([QUERY], [FUNCTION], 0, PairLayout(True))
    assert ids[0].tolist() == QUERY + FUNCTION


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
@pytest.mark.parametrize(("head", "repeat"), [("plain", False), ("warm", True), ("late", True)])
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_serving_network_computes_what_transformers_computes(
    make_network, model_type: str, head: str, repeat: bool, pooling: str
) -> None:
    """Vectors and logits of the serving network are those of the model it was loaded from."""
    network = make_network(head, model_type, pooling)
    torch.nn.init.normal_(network.head.out.weight)
    serving = ServingNetwork(network.config.settings())
    serving.load_backbone(network.state_dict())
    texts = padded([QUERY, FUNCTION], 0)
    pairs = paired([QUERY, FUNCTION], [FUNCTION, FUNCTION * 2], 0, PairLayout(repeat))
    with torch.no_grad():
        assert torch.allclose(serving.encode(*texts), network.encode(*texts), atol=1e-5)
        assert torch.allclose(serving.classify(*pairs), network.classify(*pairs), atol=1e-4)
