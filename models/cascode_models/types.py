"""The data that crosses the seams of the model package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
#: States of tokens as they are kept: in half precision, whose rounding moves a cosine by 1e-5.
StateArray = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """What of a function the model reads: nothing that depends on where the function stands."""

    #: Qualified name inside its file, parts joined by dots (``Session.send``).
    name: str
    #: Source text from the first decorator or annotation to the last line, doc comment inside or not.
    code: str
    #: Doc comment without its markers; empty where the function has none or it is part of ``code``.
    doc: str = ""
    #: Language id as in ``cascode_indexer.extract`` (``python``, ``typescript``, ``c_sharp``...).
    language: str = ""


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Texts as an index keeps them, all of one pass of the encoder."""

    #: ``[texts, dimension]`` unit vectors.
    vectors: FloatArray
    #: Token states of each, packed by :class:`cascode_models.token_states.StateCodec`; None where the model keeps none.
    states: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A query as an index is searched with it."""

    #: ``[dimension]`` unit vector.
    vector: FloatArray
    #: ``[tokens, state dimension]`` unit states that packed ones are compared with; None where the model keeps none.
    states: FloatArray | None = None


class Encoder(Protocol):
    """Stage I, the fast encoder: text to a unit vector."""

    @property
    def fingerprint(self) -> str:
        """Names weights, tokenizer and text preparation; vectors of two fingerprints never mix."""

    @property
    def dimension(self) -> int:
        """Width of a vector."""

    @property
    def keeps_states(self) -> bool:
        """Whether an index keeps token states beside the vectors."""

    def encode_definitions(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode function texts for an index, in the order given; see :meth:`encode_texts`."""

    def encode_queries(self, queries: Sequence[str]) -> FloatArray:
        """Encode natural-language queries.

        Returns:
            ``[len(queries), dimension]`` unit vectors.
        """

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode function texts made by :func:`cascode_models.text.function_text`.

        Returns:
            ``[len(texts), dimension]`` unit vectors, in the order given.
        """
