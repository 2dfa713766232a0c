"""A deterministic stand-in for the model: texts that share words have similar vectors, on every machine."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cascode_indexer.lexical.terms import STOP_WORDS, split_identifiers
from cascode_indexer.model import ModelHandle
from cascode_models.inference import mean_vector
from cascode_models.probability import Probability
from cascode_models.settings import ModelSettings
from cascode_models.types import EncodedQuery, EncodedTexts, FloatArray

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel

DIMENSION = 64
#: Longest first, so that "retries" loses "es" and not "s" alone.
_ENDINGS = ("ing", "ed", "es", "s", "e")
#: What is left of a word still names it.
_SHORTEST_STEM = 3


def stem(word: str) -> str:
    """Join the forms of a word: retry, retries, retried and retrying give one stem."""
    for ending in _ENDINGS:
        shorter = word.removesuffix(ending)
        if shorter != word and len(shorter) >= _SHORTEST_STEM and not word.endswith("ss"):
            word = shorter
            break
    return word[:-1] + "i" if word.endswith("y") else word


def stems(text: str) -> Counter[str]:
    """Count the stems of a text; words that every question and every program has are left out."""
    words = split_identifiers(text)
    return Counter(stem(word) for word in words if len(word) > 1 and word not in STOP_WORDS)


def direction(word: str, dimension: int) -> FloatArray:
    """Return the vector ``[dimension]`` of plus and minus ones that stands for a stem."""
    digest = hashlib.shake_256(word.encode("utf-8", "surrogatepass")).digest(dimension)
    return np.array([1.0 if byte & 1 else -1.0 for byte in digest], dtype=np.float32)


def _numbers(text: str) -> FloatArray:
    """``[stems]`` numbers that stand for the stems of a text, that of the empty word where it has none."""
    digests = (hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest() for word in stems(text) or ("",))
    return np.array([float(int.from_bytes(digest[:3], "little")) for digest in digests], dtype=np.float32)


class FakeEncoder:
    """Encodes a text as the bag of its stems, each in a pseudo-random direction; nothing is loaded.

    The cosine of two texts is about the share of stems they have in common, give or take 1 / sqrt(dimension) for
    each pair of directions that are not quite orthogonal. It takes the place of
    :class:`cascode_models.inference.CasCodeModel` wherever one is expected.

    Args:
        fingerprint: Name another one to stand for another model.
        dimension: Width of a vector.
        classifier: Whether it has a slow classifier: its logit rises with the share of the query's stems that a
            function holds, whatever else the function says.
        states: Whether an index keeps token states for the classifier, here the stems of a text.
        settings: What the classifier and the probabilities are to be given; the default fuses both stages evenly.
    """

    device = "cpu"
    engine = "fake"
    all_threads = 1

    def __init__(
        self,
        fingerprint: str = "fake-encoder-1",
        *,
        dimension: int = DIMENSION,
        classifier: bool = False,
        states: bool = False,
        settings: ModelSettings | None = None,
    ) -> None:
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.has_classifier = classifier or states
        self.keeps_states = states
        #: A float32 for each stem.
        self.state_bytes = 4 if states else 0
        # Cosines are scaled by 20 before they are fused: at 0.3 an answer is as likely as not.
        self.settings = settings or ModelSettings(
            head="late" if self.has_classifier else "none",
            fusion_weight=1.0 if self.has_classifier else 0.0,
            temperature=2.0,
            calibration_bias=-3.0,
            share_temperature=1.0,
        )
        self.threads = 1
        #: Every text and every query that was encoded, in order, for tests that count.
        self.encoded_texts: list[str] = []
        self.encoded_queries: list[str] = []
        #: Every (query, texts) that was classified.
        self.classified: list[tuple[str, tuple[str, ...]]] = []

    @property
    def probability(self) -> Probability:
        """What turns fused scores into probabilities."""
        settings = self.settings
        return Probability(settings.temperature, settings.calibration_bias, settings.share_temperature)

    def encode_queries(self, queries: Sequence[str]) -> FloatArray:
        """Return ``[len(queries), dimension]`` unit vectors."""
        self.encoded_queries.extend(queries)
        return self._encode(queries)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Return ``[len(texts), dimension]`` unit vectors."""
        self.encoded_texts.extend(texts)
        return self._encode(texts)

    def encode_definitions(self, texts: Sequence[str]) -> EncodedTexts:
        """Return vectors, and the numbers of the stems as packed states where it keeps some."""
        vectors = self.encode_texts(texts)
        return EncodedTexts(vectors, tuple(_numbers(text).tobytes() for text in texts) if self.keeps_states else None)

    def encode_query(self, pieces: Sequence[str]) -> EncodedQuery:
        """Return the mean vector, and the numbers of the first piece's stems where it keeps states."""
        vectors = self.encode_queries(pieces)
        return EncodedQuery(mean_vector(vectors), _numbers(pieces[0])[:, None] if self.keeps_states else None)

    def late_scores(self, query: FloatArray, packed: Sequence[bytes]) -> FloatArray:
        """Return ``[len(packed)]`` shares of the query's stems that each text holds."""
        asked = set(query[:, 0].tolist())
        kept = [set(np.frombuffer(states, dtype=np.float32).tolist()) for states in packed]
        return np.array([len(asked & found) / max(len(asked), 1) for found in kept], dtype=np.float32)

    def classify(self, query: str, texts: Sequence[str]) -> FloatArray:
        """Return ``[len(texts)]`` logits, -4 where a text holds no stem of the query and 4 where it holds all.

        Raises:
            RuntimeError: It was made without a classifier.
        """
        if not self.has_classifier:
            raise RuntimeError("this model has no classifier")
        self.classified.append((query, tuple(texts)))
        asked = set(stems(query))
        shares = [len(asked & set(stems(text))) / max(len(asked), 1) for text in texts]
        return np.array([8.0 * share - 4.0 for share in shares], dtype=np.float32)

    def _encode(self, texts: Sequence[str]) -> FloatArray:
        """Return unit vectors ``[len(texts), dimension]``."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            # A text without words still needs a unit vector: that of the empty word.
            for word, count in (stems(text) or Counter({"": 1})).items():
                # A word said ten times says a little more than one said once.
                vectors[row] += (1.0 + math.log(count)) * direction(word, self.dimension)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        # Two directions may cancel exactly.
        vectors[norms[:, 0] == 0] = direction("", self.dimension)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class FakeModelHandle(ModelHandle):
    """A model handle that is given its model instead of loading one.

    Args:
        encoder: The model; None for a fresh one.
    """

    def __init__(self, encoder: FakeEncoder | None = None) -> None:
        self.encoder = encoder or FakeEncoder()
        super().__init__(self.encoder.fingerprint)

    def _load(self) -> CasCodeModel:
        """Return the stand-in; its caller uses nothing of a model that it lacks."""
        return self.encoder  # type: ignore[return-value]


@pytest.fixture
def fake_model() -> FakeModelHandle:
    """A model that costs nothing: an engine opened with it answers in milliseconds."""
    return FakeModelHandle()
