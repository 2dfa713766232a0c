"""How probable it is that a hit answers: the score that orders, on the scale that the model was calibrated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascode_indexer.query import QueryKind
from cascode_indexer.rank.types import Ranked
from cascode_indexer.search.stages import FUSED, similarities_of

if TYPE_CHECKING:
    from cascode_models.inference import CasCodeModel
    from cascode_models.types import FloatArray


@dataclass(frozen=True, slots=True)
class Confidence:
    """What the model thinks of a list."""

    #: P(it answers) of each hit, in their order; None where none was calibrated.
    probabilities: tuple[float | None, ...]
    #: False where the model says that nothing matches well.
    confident: bool


def confidence_of(model: CasCodeModel | None, ranked: Sequence[Ranked], kind: QueryKind) -> Confidence:
    """Judge a ranked list.

    A probability belongs to the score that ordered the list, not to the part of it that the model gave: so it falls
    from hit to hit.

    Args:
        model: Its calibration; None while there is none.
        ranked: Best first, all that the last stage read.
        kind: Of the query: each is ranked by weights of its own, and calibrated by itself where that was measured.
    """
    unknown = Confidence((None,) * len(ranked), confident=True)
    if model is None or not ranked:
        return unknown
    scores = _calibrated_scores(model, ranked)
    if not len(scores):
        return unknown
    calibration = model.settings.calibration(kind.value)
    probabilities, answered = calibration.probability.of(scores), calibration.probability.has_answer(scores)
    # Without a vector the similarity is a guess that ranks: no probability was calibrated on such.
    known = [candidate.candidate.similarity is not None for candidate in ranked[: len(scores)]]
    best = max(
        (float(probability) for probability, is_known in zip(answered, known, strict=True) if is_known), default=None
    )
    shown = [
        float(probability) if is_known else None for probability, is_known in zip(probabilities, known, strict=True)
    ]
    return Confidence(
        (*shown, *unknown.probabilities[len(scores) :]),
        confident=best is None or best >= calibration.no_match_threshold,
    )


def _calibrated_scores(model: CasCodeModel, ranked: Sequence[Ranked]) -> FloatArray:
    """The scores that order the list, in units of the fused score; empty where the classifier is yet to read it."""
    from cascode_models.inference import fused_score

    read = [candidate for candidate in ranked if FUSED in candidate.evidence]
    if read:
        fused = np.array([candidate.evidence[FUSED] for candidate in read], dtype=np.float32)
    elif model.settings.fusion_weight == 0:
        # A classifier that nobody waits for: the probabilities were fitted to the similarity alone.
        read = list(ranked)
        fused = fused_score(similarities_of(read), np.zeros(len(read), dtype=np.float32), 0.0)
    else:
        return np.zeros(0, dtype=np.float32)
    return ordering_scores(fused, similarities_of(read), np.array([hit.score for hit in read], dtype=np.float32))


def ordering_scores(fused: FloatArray, similarities: FloatArray, scores: FloatArray) -> FloatArray:
    """Return the scores that order what a classifier has read, in units of its fused score.

    Args:
        fused: ``[candidates]`` fused scores.
        similarities: ``[candidates]`` what stands for those in the sum of the evidence.
        scores: ``[candidates]`` the sums.
    """
    return (fused + (scores - similarities) * _unit(similarities, fused)).astype(np.float32)


def _unit(similarities: FloatArray, fused: FloatArray) -> float:
    """Units of the fused score in one of the similarity that stands for it in the sum of the evidence."""
    from cascode_models.heads import COSINE_SCALE

    spread = float(similarities.std())
    return float(fused.std()) / spread if spread else COSINE_SCALE
