"""Inference with the CasCode model: the fast encoder and the slow classifier behind plain Python calls."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
import torch

from .function_states import FunctionStates
from .heads import COSINE_SCALE, Texts
from .memory import trim_heap
from .probability import Probability
from .settings import ModelSettings
from .text import query_text
from .tokenization import PairLayout, TextTokenizer, batches_by_length, pad, pair
from .types import FloatArray

logger = logging.getLogger(__name__)

#: Texts tokenized and sorted at a time: enough to sort well, few enough to keep memory flat.
CHUNK_TEXTS = 2_048
#: Tokens a batch on a CPU: larger batches leave the cache and gain nothing.
CPU_TOKEN_BUDGET = 4_096
#: The same where pairs are classified: a search has ten, of mixed lengths, and padding all to the longest costs more
#: than small batches do. Functions of up to 256 tokens, ten a search: 120 ms; 190 ms in one batch.
CPU_PAIR_BUDGET = 1_024
#: Widths of batches are rounded up to this: a CPU backend keeps memory for each shape that it ever met, 2 MB of it, and
#: functions come in a hundred lengths. 600 small batches of mixed lengths: 408 MB instead of 833 MB, in no more time.
WIDTH_MULTIPLE = 16
#: Tokens a batch on a GPU: fills a small one, fits its memory at 110M parameters.
CUDA_TOKEN_BUDGET = 65_536


class Network(Protocol):
    """The tensors behind a model: what :class:`cascode_models.modeling.CasCode` offers."""

    @property
    def reads_alone(self) -> bool:
        """Whether :meth:`late_logits` stands for :meth:`classify`."""

    def token_states(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """``[texts, tokens]`` ids and mask to ``[texts, tokens, dimension]`` states."""

    def late_logits(self, queries: Texts, functions: Texts) -> torch.Tensor:
        """States of queries and functions to ``[queries, functions]`` logits."""

    def encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """``[texts, tokens]`` ids and mask to ``[texts, dimension]`` unit vectors."""

    def classify(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, segments: torch.Tensor) -> torch.Tensor:
        """``[pairs, tokens]`` ids, mask and segments to ``[pairs]`` logits."""


class CasCodeModel:
    """A loaded model: an encoder and a reranker in the sense of :mod:`cascode_models.types`.

    Args:
        network: Its network in evaluation mode, on ``device``.
        settings: Its settings.
        tokenizer: Its tokenizer.
        dimension: Width of a vector.
        fingerprint: Names weights, tokenizer and text preparation.
        device: ``cpu`` or ``cuda``.
    """

    def __init__(
        self,
        network: Network,
        settings: ModelSettings,
        tokenizer: TextTokenizer,
        *,
        dimension: int,
        fingerprint: str,
        device: str,
    ) -> None:
        self.network = network
        self.settings = settings
        self.tokenizer = tokenizer
        self.device = device
        self._dimension = dimension
        self._fingerprint = fingerprint
        self._token_budget = CPU_TOKEN_BUDGET if device == "cpu" else CUDA_TOKEN_BUDGET
        self._pair_budget = CPU_PAIR_BUDGET if device == "cpu" else CUDA_TOKEN_BUDGET
        #: What the classifier read lately; other weights in the same network would make it stale.
        self.function_states = FunctionStates()

    @property
    def fingerprint(self) -> str:
        """Names weights, tokenizer and text preparation; vectors of two fingerprints never mix."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return self._dimension

    @property
    def has_classifier(self) -> bool:
        """Whether :meth:`classify` can be called: a plain encoder has no trained head."""
        return self.settings.head != "none"

    @property
    def threads(self) -> int:
        """CPU threads the process gives to the model."""
        return torch.get_num_threads()

    @threads.setter
    def threads(self, count: int) -> None:
        torch.set_num_threads(count)

    def encode_queries(self, queries: Sequence[str]) -> FloatArray:
        """Encode natural-language queries.

        Returns:
            ``[len(queries), dimension]`` unit vectors.
        """
        return self._encode([query_text(query) for query in queries], self.settings.max_query_tokens)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode function texts made by :func:`cascode_models.text.function_text`.

        Returns:
            ``[len(texts), dimension]`` unit vectors, in the order given.
        """
        return self._encode(texts, self.settings.max_text_tokens)

    def classify(self, query: str, texts: Sequence[str]) -> FloatArray:
        """Score function texts against one query.

        Returns:
            ``[len(texts)]`` logits of the class "relevant".

        Raises:
            RuntimeError: The model has no classifier; ask :attr:`has_classifier` first.
        """
        if not self.has_classifier:
            raise RuntimeError("this model has no classifier")
        if not texts:
            return np.empty(0, dtype=np.float32)
        query_ids = self.tokenizer.ids([query_text(query)], self.settings.max_query_tokens)[0]
        text_ids = self.tokenizer.ids(texts, self.settings.classified_tokens)
        logits = (self._classify_alone if self.network.reads_alone else self._classify_paired)(query_ids, text_ids)
        trim_heap()
        return logits

    def _classify_alone(self, query_ids: list[int], text_ids: list[list[int]]) -> FloatArray:
        """Logits where query and functions are read by themselves, and functions read lately not again."""
        asked = self._states([query_ids])
        read = self.function_states.of(text_ids, self._states)
        with torch.inference_mode():
            logits = self.network.late_logits(_texts(asked), _texts(read))[0]
        return cast("FloatArray", logits.float().cpu().numpy())

    def _states(self, rows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """States ``[tokens, width]`` of texts by their token ids."""
        states: list[torch.Tensor] = [torch.empty(0)] * len(rows)
        for batch in batches_by_length([len(row) for row in rows], self._pair_budget):
            tensors = pad([rows[row] for row in batch], self.tokenizer.pad_id, WIDTH_MULTIPLE)
            with torch.inference_mode():
                found = self.network.token_states(*(tensor.to(self.device) for tensor in tensors))
            for row, state in zip(batch, found, strict=True):
                # A copy: a part of the batch would keep the whole of it in memory.
                states[row] = state[: len(rows[row])].clone()
        return states

    def _classify_paired(self, query_ids: list[int], text_ids: list[list[int]]) -> FloatArray:
        """Logits of pairs that the network reads as one sequence each."""
        logits = np.empty(len(text_ids), dtype=np.float32)
        layout = PairLayout.of_head(self.settings.head)
        lengths = [len(query_ids) + len(ids) for ids in text_ids]
        for batch in batches_by_length(lengths, self._pair_budget):
            tensors = pair(
                [query_ids] * len(batch),
                [text_ids[row] for row in batch],
                self.tokenizer.pad_id,
                layout,
                WIDTH_MULTIPLE,
            )
            with torch.inference_mode():
                scores = self.network.classify(*(tensor.to(self.device) for tensor in tensors))
            logits[batch] = scores.float().cpu().numpy()
        return logits

    @property
    def probability(self) -> Probability:
        """What turns fused scores into calibrated probabilities."""
        return self.settings.calibration().probability

    def _encode(self, texts: Sequence[str], max_tokens: int) -> FloatArray:
        """Encode texts a chunk at a time, each chunk sorted by length."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        for start in range(0, len(texts), CHUNK_TEXTS):
            ids = self.tokenizer.ids(texts[start : start + CHUNK_TEXTS], max_tokens)
            for batch in batches_by_length([len(row) for row in ids], self._token_budget):
                tensors = pad([ids[row] for row in batch], self.tokenizer.pad_id, WIDTH_MULTIPLE)
                with torch.inference_mode():
                    states = self.network.encode(*(tensor.to(self.device) for tensor in tensors))
                vectors[[start + row for row in batch]] = states.float().cpu().numpy()
        trim_heap()
        return vectors


def _texts(states: Sequence[torch.Tensor]) -> Texts:
    """Lay texts of ``[tokens, width]`` states out as one tensor in float32: products of bfloat16 lose a digit.

    Its width is rounded up, as that of batches is, and for the same reason.
    """
    lengths = torch.tensor([len(text) for text in states], device=states[0].device)
    width = -(-int(lengths.max()) // WIDTH_MULTIPLE) * WIDTH_MULTIPLE
    together = states[0].new_zeros((len(states), width, states[0].size(1)), dtype=torch.float32)
    for row, text in enumerate(states):
        together[row, : len(text)] = text
    mask = torch.arange(width, device=together.device)[None] < lengths[:, None]
    return Texts(together, mask.long())


def fused_score(fast_similarity: float | FloatArray, classifier_logit: float | FloatArray, weight: float) -> FloatArray:
    """Combine both stages: the scaled similarity of Stage I plus the weighted logit of Stage II.

    Args:
        fast_similarity: Cosine of query and function vector, any shape.
        classifier_logit: Logit of Stage II, the same shape.
        weight: :attr:`CasCodeConfig.fusion_weight`; 0 keeps the order of Stage I.

    Returns:
        Scores to rank by, in the shape given.
    """
    fused = COSINE_SCALE * np.asarray(fast_similarity) + weight * np.asarray(classifier_logit)
    return cast("FloatArray", fused.astype(np.float32))
