"""Exported folders give sentence-transformers the same vectors and scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cascode_models.exchange import CROSS_ENCODER, export_for_sentence_transformers
from cascode_models.export import export_model
from cascode_models.inference import CasCodeModel, fused_score
from cascode_models.modeling import CasCode
from cascode_models.text import function_text
from cascode_models.tokenization import TextTokenizer
from cascode_models.torch_load import read_folder
from cascode_models.torch_network import model_of
from cascode_models.types import FunctionSource

library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed: make bench")

QUERIES = ["read a file", "parseJSONPath of a request", "Sort  the\tlist", "x"]
CODE = [
    "def readFile(path):\n    return open(path).read()",
    "def parse_json(self, x):\n    return self.parse(x)",
    "def sortList(list):\n\n    list.sort()   \n    return list",
    "def sum(a, b): return a + b",
]


@pytest.fixture
def texts() -> list[str]:
    """Definition texts as they are encoded."""
    return [function_text(FunctionSource(name="", code=code)) for code in CODE]


def exact(network: CasCode, tokenizer: TextTokenizer, folder: Path) -> CasCodeModel:
    """The model as this package loads it, computing in float32 as sentence-transformers does."""
    return float32(export_model(network, tokenizer, folder))


def float32(folder: Path) -> CasCodeModel:
    """A model folder's weights as they are, without the rounding of faster formats."""
    network, settings, tokenizer = read_folder(folder)
    network.train(False)
    return model_of(network, settings, tokenizer, dimension=network.dimension, fingerprint="float32")


@pytest.mark.parametrize(
    ("model_type", "pooling"), [("bert", "mean"), ("bert", "first"), ("roberta", "mean"), ("xlm-roberta", "first")]
)
def test_bi_encoder_gives_the_same_vectors(
    tmp_path: Path,
    make_network: Callable[..., CasCode],
    tokenizer: TextTokenizer,
    texts: list[str],
    model_type: str,
    pooling: str,
) -> None:
    """Queries and functions, prepared or as they stand in a file, have the vectors of the fast stage."""
    network = make_network(head="none", model_type=model_type, pooling=pooling)
    ours = exact(network, tokenizer, tmp_path / "ours")
    folder = export_for_sentence_transformers(network, tokenizer, tmp_path / "theirs")
    theirs = library.SentenceTransformer(str(folder), device="cpu")
    assert theirs.encode(QUERIES) == pytest.approx(ours.encode_queries(QUERIES), abs=1e-5)
    for written in (texts, CODE):
        assert theirs.encode(written) == pytest.approx(ours.encode_texts(texts), abs=1e-5)
    assert np.linalg.norm(theirs.encode(QUERIES), axis=1) == pytest.approx(1.0)
    assert not (folder / CROSS_ENCODER).exists()


def test_bi_encoder_cuts_where_this_package_cuts(tmp_path: Path, network: CasCode, tokenizer: TextTokenizer) -> None:
    """A long function is read by its beginning, to the same token."""
    ours = exact(network, tokenizer, tmp_path / "ours")
    folder = export_for_sentence_transformers(network, tokenizer, tmp_path / "theirs")
    theirs = library.SentenceTransformer(str(folder), device="cpu")
    long = ["read write " * 100 + "sort", "read write " * 100 + "send"]
    vectors = theirs.encode(long)
    assert vectors == pytest.approx(ours.encode_texts(long), abs=1e-5)
    assert vectors[0] == pytest.approx(vectors[1], abs=1e-6)


@pytest.mark.parametrize("model_type", ["bert", "roberta", "xlm-roberta"])
def test_plain_head_is_a_standard_cross_encoder(
    tmp_path: Path,
    make_network: Callable[..., CasCode],
    tokenizer: TextTokenizer,
    texts: list[str],
    model_type: str,
) -> None:
    """It loads without this package's code, and predicts the classifier's logits."""
    network = make_network(head="plain", model_type=model_type)
    ours = exact(network, tokenizer, tmp_path / "ours")
    folder = export_for_sentence_transformers(network, tokenizer, tmp_path / "theirs")
    theirs = library.CrossEncoder(str(folder / CROSS_ENCODER), device="cpu")
    assert_same_scores(ours, theirs, texts)
    assert "cascode" not in "".join(path.read_text() for path in (folder / CROSS_ENCODER).glob("*.json"))


def test_warm_head_is_a_cross_encoder_with_this_package(
    tmp_path: Path, network: CasCode, tokenizer: TextTokenizer, texts: list[str]
) -> None:
    """The library imports the class where it is allowed to, and predicts the same logits; long pairs too."""
    assert network.head is not None
    torch.nn.init.normal_(network.head.out.weight)  # an untrained head is the bi-encoder alone
    ours = exact(network, tokenizer, tmp_path / "ours")
    folder = export_for_sentence_transformers(network, tokenizer, tmp_path / "theirs")
    with pytest.raises(ValueError, match="trust_remote_code"):
        library.CrossEncoder(str(folder / CROSS_ENCODER), device="cpu")
    theirs = library.CrossEncoder(str(folder / CROSS_ENCODER), device="cpu", trust_remote_code=True)
    assert_same_scores(ours, theirs, [*texts, "read write " * 100])
    again = tmp_path / "again"
    theirs.save(str(again))
    assert_same_scores(ours, library.CrossEncoder(str(again), device="cpu", trust_remote_code=True), texts)
    assert not list(folder.rglob("*.py"))


def test_late_head_is_a_cross_encoder_that_ranks_by_the_fused_score(
    tmp_path: Path, make_network: Callable[..., CasCode], tokenizer: TextTokenizer, texts: list[str]
) -> None:
    """What stands beside the cosine in this package comes with it there; the classifier's own length is kept."""
    network = make_network("late")
    network.config.fusion_weight, network.config.max_classified_tokens = 0.5, 100
    ours = exact(network, tokenizer, tmp_path / "ours")
    folder = export_for_sentence_transformers(network, tokenizer, tmp_path / "theirs")
    theirs = library.CrossEncoder(str(folder / CROSS_ENCODER), device="cpu", trust_remote_code=True)
    similarities = ours.encode_queries(QUERIES) @ ours.encode_texts(texts).T
    for query, row in zip(QUERIES, similarities, strict=True):
        expected = fused_score(row, ours.classify(query, texts), 0.5)
        assert theirs.predict([(query, text) for text in texts]) == pytest.approx(expected, abs=1e-3)
        assert expected.std() > 1e-2
    long = "read write " * 30 + "sort " * 30
    assert theirs.predict([("sort", long)]) != pytest.approx(theirs.predict([("sort", long[: 30 * 11])]), abs=1e-2)


def assert_same_scores(ours: CasCodeModel, theirs: object, texts: list[str]) -> None:
    """Every query with every text has the same logit, and the same order."""
    for query in QUERIES:
        logits = ours.classify(query, texts)
        scores = theirs.predict([(query, text) for text in texts])  # type: ignore[attr-defined]
        assert scores == pytest.approx(logits, abs=1e-4)
        assert logits.std() > 1e-3
        ranked = theirs.rank(query, texts)  # type: ignore[attr-defined]
        assert [hit["corpus_id"] for hit in ranked] == np.argsort(-logits, kind="stable").tolist()


def test_bi_encoder_is_a_model_here_too(
    tmp_path: Path, network: CasCode, tokenizer: TextTokenizer, texts: list[str]
) -> None:
    """What was written for others is taken by --model as a fast encoder."""
    ours = exact(network, tokenizer, tmp_path / "ours")
    folder = export_for_sentence_transformers(network, tokenizer, tmp_path / "theirs")
    back = float32(folder)
    assert not back.has_classifier
    assert back.encode_texts(texts) == pytest.approx(ours.encode_texts(texts), abs=1e-5)


def test_nothing_is_pickled(tmp_path: Path, network: CasCode, tokenizer: TextTokenizer) -> None:
    """Weights are safetensors, everything else is JSON."""
    folder = export_for_sentence_transformers(network, tokenizer, tmp_path / "theirs")
    kinds = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert kinds == {".json", ".safetensors"}
    for path in folder.rglob("*.json"):
        json.loads(path.read_text())
