"""The network: encoding, every head, both position schemes."""

from __future__ import annotations

import pytest
import torch

from cascode_models.errors import ModelError
from cascode_models.heads import (
    VIEW_WEIGHTS,
    LateHead,
    Texts,
    WarmHead,
    inner_tokens,
    phrases,
)
from cascode_models.late import BEGINNING, COSINE_SCALE
from cascode_models.serving import ServingNetwork
from cascode_models.tensors import pad, pair
from cascode_models.tokenization import PairLayout

QUERY, FUNCTION = [2, 10, 11, 12, 3], [2, 20, 21, 22, 23, 24, 3]


def _depart(head: torch.nn.Module) -> None:
    """Let a fresh head say more than the bi-encoder."""
    torch.nn.init.normal_(head.views if isinstance(head, LateHead) else head.out.weight)


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_padding_does_not_change_a_vector(make_network, model_type: str, pooling: str) -> None:
    """A text has one unit vector, alone or padded beside a longer one, for either position scheme."""
    network = make_network(model_type=model_type, pooling=pooling)
    with torch.no_grad():
        alone = network.encode(*pad([QUERY], 0))
        beside = network.encode(*pad([QUERY, FUNCTION], 0))
    assert torch.allclose(alone[0], beside[0], atol=1e-5)
    assert torch.allclose(beside.norm(dim=1), torch.ones(2), atol=1e-5)


@pytest.mark.parametrize("model_type", ["bert", "roberta", "mpnet", "roberta-prelayernorm", "data2vec-text"])
def test_encoder_agrees_with_the_backbone_called_by_itself(make_network, model_type: str) -> None:
    """Our positions and masks are those that the backbone would choose itself."""
    network = make_network("none", model_type)
    ids, mask = pad([FUNCTION], 0)
    with torch.no_grad():
        states = network.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        expected = torch.nn.functional.normalize(states.mean(1), dim=-1)
        assert torch.allclose(network.encode(ids, mask), expected, atol=1e-5)


@pytest.mark.parametrize("head", ["warm", "late"])
def test_a_head_with_gates_needs_a_backbone_that_can_be_gated(make_network, head: str) -> None:
    """MPNet computes its attention by itself: its gates would do nothing, without a word."""
    with pytest.raises(ModelError, match=f"mpnet model computes its attention by itself.*{head}.*use head 'plain'"):
        make_network(head, "mpnet")
    assert make_network("plain", "mpnet").head is not None


def test_late_head_behind_closed_gates_needs_none(make_network) -> None:
    """Texts are read by themselves, by any backbone; gates that are opened afterwards are noticed."""
    network = make_network("late", "mpnet", gate_bias=-1e4)
    texts = [Texts(network.token_states(*tensors), tensors[1]) for tensors in (pad([QUERY], 1), pad([FUNCTION], 1))]
    assert network.reads_alone
    assert torch.isfinite(network.head.logits(*texts)).all()
    with torch.no_grad():
        network.head.gates.fill_(0.0)
    assert not network.reads_alone
    with pytest.raises(ModelError, match="mpnet model computes its attention by itself"):
        network.classify(*pair([QUERY], [FUNCTION], 1, PairLayout(True)))


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
def test_warm_head_with_closed_gates_is_the_bi_encoder(make_network, model_type: str) -> None:
    """With attention across the segments closed the warm classifier scores the bi-encoder's cosine."""
    network = make_network(model_type=model_type)
    assert isinstance(network.head, WarmHead)
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
        u, v = network.encode(*pad([QUERY], 0))[0], network.encode(*pad([FUNCTION], 0))[0]
        logit = network.classify(*pair([QUERY], [FUNCTION], 0, PairLayout(True)))[0]
    assert float(logit) == pytest.approx(float(COSINE_SCALE * (u @ v) - COSINE_SCALE / 2), abs=1e-3)


LONG = [2, *range(20, 60), 3]


def _views(query: torch.Tensor, function: torch.Tensor) -> list[float]:
    """MaxSim of token states ``[tokens, width]`` by tokens, phrases of five and the beginning, in plain loops."""

    def unit(states: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(states, dim=-1)

    def windows(states: torch.Tensor) -> torch.Tensor:
        return torch.stack([states[max(0, place - 2) : place + 3].sum(0) for place in range(len(states))])

    def nearest(rows: torch.Tensor, columns: torch.Tensor) -> float:
        return sum(max(float(row @ column) for column in unit(columns)) for row in unit(rows)) / len(rows)

    return [
        nearest(query, function),
        nearest(windows(query), windows(function)),
        nearest(query, function[:BEGINNING]),
    ]


@pytest.mark.parametrize(("function", "view"), [(FUNCTION, 0), (FUNCTION, 1), (LONG, 0), (LONG, 1), (LONG, 2)])
def test_late_head_is_the_mean_of_each_query_tokens_nearest(make_network, function: list[int], view: int) -> None:
    """With closed gates: MaxSim of the bi-encoder's states in each view, special tokens and padding left out."""
    network = make_network("late")
    assert isinstance(network.head, LateHead)
    assert torch.allclose(network.head.views, torch.tensor(VIEW_WEIGHTS))
    with torch.no_grad():
        network.head.gates.fill_(-1e4)
        network.head.views.zero_()[view] = 1.0
        network.head.bias.fill_(-2.0)
        ids, mask = pad([QUERY, function], 0)
        states = network.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        inner = [row[1 : len(text) - 1] for row, text in zip(states, (QUERY, function), strict=True)]
        pairs = pair([QUERY, QUERY], [function, [*LONG, 3]], 0, PairLayout(True))
        logit = network.classify(*pairs)[0]
    assert float(logit) == pytest.approx(COSINE_SCALE * _views(*inner)[view] - 2.0, abs=1e-3)


def test_late_head_is_the_sum_of_its_views(make_network) -> None:
    """The logit weighs the views as the head says, and is 0 where every cosine is a half."""
    network = make_network("late")
    states = torch.randn(1, 30, 32, generator=torch.Generator().manual_seed(1))
    query = torch.tensor([[1] * 6 + [0] * 24])
    function = torch.tensor([[0] * 6 + [1] * 23 + [0]])
    found = _views(states[0, 1:5], states[0, 7:28])
    with torch.no_grad():
        logit = float(network.head(states, query, function))
    weighed = sum(weight * (value - 0.5) for weight, value in zip(VIEW_WEIGHTS, found, strict=True))
    assert logit == pytest.approx(COSINE_SCALE * weighed, abs=1e-3)
    assert len({round(value, 3) for value in found}) == 3


@pytest.mark.parametrize(("place", "found"), [(1, True), (BEGINNING, True), (BEGINNING + 1, False)])
def test_beginning_ends_where_it_says(make_network, place: int, found: bool) -> None:
    """A token is found in the beginning up to its last place, by both ways of computing, special tokens not counted."""
    head = make_network("late").head
    states = torch.randn(26, 32, generator=torch.Generator().manual_seed(3))
    query, function = states[:3], states[3:]
    function[place] = query[1]
    masks = torch.tensor([[1] * 3 + [0] * 23, [0] * 3 + [1] * 23])
    with torch.no_grad():
        head.views.copy_(torch.tensor([0.0, 0.0, 1.0]))
        head.bias.zero_()
        together = float(head(states[None], *masks.split(1))) / COSINE_SCALE
        alone = float(head.late_scores(*(Texts(some[None], torch.ones(1, len(some))) for some in (query, function))))
    assert alone == pytest.approx(together, abs=1e-5)
    assert (alone > 0.99) == found


def test_empty_texts_have_a_score(make_network) -> None:
    """A text without a token finds nothing and is not found: the lowest cosine, or none at all."""
    head = make_network("late").head
    states = torch.randn(1, 8, 32, generator=torch.Generator().manual_seed(4))
    some, none = torch.tensor([[1] * 4 + [0] * 4]), torch.zeros(1, 8, dtype=torch.long)
    with torch.no_grad():
        head.bias.zero_()
        assert float(head(states, some, none)) == pytest.approx(-COSINE_SCALE * sum(VIEW_WEIGHTS), rel=1e-5)
        assert float(head(states, none, some)) == 0.0


def test_phrases_end_with_their_text() -> None:
    """A phrase is cut where its text begins and ends: nothing of a neighbour or of padding is in it."""
    states = torch.randn(1, 9, 8, generator=torch.Generator().manual_seed(2))
    mask = torch.tensor([[0, 1, 1, 1, 1, 1, 0, 0, 0]])
    found = phrases(states, mask)[0]
    for place, (start, end) in {1: (1, 4), 3: (1, 6), 5: (3, 6)}.items():
        expected = torch.nn.functional.normalize(states[0, start:end].sum(0), dim=0)
        assert torch.allclose(found[place], expected, atol=1e-6)


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


def test_open_gates_let_the_query_change_the_functions_states(make_network) -> None:
    """The gates matter: opened, the classifier departs from the cosine."""
    network = make_network()
    assert isinstance(network.head, WarmHead)
    with torch.no_grad():
        inputs = pair([QUERY], [FUNCTION], 0, PairLayout(True))
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
        alone = network.classify(*pair([QUERY], [FUNCTION], 0, layout))
        beside = network.classify(*pair([QUERY, QUERY], [FUNCTION, FUNCTION * 2], 0, layout))
    assert float(alone[0]) == pytest.approx(float(beside[0]), abs=1e-4)
    assert network.head is not None
    _depart(network.head)
    network.classify(*pair([QUERY, FUNCTION], [FUNCTION, QUERY], 0, layout)).sum().backward()
    assert all(float(value.grad.abs().sum()) > 0 for value in network.head.parameters() if value.dim())


def test_training_attention_equals_inference_attention(make_network) -> None:
    """The plain products of training and the fused kernel of inference agree."""
    network = make_network()
    ids, mask = pad([QUERY, FUNCTION], 0)
    with torch.no_grad():
        fused = network.encode(ids, mask)
    assert torch.allclose(network.encode(ids, mask), fused, atol=1e-5)


def test_pair_layouts() -> None:
    """The plain layout joins both texts at one [SEP]; the warm one keeps the function's [CLS]."""
    ids, _, segments = pair([QUERY], [FUNCTION], 0, PairLayout(False))
    assert ids[0].tolist() == QUERY + FUNCTION[1:]
    assert segments[0].tolist() == [0] * 5 + [1] * 6
    ids, _, _ = pair([QUERY], [FUNCTION], 0, PairLayout(True))
    assert ids[0].tolist() == QUERY + FUNCTION


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
@pytest.mark.parametrize(("head", "repeat"), [("plain", False), ("warm", True), ("late", True)])
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_serving_network_computes_what_transformers_computes(
    make_network, model_type: str, head: str, repeat: bool, pooling: str
) -> None:
    """Vectors and logits of the serving network are those of the model it was loaded from."""
    network = make_network(head, model_type, pooling)
    _depart(network.head)
    serving = ServingNetwork(network.config.settings())
    serving.load_backbone(network.state_dict())
    texts = pad([QUERY, FUNCTION], 0)
    pairs = pair([QUERY, FUNCTION], [FUNCTION, FUNCTION * 2], 0, PairLayout(repeat))
    with torch.no_grad():
        assert torch.allclose(serving.encode(*texts), network.encode(*texts), atol=1e-5)
        assert torch.allclose(serving.classify(*pairs), network.classify(*pairs), atol=1e-4)
