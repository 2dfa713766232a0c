"""An encoder behind the shared vector cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cascode_indexer.location import vector_cache_path
from cascode_indexer.model import ModelHandle
from cascode_indexer.store.vector_cache import VectorCache
from cascode_lab.own_code.cached import CachedEncoder
from cascode_models.types import EncodedTexts, Encoder, FloatArray
from fake_encoder import FakeEncoder


class Counting:
    """An encoder that counts the texts it is given."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.fingerprint, self.dimension = encoder.fingerprint, encoder.dimension
        self.keeps_states = encoder.keeps_states
        self.texts = 0

    def encode_definitions(self, texts: Sequence[str]) -> EncodedTexts:
        """Count and encode."""
        self.texts += len(texts)
        return self._encoder.encode_definitions(texts)

    def encode_queries(self, queries: Sequence[str]) -> FloatArray:
        """Encode queries."""
        return self._encoder.encode_queries(queries)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Count and encode."""
        self.texts += len(texts)
        return self._encoder.encode_texts(texts)


def test_nothing_is_encoded_twice(model: ModelHandle) -> None:
    """Repeated texts are encoded once, a second call not at all; vectors come in the order asked for."""
    counting = Counting(model.get())
    texts = ["def read(path): ...", "def add(a, b): return a + b", "def read(path): ...", "x"]
    with VectorCache(vector_cache_path(), counting.fingerprint, counting.dimension) as cache:
        first = CachedEncoder(counting, cache).encode_texts(texts)
        assert counting.texts == 3
        again = CachedEncoder(counting, cache).encode_texts(texts[::-1])
        assert counting.texts == 3
        assert CachedEncoder(counting, cache).encode_queries(["read"]).shape == (1, counting.dimension)
    assert (again == first[::-1]).all()
    assert (first[0] == first[2]).all()
    assert first == pytest.approx(model.get().encode_texts(texts), abs=5e-3)
    assert np.linalg.norm(first, axis=1) == pytest.approx(1.0, abs=1e-2)


def test_states_are_kept_beside_the_vectors() -> None:
    """What a model keeps of tokens comes from the cache the second time, in the order asked for."""
    encoder = FakeEncoder(states=True)
    texts = ["retry an upload", "open a file", "retry an upload"]
    with CachedEncoder.open(encoder) as cached:
        first = cached.encode_definitions(texts)
        encoded = len(encoder.encoded_texts)
        again = cached.encode_definitions(texts[::-1])
    assert len(encoder.encoded_texts) == encoded
    assert first.states == encoder.encode_definitions(texts).states
    assert again.states is not None
    assert first.states is not None
    assert again.states == first.states[::-1]
