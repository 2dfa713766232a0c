"""Training what packs token states: the trained codec says what training saw, and begins at the best projections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cascode_lab.training.objectives.distillation import Distillation
from cascode_lab.training.objectives.late_infonce import LateInfoNCE
from cascode_lab.training.token_states import (
    ANSWER_WEIGHT,
    Batch,
    StateProjections,
    best_projections,
    loss_of,
    rounded,
    silent_tokens,
)
from cascode_models.export import export_model
from cascode_models.heads import Texts
from cascode_models.load import load_model
from cascode_models.token_states import StateCodec
from cascode_models.tokenization import TextTokenizer
from cascode_models.types import FloatArray
from cascode_server.cli.commands import run
from tiny_model import make_network

WIDTH, DIMENSION = 24, 8
#: Id of a bracket.
SILENT = 3


@pytest.fixture
def rng() -> np.random.Generator:
    """The same numbers in every run."""
    return np.random.default_rng(0)


def texts(states: list[FloatArray]) -> Texts:
    """Texts side by side, padded with numbers that nothing may read."""
    longest = max(map(len, states))
    padded = torch.full((len(states), longest, WIDTH), 7.0)
    mask = torch.zeros(len(states), longest)
    for number, text in enumerate(states):
        padded[number, : len(text)] = torch.from_numpy(text)
        mask[number, : len(text)] = 1
    return Texts(padded, mask)


def made_batch(rng: np.random.Generator) -> tuple[Batch, list[FloatArray], list[list[int]], list[FloatArray]]:
    """Three queries and four functions, one of brackets alone: the batch, their states, and the functions' ids."""
    queries = [rng.standard_normal((length, WIDTH)).astype(np.float32) for length in (3, 6, 9)]
    functions = [rng.standard_normal((length, WIDTH)).astype(np.float32) for length in (4, 12, 30, 4)]
    ids = [[1, *range(10, 8 + len(states)), 2] for states in functions]
    ids[1][3] = ids[2][1] = SILENT
    ids[3] = [1, SILENT, SILENT, 2]
    shown = texts(functions)
    kept = torch.zeros_like(shown.mask)
    for number, row in enumerate(ids):
        says = [0 < at < len(row) - 1 and token != SILENT for at, token in enumerate(row)]
        says = says if any(says) else [0 < at < len(row) - 1 for at in range(len(row))]
        kept[number, : len(row)] = torch.tensor(says, dtype=torch.float32)
    scores = torch.from_numpy(rng.standard_normal((2, 3, 4)).astype(np.float32)) / 10
    batch = Batch(texts(queries), shown, kept, scores[0], scores[1], torch.eye(3, 4, dtype=torch.bool))
    return batch, queries, ids, functions


def test_training_sees_what_the_codec_will_say(rng: np.random.Generator) -> None:
    """The scores of a step are those of the packed states, rounding, silent tokens and beginning included."""
    batch, queries, ids, functions = made_batch(rng)
    first, second = (torch.from_numpy(rng.standard_normal((WIDTH, DIMENSION)).astype(np.float32)) for _ in range(2))
    projections = StateProjections(first, second)
    views = tuple(projections.views.tolist())
    codec = StateCodec(first.numpy(), second.numpy(), (views[0], views[1]), np.array([SILENT]))
    packed = [codec.pack(row, states) for row, states in zip(ids, functions, strict=True)]
    expected = [codec.scores(codec.query(query), packed) for query in queries]
    assert projections(batch).detach().numpy() == pytest.approx(np.array(expected), abs=1e-4)


def test_gradients_pass_the_rounding() -> None:
    """Otherwise nothing would be learnt: a step function has no slope."""
    states = torch.tensor([[0.6, -0.8]], requires_grad=True)
    rounded(states).sum().backward()  # type: ignore[no-untyped-call]
    assert states.grad is not None
    assert states.grad.tolist() == [[1.0, 1.0]]


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


def test_the_loss_weighs_the_full_states_and_the_answers(rng: np.random.Generator) -> None:
    """Divergence from what the full states say, and a part of InfoNCE on the right answers."""
    batch, *_ = made_batch(rng)
    scores = torch.from_numpy(rng.standard_normal((3, 4)).astype(np.float32)) / 10

    class Read:
        """What objectives read."""

        right, cosines, late, taught, groups = batch.right, batch.cosines, scores, batch.taught, torch.empty(0)

    expected = Distillation().loss(Read()) + ANSWER_WEIGHT * LateInfoNCE().loss(Read())
    assert float(loss_of(scores, batch)) == pytest.approx(float(expected))


def test_tokens_without_letters_are_silent(tokenizer: TextTokenizer) -> None:
    """Brackets and operators; letters that go on with a word are not."""
    names = {number: token for token, number in tokenizer.vocabulary().items()}
    silent = {names[number] for number in silent_tokens(tokenizer)}
    assert {"(", ")", ".", "="} <= silent
    assert not {"read", "##a", "x"} & silent


def test_a_model_is_given_its_states_by_the_command_line(
    tmp_path: Path, data: Path, tokenizer: TextTokenizer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder written loads, keeps states of the dimension asked for, and has the weights that it had."""
    folder = export_model(make_network("late", gate_bias=-1e4), tokenizer, tmp_path / "model")
    output = tmp_path / "kept"
    arguments = ["--data", str(data), "--dimension", "8", "--batches", "10", "--passes", "1", "-o", str(output)]
    assert run(["train", "states", str(folder), *arguments]) == 0
    assert "4 bytes a token" in capsys.readouterr().err
    model = load_model(str(output))
    assert model.keeps_states
    assert model.state_bytes == 4
    text = ["def add(a, b): return a + b"]
    assert (model.encode_texts(text) == load_model(str(folder)).encode_texts(text)).all()


def test_a_model_of_another_head_is_one_line(
    tmp_path: Path, data: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A classifier that reads pairs needs more than the states of texts by themselves."""
    assert run(["train", "states", str(model_folder), "--data", str(data), "-o", str(tmp_path / "kept")]) != 0
    assert "has no late head behind closed gates" in capsys.readouterr().err
