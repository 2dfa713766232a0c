"""Encodes in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from cascode_indexer.model import ModelHandle
from cascode_models.types import Encoder, FloatArray
from cascode_team.loading.types import Batch


class LocalWorkers:
    """Encodes with the model of this process.

    Args:
        model: The model.

    Raises:
        ModelError: It cannot be loaded.
    """

    def __init__(self, model: ModelHandle) -> None:
        self._encoder = model.get()

    @property
    def fingerprint(self) -> str:
        """Of the model."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """Width of its vectors."""
        return self._encoder.dimension

    def encode(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, FloatArray]]:
        """See :meth:`Workers.encode`."""
        for batch in batches:
            yield batch, encode_alone(self._encoder, batch.texts)

    def close(self) -> None:
        """The model is its holder's."""


def encode_alone(encoder: Encoder, texts: Sequence[str]) -> FloatArray:
    """Encode each text by itself: ``[len(texts), dimension]``.

    In a batch, texts are padded to the longest, which changes last digits of float32 and now and then one of the
    float16 that is kept: a load that was broken off and went on with other batches would give another store. Alone, a
    text's vector depends on the text.

    Args:
        encoder: The model.
        texts: The texts.
    """
    return np.concatenate([encoder.encode_texts([text]) for text in texts])
