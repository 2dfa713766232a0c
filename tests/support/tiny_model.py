"""A real two-layer model of the project's own architecture, small enough for every test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from cascode_models.configuration import CasCodeConfig
from cascode_models.export import export_model
from cascode_models.modeling import CasCode
from cascode_models.tokenization import LibraryTokenizer, TextTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS = [
    *("def", "return", "read", "write", "file", "json", "path", "open", "close", "add", "sum"),
    *("list", "sort", "parse", "send", "retry", "request", "a", "b", "x", "self"),
]


def make_tokenizer() -> Tokenizer:
    """A WordPiece tokenizer over a few words, letters and signs."""
    pieces = [
        *SPECIAL,
        *WORDS,
        *"abcdefghijklmnopqrstuvwxyz",
        *"():._=+,",
        *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
    ]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return tokenizer


def make_network(
    head: str = "warm", model_type: str = "bert", pooling: str = "mean", gate_bias: float = -3.0, **parts: object
) -> CasCode:
    """A random two-layer network; ``parts`` are further settings, those of a poly-encoder or a decoder."""
    torch.manual_seed(0)
    backbone = {
        "model_type": model_type,
        "vocab_size": 120,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 130,
        "type_vocab_size": 2,
        "pad_token_id": 0,
        "initializer_range": 0.2,
    }
    config = CasCodeConfig(
        backbone=backbone,
        head=head,
        pooling=pooling,
        gate_bias=gate_bias,
        max_query_tokens=32,
        max_text_tokens=64,
        **parts,
    )
    return CasCode(config).eval()


@pytest.fixture(name="make_network")
def make_network_fixture() -> Callable[..., CasCode]:
    """Makes random two-layer networks of either head, position scheme and pooling."""
    return make_network


@pytest.fixture
def network() -> CasCode:
    """A warm-headed network."""
    return make_network()


@pytest.fixture
def tokenizer() -> TextTokenizer:
    """The tiny tokenizer."""
    return LibraryTokenizer(make_tokenizer(), pad_id=0)


@pytest.fixture
def model_folder(tmp_path: Path, network: CasCode, tokenizer: TextTokenizer) -> Path:
    """An exported model."""
    return export_model(network, tokenizer, tmp_path / "model")


@pytest.fixture
def plain_folder(tmp_path: Path, network: CasCode, tokenizer: TextTokenizer) -> Path:
    """A plain BERT folder as save_pretrained writes it."""
    folder = tmp_path / "plain"
    network.backbone.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(tokenizer.to_json())
    config = json.loads((folder / "config.json").read_text())
    assert config["model_type"] == "bert"
    return folder
