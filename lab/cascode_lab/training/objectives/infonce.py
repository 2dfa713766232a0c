"""InfoNCE on the vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from .objective import Scores, objective, without_other_answers


@objective
@dataclass(frozen=True, slots=True)
class InfoNCE:
    """Contrastive loss with in-batch negatives, both ways (CasCode, section 3.1, equation 1).

    The mean of two cross-entropies over ``cosines / temperature``: of each query over all definitions of the step, and
    of each answer over the queries. Further definitions are negatives of the queries only. Right answers other than the
    query's own are left out of its softmax.

    Reads ``cosines`` and ``right``, both ``[queries, definitions]``.
    """

    name: ClassVar[str] = "infonce"
    reads: ClassVar[frozenset[str]] = frozenset({"cosines", "right"})
    weight: float = 1.0
    #: Cosines are divided by it.
    temperature: float = 0.05

    def loss(self, scores: Scores) -> torch.Tensor:
        """See the class."""
        return infonce(scores.cosines / self.temperature, scores.right)


def infonce(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """InfoNCE of ``[queries, definitions]`` scores, both ways: see :class:`InfoNCE`."""
    scores = without_other_answers(scores, right)
    target = torch.arange(len(scores), device=scores.device)
    back = scores[:, : len(scores)].T
    return (nn.functional.cross_entropy(scores, target) + nn.functional.cross_entropy(back, target)) / 2
