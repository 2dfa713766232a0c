"""Encodes in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from cascode_indexer.model import ModelHandle
from cascode_models.types import EncodedTexts, Encoder
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

    @property
    def keeps_states(self) -> bool:
        """Whether the model keeps token states."""
        return self._encoder.keeps_states

    def encode(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, EncodedTexts]]:
        """See :meth:`Workers.encode`."""
        for batch in batches:
            yield batch, encode_alone(self._encoder, batch.texts)

    def close(self) -> None:
        """The model is its holder's."""


def encode_alone(encoder: Encoder, texts: Sequence[str]) -> EncodedTexts:
    """Encode each text by itself.

    In a batch, texts are padded to the longest, which changes last digits of float32 and now and then one of the
    float16 that is kept: a load that was broken off and went on with other batches would give another store. Alone, a
    text's vector and states depend on the text.

    Args:
        encoder: The model.
        texts: The texts.
    """
    encoded = [encoder.encode_definitions([text]) for text in texts]
    vectors = np.concatenate([alone.vectors for alone in encoded])
    return EncodedTexts(vectors, tuple(packed for alone in encoded for packed in alone.states or ()) or None)
