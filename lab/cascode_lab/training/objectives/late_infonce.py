"""InfoNCE on the fused scores of a late head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from .infonce import infonce
from .objective import Scores, objective


@objective
@dataclass(frozen=True, slots=True)
class LateInfoNCE:
    """InfoNCE on the fused score of weight 1: cosine plus late interaction (ColBERT, section 3.2, in three views).

    Teaches the tokens' states what :class:`~.infonce.InfoNCE` teaches the vectors, with every definition of the step as
    a negative, at the price of the products alone. The late head's gates are closed, so that a text's states are the
    same beside every other.

    Reads ``cosines``, ``late`` and ``right``, all ``[queries, definitions]``.
    """

    name: ClassVar[str] = "late"
    reads: ClassVar[frozenset[str]] = frozenset({"cosines", "late", "right"})
    weight: float = 1.0
    #: Fused scores, in the units of a cosine, are divided by it: larger than for the vectors, since their sum of
    #: cosines spreads wider.
    temperature: float = 0.09

    def loss(self, scores: Scores) -> torch.Tensor:
        """See the class."""
        return infonce((scores.cosines + scores.late) / self.temperature, scores.right)
