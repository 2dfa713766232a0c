"""Runs that learn from the scores of other models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from cascode_lab.training import run
from cascode_lab.training.run import LOG
from cascode_lab.training.teacher import LateTeacher
from cascode_models.errors import ModelError
from cascode_models.inference import fused_score
from cascode_models.late import COSINE_SCALE
from cascode_models.load import load_model

from .conftest import small


def taught_by(teachers: list[Path], share: float = 0.5) -> dict[str, object]:
    """Settings of a run that learns from teachers."""
    return {
        "contrastive.teachers": [str(teacher) for teacher in teachers],
        "contrastive.objectives.late.weight": 1 - share,
        "contrastive.objectives.distillation.weight": share,
    }


def test_a_run_learns_from_teachers(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """The student comes nearer to its teachers than beside them, and one without a late head is refused."""
    alone = small(model_folder) | {"threads": 1, "contrastive.steps": 20}
    other = run("cascade", data=data, output=tmp_path / "teacher", overrides=alone | {"seed": 5})
    last = {}
    for share in (0.0, 1.0):
        output = tmp_path / f"share {share}"
        run("cascade", data=data, output=output, overrides=alone | taught_by([other, other], share))
        rows = [json.loads(line) for line in (output / LOG).read_text().splitlines()]
        last[share] = [row["distillation"] for row in rows if "distillation" in row][-3:]
    assert np.mean(last[1.0]) < 0.7 * np.mean(last[0.0])
    with pytest.raises(ModelError, match="cannot teach: it needs a late head"):
        run("cascade", data=data, output=tmp_path / "x", overrides=alone | taught_by([model_folder]))
    with pytest.raises(ModelError, match=r"texts of 5000 tokens do not fit the teacher .* reads 130"):
        LateTeacher(str(other), "cpu", torch.float32, (16, 5000))


def test_teachers_speak_with_one_voice_and_are_part_of_a_run(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """The mean of their scores is learnt, in any order; a teacher with other weights makes another run."""
    alone = small(model_folder) | {"threads": 1, "contrastive.steps": 1, "log_steps": 1}
    longer = alone | {"contrastive.steps": 20}
    first, two = (
        run("cascade", data=data, output=tmp_path / str(seed), overrides=longer | {"seed": seed}) for seed in (5, 6)
    )
    taught = {}
    for number, teachers in enumerate(([first], [two], [first, two], [two, first])):
        output = tmp_path / f"run {number}"
        run("cascade", data=data, output=output, overrides=alone | taught_by(teachers))
        taught[number] = json.loads((output / LOG).read_text().splitlines()[0])["distillation"]
    assert taught[2] == pytest.approx(taught[3], rel=1e-4)
    assert taught[2] not in (pytest.approx(taught[0], rel=1e-2), pytest.approx(taught[1], rel=1e-2))
    shutil.copy(two / "model.safetensors", first / "model.safetensors")
    with pytest.raises(ModelError, match="other settings or data"):
        run("cascade", data=data, output=tmp_path / "run 0", overrides=alone | taught_by([first]), resume=True)


def test_teacher_scores_pairs_as_the_cascade_it_is_ranks_them(data: Path, tmp_path: Path, model_folder: Path) -> None:
    """Its scores are the fused scores of the served model, whatever order and chunks the texts come in."""
    settings = small(model_folder) | {"contrastive.steps": 1}
    folder = run("cascade", data=data, output=tmp_path / "teacher", overrides=settings)
    queries, functions = ["read a file", "a", "sort a list of path"], ["def read(file)", "x", "def sort(a, b): return"]
    model = load_model(str(folder), device="cpu")
    cosines = model.encode_queries(queries) @ model.encode_texts(functions).T
    logits = np.stack([model.classify(query, functions) for query in queries])
    expected = fused_score(cosines, logits, 1.0) / COSINE_SCALE
    for chunk in (1, 8):
        found = LateTeacher(str(folder), "cpu", torch.float32, (16, 48)).scores(queries, functions, chunk).numpy()
        # The classifier's bias is the same for every pair.
        assert np.ptp(found - expected) < 0.05 < np.ptp(found)
