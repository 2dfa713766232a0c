"""Inference with the CasCode model: the fast encoder and the slow classifier behind plain Python calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, cast

import numpy as np

from .function_states import FunctionStates
from .late import COSINE_SCALE, LateWeights, late_logits
from .memory import trim_heap
from .poly import PolyWeights, code_vectors, poly_scores
from .probability import Probability
from .settings import ModelSettings
from .text import query_text
from .token_states import StateCodec
from .tokenization import TextTokenizer
from .types import EncodedQuery, EncodedTexts, FloatArray, StateArray

logger = logging.getLogger(__name__)

#: Texts tokenized and sorted at a time: enough to sort well, few enough to keep memory flat.
CHUNK_TEXTS = 2_048
#: The same where the states of all tokens are held, 100 KB a text.
CODE_TEXTS = 256
#: Widths of batches are rounded up to this: a CPU backend keeps memory for each shape that it ever met, 2 MB of it, and
#: functions come in a hundred lengths. 600 small batches of mixed lengths: 408 MB instead of 833 MB, in no more time.
WIDTH_MULTIPLE = 16


#: Takes the number of a text and its states ``[tokens, dimension]``, which are only lent.
Keep = Callable[[int, FloatArray], None]


class Network(Protocol):
    """What computes a model: texts go in as rows of token ids, in any order and length."""

    @property
    def engine(self) -> str:
        """The library that computes, with its number format, for people to read."""

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""

    @property
    def late(self) -> LateWeights | None:
        """The head where the classifier needs no more than the states of both texts by themselves."""

    @property
    def poly(self) -> PolyWeights | None:
        """The poly-encoder's weights; None where the model has none."""

    @property
    def all_threads(self) -> int:
        """CPU threads where nothing caps them."""

    @property
    def threads(self) -> int:
        """CPU threads that what the calling thread computes may take."""

    @threads.setter
    def threads(self, count: int) -> None: ...

    def vectors(self, rows: Sequence[Sequence[int]], keep: Keep | None = None) -> FloatArray:
        """``[texts, dimension]`` unit vectors; the states of each text that they are made of are given to ``keep``."""

    def states(self, rows: Sequence[Sequence[int]]) -> list[StateArray]:
        """``[tokens, dimension]`` states of each text by itself."""

    def pair_logits(self, query: Sequence[int], functions: Sequence[Sequence[int]]) -> FloatArray:
        """``[functions]`` logits where the classifier reads query and function as one sequence."""


class CasCodeModel:
    """A loaded model: an encoder and a reranker in the sense of :mod:`cascode_models.types`.

    Args:
        network: What computes it.
        settings: Its settings.
        tokenizer: Its tokenizer.
        dimension: Width of a vector.
        fingerprint: Names weights, tokenizer and text preparation.
        codec: Keeps token states in an index; None where the model was not trained for that.
        engine_reason: Why this engine computes it.
    """

    def __init__(
        self,
        network: Network,
        settings: ModelSettings,
        tokenizer: TextTokenizer,
        *,
        dimension: int,
        fingerprint: str,
        codec: StateCodec | None = None,
        engine_reason: str = "",
    ) -> None:
        self.network = network
        self.codec = codec
        self.settings = settings
        self.tokenizer = tokenizer
        #: Which engine computes, and why, in one line.
        self.engine = f"{network.engine} ({engine_reason})" if engine_reason else network.engine
        self._dimension = dimension
        self._fingerprint = fingerprint
        #: What the classifier read lately; other weights in the same network would make it stale.
        self.function_states = FunctionStates()

    @property
    def device(self) -> str:
        """Where it computes: ``cpu`` or ``cuda``."""
        return self.network.device

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
    def keeps_states(self) -> bool:
        """Whether an index keeps token states, so that the slow classifier reads nothing again."""
        return self.codec is not None and self.network.late is not None

    @property
    def state_bytes(self) -> int:
        """Bytes of a token's packed state; 0 where none are kept."""
        return self.codec.state_bytes if self.codec is not None and self.keeps_states else 0

    @property
    def all_threads(self) -> int:
        """CPU threads that the model takes where nothing caps them."""
        return self.network.all_threads

    @property
    def threads(self) -> int:
        """CPU threads that what the calling thread asks of the model may take."""
        return self.network.threads

    @threads.setter
    def threads(self, count: int) -> None:
        self.network.threads = count

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

    def encode_definitions(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode function texts for an index, states and vectors in one pass.

        Returns:
            Their vectors, and their packed states where :attr:`keeps_states`.
        """
        if self.codec is None or not self.keeps_states:
            return EncodedTexts(self.encode_texts(texts))
        codec = self.codec
        states: list[bytes] = [b""] * len(texts)

        def keep(number: int, ids: Sequence[int], found: FloatArray) -> None:
            states[number] = codec.pack(ids, found)

        vectors = self._encode(texts, self.settings.max_text_tokens, keep)
        return EncodedTexts(vectors, tuple(states))

    def encode_query(self, pieces: Sequence[str]) -> EncodedQuery:
        """Encode a query to search an index with.

        Args:
            pieces: The query; more than one where it is a long text.

        Returns:
            Its vector, the mean of those of the pieces, and the states of its beginning where :attr:`keeps_states`.
        """
        if self.codec is None or not self.keeps_states:
            return EncodedQuery(mean_vector(self.encode_queries(pieces)))
        codec = self.codec
        states: dict[int, FloatArray] = {}

        def keep(number: int, _ids: Sequence[int], found: FloatArray) -> None:
            if number == 0:
                states[number] = codec.query(found)

        vectors = self._encode([query_text(piece) for piece in pieces], self.settings.max_query_tokens, keep)
        return EncodedQuery(mean_vector(vectors), states[0])

    def late_scores(self, query: FloatArray, packed: Sequence[bytes]) -> FloatArray:
        """Compare a query with functions by the states that an index keeps.

        Args:
            query: :attr:`EncodedQuery.states`.
            packed: Those of :attr:`EncodedTexts.states`.

        Returns:
            ``[len(packed)]`` scores in units of cosine similarity.
        """
        assert self.codec is not None
        return self.codec.scores(query, packed)

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
        late = self.network.late
        if late is None:
            logits = self.network.pair_logits(query_ids, text_ids)
        else:
            # Functions read lately are not read again.
            read = self.function_states.of(text_ids, self.network.states)
            logits = late_logits(late, self.network.states([query_ids])[0], read)
        trim_heap()
        return logits

    @property
    def has_codes(self) -> bool:
        """Whether :meth:`code_vectors` and :meth:`poly_scores` can be called."""
        return self.settings.poly_codes > 0

    def code_vectors(self, texts: Sequence[str]) -> list[StateArray]:
        """Compress function texts to the poly-encoder's vectors, which are stored.

        Returns:
            ``[codes, dimension]`` unit vectors of each text.
        """
        weights = self._poly()
        found: list[StateArray] = []
        for start in range(0, len(texts), CODE_TEXTS):
            rows = self.tokenizer.ids(texts[start : start + CODE_TEXTS], self.settings.max_text_tokens)
            found += [code_vectors(weights, states) for states in self.network.states(rows)]
        trim_heap()
        return found

    def poly_scores(self, query: str, functions: Sequence[StateArray]) -> FloatArray:
        """Score functions by their :meth:`code_vectors`.

        Returns:
            ``[len(functions)]`` scores in the units of a cosine.
        """
        return poly_scores(self._poly(), self.encode_queries([query])[0], functions)

    def _poly(self) -> PolyWeights:
        """The poly-encoder's weights."""
        weights = self.network.poly
        if weights is None:
            raise RuntimeError("this model has no codes")
        return weights

    @property
    def probability(self) -> Probability:
        """What turns fused scores into calibrated probabilities."""
        return self.settings.calibration().probability

    def _encode(
        self,
        texts: Sequence[str],
        max_tokens: int,
        keep: Callable[[int, Sequence[int], FloatArray], None] | None = None,
    ) -> FloatArray:
        """Encode texts a chunk at a time; ``keep`` is given the number, the token ids and the states of each."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        for start in range(0, len(texts), CHUNK_TEXTS):
            rows = self.tokenizer.ids(texts[start : start + CHUNK_TEXTS], max_tokens)

            def keep_row(row: int, states: FloatArray, start: int = start, rows: list[list[int]] = rows) -> None:
                assert keep is not None
                keep(start + row, rows[row], states)

            vectors[start : start + len(rows)] = self.network.vectors(rows, None if keep is None else keep_row)
        trim_heap()
        return vectors


def mean_vector(vectors: FloatArray) -> FloatArray:
    """One unit vector ``[dimension]`` of those of a query's pieces ``[pieces, dimension]``: their mean."""
    if len(vectors) == 1:
        alone: FloatArray = vectors[0]
        return alone
    mean: FloatArray = vectors.mean(axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-9)
    return mean


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
