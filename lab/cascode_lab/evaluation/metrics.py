"""Retrieval metrics over the ranks of right answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ranks = npt.NDArray[np.int64]

#: Depths of recall in every table.
RECALL_DEPTHS = (1, 2, 5, 8, 10, 100)
#: Resamples of the bootstrap: the interval's ends are stable to the third digit.
RESAMPLES = 2_000
#: Draws held at once: tens of megabytes, however many queries there are.
_DRAWS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def ranks_of(scores: npt.NDArray[np.floating], answers: npt.NDArray[np.int64]) -> Ranks:
    """Rank of each query's right answer; candidates that tie with it count as better.

    Args:
        scores: ``[queries, candidates]``.
        answers: ``[queries]`` position of the right candidate.

    Returns:
        ``[queries]`` ranks from 1.
    """
    right = scores[np.arange(len(answers)), answers][:, None]
    ranks: Ranks = (scores >= right).sum(axis=1).astype(np.int64)
    return ranks


def mean_reciprocal_rank(ranks: Ranks) -> float:
    """Mean of 1 / rank."""
    return float(np.mean(1.0 / ranks))


def recall_at(ranks: Ranks, depth: int) -> float:
    """Share of the queries whose right answer is among the first ``depth``."""
    return float(np.mean(ranks <= depth))


def bootstrap(values: npt.NDArray[np.floating], seed: int = 0) -> Interval:
    """Mean of ``[queries]`` values with its 95 % interval over resampled queries."""
    return stratified_bootstrap([values], seed)


def stratified_bootstrap(sets: Sequence[npt.NDArray[np.floating]], seed: int = 0) -> Interval:
    """Mean of the means of several sets of ``[queries]`` values; queries are resampled inside each set."""
    rng = np.random.default_rng(seed)
    means = np.zeros(RESAMPLES)
    for values in sets:
        # In blocks of resamples: the generator goes on where it was, so that the draws are those of a single block.
        rows = max(1, _DRAWS_AT_ONCE // len(values))
        for start in range(0, RESAMPLES, rows):
            draws = rng.integers(0, len(values), size=(min(rows, RESAMPLES - start), len(values)))
            means[start : start + rows] += values[draws].mean(axis=1) / len(sets)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(np.mean([values.mean() for values in sets])), float(low), float(high))
