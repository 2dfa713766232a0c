"""An encoder that remembers: measuring twice, or going on after a stop, encodes nothing twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np

from cascode_indexer.location import vector_cache_path
from cascode_indexer.store.vector_cache import VectorCache, text_key
from cascode_models.types import EncodedTexts, Encoder, FloatArray

#: Texts encoded between two commits: the most that a stop loses, a few seconds of work.
_TEXTS_A_BATCH = 512


class CachedEncoder:
    """Keeps function vectors in the cache that workspaces share, rounded as they are served.

    Args:
        encoder: The encoder.
        cache: The cache, opened for its fingerprint.
    """

    def __init__(self, encoder: Encoder, cache: VectorCache) -> None:
        self._encoder = encoder
        self._cache = cache

    @classmethod
    @contextlib.contextmanager
    def open(cls, encoder: Encoder) -> Iterator[CachedEncoder]:
        """Open the cache of this user's workspaces for an encoder while the block runs."""
        with VectorCache(
            vector_cache_path(), encoder.fingerprint, encoder.dimension, with_states=encoder.keeps_states
        ) as cache:
            yield cls(encoder, cache)

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """Width of a vector."""
        return self._encoder.dimension

    @property
    def keeps_states(self) -> bool:
        """Whether the encoder keeps token states."""
        return self._encoder.keeps_states

    def encode_definitions(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode function texts for an index, or find what is kept of them."""
        vectors = self.encode_texts(texts)
        if not self.keeps_states:
            return EncodedTexts(vectors)
        keys = [text_key(text) for text in texts]
        kept = self._cache.get_states(keys)
        if any(key not in kept for key in keys):  # another process has pruned or rebuilt the file meanwhile
            return self._encoder.encode_definitions(texts)
        return EncodedTexts(vectors, tuple(kept[key] for key in keys))

    def encode_queries(self, queries: Sequence[str]) -> FloatArray:
        """Encode queries; they are few and not kept."""
        return self._encoder.encode_queries(queries)

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode function texts, or find their vectors; ``[len(texts), dimension]`` in the order given."""
        keys = [text_key(text) for text in texts]
        known = self._cache.known(keys)
        missing = list({key: at for at, key in enumerate(keys) if key not in known}.values())
        # By length, so that a batch pads little.
        missing.sort(key=lambda at: len(texts[at]))
        for start in range(0, len(missing), _TEXTS_A_BATCH):
            batch = missing[start : start + _TEXTS_A_BATCH]
            encoded = self._encoder.encode_definitions([texts[at] for at in batch])
            self._cache.put([keys[at] for at in batch], encoded.vectors, encoded.states)
        positions, found = self._cache.get(keys)
        if len(positions) < len(keys):  # another process has pruned or rebuilt the file meanwhile
            return self._encoder.encode_texts(texts)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        vectors[positions] = found
        return vectors
