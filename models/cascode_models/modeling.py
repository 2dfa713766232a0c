"""The CasCode model: one transformer that encodes texts (Stage I) and classifies pairs (Stage II)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AutoModel, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from .configuration import CasCodeConfig
from .heads import PlainHead, WarmHead

#: Name under which our attention is registered with transformers.
ATTENTION = "cascode"
#: Attention logit of a padded token: far below any other and finite in bfloat16.
MASKED = -1e9


class CasCode(PreTrainedModel):  # type: ignore[no-untyped-call]
    """A shared encoder and slow classifier (CasCode, section 3.4).

    Args:
        config: Its configuration; the weights are random until loaded.
    """

    config_class = CasCodeConfig
    base_model_prefix = "backbone"
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: CasCodeConfig) -> None:
        super().__init__(config)
        settings = config.backbone_config()
        # Decided here, not by the caller: see _attention.
        self.backbone = AutoModel.from_config(  # type: ignore[no-untyped-call]
            settings, attn_implementation=ATTENTION, **_without_pooler(settings.model_type)
        )
        width, layers, heads = settings.hidden_size, settings.num_hidden_layers, settings.num_attention_heads
        self.head: PlainHead | WarmHead | None = None
        if config.head == "plain":
            self.head = PlainHead(width)
        elif config.head == "warm":
            self.head = WarmHead(width, layers, heads, config.gate_bias)
        # RoBERTa-like models number positions from pad_token_id + 1.
        self._first_position = settings.pad_token_id + 1 if "roberta" in settings.model_type else 0
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """Leave heads as their constructors made them; the backbone initialises itself."""
        if isinstance(module, PlainHead | WarmHead):
            module.reset_parameters(self.config.gate_bias)

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return int(self.backbone.config.hidden_size)

    def encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Encode texts (Stage I, section 3.1).

        Args:
            input_ids: ``[texts, tokens]``.
            attention_mask: ``[texts, tokens]``, 1 for a token and 0 for padding.

        Returns:
            ``[texts, dimension]`` unit vectors in float32.
        """
        states = self._states(input_ids, attention_mask, self._positions(attention_mask))
        if self.config.pooling == "first":
            return nn.functional.normalize(states[:, 0].float(), dim=-1)
        return nn.functional.normalize(masked_mean(states, attention_mask), dim=-1)

    def classify(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, segments: torch.Tensor
    ) -> torch.Tensor:
        """Score pairs laid out by :func:`cascode_models.pairs.pair_inputs` (Stage II, section 3.2).

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
        if isinstance(self.head, PlainHead):
            states = self._states(input_ids, attention_mask, self._positions(attention_mask))
            return self.head(states[:, 0])  # type: ignore[no-any-return]
        first = (1 - segments) * attention_mask
        second = segments * attention_mask
        # [pairs, tokens]: each segment counts its positions from the start, as in the bi-encoder.
        positions = torch.where(segments == 0, first.cumsum(1), second.cumsum(1)) - 1
        positions = positions.clamp(min=0) + self._first_position
        # [pairs, 1, tokens, tokens]: 1 where attention crosses from one segment to the other.
        cross = (segments[:, None, :, None] != segments[:, None, None, :]).to(self.dtype)
        states = self._states(input_ids, attention_mask, positions, cross)
        return self.head(masked_mean(states, first), masked_mean(states, second))  # type: ignore[no-any-return]

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Encode texts: the same as :meth:`encode`."""
        return self.encode(input_ids, attention_mask)

    def _positions(self, attention_mask: torch.Tensor) -> torch.Tensor:
        """Position ids ``[texts, tokens]`` of right-padded texts in the backbone's own numbering."""
        return (attention_mask.cumsum(1) - 1).clamp(min=0) + self._first_position

    def _states(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        positions: torch.Tensor,
        cross: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Last hidden states ``[texts, tokens, dimension]``."""
        mask = None
        if cross is not None or not bool(attention_mask.all()):
            mask = (1.0 - attention_mask[:, None, None, :].to(self.dtype)) * MASKED
        extra: dict[str, Any] = {}
        if cross is not None and isinstance(self.head, WarmHead):
            extra["cascode_cross"] = (self.head.gates.to(self.dtype), cross)
        output = self.backbone(input_ids=input_ids, attention_mask=mask, position_ids=positions, **extra)
        return output.last_hidden_state  # type: ignore[no-any-return]


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean in float32 of the ``[texts, tokens, dimension]`` states where ``[texts, tokens]`` mask is 1."""
    weights = mask.unsqueeze(-1).float()
    return (states.float() * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def _without_pooler(model_type: str) -> dict[str, bool]:
    """Arguments that leave out BERT's pooler, whose weights nothing here uses."""
    return (
        {"add_pooling_layer": False} if model_type in ("bert", "roberta", "xlm-roberta", "camembert") else {}
    )


def _attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    cascode_cross: tuple[torch.Tensor, torch.Tensor] | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention over ``[texts, heads, tokens, head width]`` with the gates of the warm head as a bias.

    Plain products while training, since the backward pass of the fused kernel is slow on a CPU; the fused
    kernel otherwise.
    """
    mask = attention_mask
    if cascode_cross is not None:
        gates, cross = cascode_cross
        # [pairs, heads, tokens, tokens]
        bias = gates[module.layer_idx].view(1, -1, 1, 1) * cross  # type: ignore[index]
        mask = bias if mask is None else mask + bias
    if torch.is_grad_enabled() and query.device.type == "cpu":
        scores = torch.matmul(query, key.transpose(2, 3)) * (scaling or query.size(-1) ** -0.5)
        if mask is not None:
            scores = scores + mask
        weights = nn.functional.dropout(scores.softmax(-1), p=dropout, training=module.training)
        states = torch.matmul(weights, value)
    else:
        states = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=dropout, scale=scaling
        )
    return states.transpose(1, 2).contiguous(), None


AttentionInterface.register(ATTENTION, _attention)
AttentionMaskInterface.register(ATTENTION, eager_mask)
