"""Classifier heads of Stage II: the paper's and one that begins as the bi-encoder."""

from __future__ import annotations

import torch
from torch import nn

#: Cosines of a contrastive model lie within a few tenths; 20 is the scale they were trained with (1 / 0.05).
COSINE_SCALE = 20.0


class PlainHead(nn.Module):
    """Linear layer on the first token's state of the concatenated pair (CasCode, section 3.2).

    Args:
        width: Width of a state.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def reset_parameters(self, gate_bias: float) -> None:  # noqa: ARG002 - one signature for both heads
        """Draw the weights anew."""
        nn.init.normal_(self.dense.weight, std=0.02)
        nn.init.zeros_(self.dense.bias)
        nn.init.normal_(self.out.weight, std=0.02)
        nn.init.zeros_(self.out.bias)

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        """Map first-token states ``[pairs, width]`` to float32 logits ``[pairs]``."""
        hidden = torch.tanh(self.dense(state.to(self.dense.weight.dtype)))
        return self.out(hidden).squeeze(-1).float()  # type: ignore[no-any-return]


class WarmHead(nn.Module):
    """Head that starts as the bi-encoder's scaled cosine and learns to depart from it.

    The gates are a bias per layer and head on the attention between query and function. Nearly closed at
    first, they leave each segment's states as the bi-encoder computes them; the network starts at zero.

    Args:
        width: Width of a state.
        layers: Layers of the backbone.
        heads: Attention heads a layer.
        gate_bias: Initial value of every gate.
    """

    def __init__(self, width: int, layers: int, heads: int, gate_bias: float) -> None:
        super().__init__()
        self.gates = nn.Parameter(torch.empty(layers, heads))
        self.scale = nn.Parameter(torch.empty(()))
        self.bias = nn.Parameter(torch.empty(()))
        self.dense = nn.Linear(4 * width, width)
        self.out = nn.Linear(width, 1)
        self.reset_parameters(gate_bias)

    def reset_parameters(self, gate_bias: float) -> None:
        """Return to the bi-encoder's own score."""
        nn.init.constant_(self.gates, gate_bias)
        nn.init.ones_(self.scale)
        # A cosine of 0.5 is where relevant and other pairs part in the encoders tried: its logit starts at 0.
        nn.init.constant_(self.bias, -0.5 * COSINE_SCALE)
        nn.init.normal_(self.dense.weight, std=0.02)
        nn.init.zeros_(self.dense.bias)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, query: torch.Tensor, function: torch.Tensor) -> torch.Tensor:
        """Map mean states ``[pairs, width]`` of the two segments to float32 logits ``[pairs]``."""
        u, v = nn.functional.normalize(query, dim=-1), nn.functional.normalize(function, dim=-1)
        cosine = (u * v).sum(-1)
        # Unit vectors have entries near width ** -0.5: back to the order of one, where the layer learns.
        features = torch.cat([u, v, u * v * u.size(-1) ** 0.5, (u - v).abs()], dim=-1) * u.size(-1) ** 0.5
        hidden = nn.functional.gelu(self.dense(features.to(self.dense.weight.dtype)))
        learned = self.out(hidden).squeeze(-1).float()
        logits: torch.Tensor = COSINE_SCALE * self.scale.float() * cosine + self.bias.float() + learned
        return logits
