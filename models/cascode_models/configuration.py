"""Configuration of the CasCode model."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from transformers import AutoConfig, PreTrainedConfig

from .settings import ModelSettings

#: Names of the number format in a configuration, now and before transformers 5.
_FORMATS = ("dtype", "torch_dtype")


class CasCodeConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """Configuration of :class:`cascode_models.modeling.CasCode`.

    Args:
        backbone: Configuration of the BERT- or RoBERTa-like encoder as a dictionary with its ``model_type``.
        pooling: ``mean`` of the token states or the ``first`` token's state as the vector of a text.
        head: ``plain`` is the paper's classifier on the concatenated pair's first token; ``warm`` begins as
            the bi-encoder; ``late`` begins as late interaction of its states; ``none`` is a fast encoder alone.
        max_query_tokens: Longest query, special tokens included.
        max_text_tokens: Longest function text, special tokens included.
        max_classified_tokens: Longest function text for the classifier, where that is more: it reads a few functions a
            search, the encoder reads all of them.
        fusion_weight: Weight of the classifier's logit in the fused score, tuned on dev data.
        temperature: Fused scores are divided by it before the sigmoid (calibration on dev data).
        share_temperature: Temperature of the softmax that shares the probability among the best candidates; 0 reads
            each by itself (see :mod:`cascode_models.probability`).
        calibration_bias: Added to the scaled fused score before the sigmoid.
        no_match_threshold: Where an answer is less probable than this, the best candidate is no good match.
        gate_bias: Initial bias of attention across the segments in the warm and the late head.
        calibration_by_kind: Name of a kind of query to the temperature, bias, share temperature and threshold of the
            score that orders a search for it, where a ranking weighs more than the fused score; empty for none.
        poly_kind: Where the vectors of a poly-encoder come from: ``learnt`` codes, or the ``first`` states.
        poly_codes: How many there are a function; 0 for a model without.
        decoder_layers: Layers of the decoder that describes functions; 0 for a model without.
        decoder_copies: Whether it copies tokens from the function.
    """

    model_type = "cascode"

    def __init__(
        self,
        backbone: dict[str, Any] | None = None,
        pooling: str = "mean",
        head: str = "warm",
        max_query_tokens: int = 64,
        max_text_tokens: int = 192,
        max_classified_tokens: int = 0,
        fusion_weight: float = 1.0,
        temperature: float = 1.0,
        share_temperature: float = 0.0,
        calibration_bias: float = 0.0,
        no_match_threshold: float = 0.0,
        gate_bias: float = -3.0,
        calibration_by_kind: dict[str, list[float]] | None = None,
        poly_kind: str = "learnt",
        poly_codes: int = 0,
        decoder_layers: int = 0,
        decoder_copies: bool = False,
        **kwargs: Any,
    ) -> None:
        # Without the number format that its weights were written in: transformers would compute in it.
        given = backbone if backbone is not None else {"model_type": "bert"}
        self.backbone = {name: value for name, value in given.items() if name not in _FORMATS}
        self.pooling = pooling
        self.head = head
        self.max_query_tokens = max_query_tokens
        self.max_text_tokens = max_text_tokens
        self.max_classified_tokens = max_classified_tokens
        self.fusion_weight = fusion_weight
        self.temperature = temperature
        self.share_temperature = share_temperature
        self.calibration_bias = calibration_bias
        self.no_match_threshold = no_match_threshold
        self.gate_bias = gate_bias
        self.calibration_by_kind = calibration_by_kind or {}
        self.poly_kind = poly_kind
        self.poly_codes = poly_codes
        self.decoder_layers = decoder_layers
        self.decoder_copies = decoder_copies
        super().__init__(**kwargs)
        self.settings()

    def settings(self) -> ModelSettings:
        """The same values without transformers; refuses a pooling or head there is none of."""
        return ModelSettings(**{field.name: getattr(self, field.name) for field in fields(ModelSettings)})

    def backbone_config(self) -> PreTrainedConfig:
        """Return the backbone's own configuration object."""
        settings = dict(self.backbone)
        return AutoConfig.for_model(settings.pop("model_type"), **settings)
