"""AdamW on a float32 master copy of weights that compute in bfloat16."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from cascode_models.modeling import CasCode

#: Betas and epsilon as in BERT's training.
BETAS, EPSILON = (0.9, 0.999), 1e-8


class MasterOptimizer:
    """Keeps the float32 truth of a network and steps it; the network holds the rounded copy.

    Args:
        network: The model that computes the gradients.
        weights: Its weights by name, unrounded.
        rates: Highest learning rate of ``encoder``, ``head`` and ``gates``; what has 0 stays as it is, and its gradient
            counts for nothing.
        weight_decay: Decay of matrices; vectors and gates have none.
        clip: Largest norm of the gradient of what is trained.
    """

    def __init__(
        self,
        network: CasCode,
        weights: Mapping[str, torch.Tensor],
        rates: Mapping[str, float],
        weight_decay: float,
        clip: float,
    ) -> None:
        self._clip = clip
        self._parameters = dict(network.named_parameters())
        self.master = {
            name: weights[name].detach().to(value.device, torch.float32).clone().requires_grad_()
            for name, value in self._parameters.items()
        }
        groups: dict[tuple[str, bool], list[torch.Tensor]] = {}
        self._trained: set[str] = set()
        for name, value in self.master.items():
            kind = "gates" if name.endswith("gates") else "encoder" if name.startswith("backbone.") else "head"
            if rates[kind] > 0:
                self._trained.add(name)
            groups.setdefault((kind, value.dim() > 1 and kind != "gates"), []).append(value)
        self._adam = torch.optim.AdamW(
            [
                {
                    "params": values,
                    "lr": rates[kind],
                    "highest": rates[kind],
                    "weight_decay": weight_decay if decays else 0.0,
                }
                for (kind, decays), values in sorted(groups.items(), key=lambda item: item[0])
            ],
            betas=BETAS,
            eps=EPSILON,
        )

    def step(self, factor: float) -> float:
        """Apply the network's gradients at ``factor`` times the highest rates; return the gradient norm.

        Raises:
            FloatingPointError: The norm is infinite or no number; the weights stay as they are.
        """
        for name, parameter in self._parameters.items():
            gradient = parameter.grad
            self.master[name].grad = gradient.float() if gradient is not None and name in self._trained else None
            parameter.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self.master.values(), self._clip)
        if not torch.isfinite(norm):
            raise FloatingPointError(f"the norm of the gradient is {float(norm)}")
        for group in self._adam.param_groups:
            group["lr"] = group["highest"] * factor
        self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        self._round()
        return float(norm)

    def state(self) -> dict[str, torch.Tensor]:
        """Master weights and moments as flat tensors."""
        tensors = {f"master.{name}": value.detach() for name, value in self.master.items()}
        for name, value in self.master.items():
            for key, moment in self._adam.state.get(value, {}).items():
                tensors[f"{key}.{name}"] = moment
        return {name: value.contiguous().clone() for name, value in tensors.items()}

    def load_state(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Take over what :meth:`state` returned, and the network with it."""
        with torch.no_grad():
            for name, value in self.master.items():
                value.copy_(tensors[f"master.{name}"])
                moments = {
                    key: tensors[f"{key}.{name}"].clone()
                    for key in ("step", "exp_avg", "exp_avg_sq")
                    if f"{key}.{name}" in tensors
                }
                if moments:
                    self._adam.state[value] = {
                        key: moment if key == "step" else moment.to(value.device) for key, moment in moments.items()
                    }
        self._round()

    def _round(self) -> None:
        """Copy the master weights into the network."""
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(self.master[name])


def schedule(step: int, steps: int, warmup: float, final: float = 0.0) -> float:
    """Linear rise over the first ``warmup`` share of the steps, then linear fall to ``final``."""
    rising = max(1, round(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    return final + (1 - final) * max(0.0, (steps - step) / max(1, steps - rising))
