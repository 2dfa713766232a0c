"""Descriptions: likelihood beside transformers, copying by hand, beam search and sampling beside a plain loop."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertLMHeadModel

from cascode_models.decoder import Decoder
from cascode_models.describing import LENGTH_POWER, Describer, embed, nucleus, token_log_probabilities, word_embeddings
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.modeling import CasCode
from cascode_models.tokenization import TextTokenizer

MakeNetwork = Callable[..., CasCode]
TEXTS = ["def read(path): return open(path)", "sort json", "def add(a, b): return a + b"]
#: First and last special token of the tiny tokenizer.
FIRST, LAST = 2, 3


@pytest.fixture
def describer(make_network: MakeNetwork, tokenizer: TextTokenizer) -> Describer:
    """A random decoder that copies, and heeds what it reads."""
    network = make_network("none", decoder_layers=2, decoder_copies=True)
    assert network.decoder is not None
    with torch.no_grad():
        for parameter in network.decoder.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return Describer(network, tokenizer)


def source_of(network: CasCode, tokenizer: TextTokenizer, text: str):
    """One function as the decoder reads it."""
    ids = torch.tensor(tokenizer.ids([text], 64))
    mask = torch.ones_like(ids)
    assert network.decoder is not None
    return network.decoder.source(network.token_states(ids, mask), mask, ids)


def theirs(network: CasCode) -> BertLMHeadModel:
    """A decoder of transformers with the same weights."""
    settings = network.config.backbone_config().to_dict() | {"is_decoder": True, "add_cross_attention": True}
    model = BertLMHeadModel(BertConfig(**settings, attn_implementation="eager")).eval()
    decoder = network.decoder
    assert decoder is not None
    model.bert.embeddings.load_state_dict(network.backbone.embeddings.state_dict())
    for ours, layer in zip(decoder.layers, model.bert.encoder.layer, strict=True):
        for own, attention in ((ours.said, layer.attention), (ours.function, layer.crossattention)):
            attention.self.query.load_state_dict(own.query.state_dict())
            attention.self.key.load_state_dict(own.key.state_dict())
            attention.self.value.load_state_dict(own.value.state_dict())
            attention.output.dense.load_state_dict(own.attended.state_dict())
            attention.output.LayerNorm.load_state_dict(own.norm.state_dict())
        layer.intermediate.dense.load_state_dict(ours.inner.state_dict())
        layer.output.dense.load_state_dict(ours.out.state_dict())
        layer.output.LayerNorm.load_state_dict(ours.norm.state_dict())
    head = model.cls.predictions
    head.transform.dense.load_state_dict(decoder.dense.state_dict())
    head.transform.LayerNorm.load_state_dict(decoder.norm.state_dict())
    with torch.no_grad():
        head.decoder.weight.copy_(word_embeddings(network))
        head.decoder.bias.copy_(decoder.bias)
        head.bias.copy_(decoder.bias)
    return model


def test_the_loss_is_that_of_transformers_on_the_same_weights(make_network: MakeNetwork) -> None:
    """Mean of the tokens' negative log-likelihoods, padding on both sides left out, as BertLMHeadModel gives it."""
    network = make_network("none", decoder_layers=2)
    decoder = network.decoder
    assert decoder is not None
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    ids = torch.tensor([[2, 5, 6, 9, 11, 3], [2, 7, 8, 3, 0, 0]])
    mask = (ids > 0).long()
    said = torch.tensor([[2, 20, 21, 3, 0], [2, 30, 31, 32, 3]])
    with torch.no_grad():
        states = network.token_states(ids, mask)
        tokens = token_log_probabilities(network, decoder.source(states, mask, ids), said, said > 0)
        ours = -tokens.mean()
        expected = theirs(network)(
            input_ids=said,
            attention_mask=(said > 0).long(),
            encoder_hidden_states=states,
            encoder_attention_mask=mask,
            labels=said.masked_fill(said == 0, -100),
        ).loss
    assert float(ours) == pytest.approx(float(expected), rel=1e-4)


def test_a_token_is_made_or_copied_by_the_gate() -> None:
    """The probability is the gate's share of the attention on the same token, and the rest of the softmax."""
    decoder = Decoder(1, 2, 4, 1, 4, 1e-12, copies=True)
    decoder.reset_parameters()
    assert decoder.gate is not None
    assert decoder.pointer is not None
    with torch.no_grad():
        decoder.dense.weight.zero_()  # every token is as likely as any other
        decoder.gate.weight.zero_()
        decoder.gate.bias.fill_(log(3.0))  # three quarters are copied
    # Looked for with [sqrt 2, 0]: logits 1, 0 and 1 over the source's tokens.
    states = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 5.0], [9.0, 9.0]]])
    source = decoder.source(states, torch.tensor([[1, 1, 1, 0]]), torch.tensor([[1, 2, 1, 3]]))
    x = torch.tensor([[[2.0**0.5, 0.0]]])
    words = torch.zeros(4, 2)
    total = 2 * exp(1.0) + 1.0
    expected = [0.25 / 4, 0.75 * 2 * exp(1.0) / total + 0.25 / 4, 0.75 / total + 0.25 / 4, 0.25 / 4]
    found = decoder.log_probabilities(x, words, source)[0, 0].exp().tolist()
    assert found == pytest.approx(expected, rel=1e-5)
    for token, value in enumerate(expected):
        chosen = decoder.token_log_probabilities(x, words, source, torch.tensor([[token]]), torch.tensor([[True]]))
        assert float(chosen.detach().exp()) == pytest.approx(value, rel=1e-5)


def test_a_token_sees_none_that_follow(make_network: MakeNetwork, tokenizer: TextTokenizer) -> None:
    """What is said later changes no earlier probability."""
    network = make_network("none", decoder_layers=2, decoder_copies=True)
    source = source_of(network, tokenizer, TEXTS[0])
    first, other = (
        token_log_probabilities(network, source, torch.tensor([ids]), torch.ones(1, 5))
        for ids in ([2, 5, 6, 7, 3], [2, 5, 6, 9, 10])
    )
    assert torch.allclose(first[:2], other[:2], atol=1e-5)
    assert not torch.allclose(first[2:], other[2:], atol=1e-3)


def next_token(network: CasCode, tokenizer: TextTokenizer, text: str, said: list[int]) -> list[float]:
    """Log-probabilities of what follows, computed for this function and beginning alone."""
    source = source_of(network, tokenizer, text)
    assert network.decoder is not None
    states = network.decoder.states(embed(network, torch.tensor([said])), source)
    return network.decoder.log_probabilities(states, word_embeddings(network), source)[0, -1].tolist()


def by_a_plain_loop(network: CasCode, tokenizer: TextTokenizer, text: str, beams: int, most: int) -> list[int]:
    """Beam search over lists, a function and a beginning at a time."""
    followed, ended = [(0.0, [FIRST])], []
    for _ in range(most - 1):
        steps = sorted(
            ((value + more, [*said, token]) for value, said in followed
             for token, more in enumerate(next_token(network, tokenizer, text, said))), reverse=True
        )[: 2 * beams]  # fmt: skip
        best = steps[:beams]
        ended += [(value / (len(said) - 1) ** LENGTH_POWER, said[:-1]) for value, said in best if said[-1] == LAST]
        followed = [(value, said) for value, said in steps if said[-1] != LAST][:beams]
        if len(ended) >= beams:
            break
    return max(ended)[1] if ended else max(followed)[1]


@pytest.mark.parametrize("beams", [1, 3])
def test_beam_search_is_that_of_a_plain_loop(describer: Describer, tokenizer: TextTokenizer, beams: int) -> None:
    """Functions of several lengths side by side are described as each by itself."""
    network = describer._network
    seen = set()
    # Ends come never, late and early.
    for bias in (-20.0, 0.0, 1.0):
        with torch.no_grad():
            network.decoder.bias[LAST] = bias
            expected = [by_a_plain_loop(network, tokenizer, text, beams, 7) for text in TEXTS]
        found = describer.describe(TEXTS, beams=beams, most_tokens=7)
        assert found == [tokenizer.text(ids[1:]) for ids in expected]
        seen |= {len(ids) for ids in expected}
    assert len(seen) > 1


def test_nucleus_keeps_the_likeliest_that_have_the_share() -> None:
    """The token that crosses the share is kept, the others never come, and the rest is scaled up."""
    found = nucleus(torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log(), 0.7)
    assert found[0].tolist() == pytest.approx([0.625, 0.375, 0.0, 0.0])
    assert nucleus(torch.tensor([[0.1, 0.9]]).log(), 1.0)[0].tolist() == pytest.approx([0.1, 0.9])


def test_sampling_follows_the_seed_and_the_probabilities(describer: Describer, tokenizer: TextTokenizer) -> None:
    """The least nucleus is the likeliest token each time; samples of one seed are the same, of another others."""
    assert describer.sample(TEXTS, share=1e-9) == describer.describe(TEXTS, beams=1)
    assert describer.sample(TEXTS, seed=1) == describer.sample(TEXTS, seed=1)
    assert describer.sample(TEXTS, seed=1) != describer.sample(TEXTS, seed=2)


def test_likelihood_of_a_description_is_its_tokens_mean(describer: Describer, tokenizer: TextTokenizer) -> None:
    """Functions side by side give what each gives by itself."""
    found = describer.log_likelihoods("read file", TEXTS)
    said = tokenizer.ids(["read file"], 32)[0]
    for text, value in zip(TEXTS, found, strict=True):
        with torch.no_grad():
            tokens = [
                next_token(describer._network, tokenizer, text, said[:place])[said[place]]
                for place in range(1, len(said))
            ]
        assert value == pytest.approx(sum(tokens) / len(tokens), abs=1e-4)


def test_a_describer_comes_from_a_folder(
    make_network: MakeNetwork, tokenizer: TextTokenizer, tmp_path: Path, model_folder: Path
) -> None:
    """A folder with a decoder describes; one without says what to train."""
    network = make_network("none", decoder_layers=1, decoder_copies=True)
    folder = export_model(network, tokenizer, tmp_path / "describes", dtype=torch.float32)
    assert Describer.load(str(folder)).describe(TEXTS) == Describer(network, tokenizer).describe(TEXTS)
    with pytest.raises(ModelError, match="no decoder"):
        Describer.load(str(model_folder))


def test_the_decoder_begins_as_layers_of_the_encoder(make_network: MakeNetwork) -> None:
    """First and last layer of the encoder are those of a decoder of two; what reads the function is new."""
    network = make_network("none", decoder_layers=2)
    assert network.decoder is not None
    network.decoder.begin_as(network.backbone.encoder)
    for ours, layer in zip(network.decoder.layers, network.backbone.encoder.layer, strict=True):
        assert torch.equal(ours.said.query.weight, layer.attention.self.query.weight)
        assert torch.equal(ours.out.weight, layer.output.dense.weight)
        assert not torch.equal(ours.function.query.weight, layer.attention.self.query.weight)
