"""Margin loss on the vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from .objective import NEVER, Scores, objective


@objective
@dataclass(frozen=True, slots=True)
class Margin:
    """Hinge on the hardest negative of each query (FaceNet, Schroff et al., 2015, section 3.1).

    The mean over queries of how far the best wrong definition comes within ``margin`` of the right one.

    Reads ``cosines`` and ``right``, both ``[queries, definitions]``.
    """

    name: ClassVar[str] = "margin"
    reads: ClassVar[frozenset[str]] = frozenset({"cosines", "right"})
    weight: float = 1.0
    margin: float = 0.2

    def loss(self, scores: Scores) -> torch.Tensor:
        """See the class."""
        hardest = scores.cosines.masked_fill(scores.right, NEVER).amax(1)
        return (self.margin + hardest - scores.cosines.diagonal()).clamp(min=0).mean()
