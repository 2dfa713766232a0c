"""How probable it is that a hit answers: the score that orders, on the scale that the model was calibrated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascode_indexer.rank.types import Ranked
from cascode_indexer.search.stages import FUSED, fused_parts_of, similarities_of

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


def confidence_of(model: CasCodeModel | None, ranked: Sequence[Ranked], kind: str) -> Confidence:
    """Judge a ranked list.

    A probability belongs to the score that ordered the list, not to the part of it that the model gave: so it falls
    from hit to hit.

    Args:
        model: Its calibration; None while there is none.
        ranked: Best first, all that the last stage read.
        kind: See :attr:`cascode_indexer.query.Query.judged_as`. Each is ranked by weights of its own, and calibrated by
            itself where that was measured.
    """
    unknown = Confidence((None,) * len(ranked), confident=True)
    if model is None or not ranked:
        return unknown
    judged = _judged(model, ranked)
    if not judged:
        return unknown
    scores = _calibrated_scores(model, judged)
    calibration = model.settings.calibration(kind)
    probabilities, answered = calibration.probability.of(scores), calibration.probability.has_answer(scores)
    # Without a vector the similarity is a guess that ranks: no probability was calibrated on such.
    known = [candidate.candidate.similarity is not None for candidate in judged]
    best = max(
        (float(probability) for probability, is_known in zip(answered, known, strict=True) if is_known), default=None
    )
    shown = {
        id(candidate): float(probability)
        for candidate, probability, is_known in zip(judged, probabilities, known, strict=True)
        if is_known
    }
    return Confidence(
        tuple(shown.get(id(candidate)) for candidate in ranked),
        confident=best is None or best >= calibration.no_match_threshold,
    )


def _judged(model: CasCodeModel, ranked: Sequence[Ranked]) -> list[Ranked]:
    """What can be given a probability: the candidates that were read; none while the classifier is waited for."""
    if read := [candidate for candidate in ranked if FUSED in candidate.evidence]:
        return read
    # A classifier that nobody waits for: the probabilities were fitted to the similarity alone.
    return list(ranked) if model.settings.fusion_weight == 0 else []


def _calibrated_scores(model: CasCodeModel, judged: Sequence[Ranked]) -> FloatArray:
    """The scores that order the list, in units of the fused score."""
    from cascode_models.inference import fused_score

    similarities = fused_parts_of(judged)
    if model.settings.fusion_weight == 0:
        fused = fused_score(similarities_of(judged), np.zeros(len(judged), dtype=np.float32), 0.0)
    else:
        fused = np.array([candidate.evidence[FUSED] for candidate in judged], dtype=np.float32)
    return ordering_scores(fused, similarities, np.array([hit.score for hit in judged], dtype=np.float32))


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
    from cascode_models.late import COSINE_SCALE

    spread = float(similarities.std())
    return float(fused.std()) / spread if spread else COSINE_SCALE
