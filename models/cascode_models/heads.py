"""Classifier heads of Stage II: the paper's, and two that begin with what the bi-encoder knows."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from .late import BEGINNING, CLOSED_GATE, COSINE_SCALE, EVEN_COSINE, NO_MATCH, PHRASE

#: How much tokens, phrases and beginning count beside a cosine of weight 1: rounded from what a softmax over the ten
#: best of 7,154 dev queries, AdvTest's among them, fits with the fifth weights. Fitted on four fifths of them it gains
#: 0.0171 MRR on the others of the six languages and 0.040 on AdvTest's; tokens alone 0.0146 and 0.037.
VIEW_WEIGHTS = (0.9, 0.6, 0.3)


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

    def reset_parameters(self, gate_bias: float) -> None:  # noqa: ARG002 - one signature for all heads
        """Draw new weights."""
        nn.init.normal_(self.dense.weight, std=0.02)
        nn.init.zeros_(self.dense.bias)
        nn.init.normal_(self.out.weight, std=0.02)
        nn.init.zeros_(self.out.bias)

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        """Map first-token states ``[pairs, width]`` to float32 logits ``[pairs]``."""
        hidden = torch.tanh(self.dense(state.to(self.dense.weight.dtype)))
        return self.out(hidden).squeeze(-1).float()  # type: ignore[no-any-return]


class GatedHead(nn.Module):
    """What the heads have in common that begin with what the bi-encoder knows.

    The gates are a bias per layer and head on the attention between query and function. Nearly closed at
    first, they leave each segment's states as the bi-encoder computes them.

    Args:
        layers: Layers of the backbone.
        heads: Attention heads a layer.
    """

    def __init__(self, layers: int, heads: int) -> None:
        super().__init__()
        self.gates = nn.Parameter(torch.empty(layers, heads))
        self.bias = nn.Parameter(torch.empty(()))

    def reset_parameters(self, gate_bias: float) -> None:
        """Return to what the bi-encoder knows, every gate at ``gate_bias``."""
        nn.init.constant_(self.gates, gate_bias)
        nn.init.zeros_(self.bias)

    def forward(self, states: torch.Tensor, query: torch.Tensor, function: torch.Tensor) -> torch.Tensor:
        """Score pairs.

        Args:
            states: ``[pairs, tokens, width]``, the query's tokens first.
            query: ``[pairs, tokens]``, 1 for the query's tokens.
            function: ``[pairs, tokens]``, 1 for those of the function.

        Returns:
            ``[pairs]`` logits in float32.
        """
        raise NotImplementedError


class WarmHead(GatedHead):
    """Head that starts as the bi-encoder's scaled cosine and learns to depart from it: its network starts at zero.

    Args:
        width: Width of a state.
        layers: Layers of the backbone.
        heads: Attention heads a layer.
    """

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__(layers, heads)
        self.scale = nn.Parameter(torch.empty(()))
        self.dense = nn.Linear(4 * width, width)
        self.out = nn.Linear(width, 1)

    def reset_parameters(self, gate_bias: float) -> None:
        """See :meth:`GatedHead.reset_parameters`."""
        super().reset_parameters(gate_bias)
        nn.init.ones_(self.scale)
        nn.init.constant_(self.bias, -EVEN_COSINE * COSINE_SCALE)
        nn.init.normal_(self.dense.weight, std=0.02)
        nn.init.zeros_(self.dense.bias)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, states: torch.Tensor, query: torch.Tensor, function: torch.Tensor) -> torch.Tensor:
        """Score pairs by the mean states of their segments: see :meth:`GatedHead.forward`."""
        u = nn.functional.normalize(masked_mean(states, query), dim=-1)
        v = nn.functional.normalize(masked_mean(states, function), dim=-1)
        cosine = (u * v).sum(-1)
        # Unit vectors have entries near width ** -0.5: back to the order of one, where the layer learns.
        features = torch.cat([u, v, u * v * u.size(-1) ** 0.5, (u - v).abs()], dim=-1) * u.size(-1) ** 0.5
        hidden = nn.functional.gelu(self.dense(features.to(self.dense.weight.dtype)))
        learned = self.out(hidden).squeeze(-1).float()
        logits: torch.Tensor = COSINE_SCALE * self.scale.float() * cosine + self.bias.float() + learned
        return logits


class LateHead(GatedHead):
    """Late interaction: each token of the query looks for its nearest one in the function.

    MaxSim (ColBERT, Khattab and Zaharia, 2020, equation 3) over states that may have seen the other segment, with the
    mean in place of the sum, so that long queries score no higher. It is read in three views: of tokens; of phrases,
    since a token that fits says less than one that fits amid its neighbours; and of the function's beginning, where its
    name stands. The first and the last token of a text stand for the text as a whole, which the cosine of the vectors
    compares already: they take no part.

    The logit is made to stand beside the fast stage's cosine, as it does in the fused score, and holds none itself.

    Args:
        layers: Layers of the backbone.
        heads: Attention heads a layer.
    """

    def __init__(self, layers: int, heads: int) -> None:
        super().__init__(layers, heads)
        #: Weights of tokens, phrases and beginning beside a cosine of weight 1.
        self.views = nn.Parameter(torch.empty(len(VIEW_WEIGHTS)))

    def reset_parameters(self, gate_bias: float) -> None:
        """See :meth:`GatedHead.reset_parameters`."""
        super().reset_parameters(gate_bias)
        with torch.no_grad():
            self.views.copy_(torch.tensor(VIEW_WEIGHTS))
        nn.init.constant_(self.bias, -EVEN_COSINE * COSINE_SCALE * sum(VIEW_WEIGHTS))

    def forward(self, states: torch.Tensor, query: torch.Tensor, function: torch.Tensor) -> torch.Tensor:
        """Score pairs: see :meth:`GatedHead.forward`."""
        # The queries stand first: no row of the products is spent on the functions.
        width = int(query.sum(1).max())
        asked, read = inner_tokens(query)[:, :width], inner_tokens(function)
        beginning = read * (read.cumsum(1) <= BEGINNING)
        unit = nn.functional.normalize(states.float(), dim=-1)
        # [pairs, query tokens, tokens]
        tokens = torch.matmul(unit[:, :width], unit.transpose(1, 2))
        around = torch.matmul(phrases(states[:, :width], asked), phrases(states, read).transpose(1, 2))
        # [views, pairs, query tokens]
        nearest = torch.stack(
            [
                matches.masked_fill(allowed[:, None] == 0, NO_MATCH).amax(-1)
                for matches, allowed in ((tokens, read), (around, read), (tokens, beginning))
            ]
        )
        # [views, pairs]
        means = (nearest * asked).sum(-1) / asked.sum(-1).clamp(min=1)
        logits: torch.Tensor = COSINE_SCALE * (self.views.float() @ means) + self.bias.float()
        return logits

    @property
    def reads_alone(self) -> bool:
        """Whether every gate is closed, so that the states of a text by itself are those it has in a pair."""
        return bool((self.gates <= CLOSED_GATE).all())

    def logits(self, queries: Texts, functions: Texts) -> torch.Tensor:
        """``[queries, functions]`` logits in float32: those of :meth:`forward` while the gates are closed."""
        return COSINE_SCALE * self.late_scores(queries, functions) + self.bias.float()

    def late_scores(self, queries: Texts, functions: Texts) -> torch.Tensor:
        """Late interaction of every query with every function, from the states of texts by themselves.

        Returns:
            ``[queries, functions]`` in float32: the weighted sum of the views' mean cosines, which is what
            :meth:`forward` gives without scale and bias while the gates are closed.
        """
        asked, read = inner_tokens(queries.mask), inner_tokens(functions.mask)
        # Padding is left out of the queries' rows, the products being most of the work; cosines in the states' own
        # number format, which is bfloat16 in training.
        kept, dtype = asked.bool(), queries.states.dtype

        def matches(rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
            """``[query tokens, functions, tokens]`` of unit rows and columns."""
            products = rows.to(dtype)[kept] @ columns.to(dtype).flatten(0, 1).T
            return products.view(-1, *read.shape).masked_fill(read[None] == 0, NO_MATCH)

        tokens = matches(
            nn.functional.normalize(queries.states.float(), dim=-1),
            nn.functional.normalize(functions.states.float(), dim=-1),
        )
        around = matches(phrases(queries.states, asked), phrases(functions.states, read))
        # The special token before a beginning takes one place. max keeps the positions alone for the way back, where
        # amax would keep the products.
        found = [part.max(-1).values for part in (tokens, around, tokens[..., : BEGINNING + 1])]
        nearest = sum(weight * near.float() for weight, near in zip(self.views.float(), found, strict=True))
        # [query tokens, 1]: each token's share of its query.
        shares = (1.0 / asked.sum(1, keepdim=True)).expand_as(asked)[kept][:, None]
        scores = torch.zeros(len(asked), len(read), device=queries.states.device)
        return scores.index_add(0, kept.nonzero()[:, 0], shares * nearest)


def make_head(kind: str, width: int, layers: int, heads: int) -> PlainHead | GatedHead | None:
    """Make the head that :class:`cascode_models.configuration.CasCodeConfig` names, None for ``none``.

    Its values are not set: they are loaded, or drawn by ``reset_parameters``.
    """
    if kind == "none":
        return None
    if kind == "plain":
        return PlainHead(width)
    return LateHead(layers, heads) if kind == "late" else WarmHead(width, layers, heads)


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


def phrases(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Unit vectors ``[texts, tokens, width]`` in float32 of the phrases around each place, of tokens the mask keeps."""
    side, tokens = PHRASE // 2, states.size(1)
    padded = nn.functional.pad(states * mask[..., None].to(states.dtype), (0, 0, side, side))
    summed = padded[:, :tokens].float()
    for start in range(1, PHRASE):
        summed = summed + padded[:, start : start + tokens]
    return nn.functional.normalize(summed, dim=-1)
