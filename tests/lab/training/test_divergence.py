"""Runs that come to nothing: they stop, and what was learned before is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cascode_lab.training import run
from cascode_lab.training.optimizer import MasterOptimizer
from cascode_lab.training.step_scores import StepScores
from cascode_models.errors import ModelError
from cascode_models.modeling import CasCode

from .conftest import small


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_gradient_that_is_no_number_changes_no_weight(wrong: float, network: CasCode) -> None:
    """Clipping by such a norm, and a step of it, would leave weights that are none."""
    weights = {name: value.detach().clone() for name, value in network.named_parameters()}
    optimizer = MasterOptimizer(network, weights, dict.fromkeys(("encoder", "head", "gates"), 1e-2), 0.01, 1.0)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    next(iter(network.parameters())).grad.view(-1)[0] = wrong  # type: ignore[union-attr]
    with pytest.raises(FloatingPointError, match=str(wrong)):
        optimizer.step(1.0)
    for name, value in optimizer.master.items():
        assert torch.equal(value, weights[name])


def test_a_run_that_diverges_stops_and_keeps_its_checkpoint(
    data: Path, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line names stage, step and rate; the last checkpoint holds numbers."""
    backward, steps = StepScores.backward, []

    def overflow(scores: StepScores, total: torch.Tensor) -> None:
        steps.append(total)
        backward(scores, total * (float("nan") if len(steps) == 4 else 1.0))

    monkeypatch.setattr(StepScores, "backward", overflow)
    settings = small(model_folder, head="none")
    match = r"contrastive came to nothing in step 4 of 6, at a learning rate of 0\.\d+ \(.* is nan\): set lower rates"
    with pytest.raises(ModelError, match=match):
        run("control", data=data, output=tmp_path / "run", overrides=settings)
    kept = load_file(tmp_path / "run" / "checkpoint.safetensors")
    assert all(bool(torch.isfinite(value).all()) for value in kept.values())
