"""How each system of the literature ranks a pool, behind one seam: encode the pool once, then score query by query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from cascode_lab.evaluation.bm25 import Bm25
from cascode_lab.evaluation.cascade import EVALUATED_BYTES
from cascode_models.function_states import FunctionStates
from cascode_models.inference import CasCodeModel, fused_score
from cascode_models.types import FloatArray, StateArray

if TYPE_CHECKING:
    from cascode_models.describing import Describer

#: Put between what a stage read and what it left: far more than scores of any stage differ by. Added in float64, in
#: which scores a millionth apart stay apart.
_APART = 1e4

#: What a pool is ordered by; cascades need float64.
Scores = npt.NDArray[np.floating[Any]]


class Ranker(Protocol):
    """A system, as far as it ranks."""

    @property
    def bytes_a_function(self) -> int:
        """What is stored of a function of the pool."""

    def prepare(self, texts: Sequence[str]) -> None:
        """Encode the pool, as far as that can be done before a query is asked."""

    def scores(self, query: str, positions: Sequence[int]) -> Scores:
        """``[positions]`` scores of the functions of the pool that stand there, the best the highest."""


class Words:
    """BM25 over split identifiers."""

    bytes_a_function = 0

    def prepare(self, texts: Sequence[str]) -> None:
        """See :class:`Ranker`."""
        self._index = Bm25(texts)

    def scores(self, query: str, positions: Sequence[int]) -> FloatArray:
        """See :class:`Ranker`."""
        found: FloatArray = self._index.scores(query)[list(positions)]
        return found


class Fast:
    """The fast encoder alone (CasCode, section 3.1).

    Args:
        model: The model.
    """

    def __init__(self, model: CasCodeModel) -> None:
        self._model = model
        #: A vector in half precision, as an index keeps it.
        self.bytes_a_function = 2 * model.dimension

    def prepare(self, texts: Sequence[str]) -> None:
        """See :class:`Ranker`."""
        self._vectors = self._model.encode_texts(texts)

    def scores(self, query: str, positions: Sequence[int]) -> FloatArray:
        """See :class:`Ranker`."""
        found: FloatArray = (self._vectors @ self._model.encode_queries([query])[0])[list(positions)]
        return found


class Classifier:
    """The slow classifier (CasCode, section 3.2).

    Args:
        model: A model with a classifier.
        holds_pool: Whether a late head, which meets the states of a function alone, holds those of the whole pool: they
            are the same for every query. A cascade reads its few candidates when they are asked about.
    """

    def __init__(self, model: CasCodeModel, *, holds_pool: bool = False) -> None:
        self._model = model
        self._holds_pool = holds_pool and model.network.late is not None
        if self._holds_pool:
            model.function_states = FunctionStates(EVALUATED_BYTES)
        self._texts: list[str] = []

    @property
    def bytes_a_function(self) -> int:
        """The mean of what is held, in half precision."""
        return self._model.function_states.held_bytes // len(self._texts) if self._holds_pool and self._texts else 0

    def prepare(self, texts: Sequence[str]) -> None:
        """See :class:`Ranker`: without a late head nothing can be read before the query is there."""
        self._texts = list(texts)
        if self._holds_pool:
            self._model.classify("", self._texts)

    def scores(self, query: str, positions: Sequence[int]) -> FloatArray:
        """See :class:`Ranker`."""
        return self._model.classify(query, [self._texts[position] for position in positions])


class Poly:
    """The poly-encoder (Humeau et al., 2020).

    Args:
        model: A model with codes.
    """

    def __init__(self, model: CasCodeModel) -> None:
        self._model = model
        self._vectors: list[StateArray] = []

    @property
    def bytes_a_function(self) -> int:
        """The mean of what is stored, in half precision."""
        return int(np.mean([vectors.nbytes for vectors in self._vectors])) if self._vectors else 0

    def prepare(self, texts: Sequence[str]) -> None:
        """See :class:`Ranker`."""
        self._vectors = self._model.code_vectors(texts)

    def scores(self, query: str, positions: Sequence[int]) -> FloatArray:
        """See :class:`Ranker`."""
        return self._model.poly_scores(query, [self._vectors[position] for position in positions])


class Likelihood:
    """A sequence model: the likelihood of the query given each function (Clement et al., 2021).

    Args:
        describer: A model with a decoder.
    """

    bytes_a_function = 0

    def __init__(self, describer: Describer) -> None:
        self._describer = describer

    def prepare(self, texts: Sequence[str]) -> None:
        """See :class:`Ranker`."""
        self._texts = list(texts)

    def scores(self, query: str, positions: Sequence[int]) -> FloatArray:
        """See :class:`Ranker`."""
        found = self._describer.log_likelihoods(query, [self._texts[position] for position in positions])
        return np.array(found, dtype=np.float32)


class Cascade:
    """A ranking whose best K another system reads again (CasCode, sections 3.3 and 3.4); cascades nest.

    Args:
        first: Ranks the pool.
        second: Reads the best.
        depth: K.
        weight: What the second score weighs beside the first, both as :func:`cascode_models.inference.fused_score`
            takes them; infinity orders the K by the second alone, as the paper does.
    """

    def __init__(self, first: Ranker, second: Ranker, depth: int, weight: float = np.inf) -> None:
        self._first = first
        self._second = second
        self.depth = depth
        self._weight = weight
        #: Of the query asked last: all first scores, positions of the K best, and what they are ordered by.
        empty = np.empty(0, dtype=np.float32)
        self._last: tuple[Scores, npt.NDArray[np.intp], Scores] = empty, np.empty(0, dtype=np.intp), empty
        #: Of the same query: what the stage that read each function last said, which a further stage weighs.
        self.said: Scores = empty

    @property
    def bytes_a_function(self) -> int:
        """What both store."""
        return self._first.bytes_a_function + self._second.bytes_a_function

    def prepare(self, texts: Sequence[str]) -> None:
        """See :class:`Ranker`."""
        self._first.prepare(texts)
        self._second.prepare(texts)

    def scores(self, query: str, positions: Sequence[int]) -> Scores:
        """See :class:`Ranker`: what was read stands above the rest, which keeps its order."""
        first = self._first.scores(query, positions)
        said = self._first.said if isinstance(self._first, Cascade) else first
        best = np.argsort(-first, kind="stable")[: self.depth]
        second = self._second.scores(query, [positions[place] for place in best])
        found = second if np.isinf(self._weight) else fused_score(said[best], second, self._weight)
        self._last = first, best, found
        self.said = said.copy()
        self.said[best] = found
        scores = first.astype(np.float64) - _APART
        scores[best] = found.astype(np.float64) + _APART
        return scores

    def rank_at(self, depth: int, answer: int) -> int:
        """Rank of an answer to the query asked last, had fewer been read; candidates that tie with it count as better.

        Args:
            depth: K, at most that of the cascade.
            answer: Position of the answer among those scored.
        """
        first, best, found = self._last
        inside = np.flatnonzero(best[:depth] == answer)
        if len(inside):
            return int((found[:depth] >= found[inside[0]]).sum())
        return int((first >= first[answer]).sum())
