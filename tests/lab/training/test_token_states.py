"""Fitting what packs token states: the projections keep what both sides have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cascode_lab.training.sources import Corpora
from cascode_lab.training.token_states import best_projections, fit_states, silent_tokens, write
from cascode_models.errors import ModelError
from cascode_models.export import export_model
from cascode_models.load import load_model
from cascode_models.token_states import StateCodec
from cascode_models.tokenization import TextTokenizer
from tiny_model import make_network

WIDTH, DIMENSION = 24, 8


@pytest.fixture
def rng() -> np.random.Generator:
    """The same numbers in every run."""
    return np.random.default_rng(0)


def test_all_dimensions_lose_nothing(rng: np.random.Generator) -> None:
    """With as many dimensions as the states have, the products are those of the states."""
    queries, functions = (rng.standard_normal((400, WIDTH)).astype(np.float32) for _ in range(2))
    first, second = best_projections(queries, functions, WIDTH)
    assert first @ second.T == pytest.approx(np.eye(WIDTH), abs=1e-3)


def test_the_first_projections_keep_what_both_sides_have(rng: np.random.Generator) -> None:
    """Directions in which queries vary and functions do not are given up, though most of the spread lies there."""
    queries, functions = (rng.standard_normal((2_000, WIDTH)).astype(np.float32) for _ in range(2))
    queries[:, DIMENSION:] *= 0.01
    queries[:, -1] *= 1_000  # spread of 10, which no function answers
    functions[:, DIMENSION:] *= 0.01
    first, second = best_projections(queries, functions, DIMENSION)
    exact, found = queries @ functions.T, (queries @ first) @ (functions @ second).T
    assert float(((exact - found) ** 2).mean() / (exact**2).mean()) < 0.05
    assert np.abs(first[-1]).max() < np.abs(first[:DIMENSION]).max() / 10


def test_tokens_without_letters_are_silent(tokenizer: TextTokenizer) -> None:
    """Brackets and operators; letters that go on with a word are not."""
    names = {number: token for token, number in tokenizer.vocabulary().items()}
    silent = {names[number] for number in silent_tokens(tokenizer)}
    assert {"(", ")", ".", "="} <= silent
    assert not {"read", "##a", "x"} & silent


def fitted(model: Path, data: Path, dimension: int) -> StateCodec:
    """What is fitted to a model by two small batches of the pairs in a folder."""
    corpora = Corpora(data, {}, dev_repositories=0)
    return fit_states(model, corpora, dimension=dimension, batches=2, seed=1, progress=lambda _line: None)


def test_a_model_is_given_its_states(tmp_path: Path, data: Path, tokenizer: TextTokenizer) -> None:
    """The folder written loads, keeps states of the dimension asked for, and has the weights that it had."""
    folder = export_model(make_network("late", gate_bias=-1e4), tokenizer, tmp_path / "model")
    write(fitted(folder, data, 8), folder, tmp_path / "kept")
    model = load_model(str(tmp_path / "kept"))
    assert model.keeps_states
    assert model.state_bytes == 4
    text = ["def add(a, b): return a + b"]
    assert (model.encode_texts(text) == load_model(str(folder)).encode_texts(text)).all()


def test_a_folder_without_pairs_is_one_line(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    """Nothing can be fitted to no examples."""
    folder = export_model(make_network("late", gate_bias=-1e4), tokenizer, tmp_path / "model")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"no training pairs in .*empty: mine some with 'cascode train mine'"):
        fitted(folder, tmp_path / "empty", 8)


def test_a_model_of_another_head_is_one_line(data: Path, model_folder: Path) -> None:
    """A classifier that reads pairs needs more than the states of texts by themselves."""
    with pytest.raises(ModelError, match="has no late head behind closed gates"):
        fitted(model_folder, data, 8)
