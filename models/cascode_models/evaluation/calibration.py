"""From fused scores to probabilities, and from probabilities to "no good match"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascode_models.inference import CasCodeModel
from cascode_models.types import FloatArray

from .results import Bin, Calibration

#: Newton steps; the two-parameter fit converges in fewer than ten.
_STEPS = 50
#: Bins of the expected calibration error, as in Guo et al. (2017).
_BINS = 15
#: Ranges of a reliability table: as many as a person reads.
_RANGES = 5


def fit_probability(scores: FloatArray, right: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Fit ``sigmoid(score / temperature + bias)`` by maximum likelihood (Platt scaling).

    Args:
        scores: Fused score of each query's first hit.
        right: Whether that hit is the answer.

    Returns:
        Temperature and bias.
    """
    # In units of their own spread: Newton's method runs away from a start that is far off, as it did at 40 a score.
    center, spread = float(np.mean(scores, dtype=np.float64)), float(np.std(scores, dtype=np.float64)) or 1.0
    x = (scores.astype(np.float64) - center) / spread
    # Targets a little inside 0 and 1 (Platt, 1999, section 2.2): scores that part right from wrong have a finite fit.
    count = int(right.sum())
    y = np.where(right, (count + 1) / (count + 2), 1 / (len(right) - count + 2))
    slope, bias = 0.0, 0.0
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(slope * x + bias, -60, 60)))
        weight = p * (1 - p) + 1e-9
        gradient = np.array([((p - y) * x).sum(), (p - y).sum()])
        hessian = np.array([[(weight * x * x).sum(), (weight * x).sum()], [(weight * x).sum(), weight.sum()]])
        step = np.linalg.solve(hessian + 1e-6 * np.eye(2), gradient)
        slope, bias = slope - float(step[0]), bias - float(step[1])
    # A slope that is no slope, or one that falls, says that scores tell nothing: then a nearly constant probability.
    slope = max(slope, 1e-3)
    return spread / slope, bias - slope * center / spread


def expected_calibration_error(probabilities: FloatArray, right: npt.NDArray[np.bool_]) -> float:
    """Mean distance between probability and truth over equal bins, weighted by their size."""
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    return float(
        sum(
            abs(float(probabilities[bins == number].mean()) - float(right[bins == number].mean()))
            * float((bins == number).mean())
            for number in np.unique(bins)
        )
    )


def reliability(probabilities: FloatArray, right: npt.NDArray[np.bool_]) -> list[Bin]:
    """What a reliability diagram shows: probability and truth of each range that holds a query."""
    bins = np.minimum((probabilities * _RANGES).astype(int), _RANGES - 1)
    return [
        Bin(
            low=int(number) / _RANGES,
            high=(int(number) + 1) / _RANGES,
            queries=int((bins == number).sum()),
            probability=float(probabilities[bins == number].mean()),
            right=float(right[bins == number].mean()),
        )
        for number in np.unique(bins)
    ]


@dataclass(frozen=True, slots=True)
class FirstHits:
    """The first hit of each query, in the pool as it is and in the pool without the answer."""

    #: ``[queries]`` fused score of the first hit.
    scores: FloatArray
    #: ``[queries]`` whether it is the answer.
    right: npt.NDArray[np.bool_]
    #: ``[queries]`` fused score of the best candidate that is not the answer.
    scores_without_answer: FloatArray

    @classmethod
    def joined(cls, parts: Sequence[FirstHits]) -> FirstHits:
        """Those of several sets together."""
        return cls(
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.scores_without_answer for part in parts]),
        )


def first_hits(fused: FloatArray, right: npt.NDArray[np.bool_]) -> FirstHits:
    """Find the first hits.

    Args:
        fused: ``[queries, candidates]`` fused scores, two candidates or more.
        right: ``[queries, candidates]`` whether a candidate is the answer.
    """
    rows = np.arange(len(fused))
    best = fused.argmax(axis=1)
    return FirstHits(fused[rows, best], right[rows, best], np.where(right, -np.inf, fused).max(axis=1))


def judged(name: str, hits: FirstHits, model: CasCodeModel) -> Calibration:
    """Compare the model's probabilities, and its word that nothing matches, with the truth."""
    probabilities = np.array([model.probability(float(score)) for score in hits.scores], dtype=np.float32)
    without = np.array([model.probability(float(score)) for score in hits.scores_without_answer])
    threshold = model.settings.no_match_threshold
    flagged = probabilities < threshold
    return Calibration(
        name=name,
        queries=len(probabilities),
        error=expected_calibration_error(probabilities, hits.right),
        bins=reliability(probabilities, hits.right),
        threshold=threshold,
        flagged=int(flagged.sum()),
        flagged_wrong=float((~hits.right[flagged]).mean()) if flagged.any() else 0.0,
        others_right=float(hits.right[~flagged].mean()) if not flagged.all() else 0.0,
        flagged_without_answer=float((without < threshold).mean()),
    )
