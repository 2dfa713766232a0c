"""The poly-encoder's attention with gradients: codes over a function's tokens, then the query over the codes."""

from __future__ import annotations

import torch
from torch import nn

from .late import COSINE_SCALE
from .poly import PolyWeights

#: Spread of the codes at the start: logits over the states of MiniLM, whose length is about 6, spread by 1. So each
#: code begins as a mean of the states, which is what the bi-encoder pools, and no two as the same one.
CODE_SPREAD = 0.15
#: A logit whose exponential is 0 beside any other.
_NEVER = -1e4


class PolyAttention(nn.Module):
    """Between bi-encoder and classifier: several vectors a function, one a query (Humeau et al., 2020, section 4.4).

    Each code attends over the function's states and gives a vector ``y`` (equation 2). The query's vector attends over
    these, and its product with what it sees is the score (equation 3).

    The paper gives the codes to the longer text, its dialogue context, which there is the query; the short candidates
    are stored as one vector each. In code search the longer text is the function, and functions are what is stored: so
    the codes go to them, all of their vectors are stored, and a query stays one vector. A search then costs one product
    a code, where the paper's costs a softmax over the codes a candidate as well as encoding the context once. Vectors
    have length 1 here, as those of the bi-encoder have, hence the learnt factor of the softmax.

    Args:
        kind: ``learnt`` codes, or the ``first`` states as they are (section 4.4's other variant).
        count: Codes, or states.
        width: Width of a state.
    """

    def __init__(self, kind: str, count: int, width: int) -> None:
        super().__init__()
        self.count = count
        self.codes = nn.Parameter(torch.empty(count, width)) if kind == "learnt" else None
        self.sharpness = nn.Parameter(torch.empty(()))

    def reset_parameters(self) -> None:
        """Draw new codes."""
        if self.codes is not None:
            nn.init.normal_(self.codes, std=CODE_SPREAD)
        nn.init.constant_(self.sharpness, COSINE_SCALE)

    def vectors(self, states: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Compress states.

        Args:
            states: ``[functions, tokens, width]``.
            mask: ``[functions, tokens]``, 1 for a token and 0 for padding.

        Returns:
            ``[functions, codes, width]`` unit vectors, and ``[functions, codes]`` which of them count.
        """
        if self.codes is None:
            vectors, counted = states[:, : self.count], mask[:, : self.count].bool()
        else:
            logits = torch.matmul(self.codes.to(states.dtype), states.transpose(1, 2)).float()
            shares = logits.masked_fill(mask[:, None] == 0, _NEVER).softmax(-1)
            vectors = torch.matmul(shares.to(states.dtype), states)
            counted = torch.ones(vectors.shape[:2], dtype=torch.bool, device=states.device)
        return nn.functional.normalize(vectors.float(), dim=-1), counted

    def scores(self, queries: torch.Tensor, vectors: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        """Score every function for every query.

        Args:
            queries: ``[queries, width]`` unit vectors.
            vectors: ``[functions, codes, width]`` of :meth:`vectors`.
            counted: ``[functions, codes]`` of it.

        Returns:
            ``[queries, functions]`` in the units of a cosine.
        """
        # [queries, functions, codes]
        cosines = torch.einsum("qw,fcw->qfc", queries.float(), vectors)
        shares = (self.sharpness.float() * cosines).masked_fill(~counted, _NEVER).softmax(-1)
        return (shares * cosines).sum(-1)

    def weights(self) -> PolyWeights:
        """The learnt numbers for :mod:`cascode_models.poly`."""
        codes = None if self.codes is None else self.codes.detach().float().cpu().numpy()
        return PolyWeights(codes, self.count, float(self.sharpness.detach()))
