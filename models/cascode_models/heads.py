"""Classifier heads of Stage II: the paper's, and two that begin with what the bi-encoder knows."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

#: Cosines of a contrastive model lie within a few tenths; 20 is the scale they were trained with (1 / 0.05).
COSINE_SCALE = 20.0
#: What a token of the query finds in padding: below every cosine with its salience, and finite, since it is multiplied.
NO_MATCH = -1e4


class Texts(NamedTuple):
    """Texts by themselves, as the encoder reads them."""

    #: ``[texts, tokens, width]``
    states: torch.Tensor
    #: ``[texts, tokens]``, 1 for a token and 0 for padding.
    mask: torch.Tensor


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
    """

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.gates = nn.Parameter(torch.empty(layers, heads))
        self.scale = nn.Parameter(torch.empty(()))
        self.bias = nn.Parameter(torch.empty(()))
        self.dense = nn.Linear(4 * width, width)
        self.out = nn.Linear(width, 1)

    def reset_parameters(self, gate_bias: float) -> None:
        """Return to the bi-encoder's own score, every gate at ``gate_bias``."""
        nn.init.constant_(self.gates, gate_bias)
        nn.init.ones_(self.scale)
        # A cosine of 0.5 is where relevant and other pairs part in the encoders tried: its logit starts at 0.
        nn.init.constant_(self.bias, -0.5 * COSINE_SCALE)
        nn.init.normal_(self.dense.weight, std=0.02)
        nn.init.zeros_(self.dense.bias)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, states: torch.Tensor, query: torch.Tensor, function: torch.Tensor) -> torch.Tensor:
        """Score pairs by the mean states of their segments.

        Args:
            states: ``[pairs, tokens, width]``, the query's tokens first.
            query: ``[pairs, tokens]``, 1 for the query's tokens.
            function: ``[pairs, tokens]``, 1 for those of the function.

        Returns:
            ``[pairs]`` logits in float32.
        """
        u = nn.functional.normalize(masked_mean(states, query), dim=-1)
        v = nn.functional.normalize(masked_mean(states, function), dim=-1)
        cosine = (u * v).sum(-1)
        # Unit vectors have entries near width ** -0.5: back to the order of one, where the layer learns.
        features = torch.cat([u, v, u * v * u.size(-1) ** 0.5, (u - v).abs()], dim=-1) * u.size(-1) ** 0.5
        hidden = nn.functional.gelu(self.dense(features.to(self.dense.weight.dtype)))
        learned = self.out(hidden).squeeze(-1).float()
        logits: torch.Tensor = COSINE_SCALE * self.scale.float() * cosine + self.bias.float() + learned
        return logits


class LateHead(WarmHead):
    """The warm head with late interaction: each token of the query looks for its nearest one in the function.

    MaxSim (ColBERT, Khattab and Zaharia, 2020, equation 3) over states that may have seen the other segment. A mean
    weighted by what the query's tokens say of themselves stands in place of the sum, so that long queries score no
    higher; what a function's token says of itself is added to its cosines, so that a name can count for more than a
    bracket. All weigh the same at first. The first and the last token of a text stand for the text as a whole, which
    the cosine of the vectors compares already: they take no part.

    The cosine starts without weight, so that what the warm head gives is a constant until a joint stage trains it: the
    logit is meant to stand beside the fast stage's cosine, as it does in the fused score.

    Args:
        width: Width of a state.
        layers: Layers of the backbone.
        heads: Attention heads a layer.
    """

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__(width, layers, heads)
        self.importance = nn.Linear(width, 1)
        self.salience = nn.Linear(width, 1)
        self.interaction_scale = nn.Parameter(torch.empty(()))

    def reset_parameters(self, gate_bias: float) -> None:
        """Return to the late interaction of the bi-encoder's states, every gate at ``gate_bias``."""
        super().reset_parameters(gate_bias)
        for layer in (self.importance, self.salience):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.scale)
        nn.init.ones_(self.interaction_scale)

    def forward(self, states: torch.Tensor, query: torch.Tensor, function: torch.Tensor) -> torch.Tensor:
        """Score pairs: see :meth:`WarmHead.forward`."""
        # The queries stand first: no row of the products is spent on the functions.
        width = int(query.sum(1).max())
        unit = nn.functional.normalize(states.float(), dim=-1)
        # [pairs, query tokens, tokens]
        matches = torch.matmul(unit[:, :width], unit.transpose(1, 2)) + self._salience(states)[:, None]
        nearest = matches.masked_fill(inner_tokens(function)[:, None] == 0, NO_MATCH).amax(-1)
        weights = self._token_weights(states[:, :width], inner_tokens(query)[:, :width])
        logits: torch.Tensor = super().forward(states, query, function)
        return logits + COSINE_SCALE * self.interaction_scale.float() * (weights * nearest).sum(-1)

    def late_scores(self, queries: Texts, functions: Texts) -> torch.Tensor:
        """Late interaction of every query with every function, from the states of texts by themselves.

        Returns:
            ``[queries, functions]`` in the units of a cosine, float32.
        """
        inner = inner_tokens(queries.mask)
        kept = inner.bool()
        weights = self._token_weights(queries.states, inner)[kept][:, None]
        # Padding is left out of the queries' rows, the products being most of the work; cosines in the states' own
        # number format, which is bfloat16 in training.
        rows = nn.functional.normalize(queries.states.float(), dim=-1).to(queries.states.dtype)[kept]
        columns = nn.functional.normalize(functions.states.float(), dim=-1).to(rows.dtype)
        matches = (rows @ columns.flatten(0, 1).T).view(len(rows), *columns.shape[:2])
        matches = matches + self._salience(functions.states).to(matches.dtype)
        matches = matches.masked_fill(inner_tokens(functions.mask)[None] == 0, NO_MATCH)
        nearest = matches.max(-1).values.float()
        scores = torch.zeros(len(queries.mask), len(functions.mask), device=rows.device)
        scores = scores.index_add(0, kept.nonzero()[:, 0], weights * nearest)
        return self.interaction_scale.float() * scores

    def _salience(self, states: torch.Tensor) -> torch.Tensor:
        """What ``[texts, tokens]`` tokens of a function add to their cosines, float32."""
        salience: torch.Tensor = self.salience(states.to(self.salience.weight.dtype)).squeeze(-1).float()
        return salience

    def _token_weights(self, states: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
        """How much each token of a query counts: ``[queries, tokens]`` that sum to 1, 0 where ``query`` is 0."""
        importance = self.importance(states.to(self.importance.weight.dtype)).squeeze(-1).float()
        weights: torch.Tensor = importance.masked_fill(query == 0, float("-inf")).softmax(-1)
        return weights


def make_head(kind: str, width: int, layers: int, heads: int) -> PlainHead | WarmHead | None:
    """Make the head that :class:`cascode_models.configuration.CasCodeConfig` names, None for ``none``.

    Its values are not set: they are loaded, or drawn by ``reset_parameters``.
    """
    if kind == "none":
        return None
    if kind == "plain":
        return PlainHead(width)
    return (LateHead if kind == "late" else WarmHead)(width, layers, heads)


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean in float32 of the ``[texts, tokens, dimension]`` states where ``[texts, tokens]`` mask is 1."""
    weights = mask.unsqueeze(-1).float()
    return (states.float() * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def inner_tokens(mask: torch.Tensor) -> torch.Tensor:
    """Mask of ``[texts, tokens]`` without the first and the last token of each text.

    Those are special tokens wherever a tokenizer wraps texts in them, as BERT's and RoBERTa's do. A text of nothing
    else keeps them: something must stand for it.
    """
    place, length = mask.cumsum(1), mask.sum(1, keepdim=True)
    inner = mask * (place > 1) * (place < length)
    return torch.where(length > 2, inner, mask)
