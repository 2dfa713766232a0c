"""The CasCode model: one transformer that encodes texts (Stage I) and classifies pairs (Stage II)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AutoModel, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from .configuration import CasCodeConfig
from .decoder import Decoder
from .errors import ModelError
from .heads import GatedHead, PlainHead, make_head
from .late import CLOSED_GATE
from .poly_attention import PolyAttention
from .settings import has_common_shape
from .two_stage import Crossing, TwoStage, gate_mask

#: Name under which our attention is registered with transformers.
ATTENTION = "cascode"


class CasCode(PreTrainedModel, TwoStage):  # type: ignore[no-untyped-call]
    """A shared encoder and slow classifier (CasCode, section 3.4) over any BERT- or RoBERTa-like backbone.

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
        self.backbone = AutoModel.from_config(  # type: ignore[no-untyped-call]
            settings,
            # Decided here, not by the caller: see _attention.
            attn_implementation=ATTENTION,
            dtype=torch.float32,
            # Without a word about it, transformers asks on the terminal whether to run a model's own code.
            trust_remote_code=False,
            **_without_pooler(settings.model_type),
        )
        width, layers, heads = settings.hidden_size, settings.num_hidden_layers, settings.num_attention_heads
        self.head = make_head(config.head, width, layers, heads)
        # Late interaction behind closed gates reads texts by themselves: there is nothing to gate.
        if isinstance(self.head, GatedHead) and not (config.head == "late" and config.gate_bias <= CLOSED_GATE):
            self._check_gates_work()
        self.poly = PolyAttention(config.poly_kind, config.poly_codes, width) if config.poly_codes else None
        self.decoder = self._new_decoder(settings) if config.decoder_layers else None
        self.pooling = config.pooling
        self.first_position = _first_position(self.backbone)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """Draw a head's weights; the backbone initialises itself."""
        if isinstance(module, PlainHead | GatedHead):
            module.reset_parameters(self.config.gate_bias)
        elif isinstance(module, PolyAttention | Decoder):
            module.reset_parameters()

    def _new_decoder(self, settings: Any) -> Decoder:
        """The decoder of a backbone's shape; one of another kind has no embeddings or layers to share."""
        if not has_common_shape(settings.to_dict()):
            raise ModelError(f"a {settings.model_type} model cannot have a decoder: begin with a BERT or RoBERTa")
        return Decoder(
            self.config.decoder_layers,
            settings.hidden_size,
            settings.intermediate_size,
            settings.num_attention_heads,
            settings.vocab_size,
            settings.layer_norm_eps,
            copies=self.config.decoder_copies,
        )

    def _check_gates_work(self) -> None:
        """Refuse a backbone whose attention is not computed here: its gates would do nothing, without a word."""
        if not self.backbone._supports_attention_backend:
            raise ModelError(
                f"a {self.backbone.config.model_type} model computes its attention by itself, where head "
                f"{self.config.head!r} must gate it: use head 'plain' or 'none', or 'late' with gate_bias -10000"
            )

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return int(self.backbone.config.hidden_size)

    @property
    def places(self) -> int | None:
        """Most tokens of a text that the backbone has positions for; None where it sets no limit."""
        most = getattr(self.backbone.config, "max_position_embeddings", None)
        return None if most is None else int(most) - self.first_position

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Encode texts: the same as :meth:`encode`."""
        return self.encode(input_ids, attention_mask)

    def states(
        self,
        input_ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor | None,
        crossing: Crossing | None,
    ) -> torch.Tensor:
        """Run the backbone: see :meth:`TwoStage.states`."""
        if crossing is not None:
            self._check_gates_work()
        extra: dict[str, Any] = {} if crossing is None else {"cascode_crossing": crossing}
        output = self.backbone(input_ids=input_ids, attention_mask=mask, position_ids=positions, **extra)
        return output.last_hidden_state  # type: ignore[no-any-return]


#: Model types whose pooler, which nothing here uses, can be left out.
_POOLED = ("bert", "roberta", "xlm-roberta", "camembert", "mpnet")


def _first_position(backbone: nn.Module) -> int:
    """Number of the first position: models that give padding a place of its own number from behind it."""
    places = getattr(getattr(backbone, "embeddings", None), "position_embeddings", None)
    padding = getattr(places, "padding_idx", None)
    return 0 if padding is None else int(padding) + 1


def _without_pooler(model_type: str) -> dict[str, bool]:
    """Arguments that leave out the pooler."""
    return {"add_pooling_layer": False} if model_type in _POOLED else {}


def _attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    cascode_crossing: Crossing | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attention over ``[texts, heads, tokens, head width]`` with a head's gates as a bias.

    Plain products while training, since the backward pass of the fused kernel is slow on a CPU; the fused
    kernel otherwise.
    """
    mask = gate_mask(attention_mask, cascode_crossing, int(module.layer_idx) if cascode_crossing else 0)  # type: ignore[arg-type]
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
