"""The classifier as a module of sentence-transformers, which imports this file when it loads an exported folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers.base.modules.input_module import InputModule

from .export import export_model
from .late import COSINE_SCALE
from .modeling import CasCode
from .tensors import pad, pair
from .text import query_text, split_identifiers
from .tokenization import PairLayout, TextTokenizer
from .torch_load import read_folder


class PairClassifier(InputModule):  # type: ignore[misc, unused-ignore]  # untyped where the library is not installed
    """Scores pairs of a query and a function as :meth:`cascode_models.inference.CasCodeModel.classify` does.

    A late head's logits are made to stand beside the cosine of the fast stage: its pairs get the fused score.

    Args:
        network: A model with a classifier.
        texts: Its tokenizer.
    """

    def __init__(self, network: CasCode, texts: TextTokenizer) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self.network = network
        self.texts = texts
        self.settings = network.config.settings()

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **_options: object
    ) -> dict[str, torch.Tensor]:
        """Tokenize pairs.

        Args:
            inputs: Pairs of a query and a function's text.
            prompt: What is put before each query.

        Returns:
            Ids, attention mask and segments, each ``[pairs, tokens]``; for the fused score ids and mask of the queries
            and of the functions as well, as the encoder reads them.
        """
        queries = [query_text(f"{prompt or ''}{query}") for query, _ in inputs]
        functions = [split_identifiers(function) for _, function in inputs]
        layout = PairLayout.of_head(self.settings.head)
        query_ids = self.texts.ids(queries, self.settings.max_query_tokens)
        ids, mask, segments = pair(
            query_ids, self.texts.ids(functions, self.settings.classified_tokens), self.texts.pad_id, layout
        )
        features = {"input_ids": ids, "attention_mask": mask, "segments": segments}
        if self._fuses:
            encoded = self.texts.ids(functions, self.settings.max_text_tokens)
            features["query_ids"], features["query_mask"] = pad(query_ids, self.texts.pad_id)
            features["function_ids"], features["function_mask"] = pad(encoded, self.texts.pad_id)
        return features

    def forward(self, features: dict[str, Any], **_options: object) -> dict[str, Any]:
        """Add ``scores`` ``[pairs, 1]``: logits of the class "relevant", or fused scores."""
        scores = self.network.classify(features["input_ids"], features["attention_mask"], features["segments"])
        if self._fuses:
            queries = self.network.encode(features["query_ids"], features["query_mask"])
            functions = self.network.encode(features["function_ids"], features["function_mask"])
            scores = COSINE_SCALE * (queries * functions).sum(-1) + self.settings.fusion_weight * scores
        return {**features, "scores": scores[:, None]}

    @property
    def _fuses(self) -> bool:
        """Whether the logits alone would not rank: those of a late head that counts."""
        late: bool = self.settings.head == "late" and self.settings.fusion_weight > 0
        return late

    @classmethod
    def load(  # type: ignore[override, unused-ignore]  # every other option is about downloads
        cls, model_name_or_path: str, subfolder: str = "", **_options: object
    ) -> PairClassifier:
        """Load an exported folder; nothing is downloaded."""
        network, _settings, tokenizer = read_folder(Path(model_name_or_path) / subfolder)
        return cls(network, tokenizer)

    def save(self, output_path: str, *_arguments: object, **_options: object) -> None:
        """Write the model so that :meth:`load` reads it."""
        export_model(self.network, self.texts, Path(output_path))
