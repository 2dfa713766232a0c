"""The network of a loaded model for BERT and RoBERTa shapes, in torch alone.

Importing transformers takes longer than a search. These two shapes, which nearly every code encoder has, are
computed here from the same weights; any other goes through :mod:`cascode_models.modeling`.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn.functional import gelu, layer_norm, scaled_dot_product_attention

from .heads import make_head
from .poly_attention import PolyAttention
from .settings import ModelSettings, first_position
from .two_stage import Crossing, TwoStage, gate_mask


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """A layer without memory or random numbers: the weights loaded take its place."""
    return nn.Linear(inputs, outputs, device="meta")


def _embedding(count: int, width: int) -> nn.Embedding:
    """The same for an embedding, whose own initialisation on "meta" imports torch's compiler (two seconds)."""
    return nn.Embedding(count, width, _weight=torch.empty(count, width, device="meta"))


class _Layer(nn.Module):
    """One layer; query, key and value are computed by one product."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.qkv = _linear(width, 3 * width)
        self.attended = _linear(width, width)
        self.attended_norm = nn.LayerNorm(width)
        self.inner = _linear(width, inner)
        self.out = _linear(inner, width)
        self.out_norm = nn.LayerNorm(width)


class ServingNetwork(TwoStage):
    """Encoder and classifier for inference.

    Args:
        settings: The model's settings; :func:`cascode_models.settings.has_common_shape` says whether its backbone fits.
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        shape = settings.backbone
        width, layers = int(shape["hidden_size"]), int(shape["num_hidden_layers"])
        self.heads = int(shape["num_attention_heads"])
        self.dimension = width
        self.pooling = settings.pooling
        self.first_position = first_position(shape)
        self.epsilon = float(shape.get("layer_norm_eps", 1e-12))
        self.words = _embedding(int(shape["vocab_size"]), width)
        self.places = _embedding(int(shape["max_position_embeddings"]), width)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList([_Layer(width, int(shape["intermediate_size"])) for _ in range(layers)])
        self.head = make_head(settings.head, width, layers, self.heads)
        self.poly = PolyAttention(settings.poly_kind, settings.poly_codes, width) if settings.poly_codes else None

    def load_backbone(self, tensors: dict[str, torch.Tensor]) -> None:
        """Take the weights of a model folder, named as :class:`cascode_models.modeling.CasCode` names them.

        Raises:
            KeyError: One is missing.
            RuntimeError: One has another shape.
        """

        def get(name: str) -> torch.Tensor:
            return tensors[f"backbone.{name}"]

        mapped = {
            "words.weight": get("embeddings.word_embeddings.weight"),
            # Every token has type 0: its embedding is the same at every place.
            "places.weight": get("embeddings.position_embeddings.weight")
            + get("embeddings.token_type_embeddings.weight")[:1],
            "norm.weight": get("embeddings.LayerNorm.weight"),
            "norm.bias": get("embeddings.LayerNorm.bias"),
        }
        for number in range(len(self.layers)):
            theirs, ours = f"encoder.layer.{number}.", f"layers.{number}."
            for part in ("weight", "bias"):
                mapped[f"{ours}qkv.{part}"] = torch.cat(
                    [get(f"{theirs}attention.self.{kind}.{part}") for kind in ("query", "key", "value")]
                )
                mapped[f"{ours}attended.{part}"] = get(f"{theirs}attention.output.dense.{part}")
                mapped[f"{ours}attended_norm.{part}"] = get(f"{theirs}attention.output.LayerNorm.{part}")
                mapped[f"{ours}inner.{part}"] = get(f"{theirs}intermediate.dense.{part}")
                mapped[f"{ours}out.{part}"] = get(f"{theirs}output.dense.{part}")
                mapped[f"{ours}out_norm.{part}"] = get(f"{theirs}output.LayerNorm.{part}")
        if self.head is not None:
            mapped |= {f"head.{name}": tensors[f"head.{name}"] for name in self.head.state_dict()}
        if self.poly is not None:
            mapped |= {f"poly.{name}": tensors[f"poly.{name}"] for name in self.poly.state_dict()}
        self.load_state_dict(mapped, assign=True)

    def states(
        self,
        input_ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor | None,
        crossing: Crossing | None,
    ) -> torch.Tensor:
        """Run the transformer: see :meth:`TwoStage.states`."""
        x = self._normalize(self.words(input_ids) + self.places(positions), self.norm)
        texts, tokens, width = x.shape
        for number, layer in enumerate(cast("list[_Layer]", self.layers)):
            # [3, texts, heads, tokens, head width]
            qkv = layer.qkv(x).view(texts, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
            seen = scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=gate_mask(mask, crossing, number))
            x = self._normalize(
                x + layer.attended(seen.transpose(1, 2).reshape(texts, tokens, width)), layer.attended_norm
            )
            x = self._normalize(x + layer.out(gelu(layer.inner(x))), layer.out_norm)
        return x

    def _normalize(self, x: torch.Tensor, norm: nn.LayerNorm) -> torch.Tensor:
        """Layer norm with the backbone's own epsilon."""
        return layer_norm(x, (self.dimension,), norm.weight, norm.bias, self.epsilon)
