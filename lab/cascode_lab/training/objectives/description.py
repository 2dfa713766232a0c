"""Likelihood of descriptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from .objective import Scores, objective


@objective
@dataclass(frozen=True, slots=True)
class Description:
    """Cross-entropy of the next token of a query given its answer and the tokens before (Clement et al., 2021, 3.1).

    The mean over all tokens of the step, so that a long description weighs more than a short one; the same as that of
    sequence models in transformers.

    Reads ``described``: ``[tokens]``.
    """

    name: ClassVar[str] = "description"
    reads: ClassVar[frozenset[str]] = frozenset({"described"})
    weight: float = 1.0

    def loss(self, scores: Scores) -> torch.Tensor:
        """See the class."""
        return -scores.described.mean()
