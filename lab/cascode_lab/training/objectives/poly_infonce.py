"""InfoNCE on the scores of a poly-encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from .infonce import infonce
from .objective import Scores, objective


@objective
@dataclass(frozen=True, slots=True)
class PolyInfoNCE:
    """InfoNCE with in-batch negatives on poly-encoder scores (Humeau et al., 2020, sections 4.2 and 4.4).

    The paper takes the cross-entropy over the other candidates of the step alone; here it goes both ways, as that of
    :class:`~.infonce.InfoNCE` beside which it is compared.

    Reads ``poly`` and ``right``, both ``[queries, definitions]``.
    """

    name: ClassVar[str] = "poly"
    reads: ClassVar[frozenset[str]] = frozenset({"poly", "right"})
    weight: float = 1.0
    #: Scores, in the units of a cosine, are divided by it: that of the vectors.
    temperature: float = 0.05

    def loss(self, scores: Scores) -> torch.Tensor:
        """See the class."""
        return infonce(scores.poly / self.temperature, scores.right)
