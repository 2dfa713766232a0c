"""What inference must know of a model, read without importing transformers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .poly import POLY_KINDS
from .probability import Calibration, Probability

POOLINGS = ("mean", "first")
HEADS = ("none", "plain", "warm", "late")
#: Numbers of a kind of query: temperature, bias, share temperature, threshold.
_CALIBRATED = 4


@dataclass(slots=True)
class ModelSettings:
    """The fields of :class:`cascode_models.configuration.CasCodeConfig`, which explains each of them."""

    backbone: dict[str, Any] = field(default_factory=lambda: {"model_type": "bert"})
    pooling: str = "mean"
    head: str = "warm"
    max_query_tokens: int = 64
    max_text_tokens: int = 192
    max_classified_tokens: int = 0
    fusion_weight: float = 1.0
    temperature: float = 1.0
    share_temperature: float = 0.0
    calibration_bias: float = 0.0
    no_match_threshold: float = 0.0
    gate_bias: float = -3.0
    calibration_by_kind: dict[str, list[float]] = field(default_factory=dict)
    poly_kind: str = "learnt"
    poly_codes: int = 0
    decoder_layers: int = 0
    decoder_copies: bool = False

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling {self.pooling!r} is none of {', '.join(POOLINGS)}")
        if self.head not in HEADS:
            raise ValueError(f"head {self.head!r} is none of {', '.join(HEADS)}")
        if self.poly_kind not in POLY_KINDS:
            raise ValueError(f"poly_kind {self.poly_kind!r} is none of {', '.join(POLY_KINDS)}")
        if any(len(values) != _CALIBRATED for values in self.calibration_by_kind.values()):
            raise ValueError(f"calibration_by_kind must give {_CALIBRATED} numbers for each kind of query")

    def calibration(self, kind: str = "") -> Calibration:
        """What scores say: of a search for one kind of query, or of fused scores alone where that was not measured."""
        values = self.calibration_by_kind.get(kind)
        if values is None:
            values = [self.temperature, self.calibration_bias, self.share_temperature, self.no_match_threshold]
        temperature, bias, share_temperature, threshold = values
        return Calibration(Probability(temperature, bias, share_temperature), threshold)

    @property
    def classified_tokens(self) -> int:
        """Tokens of a function text that the classifier reads: never fewer than the encoder."""
        return max(self.max_text_tokens, self.max_classified_tokens)


#: Model types of one shape, which are computed without transformers.
_COMMON_TYPES = ("bert", "roberta", "xlm-roberta", "camembert")


def has_common_shape(backbone: dict[str, Any]) -> bool:
    """Whether a backbone is a BERT or RoBERTa as nearly every code encoder is one."""
    return (
        backbone.get("model_type") in _COMMON_TYPES
        and backbone.get("hidden_act", "gelu") == "gelu"
        and backbone.get("position_embedding_type", "absolute") == "absolute"
        and not backbone.get("is_decoder", False)
    )


#: Fields of a backbone of common shape that decide vectors beside its weights, each with its usual value.
_USUAL = {
    "model_type": "bert",
    "num_attention_heads": 12,
    "layer_norm_eps": 1e-12,
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "pad_token_id": 0,
}
#: Fields that say how a configuration was written or trained.
_OF_NO_EFFECT = frozenset({"_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version"})


def unusual_parts(backbone: dict[str, Any]) -> dict[str, Any]:
    """Fields of a backbone's configuration by which two with equal weights give other vectors.

    Returns:
        Of a common shape those that are not as usual; of another all that may have an effect.
    """
    if not has_common_shape(backbone):
        return {name: value for name, value in backbone.items() if name not in _OF_NO_EFFECT}
    found = {name: backbone.get(name, usual) for name, usual in _USUAL.items()}
    return {name: value for name, value in found.items() if value != _USUAL[name]}


def first_position(backbone: dict[str, Any]) -> int:
    """Number of the first position: RoBERTa-like models give padding a place of its own and number from behind it."""
    return 0 if backbone["model_type"] == "bert" else int(backbone["pad_token_id"]) + 1
