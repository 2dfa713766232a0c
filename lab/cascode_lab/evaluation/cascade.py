"""Both stages on a retrieval set: the fast ranking, and the same with its top K classified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascode_models.function_states import FunctionStates
from cascode_models.inference import CasCodeModel, fused_score
from cascode_models.late import COSINE_SCALE
from cascode_models.types import Encoder, FloatArray

from .metrics import Ranks, ranks_of
from .sets import RetrievalSet

#: Memory for the states of a retrieval set's functions, which are candidates of several queries each: CoSQA's 6,267,
#: the largest set here, take half of it.
EVALUATED_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class StageScores:
    """What both stages say about a retrieval set, kept so that weights are tried without the model."""

    #: ``[queries]`` rank of the answer in the fast stage.
    fast_ranks: Ranks
    #: ``[queries, K]`` similarities of the candidates, best first.
    similarities: FloatArray
    #: ``[queries, K]`` logits of the classifier.
    logits: FloatArray
    #: ``[queries, K]``: true where the candidate is the answer.
    right: npt.NDArray[np.bool_]

    def ranks(self, weight: float, depth: int | None = None) -> Ranks:
        """Rank of each answer after reranking.

        Args:
            weight: Weight of the classifier's logit; infinity ranks by the classifier alone.
            depth: Candidates reranked; None takes all that were classified.
        """
        depth = depth or self.logits.shape[1]
        scores = self.fuse(weight)[:, :depth]
        right = self.right[:, :depth]
        inside = right.any(axis=1)
        own = np.where(right, scores, -np.inf).max(axis=1)[:, None]
        return np.where(inside, (scores >= own).sum(axis=1), self.fast_ranks).astype(np.int64)

    def fuse(self, weight: float) -> FloatArray:
        """``[queries, K]`` scores to rank by; an infinite weight gives the classifier's alone."""
        return self.logits if np.isinf(weight) else fused_score(self.similarities, self.logits, weight)


def fast_scores(encoder: Encoder, task: RetrievalSet) -> FloatArray:
    """Similarities ``[queries, texts]`` of the fast encoder."""
    scores: FloatArray = encoder.encode_queries(task.queries) @ encoder.encode_texts(task.texts).T
    return scores


@contextmanager
def functions_kept(model: CasCodeModel) -> Iterator[None]:
    """Let the classifier read no function of a set twice; a block inside another shares what that one keeps."""
    before = model.function_states
    if before.limit < EVALUATED_BYTES:
        model.function_states = FunctionStates(EVALUATED_BYTES)
    try:
        yield
    finally:
        model.function_states = before


def kept_scores(
    model: CasCodeModel, encoder: Encoder, task: RetrievalSet, depth: int, scores: FloatArray
) -> StageScores:
    """Run both stages, the second one from the states that an index keeps.

    Args:
        model: A model that keeps states.
        encoder: The same, or one that remembers what it encoded.
        task: The retrieval set.
        depth: K, the candidates whose states are read.
        scores: Similarities of the fast encoder.
    """
    states = encoder.encode_definitions(task.texts).states
    assert states is not None
    depth = min(depth, scores.shape[1])
    best = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    late = np.empty(best.shape, dtype=np.float32)
    for row, (query, candidates) in enumerate(zip(task.queries, best, strict=True)):
        asked = model.encode_query([query]).states
        assert asked is not None
        late[row] = model.late_scores(asked, [states[position] for position in candidates])
    return StageScores(
        fast_ranks=ranks_of(scores, task.answers),
        similarities=np.take_along_axis(scores, best, axis=1),
        logits=COSINE_SCALE * late,
        right=best == task.answers[:, None],
    )


def stage_scores(model: CasCodeModel, task: RetrievalSet, depth: int, scores: FloatArray | None = None) -> StageScores:
    """Run both stages.

    Args:
        model: A model with a classifier.
        task: The retrieval set.
        depth: K, the candidates handed to the classifier.
        scores: Similarities of the fast encoder where they are at hand.
    """
    scores = fast_scores(model, task) if scores is None else scores
    depth = min(depth, scores.shape[1])
    best = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    with functions_kept(model):
        logits = np.stack(
            [
                model.classify(query, [task.texts[position] for position in candidates])
                for query, candidates in zip(task.queries, best, strict=True)
            ]
        )
    return StageScores(
        fast_ranks=ranks_of(scores, task.answers),
        similarities=np.take_along_axis(scores, best, axis=1),
        logits=logits,
        right=best == task.answers[:, None],
    )
