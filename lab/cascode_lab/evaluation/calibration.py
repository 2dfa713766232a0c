"""From fused scores to probabilities, and from probabilities to "no good match"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascode_models.inference import CasCodeModel
from cascode_models.probability import CONTENDERS, Probability, log_loss
from cascode_models.types import FloatArray

from .results import Bin, Calibration

#: Newton steps; the two-parameter fit converges in fewer than ten.
_STEPS = 50
#: Bins of the expected calibration error, as in Guo et al. (2017).
_BINS = 15
#: Score of an answer taken out of its pool: far below any other, and a number.
_ABSENT = -1e6
#: Questions that the workspace does not answer: a person asks one in ten in vain, we suppose; no benchmark knows.
_UNANSWERED = 0.1
#: Temperatures tried for the share of a candidate, in units of the fused score: a cosine of 0.015 to one of 1.
_SHARE_TEMPERATURES = np.geomspace(0.3, 20, 150)
#: Ranges of a reliability table: as many as a person reads.
_RANGES = 5


@dataclass(frozen=True, slots=True)
class BestHits:
    """The best candidates of each query."""

    #: ``[queries, candidates]`` fused scores, best first.
    fused: FloatArray
    #: ``[queries, candidates]`` whether a candidate is the answer.
    right: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, fused: FloatArray, right: npt.NDArray[np.bool_]) -> BestHits:
        """Take the best of ``[queries, candidates]`` fused scores, two candidates or more."""
        # One contender more: without the answer there are as many as with it.
        best = np.argsort(-fused, axis=1, kind="stable")[:, : CONTENDERS + 1]
        spare = ((0, 0), (0, CONTENDERS + 1 - best.shape[1]))
        return cls(
            np.pad(np.take_along_axis(fused, best, axis=1), spare, constant_values=_ABSENT),
            np.pad(np.take_along_axis(right, best, axis=1), spare),
        )

    @classmethod
    def join(cls, parts: Sequence[BestHits]) -> BestHits:
        """Those of several sets together."""
        return cls(np.concatenate([part.fused for part in parts]), np.concatenate([part.right for part in parts]))

    def without_answer(self) -> BestHits:
        """The same queries with their answers taken out of the pool; those that have nothing left are out as well."""
        left = np.where(self.right, np.float32(_ABSENT), self.fused)
        left = left[left.max(axis=1) > _ABSENT]
        return BestHits.of(left, np.zeros(left.shape, dtype=np.bool_))

    def rows(self, chosen: npt.NDArray[np.int64]) -> BestHits:
        """Those of some queries."""
        return BestHits(self.fused[chosen], self.right[chosen])

    @property
    def first(self) -> FloatArray:
        """``[queries]`` fused score of the first hit."""
        return self.fused[:, 0]

    @property
    def first_right(self) -> npt.NDArray[np.bool_]:
        """``[queries]`` whether the first hit is the answer."""
        return self.right[:, 0]


def fit_probability(hits: BestHits) -> Probability:
    """Fit probabilities by maximum likelihood.

    Whether there is an answer is fitted to the same queries with and without theirs (Platt scaling), how it is shared
    among the candidates to whether the first hit is right.

    Args:
        hits: The best candidates of each query.
    """
    present, absent = hits.first, hits.without_answer().first
    temperature, bias = _fit_sigmoid(
        np.concatenate([present, absent]),
        np.arange(len(present) + len(absent)) < len(present),
        np.concatenate([np.ones(len(present)), np.full(len(absent), _UNANSWERED / (1 - _UNANSWERED))]),
    )
    tried = [Probability(temperature, bias, float(share)) for share in _SHARE_TEMPERATURES]
    return min(tried, key=lambda calibration: log_loss(calibration.of(hits.fused)[:, 0], hits.first_right))


def _fit_sigmoid(
    scores: FloatArray, right: npt.NDArray[np.bool_], weights: npt.NDArray[np.floating]
) -> tuple[float, float]:
    """Temperature and bias of the likeliest ``sigmoid(score / temperature + bias)``."""
    # In units of their own spread: Newton's method runs away from a start that is far off, as it did at 40 a score.
    center, spread = float(np.mean(scores, dtype=np.float64)), float(np.std(scores, dtype=np.float64)) or 1.0
    x = (scores.astype(np.float64) - center) / spread
    # Targets a little inside 0 and 1 (Platt, 1999, section 2.2): scores that part right from wrong have a finite fit.
    yes, no = float(weights[right].sum()), float(weights[~right].sum())
    y = np.where(right, (yes + 1) / (yes + 2), 1 / (no + 2))
    slope, bias = 0.0, 0.0
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(slope * x + bias, -60, 60)))
        curve, error = weights * p * (1 - p) + 1e-9, weights * (p - y)
        hessian = np.array([[(curve * x * x).sum(), (curve * x).sum()], [(curve * x).sum(), curve.sum()]])
        step = np.linalg.solve(hessian + 1e-6 * np.eye(2), np.array([(error * x).sum(), error.sum()]))
        slope, bias = slope - float(step[0]), bias - float(step[1])
    # A slope of nothing, or one that falls, says that scores carry nothing: then a nearly constant probability.
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


def judge(name: str, hits: BestHits, model: CasCodeModel) -> Calibration:
    """Compare the model's probabilities, and its word that nothing matches, with the truth."""
    probability, threshold = model.probability, model.settings.no_match_threshold
    probabilities, right = probability.of(hits.fused)[:, 0], hits.first_right
    flagged = probability.has_answer(hits.first) < threshold
    return Calibration(
        name=name,
        queries=len(probabilities),
        error=expected_calibration_error(probabilities, right),
        bins=reliability(probabilities, right),
        threshold=threshold,
        flagged=int(flagged.sum()),
        flagged_wrong=float((~right[flagged]).mean()) if flagged.any() else 0.0,
        others_right=float(right[~flagged].mean()) if not flagged.all() else 0.0,
        flagged_without_answer=float((probability.has_answer(hits.without_answer().first) < threshold).mean()),
    )
