"""The optimiser: what is trained, and what the norm of its gradient is of."""

from __future__ import annotations

import pytest
import torch

from cascode_lab.training.optimizer import MasterOptimizer
from cascode_models.modeling import CasCode


def stepped(network: CasCode, large: str, rates: dict[str, float]) -> tuple[float, dict[str, torch.Tensor]]:
    """The norm and the weights after a step, the gradient of one part a thousand times that of the rest."""
    weights = {name: value.detach().clone() for name, value in network.named_parameters()}
    optimizer = MasterOptimizer(network, weights, rates, 0.01, 1.0)
    for name, parameter in network.named_parameters():
        parameter.grad = torch.full_like(parameter, 1.0 if name.startswith(large) else 1e-3)
    norm = optimizer.step(1.0)
    return norm, {name: value.detach() - weights[name] for name, value in optimizer.master.items()}


def test_what_stays_as_it_is_has_no_part_in_the_norm(make_network) -> None:
    """A head with a rate of 0 changes nothing, neither itself nor by how much the gradient of the rest is shrunk."""
    network = make_network("late")
    rates = {"encoder": 1e-2, "head": 0.0, "gates": 0.0}
    norm, moved = stepped(network, "head.", rates)
    encoder = sum(value.numel() for name, value in network.named_parameters() if name.startswith("backbone."))
    assert norm == pytest.approx(1e-3 * encoder**0.5, rel=1e-4)
    assert all(bool(value.any()) == name.startswith("backbone.") for name, value in moved.items())
    assert stepped(make_network("late"), "head.", rates | {"head": 1e-2})[0] > norm
