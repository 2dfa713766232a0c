"""From fused scores to probabilities, and from probabilities to "no good match"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cascode_models.inference import CONTENDERS, CasCodeModel, leads, sigmoid
from cascode_models.types import FloatArray

from .results import Bin, Calibration

#: Newton steps; the three-parameter fit converges in fewer than ten.
_STEPS = 50
#: Bins of the expected calibration error, as in Guo et al. (2017).
_BINS = 15
#: Score of an answer taken out of its pool: far below any other, and a number.
_ABSENT = -1e6
#: Ranges of a reliability table: as many as a person reads.
_RANGES = 5


class Hits(NamedTuple):
    """First hits of queries, as their probability reads them."""

    #: ``[queries]`` fused scores.
    scores: FloatArray
    #: ``[queries]`` leads over their rivals (:func:`cascode_models.inference.leads`).
    leads: FloatArray

    def rows(self, chosen: npt.NDArray[np.int64]) -> Hits:
        """Those of some queries."""
        return Hits(self.scores[chosen], self.leads[chosen])


class Fit(NamedTuple):
    """Log-odds that a first hit is right: ``score / temperature + lead_weight * lead + bias``."""

    temperature: float
    lead_weight: float
    bias: float

    def probabilities(self, hits: Hits) -> FloatArray:
        """Probabilities of first hits."""
        return sigmoid(hits.scores / self.temperature + self.lead_weight * hits.leads + self.bias)


def fit_probability(hits: Hits, right: npt.NDArray[np.bool_]) -> Fit:
    """Fit log-odds to first hits by maximum likelihood (Platt scaling, with the lead over the rivals beside the score).

    A score means one thing among functions that resemble each other and another among ones that do not; the lead
    carries over from one workspace to the next.

    Args:
        hits: Score and lead of each query's first hit.
        right: Whether that hit is the answer.
    """
    # In units of their own spread: Newton's method runs away from a start that is far off, as it did at 40 a score.
    features = np.stack([hits.scores, hits.leads], axis=1).astype(np.float64)
    center, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    x = np.column_stack([(features - center) / spread, np.ones(len(features))])
    # Targets a little inside 0 and 1 (Platt, 1999, section 2.2): scores that part right from wrong have a finite fit.
    count = int(right.sum())
    y = np.where(right, (count + 1) / (count + 2), 1 / (len(right) - count + 2))
    slopes = np.zeros(3)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ slopes, -60, 60)))
        hessian = (x * (p * (1 - p) + 1e-9)[:, None]).T @ x
        slopes -= np.linalg.solve(hessian + 1e-6 * np.eye(3), x.T @ (p - y))
    # A slope that is no slope, or one that falls, says that scores tell nothing: then they count nearly nothing.
    by_score, by_lead = max(float(slopes[0]), 1e-3), max(float(slopes[1]), 0.0)
    return Fit(
        temperature=float(spread[0]) / by_score,
        lead_weight=by_lead / float(spread[1]),
        bias=float(slopes[2]) - by_score * float(center[0] / spread[0]) - by_lead * float(center[1] / spread[1]),
    )


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

    hits: Hits
    #: ``[queries]`` whether it is the answer.
    right: npt.NDArray[np.bool_]
    #: The best candidate that is not the answer, among those that are not.
    without_answer: Hits

    @classmethod
    def joined(cls, parts: Sequence[FirstHits]) -> FirstHits:
        """Those of several sets together."""
        return cls(
            Hits(*(np.concatenate(values) for values in zip(*(part.hits for part in parts), strict=True))),
            np.concatenate([part.right for part in parts]),
            Hits(*(np.concatenate(values) for values in zip(*(part.without_answer for part in parts), strict=True))),
        )


def first_hits(fused: FloatArray, right: npt.NDArray[np.bool_]) -> FirstHits:
    """Find the first hits.

    Args:
        fused: ``[queries, candidates]`` fused scores, two candidates or more.
        right: ``[queries, candidates]`` whether a candidate is the answer.
    """
    # One contender more: without the answer there are as many as with it.
    best = np.argsort(-fused, axis=1, kind="stable")[:, : CONTENDERS + 1]
    fused, right = np.take_along_axis(fused, best, axis=1), np.take_along_axis(right, best, axis=1)
    without = np.where(right, _ABSENT, fused)
    rows, first = np.arange(len(fused)), without.argmax(axis=1)
    return FirstHits(
        Hits(fused[:, 0], leads(fused)[:, 0]), right[:, 0], Hits(without[rows, first], leads(without)[rows, first])
    )


def judged(name: str, hits: FirstHits, model: CasCodeModel) -> Calibration:
    """Compare the model's probabilities, and its word that nothing matches, with the truth."""
    settings = model.settings
    fit = Fit(settings.temperature, settings.lead_weight, settings.calibration_bias)
    probabilities, without = fit.probabilities(hits.hits), fit.probabilities(hits.without_answer)
    threshold = settings.no_match_threshold
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
