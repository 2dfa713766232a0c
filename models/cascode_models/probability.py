"""From fused scores to probabilities: is there an answer at all, and which candidate is it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from .types import FloatArray

#: Candidates at the top of a list among which the probability is shared out: as many as are reranked.
CONTENDERS = 10


@dataclass(frozen=True, slots=True)
class Probability:
    """Calibrated probabilities: P(an answer is there) by the score, times P(it is this one) by the rivals.

    A score means one thing among functions that resemble each other and another among ones that do not, while the
    lead over the rivals carries over from one workspace to the next; the score alone shows that nothing resembles
    the question.
    """

    #: Fused scores are divided by it, and ``bias`` added: log-odds that an answer is there.
    temperature: float
    bias: float
    #: Temperature of the softmax over the best candidates; 0 leaves the rivals out.
    share_temperature: float

    def has_answer(self, fused: FloatArray) -> FloatArray:
        """P(an answer is there) for candidates of these fused scores, in any shape; the best one's is the list's."""
        log_odds = np.asarray(fused, dtype=np.float64) / self.temperature + self.bias
        return cast("FloatArray", (1 / (1 + np.exp(-np.clip(log_odds, -60, 60)))).astype(np.float32))

    def of(self, fused: FloatArray) -> FloatArray:
        """P(this candidate is the answer).

        Args:
            fused: ``[..., candidates]`` fused scores of whole lists: a candidate is judged beside its rivals.

        Returns:
            Probabilities in the shape given, in the order of the scores within each list.
        """
        answered = self.has_answer(fused)
        if not self.share_temperature or not answered.size:
            return answered
        scaled = np.asarray(fused, dtype=np.float64) / self.share_temperature
        best = np.sort(scaled, axis=-1)[..., ::-1][..., :CONTENDERS]
        total = np.exp(best - best[..., :1]).sum(axis=-1, keepdims=True)
        return cast("FloatArray", (answered * np.exp(scaled - best[..., :1]) / total).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the scores of a ranked list say of its hits."""

    probability: Probability
    #: Where an answer is less probable than this, nothing matches well.
    no_match_threshold: float


def log_loss(probabilities: FloatArray, right: npt.NDArray[np.bool_]) -> float:
    """Mean negative log-likelihood of what came true; certainty that was wrong costs much, not infinitely much."""
    given = np.where(right, probabilities, 1.0 - probabilities)
    return float(-np.log(np.clip(given, 1e-9, None)).mean())
