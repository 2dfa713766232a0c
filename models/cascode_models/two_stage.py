"""Both readings of one transformer, whatever computes its states: encode a text, classify a pair."""

from __future__ import annotations

import torch
from torch import nn

from .heads import GatedHead, LateHead, PlainHead, masked_mean
from .poly_attention import PolyAttention

#: Attention logit of a padded token: far below any other and finite in bfloat16.
MASKED = -1e9

#: Gates ``[layers, heads]`` and where they apply, ``[pairs, 1, tokens, tokens]``.
Crossing = tuple[torch.Tensor, torch.Tensor]


class TwoStage(nn.Module):
    """A shared encoder and slow classifier (CasCode, section 3.4); subclasses compute the states."""

    head: PlainHead | GatedHead | None
    poly: PolyAttention | None
    pooling: str
    #: Number of the first position: RoBERTa-like models begin at the padding id + 1.
    first_position: int

    def states(
        self,
        input_ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor | None,
        crossing: Crossing | None,
    ) -> torch.Tensor:
        """Run the transformer.

        Args:
            input_ids: ``[texts, tokens]``.
            positions: ``[texts, tokens]`` in the backbone's own numbering.
            mask: ``[texts, 1, 1, tokens]`` added to the attention logits; None hides nothing.
            crossing: Gates on the attention between the segments of a pair.

        Returns:
            Last hidden states ``[texts, tokens, dimension]``.
        """
        raise NotImplementedError

    @property
    def compute_dtype(self) -> torch.dtype:
        """Number format of the weights."""
        return next(self.parameters()).dtype

    def encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Encode texts (Stage I, section 3.1).

        Args:
            input_ids: ``[texts, tokens]``.
            attention_mask: ``[texts, tokens]``, 1 for a token and 0 for padding.

        Returns:
            ``[texts, dimension]`` unit vectors in float32.
        """
        return self.pool(self.token_states(input_ids, attention_mask), attention_mask)

    def token_states(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """States ``[texts, tokens, dimension]`` of texts by themselves: what :meth:`encode` pools."""
        return self.states(input_ids, self._positions(attention_mask), self._mask(attention_mask), None)

    def pool(self, states: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Unit vectors ``[texts, dimension]`` in float32 of what :meth:`token_states` gave."""
        vectors = states[:, 0].float() if self.pooling == "first" else masked_mean(states, attention_mask)
        return nn.functional.normalize(vectors, dim=-1)

    def classify(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, segments: torch.Tensor) -> torch.Tensor:
        """Score pairs laid out by :func:`cascode_models.tokenization.pair` (Stage II, section 3.2).

        Args:
            input_ids: ``[pairs, tokens]``, query first.
            attention_mask: ``[pairs, tokens]``, 1 for a token and 0 for padding.
            segments: ``[pairs, tokens]``, 0 for tokens of the query and 1 for those of the function.

        Returns:
            ``[pairs]`` logits of the class "relevant" in float32.

        Raises:
            RuntimeError: The model has no classifier head.
        """
        if self.head is None:
            raise RuntimeError("this model has no classifier head")
        mask = self._mask(attention_mask)
        if isinstance(self.head, PlainHead):
            states = self.states(input_ids, self._positions(attention_mask), mask, None)
            return self.head(states[:, 0])  # type: ignore[no-any-return]
        first, second = (1 - segments) * attention_mask, segments * attention_mask
        # [pairs, tokens]: each segment counts its positions from the start, as in the bi-encoder.
        positions = torch.where(segments == 0, self._positions(first), self._positions(second))
        # [pairs, 1, tokens, tokens]: 1 where attention crosses from one segment to the other.
        cross = (segments[:, None, :, None] != segments[:, None, None, :]).to(self.compute_dtype)
        states = self.states(input_ids, positions, mask, (self.head.gates.to(cross.dtype), cross))
        return self.head(states, first, second)  # type: ignore[no-any-return]

    @property
    def reads_alone(self) -> bool:
        """Whether the classifier needs no more than the states of both texts by themselves."""
        return isinstance(self.head, LateHead) and self.head.reads_alone

    def _positions(self, mask: torch.Tensor) -> torch.Tensor:
        """Positions ``[texts, tokens]`` of the marked tokens in the backbone's own numbering."""
        return (mask.cumsum(1) - 1).clamp(min=0) + self.first_position

    def _mask(self, attention_mask: torch.Tensor) -> torch.Tensor | None:
        """What hides the padding, ``[texts, 1, 1, tokens]``; None where there is no padding."""
        if bool(attention_mask.all()):
            return None
        return (1.0 - attention_mask[:, None, None, :].to(self.compute_dtype)) * MASKED


def gate_mask(mask: torch.Tensor | None, crossing: Crossing | None, layer: int) -> torch.Tensor | None:
    """Add one layer's gates to the mask: ``[pairs, heads, tokens, tokens]``."""
    if crossing is None:
        return mask
    gates, cross = crossing
    bias = gates[layer].view(1, -1, 1, 1) * cross
    return bias if mask is None else bias + mask
