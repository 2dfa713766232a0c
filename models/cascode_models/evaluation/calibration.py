"""From fused scores to probabilities, and from probabilities to "no good match"."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cascode_models.types import FloatArray

#: Newton steps; the two-parameter fit converges in fewer than ten.
_STEPS = 50
#: Bins of the expected calibration error, as in Guo et al. (2017).
_BINS = 15


def fit_probability(scores: FloatArray, right: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Fit ``sigmoid(score / temperature + bias)`` by maximum likelihood (Platt scaling).

    Args:
        scores: Fused score of each query's first hit.
        right: Whether that hit is the answer.

    Returns:
        Temperature and bias.
    """
    slope, bias = 0.1, 0.0
    x, y = scores.astype(np.float64), right.astype(np.float64)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(slope * x + bias, -60, 60)))
        weight = p * (1 - p) + 1e-9
        gradient = np.array([((p - y) * x).sum(), (p - y).sum()])
        hessian = np.array([[(weight * x * x).sum(), (weight * x).sum()], [(weight * x).sum(), weight.sum()]])
        step = np.linalg.solve(hessian + 1e-6 * np.eye(2), gradient)
        slope, bias = slope - float(step[0]), bias - float(step[1])
    return 1.0 / max(slope, 1e-3), bias


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
